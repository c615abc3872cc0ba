/* softplus: the rectifier made smooth.
 *
 *   y = log(1 + e^x)
 *   dx = dy / (1 + e^-x)
 *
 * Shapes: any; y as x.
 * Source: Glorot, Bordes, Bengio, "Deep Sparse Rectifier Neural Networks",
 * AISTATS 2011; https://onnx.ai/onnx/operators/onnx__Softplus.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
/* e^-|x| is never too large. */
static inline real value(real x) {
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) { return dy / (1 + exp(-x)); }

#include "template/pointwise.h"

SV_OP(softplus) = {
    .name = "softplus",
    .summary = "y = log(1 + e^x)",
    .onnx = (const sv_onnx_name[]){{"Softplus", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
