/* tanh: the hyperbolic tangent.
 *
 *   y = (e^x - e^-x) / (e^x + e^-x)
 *   dx = dy (1 - y^2)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Tanh.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return tanh(x); }

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y) { return dy * (1 - y * y); }

#include "template/pointwise.h"

SV_OP(tanh) = {
    .name = "tanh",
    .summary = "y = (e^x - e^-x) / (e^x + e^-x)",
    .effect = SV_EFFECT_CENTRES,
    .onnx = (const sv_onnx_name[]){{"Tanh", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
    .low = -1,
    .high = 1,
};
