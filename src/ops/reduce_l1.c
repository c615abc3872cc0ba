/* reduce_l1: sums of sizes along axes.
 *
 *   y = sum of |x|
 *   dx = sign(x) dy, 0 where x is 0
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceL1.html */
#define WHOLE_TYPES SV_WHOLE_WIDE
#define WHOLE_START 0
#define WHOLE_JOIN sv_whole_add(y, sv_whole_abs(x))

#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double sum = 0;
  SV_EACH(r, i) sum += fabs(x[i]);
  return (real)(sum);
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  (void)y;
  SV_EACH(r, i) dx[i] = (real)((x[i] > 0) - (x[i] < 0)) * dy;
}

SV_REDUCE(reduce_l1, "ReduceL1", "y = sum of |x| along some axes", 18, true,
          false, SV_EFFECT_SUMS);
