/* squeeze: without dimensions of size 1.
 *
 *   y = x,  dx = dy
 *
 * Shapes: any; y without the axes that are named, each of size 1, or without
 * all of size 1.
 * Source: https://onnx.ai/onnx/operators/onnx__Squeeze.html */
#define AXES "dimensions to remove; none: all of size 1"
#define REQUIRED false
#include "template/axes.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_ints *axes = &((const axes_attrs *)node->attrs)->axes;
  const sv_shape *x = &in[0].shape;
  unsigned gone = 0;
  SV_TRY(sv_check_inputs(node, in));
  for (int i = 0; i < axes->count; i++) {
    int64_t axis = axes->at[i];
    SV_TRY(sv_check_axis(&axis, x->rank));
    if (x->dim[axis] != 1)
      return sv_fail(SV_INVALID, "dimension %d of %s is not 1", (int)axis,
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
    gone |= 1u << axis;
  }
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){0};
  for (int d = 0; d < x->rank; d++) {
    bool drop = axes->count ? gone >> d & 1 : x->dim[d] == 1;
    if (!drop) out[0].shape.dim[out[0].shape.rank++] = x->dim[d];
  }
  return SV_OK;
}

SV_OP(squeeze) = {
    .name = "squeeze",
    .summary = "y = x without dimensions of size 1",
    .onnx = (const sv_onnx_name[]){{"Squeeze", 0, 0}, {NULL, 0, 0}},
    SV_AXES_VIEW,
};
