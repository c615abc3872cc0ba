/* softmax, its logarithm and its limit: everything except the formula of one
 * row, the elements that sum to 1.
 *
 * Before including this, the operator's file defines
 *
 *     static inline void forward_row(real *y, const real *x, int64_t end,
 *                                    int64_t step);
 *     static inline void backward_row(real *dx, const real *y, const real *dy,
 *                                     int64_t end, int64_t step);
 *
 * for the elements 0, step, 2 step, ... below end, and uses SV_SOFTMAX in its
 * descriptor. If the gradient is zero wherever it exists, it defines
 * NO_GRADIENT instead of the second function. */
#ifndef SV_TEMPLATE_SOFTMAX_H
#define SV_TEMPLATE_SOFTMAX_H

#include "base/thread.h"
#include "graph/compose.h"

typedef struct softmax_attrs {
  int64_t axis;
  bool flat;
} softmax_attrs;

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  softmax_attrs *a = attrs;
  if (in_count < 1 || !in[0].present) return SV_OK;
  int rank = in[0].shape.rank;
  bool last = a->axis == -1 || (rank > 0 && a->axis == rank - 1);
  if (last) a->flat = false;
  return SV_OK;
}

/* x as outer x count x inner, softmax along the middle. */
typedef struct softmax {
  int64_t outer, count, inner;
  const real *x, *y_in, *dy;
  real *y, *dx;
} softmax;

static sv_status divide(softmax *s, const softmax_attrs *a, const sv_shape *x) {
  int64_t axis = a->axis;
  SV_TRY(sv_check_axis(&axis, x->rank));
  *s = (softmax){.outer = 1, .count = 1, .inner = 1};
  for (int d = 0; d < x->rank; d++)
    if (d < axis)
      s->outer *= x->dim[d];
    else if (d == axis || a->flat)
      s->count *= x->dim[d];
    else
      s->inner *= x->dim[d];
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  softmax s;
  SV_TRY(sv_infer_same(node, in, out));
  return divide(&s, node->attrs, &in[0].shape);
}

/* Along the classes every pixel is separate. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)out;
  const softmax_attrs *a = node->attrs;
  int64_t axis = a->axis;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = axis < 2 && !(a->flat && in[0].shape.rank > 2);
  return SV_OK;
}

/* The beginning of a row. */
static int64_t row_at(const softmax *s, int64_t row) {
  return row / s->inner * s->count * s->inner + row % s->inner;
}

static void forward_rows(void *context, int64_t begin, int64_t end) {
  const softmax *s = context;
  for (int64_t row = begin; row < end; row++) {
    int64_t at = row_at(s, row);
    forward_row(s->y + at, s->x + at, s->count * s->inner, s->inner);
  }
}

static sv_status forward(const sv_args *args) {
  softmax s;
  SV_TRY(divide(&s, args->node->attrs, &args->in[0]->shape));
  s.x = sv_in(args, 0);
  s.y = sv_out(args, 0);
  if (s.count > 0) sv_parallel(s.outer * s.inner, 16, forward_rows, &s);
  return SV_OK;
}

#ifdef NO_GRADIENT
#define BACKWARD
#define STOPS true
#else
#define BACKWARD .backward_data = backward_data, .data_reads_out = SV_PORT(0),
#define STOPS false
static void backward_rows(void *context, int64_t begin, int64_t end) {
  const softmax *s = context;
  for (int64_t row = begin; row < end; row++) {
    int64_t at = row_at(s, row);
    backward_row(s->dx + at, s->y_in + at, s->dy + at, s->count * s->inner,
                 s->inner);
  }
}

static sv_status backward_data(const sv_args *args) {
  softmax s;
  SV_TRY(divide(&s, args->node->attrs, &args->out[0]->shape));
  s.y_in = sv_out(args, 0);
  s.dy = sv_diff_out(args, 0);
  s.dx = sv_diff_in(args, 0);
  sv_parallel(s.outer * s.inner, 16, backward_rows, &s);
  return SV_OK;
}

#endif

/* ONNX has no `flat` since opset 13: flattened to a matrix, and back to x's
 * shape. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const softmax_attrs *a = node->attrs;
  char axis[32];
  snprintf(axis, sizeof axis, "axis=%lld", (long long)a->axis);
  sv_value shape = sv_one(g, "shape", in[0], NULL);
  sv_value rows = sv_apply_text(g, "flatten", in, 1, axis);
  rows = sv_one(g, node->op->name, rows, NULL);
  out[0] = sv_two(g, "reshape", rows, shape);
  return sv_graph_check(g);
}

#define AT(field) offsetof(softmax_attrs, field)
static const sv_attr attrs[] = {
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = AT(axis),
     .initial = -1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 1,
     .since = 13,
     .help = "the dimension that sums to 1; -1: the last"},
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = AT(axis),
     .initial = 1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .until = 12,
     .help = "first of the dimensions that together sum to 1"},
    /* Not an ONNX attribute: the behaviour of its older versions. */
    {.name = "flat",
     .type = SV_ATTR_BOOL,
     .offset = AT(flat),
     .help = "all dimensions from axis on together sum to 1"},
    {.name = "flat",
     .type = SV_ATTR_BOOL,
     .offset = AT(flat),
     .initial = 1,
     .until = 12,
     .help = "form of older opsets"},
    {.name = NULL}};

#define SV_SOFTMAX                                                            \
  .in =                                                                       \
      (const sv_port[]){{.name = "x", .no_gradient = STOPS}, {.name = NULL}}, \
  .out = (const sv_port[]){{.name = "y"}, {.name = NULL}}, .attrs = attrs,    \
  .attrs_size = sizeof(softmax_attrs), .settle = settle, .infer = infer,      \
  .expand = expand, .cost = cost,                                             \
  .ref = {.forward = forward, BACKWARD.in_place = true}

#endif
