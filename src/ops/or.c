/* or: whether one of two holds, or both.
 *
 *   y = true where a or b
 *
 * Shapes: the two are brought to one shape, as numpy does it; y is bool.
 * Source: https://onnx.ai/onnx/operators/onnx__Or.html */
#define HOLDS (a != 0 || b != 0)
#define OF_TRUTHS
#include "template/compare.h"

SV_OP(or) = {
    .name = "or",
    .summary = "y = a or b",
    .onnx = (const sv_onnx_name[]){{"Or", 0, 0}, {NULL, 0, 0}},
    SV_COMPARE,
};
