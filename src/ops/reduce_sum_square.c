/* reduce_sum_square: sums of squares along axes.
 *
 *   y = sum of x^2
 *   dx = 2 x dy
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html */
#define WHOLE_TYPES SV_WHOLE_WIDE
#define WHOLE_START 0
#define WHOLE_JOIN sv_whole_add(y, sv_whole_mul(x, x))

#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double sum = 0;
  SV_EACH(r, i) sum += (double)x[i] * x[i];
  return (real)(sum);
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  (void)y;
  SV_EACH(r, i) dx[i] = 2 * x[i] * dy;
}

SV_REDUCE(reduce_sum_square, "ReduceSumSquare",
          "y = sum of x^2 along some axes", 18, true, false, SV_EFFECT_UNKNOWN);
