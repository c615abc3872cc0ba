/* reduce_mean: means along axes.
 *
 *   y = sum of x / n
 *   dx = dy / n
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceMean.html */
#define WHOLE_TYPES SV_WHOLE_WIDE
#define WHOLE_START 0
#define WHOLE_JOIN sv_whole_add(y, x)
#define WHOLE_FINISH (y / count)

#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double sum = 0;
  SV_EACH(r, i) sum += x[i];
  return (real)(sum / (double)r->count);
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  (void)x;
  (void)y;
  SV_EACH(r, i) dx[i] = dy / (real)r->count;
}

SV_REDUCE(reduce_mean, "ReduceMean", "y = mean of x along some axes", 18, false,
          false, SV_EFFECT_MEANS);
