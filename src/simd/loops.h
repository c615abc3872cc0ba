/* The inner loops, compiled once per instruction set.
 *
 * All of them run over the batch: images are stored in blocks of one or two
 * vectors, innermost (N C H W as [N / block] C H W [block]), so that vectors
 * are full for any number of channels and any width. This helps small networks,
 * whose 6 or 16 channels do not fill a vector. Source of the idea: Krizhevsky,
 * "One weird trick for parallelizing convolutional neural networks", 2014
 * (cuda-convnet has the batch innermost). */
#ifndef SV_SIMD_LOOPS_H
#define SV_SIMD_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An element of a window along one axis: its distance from the window's origin
 * in x, and in the weights. In floats. */
typedef struct sv_tap {
  int64_t x, w;
} sv_tap;

/* For each position p of a row, with its own taps along the columns:
 * y[k, p][n] = b[k] + sum over r, i, j of w[k, r, i, j] * x[r, i, j][n]
 * for k < outs, r < depth, i over rows, j over columns of p, n < block. */
typedef struct sv_gather {
  const float *x, *w;
  const float *b; /* NULL: zeros */
  float *y;       /* positions are stored block by block */
  int64_t positions;
  int64_t outs, w_out, y_out;      /* number of k; steps in w and y */
  int64_t depth, w_depth, x_depth; /* number of r; steps in w and x */
  const sv_tap *rows, *columns;
  int row_count;
  const int *first; /* columns of p: first[p] .. first[p + 1] - 1 */
  int block;        /* one or two vectors */
} sv_gather;

enum { SV_CORRELATE_DY = 6, SV_CORRELATE_X = 3, SV_CORRELATE_MOST = 12 };

/* sums[k][c] = the sum over b, i, j of dy[k, b, i][j] * x[c, b, i][j], lane by
 * lane: each sum is a vector of `width` floats, and j runs along `run` floats,
 * a multiple of it. k < dy_maps <= 6, c < x_maps <= 3, dy_maps * x_maps <=
 * 12. */
typedef struct sv_correlate {
  const float *dy, *x;
  int dy_maps, x_maps;
  int64_t dy_map, x_map; /* steps from a map to the next */
  int64_t blocks, dy_block, x_block;
  int64_t rows, dy_row, x_row;
  int64_t columns, dy_column, x_column;
  int64_t run;
  float *sums;  /* where they are stored between calls; NULL: one call only */
  bool first;   /* they start at zero */
  float *total; /* last call: total[k * total_dy + c * total_x] = all lanes */
  int64_t total_dy, total_x;
} sv_correlate;

/* For max pooling: the index of the maximum in the window. */
typedef struct sv_pool_max {
  const float *x;
  float *y;
  int32_t *index;               /* NULL: not needed */
  const sv_tap *rows, *columns; /* w: number of the row, of the column */
  int row_count, column_count, kernel_width, block;
} sv_pool_max;

/* dx[n] = the sum over the windows (i, j) that contain this element of dy[i,
 * j][n] where index[i, j][n] is its index there, row.w * kernel_width +
 * column.w. */
typedef struct sv_pool_unmax {
  const float *dy;
  const int32_t *index;
  float *dx;
  const sv_tap *rows, *columns;
  int row_count, column_count, kernel_width, block;
} sv_pool_unmax;

/* For count >= width consecutive positions, whose classes are `step` apart:
 * norms[p] = log sum over k of e^(x[k step + p]), and dx[k step + p] =
 * slopes[p] e^(x[k step + p] - norms[p]). */
typedef void sv_log_sums(float *norms, const float *x, int64_t count,
                         int64_t classes, int64_t step);
typedef void sv_softmax_slopes(float *dx, const float *x, const float *norms,
                               const float *slopes, int64_t count,
                               int64_t classes, int64_t step);

/* dx = factor (dy - plain - times (x - mean)). */
typedef struct sv_norm_slope {
  float factor, mean, plain, times;
} sv_norm_slope;

/* An elementwise function: y = f(x); dx from dy and y or x. NULL: another
 * backend has it. */
typedef struct sv_map_loops {
  void (*forward)(float *y, const float *x, int64_t count,
                  const float *numbers);
  void (*backward)(float *dx, const float *value, const float *dy,
                   int64_t count, const float *numbers);
} sv_map_loops;

typedef struct sv_loops {
  const char *name;
  int width; /* floats in a vector */
  void (*gather)(const sv_gather *work);
  void (*correlate)(const sv_correlate *work);
  void (*pool_max)(const sv_pool_max *work);
  void (*pool_unmax)(const sv_pool_unmax *work);
  void (*tanh)(float *y, const float *x, int64_t count);
  void (*tanh_backward)(float *dx, const float *y, const float *dy,
                        int64_t count);
  /* Sums of x; of (x - mean)^2; of dy and of dy (x - mean). At most a few
   * thousand terms: with more, rounding errors add up. */
  float (*norm_sum)(const float *x, int64_t count);
  float (*norm_squares)(const float *x, int64_t count, float mean);
  void (*norm_dots)(const float *x, const float *dy, int64_t count, float mean,
                    float *plain, float *times);
  /* y = (x - mean) factor + bias */
  void (*norm_apply)(float *y, const float *x, int64_t count, float mean,
                     float factor, float bias);
  void (*norm_backward)(float *dx, const float *x, const float *dy,
                        int64_t count, const sv_norm_slope *slope);
  sv_log_sums *log_sums;
  sv_softmax_slopes *softmax_slopes;
  sv_map_loops relu, leaky_relu, elu, clip, hard_swish;
} sv_loops;

extern const sv_loops sv_loops_base, sv_loops_avx2, sv_loops_avx512;
extern const sv_loops sv_loops_base8, sv_loops_base16; /* for tests */

#endif
