/* flatten: all dimensions before the axis become one, and all from it on.
 *
 *   y = x,  dx = dy
 *
 * Shapes: x d0 ... d(r-1), y (d0 ... d(axis-1)) (d(axis) ... d(r-1)).
 * Source: https://onnx.ai/onnx/operators/onnx__Flatten.html */
#include "op/op.h"

typedef struct flatten_attrs {
  int64_t axis;
} flatten_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const flatten_attrs *a = node->attrs;
  SV_TRY(sv_check_inputs(node, in));
  const sv_shape *x = &in[0].shape;
  int64_t axis = a->axis < 0 ? a->axis + x->rank : a->axis;
  if (axis < 0 || axis > x->rank)
    return sv_fail(SV_INVALID, "axis is %lld, expected %d to %d",
                   (long long)a->axis, -x->rank, x->rank);
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = 2, .dim = {1, 1}};
  for (int d = 0; d < x->rank; d++) {
    int64_t *part = &out[0].shape.dim[d < axis ? 0 : 1];
    *part = sv_times(*part, x->dim[d]);
  }
  return SV_OK;
}

static const sv_attr attrs[] = {{.name = "axis",
                                 .onnx = "axis",
                                 .type = SV_ATTR_INT,
                                 .offset = offsetof(flatten_attrs, axis),
                                 .initial = 1,
                                 .min = -SV_MAX_RANK,
                                 .max = SV_MAX_RANK,
                                 .position = 1,
                                 .help = "first dimension of the second part"},
                                {.name = NULL}};

SV_OP(flatten) = {
    .name = "flatten",
    .has_maps = true,
    .summary = "y = x as a matrix: N C H W becomes N CHW",
    .onnx = (const sv_onnx_name[]){{"Flatten", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(flatten_attrs),
    .infer = infer,
    .cost = sv_cost_image,
    .ref = {.forward = sv_view_forward,
            .backward_data = sv_view_backward,
            .view = true,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true,
            .moves = true},
};
