/* What normalisations by a sample's own numbers share: x is cut into rows, each
 * is brought to mean 0 and variance 1, then scaled and shifted.
 *
 *   h = (x - m) r, r = 1 / sqrt(v + epsilon)     y = scale h + bias
 *
 * with m the mean of the row's n numbers and v = mean of (x - m)^2. With
 * g = scale dy:
 *
 *   dx = r (g - mean of g - h mean of g h)
 *   dscale = sum of dy h, dbias = sum of dy, over what shares them
 */
#ifndef SV_OPS_NORM_H
#define SV_OPS_NORM_H

#include <tgmath.h>

#include "base/thread.h"
#include "ops/op.h"

enum { SV_NORM_X, SV_NORM_SCALE, SV_NORM_BIAS };

typedef struct sv_norm {
  int64_t rows, count; /* count: n */
  /* Number i of row j is scaled by scale[j % period * each + i / repeat]. */
  int64_t period, each, repeat;
  real epsilon;
  const real *x, *scale, *bias, *dy;
  real *y, *dx, *dscale, *dbias;
  real *mean, *factor; /* of each row, where they are wanted */
} sv_norm;

static inline int64_t sv_norm_scale(const sv_norm *n, int64_t row, int64_t i) {
  return row % n->period * n->each + i / n->repeat;
}

static inline void sv_norm_measure(const sv_norm *n, const real *x, real *mean,
                                   real *factor) {
  double sum = 0, squares = 0, count = (double)n->count;
  for (int64_t i = 0; i < n->count; i++) sum += x[i];
  for (int64_t i = 0; i < n->count; i++) {
    double far = x[i] - sum / count;
    squares += far * far;
  }
  *mean = (real)(sum / count);
  *factor = 1 / sqrt((real)(squares / count) + n->epsilon);
}

static inline void sv_norm_forward_rows(void *context, int64_t begin,
                                        int64_t end) {
  const sv_norm *n = context;
  for (int64_t row = begin; row < end; row++) {
    const real *x = n->x + row * n->count;
    real *y = n->y + row * n->count, mean, factor;
    sv_norm_measure(n, x, &mean, &factor);
    for (int64_t i = 0; i < n->count; i++) {
      int64_t s = sv_norm_scale(n, row, i);
      y[i] = (x[i] - mean) * factor * n->scale[s] + (n->bias ? n->bias[s] : 0);
    }
    if (n->mean) n->mean[row] = mean;
    if (n->factor) n->factor[row] = factor;
  }
}

/* `n` has the rows and the epsilon. */
static inline sv_status sv_norm_forward(sv_norm n, const sv_args *args) {
  n.x = sv_in(args, SV_NORM_X);
  n.scale = sv_in(args, SV_NORM_SCALE);
  n.bias = sv_in(args, SV_NORM_BIAS);
  n.y = sv_out(args, 0);
  n.mean = sv_out(args, 1);
  n.factor = sv_out(args, 2);
  sv_parallel(n.rows, 1, sv_norm_forward_rows, &n);
  return SV_OK;
}

static inline void sv_norm_data_rows(void *context, int64_t begin,
                                     int64_t end) {
  const sv_norm *n = context;
  for (int64_t row = begin; row < end; row++) {
    const real *x = n->x + row * n->count, *dy = n->dy + row * n->count;
    real *dx = n->dx + row * n->count, mean, factor;
    double plain = 0, times = 0, count = (double)n->count;
    sv_norm_measure(n, x, &mean, &factor);
    for (int64_t i = 0; i < n->count; i++) {
      real g = n->scale[sv_norm_scale(n, row, i)] * dy[i];
      plain += g;
      times += g * (x[i] - mean) * factor;
    }
    for (int64_t i = 0; i < n->count; i++) {
      real g = n->scale[sv_norm_scale(n, row, i)] * dy[i];
      real h = (x[i] - mean) * factor;
      dx[i] = factor * (g - (real)(plain / count) - h * (real)(times / count));
    }
  }
}

static inline sv_status sv_norm_backward_data(sv_norm n, const sv_args *args) {
  n.x = sv_in(args, SV_NORM_X);
  n.scale = sv_in(args, SV_NORM_SCALE);
  n.dy = sv_diff_out(args, 0);
  n.dx = sv_diff_in(args, SV_NORM_X);
  sv_parallel(n.rows, 1, sv_norm_data_rows, &n);
  return SV_OK;
}

static inline sv_status sv_norm_backward_params(sv_norm n,
                                                const sv_args *args) {
  const real *x = sv_in(args, SV_NORM_X), *dy = sv_diff_out(args, 0);
  real *dscale = sv_diff_in(args, SV_NORM_SCALE);
  real *dbias = sv_diff_in(args, SV_NORM_BIAS);
  int64_t count = n.period * n.each;
  for (int64_t s = 0; s < count; s++) {
    if (dscale) dscale[s] = 0;
    if (dbias) dbias[s] = 0;
  }
  for (int64_t row = 0; row < n.rows; row++) {
    real mean, factor;
    sv_norm_measure(&n, x + row * n.count, &mean, &factor);
    for (int64_t i = 0; i < n.count; i++) {
      int64_t at = row * n.count + i, s = sv_norm_scale(&n, row, i);
      if (dscale) dscale[s] += dy[at] * (x[at] - mean) * factor;
      if (dbias) dbias[s] += dy[at];
    }
  }
  return SV_OK;
}

/* The three passes of an operator with a function describe(args, shape of x) */
#define SV_NORM_PASSES                                                        \
  static sv_status forward(const sv_args *args) {                             \
    return sv_norm_forward(describe(args->node, &args->in[0]->shape), args);  \
  }                                                                           \
  static sv_status backward_data(const sv_args *args) {                       \
    return sv_norm_backward_data(describe(args->node, &args->in[0]->shape),   \
                                 args);                                       \
  }                                                                           \
  static sv_status backward_params(const sv_args *args) {                     \
    return sv_norm_backward_params(describe(args->node, &args->in[0]->shape), \
                                   args);                                     \
  }

#define SV_NORM_REFERENCE                                         \
  {                                                               \
    .forward = forward, .backward_data = backward_data,           \
    .backward_params = backward_params,                           \
    .data_reads_in = SV_PORT(SV_NORM_X) | SV_PORT(SV_NORM_SCALE), \
    .params_reads_in = SV_PORT(SV_NORM_X), .in_place = true       \
  }

#endif
