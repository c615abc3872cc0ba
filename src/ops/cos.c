/* cos: the cosine.
 *
 *   y = cos(x)
 *   dx = -dy sin(x)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Cos.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return cos(x); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) { return -dy * sin(x); }

#include "template/pointwise.h"

SV_OP(cos) = {
    .name = "cos",
    .summary = "y = cos(x)",
    .onnx = (const sv_onnx_name[]){{"Cos", 7, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
