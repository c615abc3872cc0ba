/* hard_swish: the SiLU in straight pieces.
 *
 *   y = x h,  h = max(0, min(1, x/6 + 1/2))
 *   dx = 0 where x <= -3, dy where x >= 3, else dy (x/3 + 1/2)
 *
 * Shapes: any; y as x.
 * Source: Howard et al., "Searching for MobileNetV3", ICCV 2019;
 * https://onnx.ai/onnx/operators/onnx__HardSwish.html */
#include "op/op.h"

static inline real value(real x) {
  return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) {
  return x <= -3 ? 0 : x >= 3 ? dy : dy * (2 * x + 3) / 6;
}

#include "template/pointwise.h"

SV_OP(hard_swish) = {
    .name = "hard_swish",
    .summary = "y = x max(0, min(1, x/6 + 1/2))",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"HardSwish", 14, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
