/* and: whether both hold.
 *
 *   y = true where a and b
 *
 * Shapes: the two are brought to one shape, as numpy does it; y is bool.
 * Source: https://onnx.ai/onnx/operators/onnx__And.html */
#define HOLDS (a != 0 && b != 0)
#define OF_TRUTHS
#include "template/compare.h"

SV_OP(and) = {
    .name = "and",
    .summary = "y = a and b",
    .onnx = (const sv_onnx_name[]){{"And", 0, 0}, {NULL, 0, 0}},
    SV_COMPARE,
};
