/* less_or_equal: whether a is not greater than b.
 *
 *   y = true where a <= b
 *
 * Shapes: the two are brought to one shape, as numpy does it; y is bool.
 * Source: https://onnx.ai/onnx/operators/onnx__LessOrEqual.html */
#define HOLDS (a <= b)
#include "template/compare.h"

SV_OP(less_or_equal) = {
    .name = "less_or_equal",
    .summary = "y = a <= b",
    .onnx = (const sv_onnx_name[]){{"LessOrEqual", 12, 0}, {NULL, 0, 0}},
    SV_COMPARE,
};
