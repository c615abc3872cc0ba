/* depth_to_space: channels spread over blocks of b x b pixels.
 *
 *   DCR: y[n, c, h b + i, w b + j] = x[n, (i b + j) C + c, h, w]
 *   CRD: y[n, c, h b + i, w b + j] = x[n, c b b + i b + j, h, w]
 *   dx = dy back again
 *
 * Shapes: x N (C b b) H W, y N C (H b) (W b).
 * Source: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html; CRD: Shi et
 * al., "Real-Time Single Image and Video Super-Resolution Using an Efficient
 * Sub-Pixel Convolutional Neural Network", 2016 (the pixel shuffle). */
#define MODE_SINCE 11
#include "template/blocks.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t block = ((const block_attrs *)node->attrs)->block;
  const sv_shape *x = &in[0].shape;
  SV_TRY(sv_check_inputs(node, in));
  if (x->rank != 4 || x->dim[1] % (block * block))
    return sv_fail(
        SV_INVALID, "input x is %s, expected N C H W with C a multiple of %lld",
        sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}), (long long)(block * block));
  out[0].dtype = in[0].dtype;
  out[0].shape = *x;
  out[0].shape.dim[1] /= block * block;
  for (int d = 2; d < 4; d++) out[0].shape.dim[d] = sv_times(x->dim[d], block);
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t block = ((const block_attrs *)node->attrs)->block;
  (void)in;
  (void)out;
  for (int d = 0; d < 2; d++)
    cost->axis[d] = (sv_reach){.step = 1, .first = 1 - block, .closer = block};
  return SV_OK;
}

/* Over y, N C H b W b, in x. */
static sv_walk walk_over(const sv_node *node, const sv_shape *x,
                         const sv_shape *y) {
  const block_attrs *a = node->attrs;
  int64_t step[SV_MAX_RANK], b = a->block;
  sv_walk walk = {0};
  sv_walk_steps(x, step);
  int64_t channel = a->mode == DCR ? step[1] : b * b * step[1];
  int64_t piece = a->mode == DCR ? y->dim[1] * step[1] : step[1];
  sv_walk_add(&walk, y->dim[0], step[0]);
  sv_walk_add(&walk, y->dim[1], channel);
  sv_walk_add(&walk, x->dim[2], step[2]);
  sv_walk_add(&walk, b, b * piece);
  sv_walk_add(&walk, x->dim[3], step[3]);
  sv_walk_add(&walk, b, piece);
  return walk;
}

SV_OP(depth_to_space) = {
    .name = "depth_to_space",
    .has_maps = true,
    .summary = "moves channels into blocks of pixels",
    .effect = SV_EFFECT_PICKS,
    .onnx = (const sv_onnx_name[]){{"DepthToSpace", 0, 0}, {NULL, 0, 0}},
    SV_BLOCKS,
};
