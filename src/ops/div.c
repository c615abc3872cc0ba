/* div: the quotient of two tensors, element by element.
 *
 *   y = a / b, cut off towards 0 where they are whole
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
#define WHOLE_VALUE sv_whole_div(a, b)
#define WHOLE_TYPES SV_WHOLE_ALL
#define WHOLE_FAULT (b == 0)
#define WHOLE_FAULT_IS "a division by zero"

#include "template/pairwise.h"

SV_OP(div) = {
    .name = "div",
    .summary = "y = a / b, element by element",
    .effect = SV_EFFECT_DIVIDES,
    .onnx = (const sv_onnx_name[]){{"Div", 6, 0}, {NULL, 0, 0}},
    SV_PAIRWISE,
};
