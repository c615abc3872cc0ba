/* sum: the sum of any number of tensors.
 *
 *   y = x_1 + x_2 + ...
 *   dx_i = dy,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: any number of x such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Sum.html */
#define JOIN (y + x)
#define FINISH (y)
#define GRADIENT (dy)

#include "template/several.h"

SV_OP(sum) = {
    .name = "sum",
    .summary = "y = x_1 + x_2 + ...",
    .effect = SV_EFFECT_ADDS,
    .onnx = (const sv_onnx_name[]){{"Sum", 0, 0}, {NULL, 0, 0}},
    SV_SEVERAL,
};
