/* sin: the sine.
 *
 *   y = sin(x)
 *   dx = dy cos(x)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Sin.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return sin(x); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) { return dy * cos(x); }

#include "template/pointwise.h"

SV_OP(sin) = {
    .name = "sin",
    .summary = "y = sin(x)",
    .onnx = (const sv_onnx_name[]){{"Sin", 7, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
