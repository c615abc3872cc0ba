/* sqrt: the square root.
 *
 *   y = sqrt(x)
 *   dx = dy / (2 y)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Sqrt.html */
#include <tgmath.h>

#include "op/op.h"

static inline real value(real x) { return sqrt(x); }

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y) { return dy / (2 * y); }

#include "template/pointwise.h"

SV_OP(sqrt) = {
    .name = "sqrt",
    .summary = "y = sqrt(x)",
    .onnx = (const sv_onnx_name[]){{"Sqrt", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
