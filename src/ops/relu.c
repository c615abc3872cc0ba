/* relu: the rectifier.
 *
 *   y = max(x, 0)
 *   dx = dy where y > 0, else 0
 *
 * Shapes: any; y as x.
 * Source: Nair, Hinton, "Rectified Linear Units Improve Restricted Boltzmann
 * Machines", ICML 2010; https://onnx.ai/onnx/operators/onnx__Relu.html */
#include <math.h>

#include "op/op.h"

/* Both written so that what is not a number stays visible. */
static inline real value(real x) { return x < 0 ? 0 : x; }

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y) { return y <= 0 ? 0 : dy; }

#define WHOLE_VALUE (x < 0 ? 0 : x)
#define WHOLE_TYPES SV_WHOLE_SIGNED

#include "template/pointwise.h"

SV_OP(relu) = {
    .name = "relu",
    .summary = "y = max(x, 0)",
    .effect = SV_EFFECT_RECTIFIES,
    .onnx = (const sv_onnx_name[]){{"Relu", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
    .low = 0,
    .high = INFINITY,
};
