/* Blocks of tiles: transformed, multiplied, transformed back, so that what lies
 * between stays in the cache. */
#include "base/memory.h"
#include "base/thread.h"
#include "winograd/conv.h"

typedef sv_winograd_convolution conv;

/* ---- Dividing ---- */

/* Of a thread's second-level cache, the share that a block's tiles and sums
 * may take; and the fewest groups of a block, without which the weights come
 * from memory too often. */
enum { CACHE = 768 << 10, FEW_GROUPS = 2, MOST_GROUPS = 8 };

static int64_t round_up(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

static int64_t u_plane_of(const conv *c) {
  return sv_winograd_plane(c->ins * c->outs);
}

void sv_winograd_divide(conv *c, int threads, size_t *scratch) {
  int64_t rows = c->loops->rows, planes = (c->m + 2) * (c->m + 2);
  int64_t group = rows * planes * (c->ins + c->outs) * (int64_t)sizeof(float);
  int64_t groups = CACHE / group;
  if (groups < FEW_GROUPS) groups = FEW_GROUPS;
  if (groups > MOST_GROUPS) groups = MOST_GROUPS;
  c->threads = threads < 1 ? 1 : threads;
  c->together = c->tiles < FEW_GROUPS * rows * c->threads;
  c->block = c->together ? round_up(c->tiles, rows) : groups * rows;
  if (c->block > round_up(c->tiles, rows)) c->block = round_up(c->tiles, rows);
  c->v_plane = sv_winograd_plane(c->block * c->ins);
  c->m_plane = sv_winograd_plane(c->block * c->outs);
  c->part =
      sv_align_up((size_t)(planes * (c->v_plane + c->m_plane)) * sizeof(float));
  *scratch = c->part * (size_t)(c->together ? 1 : c->threads);
  if (c->transforms)
    *scratch += (size_t)(planes * u_plane_of(c)) * sizeof(float);
}

/* ---- A block ---- */

typedef struct work {
  const conv *c;
  const float *x, *u, *bias;
  float *y;
  char *scratch;
  sv_winograd_tiles in, out; /* of the block that all work on */
} work;

/* The block's tiles, which lie in the scratch memory's part `part`. */
static void set_block(const work *w, sv_winograd_tiles *in,
                      sv_winograd_tiles *out, int64_t first, int64_t count,
                      int64_t part) {
  const conv *c = w->c;
  int64_t most = c->loops->rows, groups = (count + most - 1) / most;
  int rows = (int)((count + groups - 1) / groups);
  float *v = (float *)(void *)(w->scratch + c->part * (size_t)part);
  float *sums = v + (c->m + 2) * (c->m + 2) * c->v_plane;
  int width = c->loops->width;
  *in = (sv_winograd_tiles){
      .map = c->x,
      .planes = {v, c->v_plane, c->ins / width, groups, rows},
      .tile_rows = c->tile_rows,
      .tile_columns = c->tile_columns,
      .first = first,
      .count = count,
      .end = groups * rows,
      .to_vector = c->ins / width,
      .top = c->top,
      .left = c->left,
      .x = w->x};
  *out = *in;
  out->map = c->y;
  out->planes =
      (sv_winograd_planes){sums, c->m_plane, c->outs / width, groups, rows};
  out->to_vector = c->outs / width;
  out->y = w->y;
  out->bias = w->bias;
  out->tail = c->tail;
  for (int i = 0; i < c->tail; i++) out->adds[i] = c->adds[i];
}

static int64_t panels_of(const conv *c) {
  return (c->outs / c->loops->width + 1) / 2;
}

static void multiply(const work *w, const sv_winograd_tiles *in,
                     const sv_winograd_tiles *out, int64_t plane, int64_t from,
                     int64_t to) {
  const conv *c = w->c;
  sv_winograd_product p = {.u = w->u + plane * u_plane_of(c),
                           .v = in->planes.at + plane * in->planes.plane,
                           .m = out->planes.at + plane * out->planes.plane,
                           .groups = in->planes.groups,
                           .rows = in->planes.rows,
                           .ins = c->ins,
                           .outs = c->outs,
                           .from_panel = from,
                           .to_panel = to};
  c->loops->product(&p);
}

/* ---- Blocks for each thread ---- */

static void own_blocks(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  const conv *c = w->c;
  int size = c->m / 2 - 1;
  for (int64_t part = begin; part < end; part++) {
    int64_t from = c->tiles * part / c->threads;
    int64_t count = c->tiles * (part + 1) / c->threads - from;
    int64_t blocks = (count + c->block - 1) / c->block;
    for (int64_t b = 0; b < blocks; b++) {
      int64_t first = count * b / blocks, next = count * (b + 1) / blocks;
      sv_winograd_tiles in, out;
      set_block(w, &in, &out, from + first, next - first, part);
      c->loops->in[size](&in);
      for (int plane = 0; plane < (c->m + 2) * (c->m + 2); plane++)
        multiply(w, &in, &out, plane, 0, panels_of(c));
      c->loops->out[size](&out);
    }
  }
}

/* ---- One block for all ---- */

/* Items are tiles, vector by vector. */
static void one_of(sv_winograd_tiles *t, int64_t item, int64_t vectors) {
  t->begin = item / vectors;
  t->end = t->begin + 1;
  t->from_vector = item % vectors;
  t->to_vector = t->from_vector + 1;
}

static void some_in(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  for (int64_t item = begin; item < end; item++) {
    sv_winograd_tiles t = w->in;
    one_of(&t, item, t.planes.vectors);
    w->c->loops->in[w->c->m / 2 - 1](&t);
  }
}

static void some_products(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  int64_t panels = panels_of(w->c);
  for (int64_t item = begin; item < end; item++)
    multiply(w, &w->in, &w->out, item / panels, item % panels,
             item % panels + 1);
}

static void some_out(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  for (int64_t item = begin; item < end; item++) {
    sv_winograd_tiles t = w->out;
    one_of(&t, item, t.planes.vectors);
    w->c->loops->out[w->c->m / 2 - 1](&t);
  }
}

static void common_block(work *w) {
  const conv *c = w->c;
  set_block(w, &w->in, &w->out, 0, c->tiles, 0);
  sv_parallel(w->in.end * w->in.planes.vectors, 1, some_in, w);
  sv_parallel((c->m + 2) * (c->m + 2) * panels_of(c), 1, some_products, w);
  sv_parallel(c->tiles * w->out.planes.vectors, 1, some_out, w);
}

/* ---- All ---- */

void sv_winograd_run(const conv *c, const sv_args *args) {
  work w = {.c = c,
            .x = c->back ? args->diff_out[0]->data : args->in[0]->data,
            .u = args->in[1]->data,
            .bias = c->bias ? args->in[2]->data : NULL,
            .y = c->back ? args->diff_in[0]->data : args->out[0]->data,
            .scratch = args->scratch};
  if (c->transforms) {
    char *u = w.scratch + c->part * (size_t)(c->together ? 1 : c->threads);
    sv_winograd_weights parts = {.w = args->in[1]->data,
                                 .layout = &c->w,
                                 .u = (float *)(void *)u,
                                 .outs = c->outs,
                                 .ins = c->ins,
                                 .back = c->back};
    sv_winograd_transform(c->loops, c->m, &parts);
    w.u = parts.u;
  }
  if (c->together)
    common_block(&w);
  else
    sv_parallel(c->threads, 1, own_blocks, &w);
}
