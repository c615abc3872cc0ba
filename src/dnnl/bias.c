/* The gradient of a bias, of many terms: oneDNN adds them up in float, one
 * after the other, and is off by a hundredth where there are a million. */
#include "dnnl/bias.h"

#include "base/thread.h"
#include "dnnl/kernel.h"

enum { LANES = 16 };

static int64_t terms_of(const sv_shape *dy) {
  return dy->dim[1] > 0 ? sv_shape_count(dy) / dy->dim[1] : 0;
}

bool sv_dnnl_long_bias(const sv_shape *dy) {
  return terms_of(dy) > SV_DNNL_LONG_SUM;
}

typedef struct work {
  const float *dy;
  float *db;
  int64_t images, channels, rows, columns;
  int64_t image, row, column; /* steps */
  int64_t block, block_step;  /* channels side by side, from block to block */
  int64_t lane;               /* from a channel of a block to the next */
} work;

/* Channels LANES part .. of dy; `count` of them lie together. */
static void sum_part(const work *w, int64_t first, int64_t count) {
  double sums[LANES] = {0};
  const float *start =
      w->dy + first / w->block * w->block_step + first % w->block * w->lane;
  for (int64_t n = 0; n < w->images; n++)
    for (int64_t i = 0; i < w->rows; i++) {
      const float *x = start + n * w->image + i * w->row;
      for (int64_t j = 0; j < w->columns; j++, x += w->column)
        for (int64_t l = 0; l < count; l++) sums[l] += x[l * w->lane];
    }
  for (int64_t l = 0; l < count; l++) w->db[first + l] = (float)sums[l];
}

static int64_t part_size(const work *w) {
  return w->block < LANES ? w->block : LANES;
}

static void sum_parts(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  int64_t size = part_size(w);
  for (int64_t part = begin; part < end; part++) {
    int64_t first = part * size, left = w->channels - first;
    sum_part(w, first, left < size ? left : size);
  }
}

static void sum_bias(float *db, const sv_tensor *dy) {
  const sv_shape *s = &dy->shape;
  const sv_layout *at = &dy->layout;
  bool blocked = at->inner_count == 1;
  int last = s->rank - 1;
  work w = {.dy = dy->data,
            .db = db,
            .images = s->dim[0],
            .channels = s->dim[1],
            .rows = s->rank == 4 ? s->dim[2] : 1,
            .columns = s->rank > 2 ? s->dim[last] : 1,
            .image = at->stride[0],
            .row = s->rank == 4 ? at->stride[2] : 0,
            .column = s->rank > 2 ? at->stride[last] : 0,
            .block = blocked             ? at->inner_size[0]
                     : at->stride[1] > 1 ? 1
                                         : s->dim[1],
            .block_step = at->stride[1],
            .lane = 1};
  sv_parallel((w.channels + part_size(&w) - 1) / part_size(&w), 1, sum_parts,
              &w);
}

void sv_dnnl_finish_bias(const sv_args *args) {
  const sv_tensor *dy = args->diff_out[0];
  if (args->node->in_count < 3 || !args->diff_in[2]) return;
  if (sv_dnnl_long_bias(&dy->shape)) sum_bias(args->diff_in[2]->data, dy);
}
