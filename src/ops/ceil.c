/* ceil: rounding up.
 *
 *   y = the least whole number >= x
 *   no gradient: y has no slope
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Ceil.html */
#include <tgmath.h>

#include "op/op.h"

static inline real value(real x) { return ceil(x); }

#define NO_GRADIENT

#include "template/pointwise.h"

SV_OP(ceil) = {
    .name = "ceil",
    .summary = "y = the smallest integer >= x",
    .onnx = (const sv_onnx_name[]){{"Ceil", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
