/* reciprocal: one over x.
 *
 *   y = 1 / x
 *   dx = -dy y^2
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Reciprocal.html */
#include "op/op.h"

static inline real value(real x) { return 1 / x; }

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y) { return -dy * y * y; }

#include "template/pointwise.h"

SV_OP(reciprocal) = {
    .name = "reciprocal",
    .summary = "y = 1 / x",
    .effect = SV_EFFECT_RECIPROCAL,
    .onnx = (const sv_onnx_name[]){{"Reciprocal", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
