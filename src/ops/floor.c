/* floor: rounding down.
 *
 *   y = the greatest whole number <= x
 *   no gradient: y has no slope
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Floor.html */
#include <tgmath.h>

#include "op/op.h"

static inline real value(real x) { return floor(x); }

#define NO_GRADIENT

#include "template/pointwise.h"

SV_OP(floor) = {
    .name = "floor",
    .summary = "y = the largest integer <= x",
    .onnx = (const sv_onnx_name[]){{"Floor", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
