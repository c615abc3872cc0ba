/* log: the natural logarithm.
 *
 *   y = log(x)
 *   dx = dy / x
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Log.html */
#include <tgmath.h>

#include "op/op.h"

#define COSTLY
static inline real value(real x) { return log(x); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) { return dy / x; }

#include "template/pointwise.h"

SV_OP(log) = {
    .name = "log",
    .summary = "y = log(x)",
    .effect = SV_EFFECT_LOG,
    .onnx = (const sv_onnx_name[]){{"Log", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
