/* equal: whether a and b are equal.
 *
 *   y = true where a == b
 *
 * Shapes: the two are brought to one shape, as numpy does it; y is bool.
 * Source: https://onnx.ai/onnx/operators/onnx__Equal.html */
#define HOLDS (a == b)
#include "template/compare.h"

SV_OP(equal) = {
    .name = "equal",
    .summary = "y = a = b",
    .onnx = (const sv_onnx_name[]){{"Equal", 0, 0}, {NULL, 0, 0}},
    SV_COMPARE,
};
