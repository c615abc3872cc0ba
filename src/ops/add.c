/* add: the sum of two tensors; a residual block's end.
 *
 *   y = a + b
 *   da = dy, db = dy,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016;
 * https://onnx.ai/onnx/operators/onnx__Add.html */
#define VALUE (a + b)
#define SLOPE_A 1
#define SLOPE_B 1
#define WHOLE_VALUE sv_whole_add(a, b)
#define WHOLE_TYPES SV_WHOLE_ALL

#include "template/pairwise.h"

SV_OP(add) = {
    .name = "add",
    .summary = "y = a + b",
    .effect = SV_EFFECT_ADDS,
    .onnx = (const sv_onnx_name[]){{"Add", 6, 0}, {NULL, 0, 0}},
    SV_PAIRWISE,
};
