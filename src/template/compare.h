/* y = a condition on a and b, element by element, with broadcasting: everything
 * except the condition.
 *
 * Before including this, an operator's file defines
 *
 *     #define HOLDS (a > b)   as an expression of a and b
 *     #define OF_TRUTHS       if a and b are bool, not numbers
 *
 * and uses SV_COMPARE in its descriptor. Integers are compared exactly, others
 * in double; NaN is neither equal nor less nor greater. */
#ifndef SV_TEMPLATE_COMPARE_H
#define SV_TEMPLATE_COMPARE_H

#include "base/thread.h"
#include "geometry/broadcast.h"
#include "tensor/tensor.h"

enum { GRAIN = 1 << 12 };

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
#ifdef OF_TRUTHS
  for (int i = 0; i < 2; i++)
    if (in[i].dtype == SV_F32 || in[i].dtype == SV_F64)
      return sv_fail(SV_INVALID, "input %s is %s, expected bool",
                     node->op->in[i].name, sv_dtype_name(in[i].dtype));
#endif
  if (in[0].dtype != in[1].dtype)
    return sv_fail(SV_INVALID, "input a is %s, but input b is %s",
                   sv_dtype_name(in[0].dtype), sv_dtype_name(in[1].dtype));
  out[0].dtype = SV_BOOL;
  out[0].shape = in[0].shape;
  return sv_broadcast_shape(&out[0].shape, &in[1].shape);
}

typedef struct comparison {
  sv_broadcast shape;
  const sv_tensor *a, *b;
  bool *y;
} comparison;

static void forward_part(void *context, int64_t begin, int64_t end) {
  const comparison *c = context;
  sv_run run = {.next = begin};
  while (c->a->dtype == SV_I64 && sv_broadcast_next(&c->shape, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      int64_t a = sv_tensor_whole(c->a, run.a + i * run.a_step);
      int64_t b = sv_tensor_whole(c->b, run.b + i * run.b_step);
      c->y[run.y + i] = HOLDS;
    }
  while (sv_broadcast_next(&c->shape, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      double a = sv_tensor_get(c->a, run.a + i * run.a_step);
      double b = sv_tensor_get(c->b, run.b + i * run.b_step);
      c->y[run.y + i] = HOLDS;
    }
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *a = args->in[0], *b = args->in[1];
  comparison c = {.shape = sv_broadcast_of(&a->shape, &b->shape),
                  .a = a,
                  .b = b,
                  .y = args->out[0]->data};
  sv_parallel(sv_broadcast_count(&c.shape), GRAIN, forward_part, &c);
  return SV_OK;
}

#ifdef OF_TRUTHS
#define OPERAND(port) \
  { .name = port, .role = SV_INDEX, .no_gradient = true }
#else
#define OPERAND(port) \
  { .name = port, .no_gradient = true }
#endif

#define SV_COMPARE                                                            \
  .in = (const sv_port[]){OPERAND("a"), OPERAND("b"), {.name = NULL}},        \
  .out =                                                                      \
      (const sv_port[]){{.name = "y", .role = SV_INDEX, .no_gradient = true}, \
                        {.name = NULL}},                                      \
  .infer = infer,                                                             \
  .ref = {.forward = forward, .folds = SV_FOLD_CONTENTS, .any_type = true}

#endif
