/* round: rounding to the nearest whole number, halves to the even one.
 *
 *   y = the nearest whole number
 *   no gradient: y has no slope
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Round.html */
#include <tgmath.h>

#include "op/op.h"

static inline real value(real x) { return rint(x); }

#define NO_GRADIENT

#include "template/pointwise.h"

SV_OP(round) = {
    .name = "round",
    .summary = "y = x rounded to the nearest integer, halves to even",
    .onnx = (const sv_onnx_name[]){{"Round", 11, 0}, {NULL, 0, 0}},
    SV_POINTWISE,
};
