/* xor: whether one of two holds, but not both.
 *
 *   y = true where a or b, but not both
 *
 * Shapes: the two are brought to one shape, as numpy does it; y is bool.
 * Source: https://onnx.ai/onnx/operators/onnx__Xor.html */
#define HOLDS ((a != 0) != (b != 0))
#define OF_TRUTHS
#include "template/compare.h"

SV_OP(xor) = {
    .name = "xor",
    .summary = "y = exclusive or of a and b",
    .onnx = (const sv_onnx_name[]){{"Xor", 0, 0}, {NULL, 0, 0}},
    SV_COMPARE,
};
