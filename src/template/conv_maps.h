/* The sums of a convolution, for conv and conv_transpose. Included by
 * operators, which define `real`.
 *
 *   y[o] = sum over c and taps of x[c] w[o,c], dx, dw and db as in conv.c
 *
 * Each function is a body of sv_parallel over maps; context is a conv. */
#ifndef SV_TEMPLATE_CONV_MAPS_H
#define SV_TEMPLATE_CONV_MAPS_H

#include "base/thread.h"
#include "geometry/window.h"
#include "template/sum.h"

typedef struct conv {
  sv_window at;
  int64_t batch, ins, outs;      /* N, IC, OC */
  int64_t group_ins, group_outs; /* IC/G, OC/G */
  int64_t in_size, out_size;     /* IH IW, OH OW */
  int64_t taps;                  /* KH KW */
  const real *x, *w, *b, *dy;
  real *y, *dx, *dw, *db;
  const real *lift; /* added to each map of dx; NULL: nothing */
} conv;

/* Sets the sizes; the window is set already. */
static inline void conv_measure(conv *c, int64_t batch, int64_t ins,
                                int64_t outs, int64_t group) {
  c->batch = batch;
  c->ins = ins;
  c->outs = outs;
  c->group_ins = ins / group;
  c->group_outs = outs / group;
  c->taps = c->at.kernel[0] * c->at.kernel[1];
  c->in_size = c->at.in[0] * c->at.in[1];
  c->out_size = c->at.out[0] * c->at.out[1];
}

/* A block of one map: its first element, and the distances of its rows and of
 * its columns. */
typedef struct block {
  int64_t first, row, column;
} block;

/* An element of the kernel: the block of outputs for which it is inside the
 * image, and the corresponding block of inputs. */
typedef struct tap {
  int64_t rows, columns;
  block in, out;
} tap;

/* Rows of fewer columns than this are short. */
enum { SHORT = 8 };

static inline tap tap_at(const sv_window *w, int64_t index) {
  int64_t u = index / w->kernel[1], v = index % w->kernel[1];
  int64_t top, bottom, left, right;
  sv_window_outputs(w, 0, u, &top, &bottom);
  sv_window_outputs(w, 1, v, &left, &right);
  int64_t row = top * w->stride[0] - w->begin[0] + u * w->dilation[0];
  int64_t column = left * w->stride[1] - w->begin[1] + v * w->dilation[1];
  if (top == bottom || left == right) return (tap){0};
  return (tap){
      .rows = bottom - top,
      .columns = right - left,
      .in = {row * w->in[1] + column, w->stride[0] * w->in[1], w->stride[1]},
      .out = {top * w->out[1] + left, w->out[1], 1}};
}

/* The sum over `count` maps of weight times map. */
typedef struct terms {
  int64_t count, weight_step, map_step;
  const real *weight, *map;
} terms;

/* Adds the sum over block `from` of the maps to block `at` of `to`. The inner
 * loop runs along the rows or, if these are short, along the maps. */
static inline void add_sum(const tap *t, real *to, block at, terms s,
                           block from) {
  to += at.first;
  s.map += from.first;
  if ((t->columns < s.count && t->columns < SHORT) || s.count > SV_LONG_SUM) {
    for (int64_t i = 0; i < t->rows; i++)
      for (int64_t j = 0; j < t->columns; j++)
        to[i * at.row + j * at.column] +=
            sv_dot(s.weight, s.weight_step,
                   s.map + i * from.row + j * from.column, s.map_step, s.count);
    return;
  }
  for (int64_t m = 0; m < s.count; m++) {
    real weight = s.weight[m * s.weight_step];
    const real *map = s.map + m * s.map_step;
    for (int64_t i = 0; i < t->rows; i++)
      for (int64_t j = 0; j < t->columns; j++)
        to[i * at.row + j * at.column] +=
            weight * map[i * from.row + j * from.column];
  }
}

/* The same for a map whose elements are sums of very many products: several
 * rows at a time, in double. `to` is dense and has whole rows. */
static inline void add_long_sums(const conv *c, real *y, terms s,
                                 const real *weights) {
  enum { STRIP = 1024 };
  double sums[STRIP];
  int64_t width = c->at.out[1], step = width < STRIP ? STRIP / width : 1;
  for (int64_t row = 0; row < c->at.out[0]; row += step) {
    int64_t end = row + step < c->at.out[0] ? row + step : c->at.out[0];
    for (int64_t i = row * width; i < end * width; i++)
      sums[i - row * width] = y[i];
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      int64_t top = t.rows ? t.out.first / width : 0,
              left = t.out.first % width;
      for (int64_t i = top > row ? top : row; i < top + t.rows && i < end; i++)
        for (int64_t j = 0; j < t.columns; j++)
          sums[(i - row) * width + left + j] += sv_dot(
              weights + k, s.weight_step,
              s.map + t.in.first + (i - top) * t.in.row + j * t.in.column,
              s.map_step, s.count);
    }
    for (int64_t i = row * width; i < end * width; i++)
      y[i] = (real)sums[i - row * width];
  }
}

/* Output maps n,o for begin <= n OC + o < end. */
static inline void forward_maps(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t map = begin; map < end; map++) {
    int64_t n = map / c->outs, o = map % c->outs;
    int64_t first = o / c->group_outs * c->group_ins;
    terms s = {.count = c->group_ins,
               .weight_step = c->taps,
               .map_step = c->in_size,
               .map = c->x + (n * c->ins + first) * c->in_size};
    real *y = c->y + map * c->out_size;
    for (int64_t i = 0; i < c->out_size; i++) y[i] = c->b ? c->b[o] : 0;
    if (c->taps * c->group_ins > SV_LONG_SUM &&
        c->at.out[1] <= SV_LONG_SUM / 2) {
      add_long_sums(c, y, s, c->w + o * c->group_ins * c->taps);
      continue;
    }
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      s.weight = c->w + o * c->group_ins * c->taps + k;
      add_sum(&t, y, t.out, s, t.in);
    }
  }
}

/* Input maps n,c for begin <= n IC + c < end. */
static inline void backward_maps(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t map = begin; map < end; map++) {
    int64_t n = map / c->ins, ch = map % c->group_ins;
    int64_t first = map % c->ins / c->group_ins * c->group_outs;
    terms s = {.count = c->group_outs,
               .weight_step = c->group_ins * c->taps,
               .map_step = c->out_size,
               .map = c->dy + (n * c->outs + first) * c->out_size};
    real *dx = c->dx + map * c->in_size;
    real lift = c->lift ? c->lift[map % c->ins] : 0;
    for (int64_t i = 0; i < c->in_size; i++) dx[i] = lift;
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      s.weight = c->w + (first * c->group_ins + ch) * c->taps + k;
      add_sum(&t, dx, t.in, s, t.out);
    }
  }
}

/* The sum over the batch of the products of output map o and input map `in` for
 * tap t; the inner loop runs along the rows or along the batch. */
static inline real sum_products(const conv *c, const tap *t, int64_t o,
                                int64_t in) {
  const real *dy = c->dy + o * c->out_size + t->out.first;
  const real *x = c->x + in * c->in_size + t->in.first;
  int64_t dy_step = c->outs * c->out_size, x_step = c->ins * c->in_size;
  bool is_short = t->columns < c->batch && t->columns < SHORT;
  double sum = 0;
  for (int64_t i = 0; i < t->rows; i++) {
    const real *dy_row = dy + i * t->out.row, *x_row = x + i * t->in.row;
    for (int64_t j = 0; j < t->columns && is_short; j++)
      sum += sv_dot(dy_row + j, dy_step, x_row + j * t->in.column, x_step,
                    c->batch);
    for (int64_t n = 0; n < c->batch && !is_short; n++)
      sum += sv_dot(dy_row + n * dy_step, 1, x_row + n * x_step, t->in.column,
                    t->columns);
  }
  return (real)sum;
}

/* Kernels o,c for begin <= o IC/G + c < end. */
static inline void backward_kernels(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t kernel = begin; kernel < end; kernel++) {
    int64_t o = kernel / c->group_ins, ch = kernel % c->group_ins;
    int64_t in = o / c->group_outs * c->group_ins + ch;
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      c->dw[kernel * c->taps + k] = sum_products(c, &t, o, in);
    }
  }
}

static inline void backward_biases(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t o = begin; o < end; o++) {
    double sum = 0;
    for (int64_t n = 0; n < c->batch; n++)
      sum += sv_sum(c->dy + (n * c->outs + o) * c->out_size, c->out_size);
    c->db[o] = (real)sum;
  }
}

#endif
