/* The gradients of a convolution's weights and biases. */
#include "simd/conv.h"

#include "base/memory.h"
#include "base/thread.h"

typedef sv_simd_convolution conv;
typedef sv_simd_span span;

/* ---- Planning ---- */

/* The sums of one task are vectors in registers while it runs over a part of
 * the data. Data that fit the second-level cache are one part; of larger ones a
 * part is as many rows of a block as fit the first with the maps of a task.
 * Between parts sums wait in scratch: vectors, and what these had after each
 * LONG terms of a lane, in double. */
enum { LONG = 1024 };

static void make_parts(conv *c) {
  enum { SECOND_LEVEL = 256 << 10, FIRST_LEVEL = 28 << 10 };
  int64_t rows = c->at.out[0], maps = c->groups * c->blocks;
  c->x_maps = c->ins < SV_CORRELATE_X ? (int)c->ins : SV_CORRELATE_X;
  int most = SV_CORRELATE_MOST / c->x_maps;
  if (most > SV_CORRELATE_DY) most = SV_CORRELATE_DY;
  c->dy_maps = c->outs < most ? (int)c->outs : most;
  int64_t all = 4 * maps * (c->ins * c->in_map + c->outs * c->out_map);
  int64_t row =
      4 * c->block *
      (c->dy_maps * c->at.out[1] + c->x_maps * c->at.in[1] * c->at.stride[0]);
  int64_t fitting = FIRST_LEVEL / row;
  c->whole = all <= SECOND_LEVEL;
  c->part_rows = c->whole || fitting > rows ? rows : fitting < 1 ? 1 : fitting;
  int64_t k_parts = (c->outs + c->dy_maps - 1) / c->dy_maps;
  int64_t c_parts = (c->ins + c->x_maps - 1) / c->x_maps;
  c->tasks = c->groups * k_parts * c_parts * c->kernel;
}

static sv_status make_spans(conv *c) {
  const sv_window *w = &c->at;
  size_t count = (size_t)(w->kernel[0] + w->kernel[1]);
  SV_TRY(sv_alloc_array(&c->spans, count, sizeof *c->spans));
  span *s = c->spans;
  for (int d = 0; d < 2; d++)
    for (int64_t u = 0; u < w->kernel[d]; u++, s++) {
      sv_window_outputs(w, d, u, &s->first, &s->last);
      s->shift = u * w->dilation[d] - w->begin[d];
    }
  return SV_OK;
}

static size_t totals_bytes(const conv *c) {
  return (size_t)c->tasks * SV_CORRELATE_MOST * sizeof(double);
}

static size_t sums_bytes(const conv *c) {
  return (size_t)c->tasks * SV_CORRELATE_MOST * (size_t)c->loops->width *
         sizeof(float);
}

sv_status sv_simd_params_plan(conv *c, sv_need *need) {
  SV_TRY(make_spans(c));
  make_parts(c);
  if (!c->whole) need->scratch = totals_bytes(c) + sums_bytes(c);
  return SV_OK;
}

/* ---- Weights ---- */

typedef struct work {
  const conv *c;
  const float *x, *dy;
  float *dw, *db, *sums;
  double *totals;
} work;

/* A task: a few outputs, a few inputs, one element of the kernel. Tasks are in
 * this order: elements, groups, outputs, inputs. */
typedef struct task {
  int64_t u, v, group, k, c; /* k and c: the group's first output and input */
  int dy_maps, x_maps;
} task;

static void fit_task(const conv *c, task *t) {
  t->dy_maps = t->k + c->dy_maps > c->outs ? (int)(c->outs - t->k) : c->dy_maps;
  t->x_maps = t->c + c->x_maps > c->ins ? (int)(c->ins - t->c) : c->x_maps;
}

static task task_at(const conv *c, int64_t index) {
  int64_t k_parts = (c->outs + c->dy_maps - 1) / c->dy_maps;
  int64_t c_parts = (c->ins + c->x_maps - 1) / c->x_maps;
  task t = {.c = index % c_parts * c->x_maps};
  index /= c_parts;
  t.k = index % k_parts * c->dy_maps;
  index /= k_parts;
  t.group = index % c->groups;
  index /= c->groups;
  t.v = index % c->at.kernel[1];
  t.u = index / c->at.kernel[1];
  fit_task(c, &t);
  return t;
}

static void next_task(const conv *c, task *t) {
  t->c += c->x_maps;
  if (t->c >= c->ins) t->c = 0, t->k += c->dy_maps;
  if (t->k >= c->outs) t->k = 0, t->group++;
  if (t->group >= c->groups) t->group = 0, t->v++;
  if (t->v >= c->at.kernel[1]) t->v = 0, t->u++;
  fit_task(c, t);
}

/* A part of the data: rows top .. bottom-1 of some blocks. */
typedef struct part {
  int64_t block, blocks, top, bottom;
  bool first, last;  /* of the parts that are added in vectors */
  bool begins, ends; /* the task */
} part;

/* Where columns follow each other they are one run. The sums of all lanes go to
 * `total`, a row for each map of dy. */
static void correlate(const work *k, const task *t, const part *p, float *sums,
                      float *total, int64_t row_step) {
  const conv *c = k->c;
  const sv_window *w = &c->at;
  const span *rows = &c->spans[t->u], *columns = &c->spans[w->kernel[0] + t->v];
  int64_t first = rows->first > p->top ? rows->first : p->top;
  int64_t last = rows->last < p->bottom ? rows->last : p->bottom;
  int64_t width = columns->last - columns->first;
  int64_t row = first * w->stride[0] + rows->shift;
  int64_t column = columns->first * w->stride[1] + columns->shift;
  int64_t outs = c->outs * c->groups, ins = c->ins * c->groups;
  int64_t k_first = t->group * c->outs + t->k, c_first = t->group * c->ins;
  bool run = w->stride[1] == 1;
  const sv_correlate work = {
      .dy = k->dy + (p->block * outs + k_first) * c->out_map +
            (first * w->out[1] + columns->first) * c->block,
      .x = k->x + (p->block * ins + c_first + t->c) * c->in_map +
           (row * w->in[1] + column) * c->block,
      .dy_maps = t->dy_maps,
      .x_maps = t->x_maps,
      .dy_map = c->out_map,
      .x_map = c->in_map,
      .blocks = p->blocks,
      .dy_block = outs * c->out_map,
      .x_block = ins * c->in_map,
      .rows = width > 0 ? last - first : 0,
      .dy_row = w->out[1] * c->block,
      .x_row = w->stride[0] * w->in[1] * c->block,
      .columns = run ? 1 : width,
      .dy_column = c->block,
      .x_column = w->stride[1] * c->block,
      .run = run ? width * c->block : c->block,
      .sums = sums,
      .first = p->first,
      .total = p->last ? total : NULL,
      .total_dy = row_step,
      .total_x = 1};
  c->loops->correlate(&work);
}

static float *result_of(const work *k, const task *t) {
  const conv *c = k->c;
  int64_t tap = t->u * c->at.kernel[1] + t->v;
  int64_t output = t->group * c->outs + t->k;
  return k->dw + tap * c->w_tap + output * c->w_out + t->c;
}

/* Adds what a task's vectors have to its totals. */
static void add_totals(const work *k, const task *t, const part *p,
                       const float *found, double *totals) {
  float *result = result_of(k, t);
  for (int i = 0; i < t->dy_maps * t->x_maps; i++) {
    totals[i] = found[i] + (p->begins ? 0 : totals[i]);
    if (p->ends)
      result[i / t->x_maps * k->c->w_out + i % t->x_maps] = (float)totals[i];
  }
}

static void run_part(const work *k, const part *p, task t, int64_t begin,
                     int64_t end) {
  int64_t size = SV_CORRELATE_MOST * k->c->loops->width;
  for (int64_t i = begin; i < end; i++, next_task(k->c, &t)) {
    float found[SV_CORRELATE_MOST];
    correlate(k, &t, p, k->sums + i * size, found, t.x_maps);
    if (p->last) add_totals(k, &t, p, found, k->totals + i * SV_CORRELATE_MOST);
  }
}

static void run_whole(const work *k, task t, int64_t count) {
  const conv *c = k->c;
  const part all = {0, c->blocks, 0, c->at.out[0], .first = true, .last = true};
  for (int64_t i = 0; i < count; i++, next_task(c, &t))
    correlate(k, &t, &all, NULL, result_of(k, &t), c->w_out);
}

static void run_tasks(void *context, int64_t begin, int64_t end) {
  const work *k = context;
  const conv *c = k->c;
  const task start = task_at(c, begin);
  int64_t rows = c->at.out[0], row = c->at.out[1] * c->block / c->loops->width;
  part p = {.blocks = 1, .begins = true};
  if (c->whole) {
    run_whole(k, start, end - begin);
    return;
  }
  int64_t terms = 0;
  for (p.block = 0; p.block < c->blocks; p.block++)
    for (p.top = 0; p.top < rows; p.top = p.bottom) {
      p.bottom = p.top + c->part_rows < rows ? p.top + c->part_rows : rows;
      p.first = terms == 0;
      terms += (p.bottom - p.top) * row;
      p.ends = p.block == c->blocks - 1 && p.bottom == rows;
      p.last = terms >= LONG || p.ends;
      run_part(k, &p, start, begin, end);
      if (!p.last) continue;
      terms = 0;
      p.begins = false;
    }
}

/* ---- Biases ---- */

/* db[o] = the sum of all blocks of map o of dy, in many lanes. */
static void sum_maps(void *context, int64_t begin, int64_t end) {
  enum { LANES = 64 };
  const work *k = context;
  int64_t size = k->c->out_map, outs = k->c->groups * k->c->outs;
  for (int64_t o = begin; o < end; o++) {
    double total = 0;
    for (int64_t b = 0; b < k->c->blocks; b++) {
      float lanes[LANES] = {0}, sum = 0;
      const float *dy = k->dy + (b * outs + o) * size;
      int64_t i = 0;
      for (; i + LANES <= size; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += dy[i + l];
      for (; i < size; i++) sum += dy[i];
      for (int l = 0; l < LANES; l++) sum += lanes[l];
      total += sum;
    }
    k->db[o] = (float)total;
  }
}

void sv_simd_params_run(const conv *c, const sv_args *args) {
  work k = {.c = c,
            .totals = args->scratch,
            .sums = (float *)((char *)args->scratch + totals_bytes(c)),
            .x = args->in[0]->data,
            .dy = args->diff_out[0]->data};
  if (args->diff_in[1]) {
    k.dw = args->diff_in[1]->data;
    sv_parallel(c->tasks, 1, run_tasks, &k);
  }
  if (sv_simd_has_bias(args) && args->diff_in[2]) {
    k.db = args->diff_in[2]->data;
    sv_parallel(c->groups * c->outs, 1, sum_maps, &k);
  }
}
