/* erf: the error function.
 *
 *   y = 2 / sqrt(pi) times the integral of e^(-t^2) over t = 0 .. x
 *   dx = dy 2 / sqrt(pi) e^(-x^2)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Erf.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return erf(x); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) {
  return dy * (real)1.1283791670955126 * exp(-x * x);
}

#include "template/pointwise.h"

SV_OP(erf) = {
    .name = "erf",
    .summary = "y = the error function of x",
    .onnx = (const sv_onnx_name[]){{"Erf", 9, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
    .low = -1,
    .high = 1,
};
