/* space_to_depth: blocks of b x b pixels stacked as channels.
 *
 *   DCR: y[n, (i b + j) C + c, h, w] = x[n, c, h b + i, w b + j]
 *   CRD: y[n, c b b + i b + j, h, w] = the same
 *   dx = dy back again
 *
 * Shapes: x N C (H b) (W b), y N (C b b) H W.
 * Source: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html */
#include "graph/compose.h"

#define MODE_SINCE 28
#include "template/blocks.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t block = ((const block_attrs *)node->attrs)->block;
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
  int64_t block = ((const block_attrs *)node->attrs)->block;
  (void)in;
  (void)out;
  for (int d = 0; d < 2; d++)
    cost->axis[d] = (sv_reach){.step = block, .first = 0, .last = block - 1};
  return SV_OK;
}

/* Over y, N b b C H W or N C b b H W, in x. */
static sv_walk walk_over(const sv_node *node, const sv_shape *x,
                         const sv_shape *y) {
  const block_attrs *a = node->attrs;
  int64_t step[SV_MAX_RANK], b = a->block;
  sv_walk walk = {0};
  sv_walk_steps(x, step);
  sv_walk_add(&walk, y->dim[0], step[0]);
  if (a->mode == CRD) sv_walk_add(&walk, x->dim[1], step[1]);
  sv_walk_add(&walk, b, step[2]);
  sv_walk_add(&walk, b, step[3]);
  if (a->mode == DCR) sv_walk_add(&walk, x->dim[1], step[1]);
  sv_walk_add(&walk, y->dim[2], b * step[2]);
  sv_walk_add(&walk, y->dim[3], b * step[3]);
  return walk;
}

/* ONNX before opset 28 has DCR alone: the pieces' channels, then the other way
 * round. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const block_attrs *a = node->attrs;
  char words[96];
  snprintf(words, sizeof words, "%lld", (long long)a->block);
  sv_value pieces = sv_apply_text(g, "space_to_depth", in, 1, words);
  sv_value shape = sv_one(g, "shape", pieces, NULL);
  snprintf(words, sizeof words, "shape=0,%lld,%lld,-1",
           (long long)(a->block * a->block),
           (long long)sv_value_shape(g, in[0]).dim[1]);
  sv_value y = sv_apply_text(g, "reshape", &pieces, 1, words);
  y = sv_apply_text(g, "transpose", &y, 1, "0,2,1,3");
  out[0] = sv_two(g, "reshape", y, shape);
  return sv_graph_check(g);
}

SV_OP(space_to_depth) = {
    .name = "space_to_depth",
    .has_maps = true,
    .summary = "blocks of pixels stacked as channels",
    .effect = SV_EFFECT_PICKS,
    .onnx = (const sv_onnx_name[]){{"SpaceToDepth", 0, 0}, {NULL, 0, 0}},
    .expand = expand,
    SV_BLOCKS,
};
