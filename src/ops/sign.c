/* sign: -1, 0 or 1.
 *
 *   y = -1 where x < 0, 1 where x > 0, else x
 *   no gradient: y has no slope
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Sign.html */
#include "op/op.h"

#define WHOLE_VALUE ((x > 0) - (x < 0))
#define WHOLE_TYPES SV_WHOLE_ALL
static inline real value(real x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

#define NO_GRADIENT

#include "template/pointwise.h"

SV_OP(sign) = {
    .name = "sign",
    .summary = "y = -1 where x < 0, 1 where x > 0, else x",
    .onnx = (const sv_onnx_name[]){{"Sign", 9, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
