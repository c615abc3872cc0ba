/* Shared by argmax and argmin, which define BEATS, an expression of a and b,
 * before including this. */
#ifndef SV_TEMPLATE_ARG_H
#define SV_TEMPLATE_ARG_H

#include <tgmath.h>

#include "base/thread.h"
#include "op/op.h"
#include "template/whole.h"

typedef struct sv_arg_attrs {
  int64_t axis;
  bool keepdims, last;
} sv_arg_attrs;

static inline sv_status sv_arg_infer(const sv_node *node, const sv_info *in,
                                     sv_info *out) {
  const sv_arg_attrs *a = node->attrs;
  int64_t axis = a->axis;
  SV_TRY(sv_check_numbers(node, in));
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  if (in[0].shape.dim[axis] == 0)
    return sv_fail(SV_INVALID, "input x has no elements along axis %lld",
                   (long long)axis);
  out[0].dtype = SV_I64;
  out[0].shape = (sv_shape){.rank = 0};
  for (int d = 0; d < in[0].shape.rank; d++)
    if (d != axis || a->keepdims)
      out[0].shape.dim[out[0].shape.rank++] =
          d == axis ? 1 : in[0].shape.dim[d];
  return SV_OK;
}

/* x as outer x count x inner. */
typedef struct sv_arg {
  int64_t outer, count, inner;
  bool last;
  const real *x;
  const sv_tensor *whole; /* x as integers; NULL: floating-point */
  int64_t *y;
} sv_arg;

/* NaN wins, as in a maximum. */
static inline int64_t sv_arg_find(const sv_arg *s, const real *x) {
  int64_t best = 0;
  for (int64_t k = 1; k < s->count; k++) {
    real a = x[k * s->inner], b = x[best * s->inner];
    if (isnan(b) && !(s->last && isnan(a))) continue;
    if (BEATS || isnan(a) || (s->last && a == b)) best = k;
  }
  return best;
}

static inline int64_t sv_arg_find_whole(const sv_arg *s, int64_t from) {
  int64_t best = 0;
  for (int64_t k = 1; k < s->count; k++) {
    int64_t a = sv_tensor_whole(s->whole, from + k * s->inner);
    int64_t b = sv_tensor_whole(s->whole, from + best * s->inner);
    if (BEATS || (s->last && a == b)) best = k;
  }
  return best;
}

static inline void sv_arg_rows(void *context, int64_t begin, int64_t end) {
  const sv_arg *s = context;
  for (int64_t row = begin; row < end; row++) {
    int64_t from = row / s->inner * s->count * s->inner + row % s->inner;
    s->y[row] =
        s->whole ? sv_arg_find_whole(s, from) : sv_arg_find(s, s->x + from);
  }
}

static inline sv_status sv_arg_forward(const sv_args *args) {
  const sv_arg_attrs *a = args->node->attrs;
  const sv_shape *x = &args->in[0]->shape;
  int64_t axis = a->axis;
  SV_TRY(sv_check_axis(&axis, x->rank));
  sv_arg s = {.outer = 1,
              .count = x->dim[axis],
              .inner = 1,
              .last = a->last,
              .x = sv_in(args, 0),
              .y = args->out[0]->data};
  if (sv_dtype_is_whole(args->in[0]->dtype)) s.whole = args->in[0];
  for (int d = 0; d < x->rank; d++)
    if (d != axis) *(d < axis ? &s.outer : &s.inner) *= x->dim[d];
  sv_parallel(s.outer * s.inner, 64, sv_arg_rows, &s);
  return SV_OK;
}

static inline sv_status sv_arg_cost(const sv_node *node, const sv_info *in,
                                    const sv_info *out, sv_cost *cost) {
  const sv_arg_attrs *a = node->attrs;
  int64_t axis = a->axis;
  (void)out;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = a->keepdims && axis < 2;
  return SV_OK;
}

#define SV_ARG_AT(field) offsetof(sv_arg_attrs, field)
#define SV_ARG(op, in_onnx, formula)                                 \
  static const sv_attr attrs[] = {                                   \
      {.name = "axis",                                               \
       .onnx = "axis",                                               \
       .type = SV_ATTR_INT,                                          \
       .offset = SV_ARG_AT(axis),                                    \
       .min = -SV_MAX_RANK,                                          \
       .max = SV_MAX_RANK - 1,                                       \
       .position = 1,                                                \
       .help = "the dimension to search"},                           \
      {.name = "keepdims",                                           \
       .onnx = "keepdims",                                           \
       .type = SV_ATTR_BOOL,                                         \
       .offset = SV_ARG_AT(keepdims),                                \
       .initial = 1,                                                 \
       .help = "keep the reduced dimension, with size 1"},           \
      {.name = "last",                                               \
       .onnx = "select_last_index",                                  \
       .type = SV_ATTR_BOOL,                                         \
       .offset = SV_ARG_AT(last),                                    \
       .since = 12,                                                  \
       .help = "of equal elements, take the last one"},              \
      {.name = NULL}};                                               \
  SV_OP(op) = {                                                      \
      .name = #op,                                                   \
      .summary = formula,                                            \
      .onnx = (const sv_onnx_name[]){{in_onnx, 0, 0}, {NULL, 0, 0}}, \
      .in = (const sv_port[]){{.name = "x", .no_gradient = true},    \
                              {.name = NULL}},                       \
      .out =                                                         \
          (const sv_port[]){                                         \
              {.name = "y", .role = SV_INDEX, .no_gradient = true},  \
              {.name = NULL}},                                       \
      .attrs = attrs,                                                \
      .attrs_size = sizeof(sv_arg_attrs),                            \
      .infer = sv_arg_infer,                                         \
      .cost = sv_arg_cost,                                           \
      .ref = {.forward = sv_arg_forward,                             \
              .whole = SV_WHOLE_ALL,                                 \
              .folds = SV_FOLD_CONTENTS},                            \
  }

#endif
