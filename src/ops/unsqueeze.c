/* unsqueeze: with more dimensions of size 1.
 *
 *   y = x,  dx = dy
 *
 * Shapes: any; the axes that are named are those of y. None are y = x, as an
 * empty list of a file says.
 * Source: https://onnx.ai/onnx/operators/onnx__Unsqueeze.html */
#define AXES "new dimensions of y"
#define REQUIRED true
#include "geometry/axis_set.h"
#include "template/axes.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_ints *axes = &((const axes_attrs *)node->attrs)->axes;
  const sv_shape *x = &in[0].shape;
  unsigned made;
  SV_TRY(sv_check_inputs(node, in));
  int rank = x->rank + axes->count;
  if (rank > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED, "%d dimensions, at most %d are supported",
                   rank, SV_MAX_RANK);
  SV_TRY(sv_axis_set_of(&made, axes, rank));
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = rank};
  for (int d = 0, from = 0; d < rank; d++)
    out[0].shape.dim[d] = made >> d & 1 ? 1 : x->dim[from++];
  return SV_OK;
}

SV_OP(unsqueeze) = {
    .name = "unsqueeze",
    .summary = "y = x with more dimensions of size 1",
    .onnx = (const sv_onnx_name[]){{"Unsqueeze", 0, 0}, {NULL, 0, 0}},
    SV_AXES_VIEW,
};
