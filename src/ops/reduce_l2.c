/* reduce_l2: lengths along axes.
 *
 *   y = sqrt(sum of x^2)
 *   dx = x / y dy, 0 where y is 0
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceL2.html */
#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double sum = 0;
  SV_EACH(r, i) sum += (double)x[i] * x[i];
  return (real)(sqrt(sum));
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  SV_EACH(r, i) dx[i] = y != 0 ? x[i] / y * dy : 0;
}

SV_REDUCE(reduce_l2, "ReduceL2", "y = sqrt(sum of x^2) along some axes", 18,
          true, true, SV_EFFECT_UNKNOWN);
