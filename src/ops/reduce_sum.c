/* reduce_sum: sums along axes.
 *
 *   y = sum of x
 *   dx = dy
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceSum.html */
#define WHOLE_TYPES SV_WHOLE_WIDE
#define WHOLE_START 0
#define WHOLE_JOIN sv_whole_add(y, x)

#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double sum = 0;
  SV_EACH(r, i) sum += x[i];
  return (real)(sum);
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  (void)x;
  (void)y;
  SV_EACH(r, i) dx[i] = dy;
}

SV_REDUCE(reduce_sum, "ReduceSum", "y = sum of x along some axes", 13, false,
          false, SV_EFFECT_SUMS);
