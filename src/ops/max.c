/* max: the greatest of any number of tensors, element by element.
 *
 *   y = max(x_1, x_2, ...)
 *   dx_i = dy / m where x_i = y and m inputs are, else 0,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: any number of x such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Max.html */
#define JOIN (x > y || x != x ? x : y)
#define FINISH (y)
#define GRADIENT (x == y || (x != x && y != y) ? dy / count : 0)
#define PICKED
#define WHOLE_JOIN (x > y ? x : y)
#define WHOLE_TYPES SV_WHOLE_ALL

#include "template/several.h"

SV_OP(max) = {
    .name = "max",
    .summary = "y = max(x_1, x_2, ...), element by element",
    .effect = SV_EFFECT_PICKS,
    .onnx = (const sv_onnx_name[]){{"Max", 0, 0}, {NULL, 0, 0}},
    SV_SEVERAL,
};
