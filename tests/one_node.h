/* For tests of operators: one node on its own. */
#ifndef SV_TESTS_ONE_NODE_H
#define SV_TESTS_ONE_NODE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "op/registry.h"
#include "tensor/tensor.h"

#define count_of(array) (sizeof(array) / sizeof((array)[0]))

static inline void expect_ok(sv_status status) {
  if (status != SV_OK) fail_msg("%s", sv_error());
}

static inline void expect_error(sv_status status, const char *message) {
  assert_int_not_equal(status, SV_OK);
  assert_string_equal(sv_error(), message);
}

static inline const sv_op *op_of(const char *name) {
  const sv_entry *entry;
  expect_ok(sv_registry_require(&entry, name));
  return entry->op;
}

enum { MOST = 3 };

typedef struct lone {
  sv_node node;
  sv_info in[MOST], out[MOST];
  sv_tensor *input[MOST], *output[MOST];
  _Alignas(64) char attrs[1024];
} lone;

static inline sv_status start(lone *l, const char *op, const char *text) {
  memset(l, 0, sizeof *l);
  l->node.op = op_of(op);
  l->node.attrs = l->attrs;
  l->node.out_count = 1;
  l->out[0].present = true;
  assert_true(l->node.op->attrs_size <= sizeof l->attrs);
  sv_attrs_default(l->node.op, l->attrs);
  return sv_attrs_parse(l->node.op, l->attrs, text);
}

static inline void give_shape(lone *l, sv_dtype dtype, sv_shape shape) {
  l->in[l->node.in_count++] =
      (sv_info){.present = true, .dtype = dtype, .shape = shape};
}

static inline sv_status infer(lone *l) {
  const sv_op *op = l->node.op;
  if (op->settle) SV_TRY(op->settle(l->attrs, l->in, l->node.in_count));
  SV_TRY(sv_attrs_check(op, l->attrs));
  return op->infer(&l->node, l->in, l->out);
}

/* The next input: numbers of a shape. */
static inline void give(lone *l, sv_shape shape, const double *numbers) {
  int i = l->node.in_count;
  give_shape(l, SV_F32, shape);
  expect_ok(sv_tensor_new(&l->input[i], SV_F32, &shape));
  for (int64_t k = 0; k < sv_shape_count(&shape); k++)
    sv_tensor_set(l->input[i], k, numbers[k]);
}

static inline sv_status forward(lone *l) {
  SV_TRY(infer(l));
  SV_TRY(sv_tensor_new(&l->output[0], l->out[0].dtype, &l->out[0].shape));
  sv_args args = {.node = &l->node,
                  .in = (const sv_tensor *const *)l->input,
                  .out = l->output};
  return l->node.op->ref.forward(&args);
}

static inline void finish(lone *l) {
  for (int i = 0; i < MOST; i++) {
    sv_tensor_free(l->input[i]);
    sv_tensor_free(l->output[i]);
  }
}

static inline void expect_numbers(const lone *l, sv_shape shape,
                                  const double *numbers) {
  assert_true(sv_shape_equal(&l->out[0].shape, &shape));
  for (int64_t k = 0; k < sv_shape_count(&shape); k++)
    assert_float_equal(sv_tensor_get(l->output[0], k), numbers[k], 1e-6);
}

/* infer with x of this shape fails so. */
static inline void refuse(const char *op, const char *text, sv_shape x,
                          const char *message) {
  lone l;
  expect_ok(start(&l, op, text));
  give_shape(&l, SV_F32, x);
  expect_error(infer(&l), message);
}

#endif
