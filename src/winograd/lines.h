/* The transforms of a line, by Toom and Cook's points 0, +-p, +-q, ... and
 * infinity. */
#ifndef SV_WINOGRAD_LINES_H
#define SV_WINOGRAD_LINES_H

#include "winograd/vector.h"

/* For the pairs of points +-p: the coefficients of the product of x^2 - q^2
 * over all pairs, and over all pairs but each; 1 / the product of the
 * differences between 0 and the other points, and between p and the others;
 * powers of p. */
typedef struct points {
  float whole[4], without[3][3];
  float at_zero, at_pair[3];
  float power[6][3];
} points;

#define POWERS(p, q, r)                                  \
  {                                                      \
    {1, 1, 1}, {p, q, r}, {p * p, q * q, r * r},         \
        {p * p * p, q * q * q, r * r * r},               \
        {p * p * p * p, q * q * q * q, r * r * r * r}, { \
      p *p *p *p *p, q *q *q *q *q, r *r *r *r *r        \
    }                                                    \
  }
/* With 1/sqrt(2) and sqrt(2) sums of 4x4 tiles are off by a third of what they
 * are with the usual 1 and 2; nothing better was found for 6x6. */
#define P4 0.70710678118654752440
#define Q4 1.41421356237309504880
#define P6 1.0
#define Q6 2.0
#define R6 0.5

static const points all_points[SV_WINOGRAD_SIZES] = {
    {.whole = {-1, 1},
     .without = {{1}},
     .at_zero = -1,
     .at_pair = {0.5f},
     .power = POWERS(1, 0, 0)},
    {.whole = {P4 * P4 * Q4 * Q4, -(P4 *P4 + Q4 * Q4), 1},
     .without = {{-Q4 * Q4, 1}, {-P4 * P4, 1}},
     .at_zero = 1 / (P4 * P4 * Q4 * Q4),
     .at_pair = {1 / (2 * P4 * P4 * (P4 * P4 - Q4 * Q4)),
                 1 / (2 * Q4 * Q4 * (Q4 * Q4 - P4 * P4))},
     .power = POWERS(P4, Q4, 0)},
    {.whole = {-P6 * P6 * Q6 * Q6 * R6 * R6,
               P6 *P6 *Q6 *Q6 + P6 *P6 *R6 *R6 + Q6 *Q6 *R6 *R6,
               -(P6 *P6 + Q6 * Q6 + R6 * R6), 1},
     .without = {{Q6 * Q6 * R6 * R6, -(Q6 *Q6 + R6 * R6), 1},
                 {P6 * P6 * R6 * R6, -(P6 *P6 + R6 * R6), 1},
                 {P6 * P6 * Q6 * Q6, -(P6 *P6 + Q6 * Q6), 1}},
     .at_zero = -1 / (P6 * P6 * Q6 * Q6 * R6 * R6),
     .at_pair = {1 / (2 * P6 * P6 * (P6 * P6 - Q6 * Q6) * (P6 * P6 - R6 * R6)),
                 1 / (2 * Q6 * Q6 * (Q6 * Q6 - P6 * P6) * (Q6 * Q6 - R6 * R6)),
                 1 / (2 * R6 * R6 * (R6 * R6 - P6 * P6) * (R6 * R6 - Q6 * Q6))},
     .power = POWERS(P6, Q6, R6)},
};

/* m + 2 inputs, `step` apart. */
ALWAYS void line_in(const int m, vec *to, const int to_step, const vec *d,
                    const int step) {
  const points *a = &all_points[m / 2 - 1];
  vec first = a->whole[0] * d[0], last = a->whole[0] * d[step];
  UNROLL for (int k = 1; k <= m / 2; k++) {
    first += a->whole[k] * d[2 * k * step];
    last += a->whole[k] * d[(2 * k + 1) * step];
  }
  to[0] = first;
  to[(m + 1) * to_step] = last;
  UNROLL for (int j = 0; j < m / 2; j++) {
    vec even = a->without[j][0] * d[2 * step];
    vec odd = a->without[j][0] * d[step];
    UNROLL for (int k = 1; k < m / 2; k++) {
      even += a->without[j][k] * d[(2 * k + 2) * step];
      odd += a->without[j][k] * d[(2 * k + 1) * step];
    }
    odd *= a->power[1][j];
    to[(2 * j + 1) * to_step] = even + odd;
    to[(2 * j + 2) * to_step] = even - odd;
  }
}

/* m + 2 sums to m outputs. */
ALWAYS void line_out(const int m, vec *to, const int to_step, const vec *s,
                     const int step) {
  const points *a = &all_points[m / 2 - 1];
  vec sum[3], difference[3];
  UNROLL for (int j = 0; j < m / 2; j++) {
    sum[j] = s[(2 * j + 1) * step] + s[(2 * j + 2) * step];
    difference[j] = s[(2 * j + 1) * step] - s[(2 * j + 2) * step];
  }
  UNROLL for (int i = 0; i < m; i++) {
    vec y = a->power[i][0] * (i % 2 ? difference[0] : sum[0]);
    UNROLL for (int j = 1; j < m / 2; j++) y +=
        a->power[i][j] * (i % 2 ? difference[j] : sum[j]);
    if (i == 0) y += s[0];
    if (i == m - 1) y += s[(m + 1) * step];
    to[i * to_step] = y;
  }
}

/* Three weights to m + 2. */
ALWAYS void line_weights(const int m, vec *to, const int to_step, const vec *g,
                         const int step) {
  const points *a = &all_points[m / 2 - 1];
  to[0] = a->at_zero * g[0];
  UNROLL for (int j = 0; j < m / 2; j++) {
    vec even = a->at_pair[j] * (g[0] + a->power[2][j] * g[2 * step]);
    vec odd = (a->at_pair[j] * a->power[1][j]) * g[step];
    to[(2 * j + 1) * to_step] = even + odd;
    to[(2 * j + 2) * to_step] = even - odd;
  }
  to[(m + 1) * to_step] = g[2 * step];
}

#endif
