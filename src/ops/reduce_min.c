/* reduce_min: the least along axes.
 *
 *   y = min x
 *   dx = dy / m for the m numbers that are y, else 0
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceMin.html */
#define WHOLE_TYPES SV_WHOLE_ALL
#define WHOLE_START INT64_MAX
#define WHOLE_JOIN (x < y ? x : y)

#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  real least = (real)INFINITY;
  /* NaN wins, and so stays visible. */
  SV_EACH(r, i) if (!(x[i] >= least) && !isnan(least)) least = x[i];
  return least;
}

/* NaN's gradient is that of the NaN that it comes from. */
static bool is_it(real x, real y) { return x == y || (isnan(x) && isnan(y)); }

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  int64_t alike = 0;
  SV_EACH(r, i) alike += is_it(x[i], y);
  SV_EACH(r, i) dx[i] = is_it(x[i], y) ? dy / (real)alike : 0;
}

SV_REDUCE(reduce_min, "ReduceMin", "y = min of x along some axes", 18, true,
          true, SV_EFFECT_PICKS);
