/* abs: the magnitude.
 *
 *   y = |x|
 *   dx = dy sign(x)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Abs.html */
#include <tgmath.h>

#include "op/op.h"

#define WHOLE_VALUE sv_whole_abs(x)
#define WHOLE_TYPES SV_WHOLE_ALL
static inline real value(real x) { return fabs(x); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) {
  return x > 0 ? dy : x < 0 ? -dy : 0;
}

#include "template/pointwise.h"

SV_OP(abs) = {
    .name = "abs",
    .summary = "y = |x|",
    .onnx = (const sv_onnx_name[]){{"Abs", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
