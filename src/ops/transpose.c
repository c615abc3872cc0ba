/* transpose: the dimensions in another order.
 *
 *   y[i(perm(0)), i(perm(1)), ...] = x[i(0), i(1), ...],  dx = dy back again
 *
 * Shapes: any; dimension d of y is dimension perm(d) of x. Without perm the
 * order is reversed.
 * Source: https://onnx.ai/onnx/operators/onnx__Transpose.html */
#include "geometry/walk.h"

typedef struct transpose_attrs {
  sv_ints perm;
} transpose_attrs;

/* Dimensions counted from the end, as ONNX does not. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_ints *perm = &((transpose_attrs *)attrs)->perm;
  (void)in, (void)in_count;
  for (int d = 0; d < perm->count; d++)
    if (perm->at[d] < 0 && perm->at[d] >= -perm->count)
      perm->at[d] += perm->count;
  return SV_OK;
}

/* Each dimension once. */
static sv_status order_of(const sv_node *node, int rank, int order[]) {
  const sv_ints *perm = &((const transpose_attrs *)node->attrs)->perm;
  unsigned seen = 0;
  if (perm->count && perm->count != rank)
    return sv_fail(SV_INVALID, "perm has %d values for %d dimensions",
                   perm->count, rank);
  for (int d = 0; d < rank; d++) {
    int64_t from = perm->count ? perm->at[d] : rank - 1 - d;
    SV_TRY(sv_check_axis(&from, rank));
    if (seen & 1u << from)
      return sv_fail(SV_INVALID, "perm names dimension %d twice", (int)from);
    seen |= 1u << from;
    order[d] = (int)from;
  }
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int order[SV_MAX_RANK];
  SV_TRY(sv_check_inputs(node, in));
  SV_TRY(order_of(node, in[0].shape.rank, order));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  for (int d = 0; d < in[0].shape.rank; d++)
    out[0].shape.dim[d] = in[0].shape.dim[order[d]];
  return SV_OK;
}

/* H and W are the last two of four dimensions or more. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int order[SV_MAX_RANK], rank = in[0].shape.rank;
  (void)out;
  SV_TRY(order_of(node, rank, order));
  for (int d = rank < 4 ? 2 : rank - 2; d < rank; d++)
    if (order[d] != d) cost->spatial = false;
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *x = args->in[0], *y = args->out[0];
  int order[SV_MAX_RANK];
  int64_t step[SV_MAX_RANK];
  sv_walk walk = {0};
  SV_TRY(order_of(args->node, x->shape.rank, order));
  sv_walk_steps(&x->shape, step);
  for (int d = 0; d < y->shape.rank; d++)
    sv_walk_add(&walk, y->shape.dim[d], step[order[d]]);
  sv_walk_gather(&walk, sv_dtype_size(x->dtype), x->data, y->data);
  return SV_OK;
}

/* In the order of dx, so that its rows are whole. */
static sv_status backward_data(const sv_args *args) {
  const sv_tensor *dy = args->diff_out[0], *dx = args->diff_in[0];
  int order[SV_MAX_RANK];
  int64_t step[SV_MAX_RANK], back[SV_MAX_RANK];
  sv_walk walk = {0};
  SV_TRY(order_of(args->node, dx->shape.rank, order));
  sv_walk_steps(&dy->shape, step);
  for (int d = 0; d < dx->shape.rank; d++) back[order[d]] = step[d];
  for (int d = 0; d < dx->shape.rank; d++)
    sv_walk_add(&walk, dx->shape.dim[d], back[d]);
  sv_walk_gather(&walk, sizeof(real), dy->data, dx->data);
  return SV_OK;
}

static const sv_attr attrs[] = {
    {.name = "perm",
     .onnx = "perm",
     .type = SV_ATTR_INTS,
     .offset = offsetof(transpose_attrs, perm),
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 1,
     .help = "dimension of x for each dimension of y; none: reversed"},
    {.name = NULL}};

SV_OP(transpose) = {
    .name = "transpose",
    .summary = "y = x with its dimensions permuted",
    .effect = SV_EFFECT_PERMUTES,
    .onnx = (const sv_onnx_name[]){{"Transpose", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(transpose_attrs),
    .settle = settle,
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true,
            .moves = true},
};
