/* The loops themselves; included once per instruction set, with WIDTH (floats
 * in a vector), ROWS (tiles whose sums, of two vectors each, stay in registers)
 * and LOOPS defined. */
#include "tensor/tensor.h"
#include "winograd/lines.h"

/* ---- Places ---- */

ALWAYS int64_t channel_at(const sv_winograd_map *map, int64_t c) {
  return c / map->block * map->blocks + c % map->block;
}

/* Image, and first row and column of the outputs, of a tile. */
typedef struct place {
  int64_t image, row, column;
} place;

ALWAYS place place_of(const sv_winograd_tiles *t, int64_t tile, const int m) {
  int64_t row = tile / t->tile_columns;
  return (place){row / t->tile_rows, row % t->tile_rows * m,
                 tile % t->tile_columns * m};
}

ALWAYS float *tile_at(const sv_winograd_planes *p, int64_t i, int64_t vector) {
  int64_t group = i / p->rows, row = i % p->rows;
  return p->at + ((group * p->vectors + vector) * p->rows + row) * WIDTH;
}

/* ---- Transforming ---- */

ALWAYS void in_tile(const int m, const sv_winograd_tiles *t, int64_t i,
                    const bool inside, int64_t image, int64_t row,
                    int64_t column) {
  const sv_winograd_map *map = &t->map;
  const int n = m + 2;
  int64_t corner = image * map->image + row * map->row + column * map->column;
  for (int64_t v = t->from_vector; v < t->to_vector; v++) {
    vec d[64], half[64], turned[64];
    int64_t base = corner + channel_at(map, v * WIDTH);
    UNROLL for (int a = 0; a < n; a++) UNROLL for (int b = 0; b < n; b++) {
      bool there = inside || (row + a >= 0 && row + a < map->height &&
                              column + b >= 0 && column + b < map->width);
      d[a * n + b] =
          there ? load(t->x + base + a * map->row + b * map->column) : (vec){0};
    }
    UNROLL for (int b = 0; b < n; b++) line_in(m, half + b, n, d + b, n);
    UNROLL for (int a = 0; a < n; a++)
        line_in(m, turned + a * n, 1, half + a * n, 1);
    float *to = tile_at(&t->planes, i, v);
    for (int k = 0; k < n * n; k++) store(to + k * t->planes.plane, turned[k]);
  }
}

/* What fills a group up. */
ALWAYS void no_tile(const int m, const sv_winograd_tiles *t, int64_t i) {
  for (int64_t v = t->from_vector; v < t->to_vector; v++) {
    float *to = tile_at(&t->planes, i, v);
    for (int k = 0; k < (m + 2) * (m + 2); k++)
      store(to + k * t->planes.plane, (vec){0});
  }
}

ALWAYS void in_tiles(const int m, const sv_winograd_tiles *t) {
  for (int64_t i = t->begin; i < t->end; i++) {
    if (i >= t->count) {
      no_tile(m, t, i);
      continue;
    }
    place at = place_of(t, t->first + i, m);
    int64_t row = at.row - t->top, column = at.column - t->left;
    bool inside = row >= 0 && row + m + 2 <= t->map.height && column >= 0 &&
                  column + m + 2 <= t->map.width;
    if (inside)
      in_tile(m, t, i, true, at.image, row, column);
    else
      in_tile(m, t, i, false, at.image, row, column);
  }
}

/* ReLU keeps NaN. */
ALWAYS vec after(const sv_winograd_tiles *t, vec y, const float *held) {
  for (int i = 0; i < t->tail; i++)
    if (t->adds[i])
      y += load(held);
    else
      y = (vec)((ints)y & ((y > 0) | (y != y)));
  return y;
}

ALWAYS void out_tile(const int m, const sv_winograd_tiles *t, int64_t i,
                     const bool whole, place at) {
  const sv_winograd_map *map = &t->map;
  const int n = m + 2;
  int64_t corner =
      at.image * map->image + at.row * map->row + at.column * map->column;
  for (int64_t v = t->from_vector; v < t->to_vector; v++) {
    vec s[64], half[64], y[64];
    const float *from = tile_at(&t->planes, i, v);
    vec bias = t->bias ? load(t->bias + v * WIDTH) : (vec){0};
    UNROLL for (int b = 0; b < n; b++) {
      UNROLL for (int a = 0; a < n; a++) s[a] =
          load(from + (a * n + b) * t->planes.plane);
      line_out(m, half + b, n, s, 1);
    }
    UNROLL for (int a = 0; a < m; a++)
        line_out(m, y + a * m, 1, half + a * n, 1);
    float *to = t->y + corner + channel_at(map, v * WIDTH);
    UNROLL for (int a = 0; a < m; a++) UNROLL for (int b = 0; b < m; b++) {
      float *pixel = to + a * map->row + b * map->column;
      if (whole || (at.row + a < map->height && at.column + b < map->width))
        store(pixel, after(t, y[a * m + b] + bias, pixel));
    }
  }
}

ALWAYS void out_tiles(const int m, const sv_winograd_tiles *t) {
  for (int64_t i = t->begin; i < t->end && i < t->count; i++) {
    place at = place_of(t, t->first + i, m);
    if (at.row + m <= t->map.height && at.column + m <= t->map.width)
      out_tile(m, t, i, true, at);
    else
      out_tile(m, t, i, false, at);
  }
}

/* ---- Weights ---- */

/* Where the weights of a vector of outputs lie: the offset is a sum over the
 * dimensions. */
ALWAYS int64_t weight_at(const sv_winograd_weights *k, int64_t o, int64_t i,
                         int64_t row, int64_t column) {
  int64_t index[SV_MAX_RANK] = {k->back ? i : o, k->back ? o : i,
                                k->back ? 2 - row : row,
                                k->back ? 2 - column : column};
  return sv_layout_offset(k->layout, 4, index);
}

ALWAYS void turn_weights(const int m, const sv_winograd_weights *k) {
  const int n = m + 2;
  int64_t plane = sv_winograd_plane(k->outs * k->ins), taps[9];
  for (int a = 0; a < 9; a++)
    taps[a] = weight_at(k, 0, 0, a / 3, a % 3) - weight_at(k, 0, 0, 0, 0);
  for (int64_t v = k->from_vector; v < k->to_vector; v++) {
    int64_t panel = v / 2 * 2, lanes[WIDTH];
    int64_t wide = (panel + 2) * WIDTH <= k->outs ? 2 * WIDTH : WIDTH;
    float *to = k->u + panel * WIDTH * k->ins + v % 2 * WIDTH;
    for (int l = 0; l < WIDTH; l++)
      lanes[l] = weight_at(k, v * WIDTH + l, 0, 0, 0);
    for (int64_t i = 0; i < k->ins; i++, to += wide) {
      vec g[9], half[24], turned[64];
      int64_t at = weight_at(k, 0, i, 0, 0) - weight_at(k, 0, 0, 0, 0);
      for (int a = 0; a < 9; a++) {
        float row[WIDTH];
        for (int l = 0; l < WIDTH; l++) row[l] = k->w[lanes[l] + at + taps[a]];
        g[a] = load(row);
      }
      UNROLL for (int b = 0; b < 3; b++) line_weights(m, half + b, 3, g + b, 3);
      UNROLL for (int a = 0; a < n; a++)
          line_weights(m, turned + a * n, 1, half + a * 3, 1);
      for (int a = 0; a < n * n; a++) store(to + a * plane, turned[a]);
    }
  }
}

/* ---- Products ---- */

/* The sums of a group of `rows` tiles for a panel of `vectors` vectors: both
 * are constants wherever it is used. */
ALWAYS void sums(const float *u, const float *v, float *m, int64_t ins,
                 const int rows, const int vectors) {
  vec sum[ROWS][2];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < vectors; j++)
      sum[r][j] = (vec){0};
  for (int64_t i = 0; i < ins; i += WIDTH, v += rows * WIDTH)
    for (int k = 0; k < WIDTH; k++, u += vectors * WIDTH) {
      vec w[2];
      UNROLL for (int j = 0; j < vectors; j++) w[j] = load(u + j * WIDTH);
      UNROLL for (int r = 0; r < rows; r++) {
        vec x = all(v[r * WIDTH + k]);
        UNROLL for (int j = 0; j < vectors; j++) sum[r][j] += x * w[j];
      }
    }
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < vectors; j++)
      store(m + (j * rows + r) * WIDTH, sum[r][j]);
}

ALWAYS void panels(const sv_winograd_product *p, const int rows) {
  for (int64_t j = p->from_panel; j < p->to_panel; j++) {
    const float *u = p->u + j * 2 * WIDTH * p->ins, *v = p->v;
    float *m = p->m + j * 2 * WIDTH * rows;
    bool both = (j + 1) * 2 * WIDTH <= p->outs;
    for (int64_t g = 0; g < p->groups; g++) {
      if (both)
        sums(u, v, m, p->ins, rows, 2);
      else
        sums(u, v, m, p->ins, rows, 1);
      v += rows * p->ins;
      m += rows * p->outs;
    }
  }
}

static void product(const sv_winograd_product *p) {
  switch (p->rows) {
#if ROWS > 6
    case 12: panels(p, 12); break;
    case 11: panels(p, 11); break;
    case 10: panels(p, 10); break;
    case 9: panels(p, 9); break;
    case 8: panels(p, 8); break;
    case 7: panels(p, 7); break;
#endif
#if ROWS > 2
    case 6: panels(p, 6); break;
    case 5: panels(p, 5); break;
    case 4: panels(p, 4); break;
    case 3: panels(p, 3); break;
#endif
    case 2: panels(p, 2); break;
    default: panels(p, 1);
  }
}

/* ---- The table ---- */

#define SIZE(m)                                                       \
  static void in##m(const sv_winograd_tiles *t) { in_tiles(m, t); }   \
  static void out##m(const sv_winograd_tiles *t) { out_tiles(m, t); } \
  static void weights##m(const sv_winograd_weights *k) { turn_weights(m, k); }
SIZE(2)
SIZE(4)
SIZE(6)

const sv_winograd_loops LOOPS = {
    .width = WIDTH,
    .rows = ROWS,
    .in = {in2, in4, in6},
    .out = {out2, out4, out6},
    .weights = {weights2, weights4, weights6},
    .product = product,
};
