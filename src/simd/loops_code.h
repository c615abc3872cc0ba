/* The loops themselves; included once per instruction set, with WIDTH (floats
 * in a vector), ROWS (vectors of the batch that a block of sums is wide), NAME
 * and LOOPS defined. Blocks of sums stay in registers: 6 x ROWS sums leave room
 * for what they are made of. */
#include <math.h>
#include <string.h>

#include "simd/loops.h"

typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ints __attribute__((vector_size(4 * WIDTH)));

static inline vec load(const float *from) {
  vec v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline void store(float *to, vec v) { memcpy(to, &v, sizeof v); }

/* x - 0 equals x for every x, x + 0 does not: this compiles to a broadcast
 * only. */
static inline vec all(float x) { return x - (vec){0}; }

/* ---- Gathering: forward, and backward to the data ---- */

#define ALWAYS static inline __attribute__((always_inline))

/* `outs` outputs of `vectors` vectors: both are constants wherever it is
 * used. */
ALWAYS void gather_block(const sv_gather *g, int64_t p, int64_t k,
                         const int outs, const int vectors) {
  const sv_tap *columns = g->columns + g->first[p];
  const int column_count = g->first[p + 1] - g->first[p];
  const float *w_first = g->w + k * g->w_out;
  const int64_t w_out = g->w_out;
  vec sum[6][2];
#pragma GCC unroll 6
  for (int o = 0; o < outs; o++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) sum[o][v] = all(g->b ? g->b[k + o] : 0);
  for (int64_t r = 0; r < g->depth; r++)
    for (int i = 0; i < g->row_count; i++) {
      const float *w_row = w_first + r * g->w_depth + g->rows[i].w;
      const float *x_row = g->x + r * g->x_depth + g->rows[i].x;
      for (int j = 0; j < column_count; j++) {
        const float *w = w_row + columns[j].w;
        const float *x = x_row + columns[j].x;
        vec seen[2];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) seen[v] = load(x + v * WIDTH);
#pragma GCC unroll 6
        for (int o = 0; o < outs; o++) {
          vec weight = all(w[o * w_out]);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; v++) sum[o][v] += weight * seen[v];
        }
      }
    }
  float *y = g->y + p * vectors * WIDTH + k * g->y_out;
#pragma GCC unroll 6
  for (int o = 0; o < outs; o++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++)
      store(y + o * g->y_out + v * WIDTH, sum[o][v]);
}

ALWAYS void gather_row(const sv_gather *g, int64_t k, const int outs,
                       const int vectors) {
  for (int64_t p = 0; p < g->positions; p++)
    gather_block(g, p, k, outs, vectors);
}

ALWAYS void gather_outs(const sv_gather *g, int64_t k, int outs,
                        const int vectors) {
  switch (outs) {
    case 6: gather_row(g, k, 6, vectors); break;
    case 5: gather_row(g, k, 5, vectors); break;
    case 4: gather_row(g, k, 4, vectors); break;
    case 3: gather_row(g, k, 3, vectors); break;
    case 2: gather_row(g, k, 2, vectors); break;
    default: gather_row(g, k, 1, vectors); break;
  }
}

/* Splits outputs into parts of nearly equal size: 16 into 5 + 5 + 6. */
static void gather(const sv_gather *g) {
  int64_t parts = (g->outs + 5) / 6;
  for (int64_t part = 0; part < parts; part++) {
    int64_t k = g->outs * part / parts, end = g->outs * (part + 1) / parts;
    if (g->block == WIDTH)
      gather_outs(g, k, (int)(end - k), 1);
    else
      gather_outs(g, k, (int)(end - k), 2);
  }
}

/* ---- Correlating: backward to the weights ---- */

static inline float add_lanes(vec v) {
  float lanes[WIDTH];
  memcpy(lanes, &v, sizeof lanes);
  for (int half = WIDTH / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

ALWAYS void correlate_block(const sv_correlate *c, const int dy_maps,
                            const int x_maps) {
  vec sum[SV_CORRELATE_DY][SV_CORRELATE_X];
#pragma GCC unroll 6
  for (int k = 0; k < dy_maps; k++)
#pragma GCC unroll 3
    for (int m = 0; m < x_maps; m++)
      sum[k][m] = c->first ? all(0) : load(c->sums + (k * x_maps + m) * WIDTH);
  for (int64_t b = 0; b < c->blocks; b++)
    for (int64_t i = 0; i < c->rows; i++)
      for (int64_t j = 0; j < c->columns; j++) {
        const float *dy =
            c->dy + b * c->dy_block + i * c->dy_row + j * c->dy_column;
        const float *x = c->x + b * c->x_block + i * c->x_row + j * c->x_column;
        for (int64_t n = 0; n < c->run; n += WIDTH) {
          vec seen[SV_CORRELATE_X];
#pragma GCC unroll 3
          for (int m = 0; m < x_maps; m++) seen[m] = load(x + m * c->x_map + n);
#pragma GCC unroll 6
          for (int k = 0; k < dy_maps; k++) {
            vec slope = load(dy + k * c->dy_map + n);
#pragma GCC unroll 3
            for (int m = 0; m < x_maps; m++) sum[k][m] += slope * seen[m];
          }
        }
      }
#pragma GCC unroll 6
  for (int k = 0; k < dy_maps; k++)
#pragma GCC unroll 3
    for (int m = 0; m < x_maps; m++)
      if (c->total)
        c->total[k * c->total_dy + m * c->total_x] = add_lanes(sum[k][m]);
      else
        store(c->sums + (k * x_maps + m) * WIDTH, sum[k][m]);
}

#define CORRELATE(dy, x) \
  case dy * 4 + x: correlate_block(c, dy, x); break

static void correlate(const sv_correlate *c) {
  switch (c->dy_maps * 4 + c->x_maps) {
    CORRELATE(1, 1);
    CORRELATE(1, 2);
    CORRELATE(1, 3);
    CORRELATE(2, 1);
    CORRELATE(2, 2);
    CORRELATE(2, 3);
    CORRELATE(3, 1);
    CORRELATE(3, 2);
    CORRELATE(3, 3);
    CORRELATE(4, 1);
    CORRELATE(4, 2);
    CORRELATE(4, 3);
    CORRELATE(5, 1);
    CORRELATE(5, 2);
    CORRELATE(6, 1);
    CORRELATE(6, 2);
    default: break;
  }
}

/* ---- Maximum pooling ---- */

/* The vectors that cover `count` >= WIDTH positions, the last one moved
 * back. */
static inline int64_t next_at(int64_t i, int64_t count) {
  return i + WIDTH < count && i + 2 * WIDTH > count ? count - WIDTH : i + WIDTH;
}

/* A where the mask is set, else b. */
static inline ints pick(ints mask, ints a, ints b) {
  return (mask & a) | (~mask & b);
}

static inline vec pick_real(ints mask, vec a, vec b) {
  return (vec)pick(mask, (ints)a, (ints)b);
}

static void pool_max(const sv_pool_max *p) {
  for (int64_t n = 0; n < p->block; n = next_at(n, p->block)) {
    vec best = all(-INFINITY);
    ints where = (ints){0} - 1;
    for (int i = 0; i < p->row_count; i++)
      for (int j = 0; j < p->column_count; j++) {
        vec x = load(p->x + p->rows[i].x + p->columns[j].x + n);
        ints number = (ints){0} + (int32_t)(p->rows[i].w * p->kernel_width +
                                            p->columns[j].w);
        /* NaN wins, the last one, as in the reference and PyTorch. */
        ints better = (x > best) | (x != x) | (where < 0);
        best = pick_real(better, x, best);
        where = pick(better, number, where);
      }
    store(p->y + n, best);
    if (p->index) memcpy(p->index + n, &where, sizeof where);
  }
}

static void pool_unmax(const sv_pool_unmax *p) {
  for (int64_t n = 0; n < p->block; n = next_at(n, p->block)) {
    vec sum = all(0);
    for (int i = 0; i < p->row_count; i++)
      for (int j = 0; j < p->column_count; j++) {
        int64_t at = p->rows[i].x + p->columns[j].x + n;
        ints number = (ints){0} + (int32_t)(p->rows[i].w * p->kernel_width +
                                            p->columns[j].w);
        ints where;
        memcpy(&where, p->index + at, sizeof where);
        sum += (vec)((where == number) & (ints)load(p->dy + at));
      }
    store(p->dx + n, sum);
  }
}

/* ---- tanh ----
 * x P(x^2) / Q(x^2), both of degree 4, fitted for the least relative error on
 * |x| <= 9 (2e-8; in float 4e-7); beyond it is 1 in float. */

static inline vec tanh_of(vec x) {
  const ints sign = (ints){0} + INT32_MIN;
  vec size = (vec)((ints)x & ~sign);
  size = pick_real(size < 9.0f, size, all(9.0f));
  vec z = size * size;
  vec p = all(1.33542244e-8f), q = all(7.77637695e-7f);
  p = p * z + 2.06087589e-5f;
  q = q * z + 0.000328560272f;
  p = p * z + 0.00349556841f;
  q = q * z + 0.0258769076f;
  p = p * z + 0.133810088f;
  q = q * z + 0.467143238f;
  p = p * z + 1.0f;
  q = q * z + 1.0f;
  vec y = size * p / q;
  y = pick_real(y < 1.0f, y, all(1));
  y = (vec)((ints)y | ((ints)x & sign));
  return pick_real(x == x, y, x); /* NaN stays NaN */
}

static void tanh_forward(float *y, const float *x, int64_t count) {
  int64_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH) store(y + i, tanh_of(load(x + i)));
  if (i == count) return;
  float rest[WIDTH] = {0};
  memcpy(rest, x + i, (size_t)(count - i) * sizeof(float));
  store(rest, tanh_of(load(rest)));
  memcpy(y + i, rest, (size_t)(count - i) * sizeof(float));
}

static void tanh_backward(float *dx, const float *y, const float *dy,
                          int64_t count) {
  for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

#include "simd/loops_entropy.h"
#include "simd/loops_maps.h"
#include "simd/loops_norm.h"

const sv_loops LOOPS = {
    .name = NAME,
    .width = WIDTH,
    .gather = gather,
    .correlate = correlate,
    .pool_max = pool_max,
    .pool_unmax = pool_unmax,
    .tanh = tanh_forward,
    .tanh_backward = tanh_backward,
    .norm_sum = norm_sum,
    .norm_squares = norm_squares,
    .norm_dots = norm_dots,
    .norm_apply = norm_apply,
    .norm_backward = norm_backward,
    .log_sums = log_sums,
    .softmax_slopes = softmax_slopes,
    .relu = {relu_forward, relu_backward},
    .leaky_relu = {leaky_relu_forward, leaky_relu_backward},
    .elu = {.backward = elu_backward},
    .clip = {clip_forward, clip_backward},
    .hard_swish = {hard_swish_forward, hard_swish_backward},
};
