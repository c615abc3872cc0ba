/* tile: the whole tensor, repeated along each dimension.
 *
 *   y[i0, i1, ...] = x[i0 mod n0, i1 mod n1, ...]
 *   dx = dy summed over the places that an element was repeated to
 *
 * Shapes: any; each dimension times its number of repeats.
 * Source: https://onnx.ai/onnx/operators/onnx__Tile.html */
#define REPEATS
#include "template/moves.h"

typedef struct tile_attrs {
  sv_ints repeats;
} tile_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_ints *repeats = &((const tile_attrs *)node->attrs)->repeats;
  const sv_shape *x = &in[0].shape;
  SV_TRY(sv_check_inputs(node, in));
  if (repeats->count != x->rank)
    return sv_fail(SV_INVALID, "repeats has %d values for %d dimensions",
                   repeats->count, x->rank);
  out[0].dtype = in[0].dtype;
  out[0].shape = *x;
  for (int d = 0; d < x->rank; d++)
    out[0].shape.dim[d] = sv_times(x->dim[d], repeats->at[d]);
  return SV_OK;
}

/* Each dimension is two loops: over the repeats, and over what is repeated. */
static sv_walk walk_over(const sv_node *node, const sv_shape *x,
                         const sv_shape *y) {
  (void)node;
  int64_t step[SV_MAX_RANK];
  sv_walk walk = {0};
  sv_walk_steps(x, step);
  for (int d = 0; d < x->rank; d++) {
    int64_t repeats = x->dim[d] ? y->dim[d] / x->dim[d] : 0;
    sv_walk_add(&walk, repeats, 0);
    sv_walk_add(&walk, x->dim[d], step[d]);
  }
  return walk;
}

static const sv_attr attrs[] = {{.name = "repeats",
                                 .onnx = "repeats",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(tile_attrs, repeats),
                                 .max = INT32_MAX,
                                 .position = 1,
                                 .slot = 1,
                                 .required = true,
                                 .help = "repeats of each dimension"},
                                {.name = NULL}};

SV_OP(tile) = {
    .name = "tile",
    .summary = "y = x repeated along each dimension",
    .effect = SV_EFFECT_PARTS,
    .onnx = (const sv_onnx_name[]){{"Tile", 6, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "repeats",
                             .role = SV_INDEX,
                             .optional = true},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(tile_attrs),
    .infer = infer,
    .cost = sv_cost_image,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
