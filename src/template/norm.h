/* Shared by normalisations with the statistics of each sample: x is divided
 * into rows; each is normalised to mean 0 and variance 1, then scaled and
 * shifted.
 *
 *   h = (x - m) r, r = 1 / sqrt(v + epsilon)     y = scale h + bias
 *
 * m is the mean of the row's n values, or 0 (`about_zero`, and h = x r), and v
 * = mean of (x - m)^2. With g = scale dy:
 *
 *   dx = r (g - mean of g - h mean of g h), without `mean of g` where m is 0
 *   dscale = sum of dy h, dbias = sum of dy, over the elements that share them
 *
 * Included by operators, which define
 *
 *     static sv_norm describe(const sv_node *node, const sv_shape *x);
 *
 * It sets rows, count, period, each, repeat and epsilon. */
#ifndef SV_TEMPLATE_NORM_H
#define SV_TEMPLATE_NORM_H

#include <tgmath.h>

#include "base/thread.h"
#include "op/op.h"
#include "template/sum.h"

enum { SV_NORM_X, SV_NORM_SCALE, SV_NORM_BIAS };

typedef struct sv_norm {
  int64_t rows, count; /* count: n */
  /* Element i of row j is scaled by scale[j % period * each + i / repeat]. */
  int64_t period, each, repeat;
  real epsilon;
  bool about_zero;
  const real *x, *scale, *bias, *dy;
  real *y, *dx, *dscale, *dbias;
  real *mean, *factor; /* of each row, if requested */
} sv_norm;

static sv_norm describe(const sv_node *node, const sv_shape *x);

static int64_t scale_at(const sv_norm *n, int64_t row, int64_t i) {
  return row % n->period * n->each + i / n->repeat;
}

static void measure(const sv_norm *n, const real *x, real *mean, real *factor) {
  double sum = 0, squares = 0, count = (double)n->count;
  for (int64_t i = 0; i < n->count && !n->about_zero; i++) sum += x[i];
  for (int64_t i = 0; i < n->count; i++) {
    double far = x[i] - sum / count;
    squares += far * far;
  }
  *mean = (real)(sum / count);
  *factor = 1 / sqrt((real)(squares / count) + n->epsilon);
}

static void forward_rows(void *context, int64_t begin, int64_t end) {
  const sv_norm *n = context;
  for (int64_t row = begin; row < end; row++) {
    const real *x = n->x + row * n->count;
    real *y = n->y + row * n->count, mean, factor;
    measure(n, x, &mean, &factor);
    for (int64_t i = 0; i < n->count; i++) {
      int64_t s = scale_at(n, row, i);
      y[i] = (x[i] - mean) * factor * n->scale[s] + (n->bias ? n->bias[s] : 0);
    }
    if (n->mean) n->mean[row] = mean;
    if (n->factor) n->factor[row] = factor;
  }
}

static sv_status forward(const sv_args *args) {
  sv_norm n = describe(args->node, &args->in[0]->shape);
  n.x = sv_in(args, SV_NORM_X);
  n.scale = sv_in(args, SV_NORM_SCALE);
  n.bias = sv_in(args, SV_NORM_BIAS);
  n.y = sv_out(args, 0);
  n.mean = sv_out(args, 1);
  n.factor = sv_out(args, 2);
  sv_parallel(n.rows, 1, forward_rows, &n);
  return SV_OK;
}

static void data_rows(void *context, int64_t begin, int64_t end) {
  const sv_norm *n = context;
  for (int64_t row = begin; row < end; row++) {
    const real *x = n->x + row * n->count, *dy = n->dy + row * n->count;
    real *dx = n->dx + row * n->count, mean, factor;
    double plain = 0, times = 0, count = (double)n->count;
    measure(n, x, &mean, &factor);
    for (int64_t i = 0; i < n->count; i++) {
      real g = n->scale[scale_at(n, row, i)] * dy[i];
      plain += g;
      times += g * (x[i] - mean) * factor;
    }
    if (n->about_zero) plain = 0;
    for (int64_t i = 0; i < n->count; i++) {
      real g = n->scale[scale_at(n, row, i)] * dy[i];
      real h = (x[i] - mean) * factor;
      dx[i] = factor * (g - (real)(plain / count) - h * (real)(times / count));
    }
  }
}

static sv_status backward_data(const sv_args *args) {
  sv_norm n = describe(args->node, &args->in[0]->shape);
  n.x = sv_in(args, SV_NORM_X);
  n.scale = sv_in(args, SV_NORM_SCALE);
  n.dy = sv_diff_out(args, 0);
  n.dx = sv_diff_in(args, SV_NORM_X);
  sv_parallel(n.rows, 1, data_rows, &n);
  return SV_OK;
}

/* The elements of a row with scale index begin .. end-1. */
static void scaled_by(const sv_norm *n, int64_t row, int64_t begin, int64_t end,
                      int64_t *first, int64_t *last) {
  int64_t own = row % n->period * n->each;
  *first = (begin - own) * n->repeat;
  *last = (end - own) * n->repeat;
  if (*first < 0) *first = 0;
  if (*last > n->count) *last = n->count;
}

static void add_scale_terms(const void *context, int64_t begin, int64_t end,
                            double *sums) {
  const sv_norm *n = context;
  for (int64_t row = 0; row < n->rows; row++) {
    const real *x = n->x + row * n->count, *dy = n->dy + row * n->count;
    real mean, factor;
    int64_t i, last;
    scaled_by(n, row, begin, end, &i, &last);
    if (i >= last) continue;
    measure(n, x, &mean, &factor);
    for (; i < last; i++)
      sums[scale_at(n, row, i) - begin] += dy[i] * (x[i] - mean) * factor;
  }
}

static void add_bias_terms(const void *context, int64_t begin, int64_t end,
                           double *sums) {
  const sv_norm *n = context;
  for (int64_t row = 0; row < n->rows; row++) {
    const real *dy = n->dy + row * n->count;
    int64_t i, last;
    scaled_by(n, row, begin, end, &i, &last);
    for (; i < last; i++) sums[scale_at(n, row, i) - begin] += dy[i];
  }
}

static sv_status backward_params(const sv_args *args) {
  sv_norm n = describe(args->node, &args->in[0]->shape);
  n.x = sv_in(args, SV_NORM_X);
  n.dy = sv_diff_out(args, 0);
  real *dscale = sv_diff_in(args, SV_NORM_SCALE);
  real *dbias = sv_diff_in(args, SV_NORM_BIAS);
  int64_t count = n.period * n.each;
  if (n.rows * n.count > count * SV_LONG_SUM) {
    if (dscale) sv_sum_tiles(dscale, count, add_scale_terms, &n);
    if (dbias) sv_sum_tiles(dbias, count, add_bias_terms, &n);
    return SV_OK;
  }
  for (int64_t s = 0; s < count; s++) {
    if (dscale) dscale[s] = 0;
    if (dbias) dbias[s] = 0;
  }
  for (int64_t row = 0; row < n.rows; row++) {
    real mean, factor;
    measure(&n, n.x + row * n.count, &mean, &factor);
    for (int64_t i = 0; i < n.count; i++) {
      int64_t at = row * n.count + i, s = scale_at(&n, row, i);
      if (dscale) dscale[s] += n.dy[at] * (n.x[at] - mean) * factor;
      if (dbias) dbias[s] += n.dy[at];
    }
  }
  return SV_OK;
}

/* ---- Rows in maps ---- */

static inline sv_status sv_norm_check_maps(const sv_shape *x) {
  if (x->rank >= 3) return SV_OK;
  return sv_fail(SV_INVALID, "input x is %s, expected N C H W or N C W",
                 sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
}

/* Scale and bias have this shape. */
static inline sv_status sv_norm_check_params(const sv_node *node,
                                             const sv_info *in,
                                             const sv_shape *params) {
  SV_TRY(sv_check_shape(node, in, SV_NORM_SCALE, params));
  return sv_check_shape(node, in, SV_NORM_BIAS, params);
}

/* ---- Rows of the attribute tables, and the descriptor's reference ---- */

#define SV_EPSILON_ATTR                                        \
  .name = "epsilon", .onnx = "epsilon", .type = SV_ATTR_FLOAT, \
  .initial = 1e-5, .max = 1,                                   \
  .help = "added to the variance to avoid a division by 0"
#define SV_STASH_ATTR                                              \
  .name = "stash_type", .onnx = "stash_type", .type = SV_ATTR_INT, \
  .initial = 1, .min = 1, .max = 1,                                \
  .help = "type in which ONNX computes the statistics: f32"

#define SV_NORM_REFERENCE                                         \
  {                                                               \
    .forward = forward, .backward_data = backward_data,           \
    .backward_params = backward_params,                           \
    .data_reads_in = SV_PORT(SV_NORM_X) | SV_PORT(SV_NORM_SCALE), \
    .params_reads_in = SV_PORT(SV_NORM_X), .in_place = true       \
  }

#endif
