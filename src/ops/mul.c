/* mul: the product of two tensors, element by element.
 *
 *   y = a b
 *   da = dy b, db = dy a,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Mul.html */
#define VALUE (a * b)
#define SLOPE_A b
#define SLOPE_B a
#define READS_INPUTS
#define WHOLE_VALUE sv_whole_mul(a, b)
#define WHOLE_TYPES SV_WHOLE_ALL

#include "template/pairwise.h"

SV_OP(mul) = {
    .name = "mul",
    .summary = "y = a b, element by element",
    .effect = SV_EFFECT_MULTIPLIES,
    .onnx = (const sv_onnx_name[]){{"Mul", 6, 0}, {NULL, 0, 0}},
    SV_PAIRWISE,
};
