/* neg: the negative.
 *
 *   y = -x
 *   dx = -dy
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Neg.html */
#include "op/op.h"

#define WHOLE_VALUE sv_whole_sub(0, x)
#define WHOLE_TYPES SV_WHOLE_SIGNED
static inline real value(real x) { return -x; }

static inline real gradient(real dy, real x) {
  (void)x;
  return -dy;
}

#include "template/pointwise.h"

SV_OP(neg) = {
    .name = "neg",
    .summary = "y = -x",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Neg", 0, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
