/* pow: the power of two tensors, element by element.
 *
 *   y = a^b
 *   da = dy b a^(b-1), db = dy a^b log(a); 0 where b and where a is 0,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Pow.html */
#include <tgmath.h>

#define COSTLY
#define VALUE (pow(a, b))
#define SLOPE_A (b == 0 ? 0 : b * pow(a, b - 1))
#define SLOPE_B (a == 0 && b >= 0 ? 0 : pow(a, b) * log(a))
#define READS_INPUTS

#include "ops/pairwise.h"

SV_OP(pow) = {
    .name = "pow",
    .summary = "y = a^b, element by element",
    .onnx = (const sv_onnx_name[]){{"Pow", 7, 0}, {NULL, 0, 0}},
    SV_PAIRWISE,
};
