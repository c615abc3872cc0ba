/* div: the quotient of two tensors, element by element.
 *
 *   y = a / b
 *   da = dy / b, db = -dy a / b^2,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Div.html */
#define VALUE (a / b)
#define SLOPE_A (1 / b)
#define SLOPE_B (-a / (b * b))
#define READS_INPUTS

#include "ops/pairwise.h"

SV_OP(div) = {
    .name = "div",
    .summary = "y = a / b, element by element",
    .effect = SV_EFFECT_DIVIDES,
    .onnx = (const sv_onnx_name[]){{"Div", 6, 0}, {NULL, 0, 0}},
    SV_PAIRWISE,
};
