/* Kernels of our own for networks whose channels are few, for any processor
 * with vectors; see loops.h. */
#include <stdio.h>

#include "base/isa.h"
#include "base/memory.h"
#include "base/thread.h"
#include "simd/simd.h"

static const char *isa(void) { return sv_simd_loops()->name; }

static int width(void) { return sv_simd_loops()->width; }

/* ---- Reorder between layouts that are plain or have one inner block: the
 * elements of dst in the order of its memory, in tiles of the two loops that
 * are innermost in dst and in src, so that both sides of a transposition stay
 * in the cache ---- */

enum { TILE = 16, LOOPS = 5 };

typedef struct loop {
  int64_t size, from, to; /* steps in src and dst */
} loop;

typedef struct transposition {
  loop at[LOOPS]; /* outermost first; the last two are tiled */
} transposition;

static int64_t block_over(const sv_layout *layout, int dim) {
  bool over = layout->inner_count == 1 && layout->inner_dim[0] == dim;
  return over ? layout->inner_size[0] : 1;
}

/* The step from one part of `part` elements of dimension `dim` to the next. */
static int64_t step_of(const sv_layout *layout, int dim, int64_t part) {
  int64_t block = block_over(layout, dim);
  if (part < block) return part;
  return layout->stride[dim] * (part / block);
}

static bool add_loop(transposition *t, int *count, loop l) {
  if (l.size == 1) return true;
  if (*count == LOOPS) return false;
  int i = (*count)++;
  for (; i > 0 && t->at[i - 1].to < l.to; i--) t->at[i] = t->at[i - 1];
  t->at[i] = l;
  return true;
}

/* Each dimension is a loop, or two where one side has blocks over it. */
static bool describe(transposition *t, const sv_spec *src, const sv_spec *dst) {
  int count = 0;
  const sv_layout *from = &src->layout, *to = &dst->layout;
  for (int d = 0; d < dst->shape.rank; d++) {
    int64_t size = dst->shape.dim[d];
    int64_t a = block_over(from, d), b = block_over(to, d);
    int64_t block = a > b ? a : b;
    if ((a != b && a > 1 && b > 1) || size % block != 0) return false;
    loop inner = {block, step_of(from, d, 1), step_of(to, d, 1)};
    loop outer = {size / block, step_of(from, d, block), step_of(to, d, block)};
    if (!add_loop(t, &count, outer) || !add_loop(t, &count, inner))
      return false;
  }
  /* To the end: what is innermost in dst last, in src last but one. */
  for (int i = LOOPS - 1; i >= 0; i--)
    t->at[i] = i < LOOPS - count ? (loop){1, 0, 0} : t->at[i - LOOPS + count];
  int inner = LOOPS - 1;
  for (int i = LOOPS - 2; i >= LOOPS - count; i--)
    if (t->at[i].from < t->at[inner].from) inner = i;
  if (inner == LOOPS - 1) return true;
  loop other = t->at[LOOPS - 2];
  t->at[LOOPS - 2] = t->at[inner];
  t->at[inner] = other;
  return true;
}

static sv_status plan_reorder(const sv_site *site, sv_need *need, void **impl) {
  const sv_spec *src = &site->in[0], *dst = &site->out[0];
  transposition *t;
  if (site->candidate > 0 || src->dtype != SV_F32 || dst->dtype != SV_F32 ||
      src->layout.kind == SV_OPAQUE || dst->layout.kind == SV_OPAQUE ||
      src->layout.inner_count > 1 || dst->layout.inner_count > 1)
    return SV_UNSUPPORTED;
  SV_TRY(sv_alloc(&t, sizeof *t));
  if (!describe(t, src, dst)) {
    sv_free(t);
    return SV_UNSUPPORTED;
  }
  snprintf(need->name, sizeof need->name, "simd");
  *impl = t;
  return SV_OK;
}

typedef struct reorder_work {
  const transposition *t;
  const float *src;
  float *dst;
} reorder_work;

static void tile(const loop *row, const loop *column, const float *src,
                 float *dst, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++)
      dst[i * row->to + j * column->to] = src[i * row->from + j * column->from];
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Bands of TILE rows, for each of the outer indices. */
static void run_bands(void *context, int64_t begin, int64_t end) {
  const reorder_work *w = context;
  const loop *at = w->t->at, *row = &at[LOOPS - 2], *column = &at[LOOPS - 1];
  int64_t bands = (row->size + TILE - 1) / TILE;
  for (int64_t band = begin; band < end; band++) {
    int64_t i = band % bands * TILE, outer = band / bands;
    const float *src = w->src + i * row->from;
    float *dst = w->dst + i * row->to;
    for (int l = LOOPS - 3; l >= 0; l--) {
      src += outer % at[l].size * at[l].from;
      dst += outer % at[l].size * at[l].to;
      outer /= at[l].size;
    }
    int64_t rows = least(row->size - i, TILE);
    for (int64_t j = 0; j < column->size; j += TILE)
      tile(row, column, src + j * column->from, dst + j * column->to, rows,
           least(column->size - j, TILE));
  }
}

static sv_status run_reorder(void *impl, const sv_args *args) {
  const transposition *t = impl;
  reorder_work w = {t, args->in[0]->data, args->out[0]->data};
  int64_t bands = (t->at[LOOPS - 2].size + TILE - 1) / TILE;
  for (int l = 0; l < LOOPS - 2; l++) bands *= t->at[l].size;
  sv_parallel(bands, 8, run_bands, &w);
  return SV_OK;
}

const sv_backend sv_simd_backend = {
    .name = "simd",
    .isa = isa,
    .isas = sv_isa_names,
    .isa_variable = SV_ISA_VARIABLE,
    .width = width,
    .check = sv_isa_check,
    .reorder = {plan_reorder, run_reorder, sv_free},
};
