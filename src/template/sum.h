/* Sums in a fixed order that a compiler can still vectorise and whose rounding
 * errors do not grow with their length: sums of more than a few thousand terms
 * add partial sums in double. Included by operators, which define `real`. */
#ifndef SV_TEMPLATE_SUM_H
#define SV_TEMPLATE_SUM_H

#include "op/op.h"

/* A sum of more terms than this is long. */
enum { SV_LONG_SUM = 2048 };

/* The sum of a[i * p] * b[i * q], i = 0 .. count-1, in eight partial sums. */
static inline real sv_short_dot(const real *a, int64_t p, const real *b,
                                int64_t q, int64_t count) {
  enum { WIDTH = 8 };
  real part[WIDTH] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH)
    for (int j = 0; j < WIDTH; j++) part[j] += a[(i + j) * p] * b[(i + j) * q];
  for (; i < count; i++) sum += a[i * p] * b[i * q];
  for (int j = 0; j < WIDTH; j++) sum += part[j];
  return sum;
}

/* The same for any length. */
static inline real sv_dot(const real *a, int64_t p, const real *b, int64_t q,
                          int64_t count) {
  double sum = 0;
  if (count <= SV_LONG_SUM) return sv_short_dot(a, p, b, q, count);
  for (int64_t i = 0; i < count; i += SV_LONG_SUM) {
    int64_t part = count - i < SV_LONG_SUM ? count - i : SV_LONG_SUM;
    sum += sv_short_dot(a + i * p, p, b + i * q, q, part);
  }
  return (real)sum;
}

/* The sum of count values. */
static inline double sv_sum(const real *x, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += x[i];
  return sum;
}

/* Adds to sums[i - begin] the terms of to[i], for begin <= i < end. */
typedef void sv_add_terms(const void *context, int64_t begin, int64_t end,
                          double *sums);

/* to[i] = the sum of its terms, tile by tile; `add` adds all terms of each
 * tile. For long sums, of which there are few. */
static inline void sv_sum_tiles(real *to, int64_t count, sv_add_terms *add,
                                const void *context) {
  enum { TILE = 1024 };
  double sums[TILE];
  for (int64_t i = 0; i < count; i += TILE) {
    int64_t end = i + TILE < count ? i + TILE : count;
    for (int64_t k = i; k < end; k++) sums[k - i] = 0;
    add(context, i, end, sums);
    for (int64_t k = i; k < end; k++) to[k] = (real)sums[k - i];
  }
}

/* For gradients of what is repeated very often, of which there are few: dx gets
 * the terms of a strip of dy, which then move to sums in double. */
enum { SV_FEW_SUMS = 64, SV_STRIP = 1024 };

/* All of `terms` terms may be of one of `count` sums. */
static inline bool sv_sums_are_few(int64_t count, int64_t terms) {
  return count <= SV_FEW_SUMS && terms > count * SV_LONG_SUM;
}

static inline void sv_move_strip(double *sums, real *dx, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += dx[i];
    dx[i] = 0;
  }
}

#endif
