/* hardmax: 1 where the greatest number of a row is, 0 elsewhere.
 *
 *   y[i] = 1 if x[i] is the first of the greatest, else 0
 *
 * along one axis; the gradient is 0 wherever there is one.
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Hardmax.html */
#include <stdbool.h>
#include <tgmath.h>

#include "op/op.h"

/* What is no number wins, as it does in argmax. */
static inline void forward_row(real *y, const real *x, int64_t end,
                               int64_t step) {
  int64_t best = 0;
  for (int64_t i = step; i < end && !isnan(x[best]); i += step)
    if (x[i] > x[best] || isnan(x[i])) best = i;
  for (int64_t i = 0; i < end; i += step) y[i] = i == best;
}

#define NO_GRADIENT
#include "template/softmax.h"

SV_OP(hardmax) = {
    .name = "hardmax",
    .summary = "y = 1 for the largest element of a row, else 0",
    .onnx = (const sv_onnx_name[]){{"Hardmax", 0, 0}, {NULL, 0, 0}},
    SV_SOFTMAX,
};
