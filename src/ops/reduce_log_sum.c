/* reduce_log_sum: logarithms of sums along axes.
 *
 *   y = log(sum of x)
 *   dx = dy / sum of x = dy / e^y
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html */
#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double sum = 0;
  SV_EACH(r, i) sum += x[i];
  return (real)(log(sum));
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  (void)x;
  SV_EACH(r, i) dx[i] = dy / exp(y);
}

SV_REDUCE(reduce_log_sum, "ReduceLogSum", "y = log(sum of x) along some axes",
          18, false, true, SV_EFFECT_LOG_SUMS);
