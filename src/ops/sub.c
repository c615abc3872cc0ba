/* sub: the difference of two tensors.
 *
 *   y = a - b
 *   da = dy, db = -dy,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Sub.html */
#define VALUE (a - b)
#define SLOPE_A 1
#define SLOPE_B -1
#define WHOLE_VALUE sv_whole_sub(a, b)
#define WHOLE_TYPES SV_WHOLE_ALL

#include "template/pairwise.h"

SV_OP(sub) = {
    .name = "sub",
    .summary = "y = a - b",
    .effect = SV_EFFECT_SUBTRACTS,
    .onnx = (const sv_onnx_name[]){{"Sub", 6, 0}, {NULL, 0, 0}},
    SV_PAIRWISE,
};
