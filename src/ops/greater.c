/* greater: whether a is greater than b.
 *
 *   y = true where a > b
 *
 * Shapes: the two are brought to one shape, as numpy does it; y is bool.
 * Source: https://onnx.ai/onnx/operators/onnx__Greater.html */
#define HOLDS (a > b)
#include "template/compare.h"

SV_OP(greater) = {
    .name = "greater",
    .summary = "y = a > b",
    .onnx = (const sv_onnx_name[]){{"Greater", 0, 0}, {NULL, 0, 0}},
    SV_COMPARE,
};
