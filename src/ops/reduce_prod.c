/* reduce_prod: products along axes.
 *
 *   y = product of x
 *   dx = dy times the product of the others
 *
 * Shapes: template/reduce.h.
 * Source: https://onnx.ai/onnx/operators/onnx__ReduceProd.html */
#define WHOLE_TYPES SV_WHOLE_WIDE
#define WHOLE_START 1
#define WHOLE_JOIN sv_whole_mul(y, x)

#include "template/reduce.h"

static real reduce(const sv_reduced *r, const real *x) {
  double product = 1;
  SV_EACH(r, i) product *= x[i];
  return (real)product;
}

static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx) {
  int64_t zeros = 0;
  double others = 1; /* the product of what is not 0 */
  (void)y;
  SV_EACH(r, i) {
    zeros += x[i] == 0;
    others *= x[i] == 0 ? 1 : x[i];
  }
  SV_EACH(r, i) {
    if (x[i] == 0)
      dx[i] = zeros == 1 ? (real)others * dy : 0;
    else
      dx[i] = zeros == 0 ? (real)(others / x[i]) * dy : 0;
  }
}

SV_REDUCE(reduce_prod, "ReduceProd", "y = product of x along some axes", 18,
          true, false, SV_EFFECT_UNKNOWN);
