/* Sums in a fixed order that a compiler can still vectorise. Included by
 * operators: `real` is theirs. */
#ifndef SV_OPS_SUM_H
#define SV_OPS_SUM_H

#include "ops/op.h"

/* The sum of a[i * p] * b[i * q], i = 0 .. count-1: eight sums side by side. */
static inline real sv_dot(const real *a, int64_t p, const real *b, int64_t q,
                          int64_t count) {
  enum { WIDTH = 8 };
  real part[WIDTH] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH)
    for (int j = 0; j < WIDTH; j++) part[j] += a[(i + j) * p] * b[(i + j) * q];
  for (; i < count; i++) sum += a[i * p] * b[i * q];
  for (int j = 0; j < WIDTH; j++) sum += part[j];
  return sum;
}

/* The sum of count numbers. */
static inline double sv_sum(const real *x, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += x[i];
  return sum;
}

#endif
