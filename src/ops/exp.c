/* exp: e to the power of x.
 *
 *   y = e^x
 *   dx = dy y
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Exp.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return exp(x); }

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y) { return dy * y; }

#include "template/pointwise.h"

SV_OP(exp) = {
    .name = "exp",
    .summary = "y = e^x",
    .effect = SV_EFFECT_EXP,
    .onnx = (const sv_onnx_name[]){{"Exp", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
