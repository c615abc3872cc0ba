/* reduce_log_sum_exp: a smooth maximum along axes.
 *
 *   y = log(sum of e^x), by e^(x - max x), which cannot overflow
 *   dx = e^(x - y) dy
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html */
#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  real greatest = -(real)INFINITY;
  double sum = 0;
  SV_EACH(r, i) if (!(x[i] <= greatest)) greatest = x[i];
  if (isinf(greatest)) return greatest;
  SV_EACH(r, i) sum += exp(x[i] - greatest);
  return greatest + (real)log(sum);
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  SV_EACH(r, i) dx[i] = exp(x[i] - y) * dy;
}

SV_REDUCE(reduce_log_sum_exp, "ReduceLogSumExp",
          "y = log(sum of e^x) along some axes", 18, true, true,
          SV_EFFECT_LOG_SUM_EXPS);
