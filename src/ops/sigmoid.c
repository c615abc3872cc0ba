/* sigmoid: the logistic function.
 *
 *   y = 1 / (1 + e^-x)
 *   dx = dy y (1 - y)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Sigmoid.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return 1 / (1 + exp(-x)); }

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y) { return dy * y * (1 - y); }

#include "template/pointwise.h"

SV_OP(sigmoid) = {
    .name = "sigmoid",
    .summary = "y = 1 / (1 + e^-x)",
    .effect = SV_EFFECT_SQUASHES,
    .onnx = (const sv_onnx_name[]){{"Sigmoid", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
    .low = 0,
    .high = 1,
};
