/* reduce_max: the greatest along axes.
 *
 *   y = max x
 *   dx = dy / m for the m numbers that are y, else 0
 *
 * Shapes: ops/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceMax.html */
#include "ops/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  real greatest = -(real)INFINITY;
  /* What is no number wins, and so stays visible. */
  SV_EACH(r, i) if (!(x[i] <= greatest) && !isnan(greatest)) greatest = x[i];
  return greatest;
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  int64_t alike = 0;
  SV_EACH(r, i) alike += x[i] == y;
  SV_EACH(r, i) dx[i] = x[i] == y ? dy / (real)alike : 0;
}

SV_REDUCE(reduce_max, "ReduceMax", "y = max of x along some axes", 18, true,
          true);
