/* softsign: a sigmoid with slow tails.
 *
 *   y = x / (1 + |x|)
 *   dx = dy / (1 + |x|)^2
 *
 * Shapes: any; y as x.
 * Source: Glorot, Bengio, "Understanding the Difficulty of Training Deep
 * Feedforward Neural Networks", AISTATS 2010;
 * https://onnx.ai/onnx/operators/onnx__Softsign.html */
#include <tgmath.h>

#include "op/op.h"

static inline real value(real x) { return x / (1 + fabs(x)); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) {
  real d = 1 + fabs(x);
  return dy / (d * d);
}

#include "template/pointwise.h"

SV_OP(softsign) = {
    .name = "softsign",
    .summary = "y = x / (1 + |x|)",
    .effect = SV_EFFECT_CENTRES,
    .onnx = (const sv_onnx_name[]){{"Softsign", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
    .low = -1,
    .high = 1,
};
