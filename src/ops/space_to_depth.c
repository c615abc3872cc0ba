/* space_to_depth: blocks of b x b pixels stacked as channels.
 *
 *   y[n, (i b + j) C + c, h, w] = x[n, c, h b + i, w b + j]
 *   dx = dy back again
 *
 * Shapes: x N C (H b) (W b), y N (C b b) H W.
 * Source: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html */
#include "ops/moves.h"

typedef struct space_attrs {
  int64_t block;
} space_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t block = ((const space_attrs *)node->attrs)->block;
  const sv_shape *x = &in[0].shape;
  SV_TRY(sv_check_inputs(node, in));
  if (x->rank != 4 || x->dim[2] % block || x->dim[3] % block)
    return sv_fail(SV_INVALID,
                   "input x is %s, expected N C H W with H and W multiples of "
                   "%lld",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}),
                   (long long)block);
  out[0].dtype = in[0].dtype;
  out[0].shape = *x;
  out[0].shape.dim[1] = sv_times(x->dim[1], block * block);
  for (int d = 2; d < 4; d++) out[0].shape.dim[d] /= block;
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t block = ((const space_attrs *)node->attrs)->block;
  (void)in;
  (void)out;
  for (int d = 0; d < 2; d++)
    cost->axis[d] = (sv_reach){.step = block, .first = 0, .last = block - 1};
  return SV_OK;
}

/* Over y, N b b C H W, in x. */
static sv_walk walk_over(const sv_node *node, const sv_shape *x,
                         const sv_shape *y) {
  int64_t step[SV_MAX_RANK], b = ((const space_attrs *)node->attrs)->block;
  sv_walk walk = {0};
  sv_walk_steps(x, step);
  sv_walk_add(&walk, y->dim[0], step[0]);
  sv_walk_add(&walk, b, step[2]);
  sv_walk_add(&walk, b, step[3]);
  sv_walk_add(&walk, x->dim[1], step[1]);
  sv_walk_add(&walk, y->dim[2], b * step[2]);
  sv_walk_add(&walk, y->dim[3], b * step[3]);
  return walk;
}

static const sv_attr attrs[] = {SV_BLOCK_ATTRS(offsetof(space_attrs, block)),
                                {.name = NULL}};

SV_OP(space_to_depth) = {
    .name = "space_to_depth",
    .summary = "blocks of pixels stacked as channels",
    .onnx = (const sv_onnx_name[]){{"SpaceToDepth", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(space_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .any_type = true},
};
