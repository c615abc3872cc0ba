/* Convolution over blocks of images. Forward and backward-data are the same
 * gathering loop with other steps; backward-params correlates. */
#include <string.h>
#include <svertka/layers.h>

#include "base/memory.h"
#include "base/thread.h"
#include "simd/simd.h"
#include "tensor/tensor.h"

/* The outputs first .. last-1 that meet the image with an element of the
 * kernel; output o does at o * stride + shift. */
typedef struct span {
  int64_t first, last, shift;
} span;

typedef struct conv {
  const sv_loops *loops;
  sv_window at;
  int64_t block, blocks, groups; /* images side by side; N / block; G */
  int64_t ins, outs;             /* of a group: IC/G, OC/G */
  int64_t in_map, out_map;       /* floats of a map of a block */
  int64_t kernel;                /* KH KW */
  int64_t w_out, w_tap;          /* steps in w; that of an input is 1 */
  sv_axis_taps rows, columns;
  span *spans;   /* of the kernel's rows, then of its columns */
  int64_t tasks; /* backward-params, and the rows of one part of the data */
  int64_t part_rows;
  bool whole; /* one part: all blocks, all rows */
  int dy_maps, x_maps;
} conv;

static void destroy(void *impl) {
  conv *c = impl;
  if (!c) return;
  sv_simd_taps_free(&c->rows);
  sv_simd_taps_free(&c->columns);
  sv_free(c->spans);
  sv_free(c);
}

/* ---- Planning ---- */

static sv_status describe(conv *c, const sv_site *site) {
  bool forward = site->pass == SV_FORWARD;
  const sv_spec *x = &site->in[0], *w = &site->in[1];
  const sv_spec *y = forward ? &site->out[0] : &site->diff_out[0];
  const sv_conv_attrs *a = site->node->attrs;
  if (!sv_simd_fits(x) || !sv_simd_fits(y) || w->dtype != SV_F32)
    return SV_UNSUPPORTED;
  SV_TRY(sv_window_resolve(&c->at, &x->shape, &a->kernel, &a->stride,
                           &a->dilation, &a->padding, false));
  c->loops = sv_simd_loops();
  c->block = sv_simd_block(x->shape.dim[0]);
  c->blocks = x->shape.dim[0] / c->block;
  c->groups = a->group;
  c->ins = x->shape.dim[1] / c->groups;
  c->outs = y->shape.dim[1] / c->groups;
  c->in_map = c->at.in[0] * c->at.in[1] * c->block;
  c->out_map = c->at.out[0] * c->at.out[1] * c->block;
  c->kernel = c->at.kernel[0] * c->at.kernel[1];
  c->w_out = c->ins;
  c->w_tap = c->outs * c->groups * c->ins;
  return sv_simd_pays(c->ins, &x->shape) ? SV_OK : SV_UNSUPPORTED;
}

static sv_status make_taps(conv *c, sv_pass pass) {
  int64_t tap = c->w_tap, row = tap * c->at.kernel[1], n = c->block;
  if (pass == SV_FORWARD) {
    SV_TRY(sv_simd_taps(&c->rows, &c->at, 0, c->at.in[1] * n, row));
    return sv_simd_taps(&c->columns, &c->at, 1, n, tap);
  }
  SV_TRY(sv_simd_taps_back(&c->rows, &c->at, 0, c->at.out[1] * n, row));
  return sv_simd_taps_back(&c->columns, &c->at, 1, n, tap);
}

/* The sums of one task are vectors in registers while it runs over a part of
 * the data. Data that fit the second-level cache are one part; of larger ones a
 * part is as many rows of a block as fit the first with the maps of a task, and
 * sums wait in scratch in between. */
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

/* O I KH KW as KH KW O I: the gradients of one element of the kernel, which are
 * what a task gives, lie side by side. */
static sv_status weight_layout(sv_layout *layout, const sv_shape *w) {
  sv_shape moved = {4, {w->dim[2], w->dim[3], w->dim[0], w->dim[1]}};
  sv_layout plain;
  SV_TRY(sv_layout_plain(&plain, SV_F32, &moved));
  *layout = plain;
  for (int d = 0; d < 4; d++) layout->stride[d] = plain.stride[(d + 2) % 4];
  return SV_OK;
}

static sv_status need_layouts(const sv_site *site, sv_need *need) {
  bool forward = site->pass == SV_FORWARD;
  const sv_shape *x = &site->in[0].shape;
  need->in[0].used = site->pass != SV_BACKWARD_DATA;
  need->in[1].used = site->pass != SV_BACKWARD_PARAMS;
  SV_TRY(sv_simd_layout(&need->in[0].layout, x));
  SV_TRY(weight_layout(&need->in[1].layout, &site->in[1].shape));
  if (forward) return sv_simd_layout(&need->out[0].layout, &site->out[0].shape);
  SV_TRY(sv_simd_layout(&need->diff_out[0].layout, &site->diff_out[0].shape));
  need->diff_in[1].layout = need->in[1].layout;
  return sv_simd_layout(&need->diff_in[0].layout, x);
}

static size_t sums_bytes(const conv *c) {
  return (size_t)c->tasks * SV_CORRELATE_MOST * (size_t)c->loops->width *
         sizeof(float);
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  if (site->candidate > 0) return SV_UNSUPPORTED;
  conv *c;
  SV_TRY(sv_alloc(&c, sizeof *c));
  sv_status status = describe(c, site);
  if (status == SV_OK) status = need_layouts(site, need);
  bool params = site->pass == SV_BACKWARD_PARAMS;
  if (status == SV_OK)
    status = params ? make_spans(c) : make_taps(c, site->pass);
  if (status != SV_OK) {
    destroy(c);
    return status;
  }
  if (params) {
    make_parts(c);
    if (!c->whole) need->scratch = sums_bytes(c);
  }
  sv_simd_name(need);
  *impl = c;
  return SV_OK;
}

/* ---- Forward and backward-data ---- */

typedef struct work {
  const conv *c;
  const float *x, *w, *b, *dy;
  float *y, *dx, *dw, *db, *sums;
} work;

/* A row of outputs, or of inputs, backward, for a block of images. */
static void gather_row(const conv *c, sv_gather *g, int64_t row) {
  g->rows = c->rows.at + c->rows.first[row];
  g->row_count = sv_taps_count(&c->rows, row);
  g->columns = c->columns.at;
  g->first = c->columns.first;
  g->block = (int)c->block;
  c->loops->gather(g);
}

/* Items are block by block, group by group, row by row. */
static void forward_rows(void *context, int64_t begin, int64_t end) {
  const work *k = context;
  const conv *c = k->c;
  int64_t rows = c->at.out[0], row_size = c->at.out[1] * c->block;
  for (int64_t item = begin; item < end; item++) {
    int64_t row = item % rows, group = item / rows;
    sv_gather g = {.x = k->x + group * c->ins * c->in_map,
                   .w = k->w + group % c->groups * c->outs * c->w_out,
                   .b = k->b ? k->b + group % c->groups * c->outs : NULL,
                   .outs = c->outs,
                   .w_out = c->w_out,
                   .y_out = c->out_map,
                   .depth = c->ins,
                   .w_depth = 1,
                   .x_depth = c->in_map,
                   .y = k->y + group * c->outs * c->out_map + row * row_size,
                   .positions = c->at.out[1]};
    gather_row(c, &g, row);
  }
}

static void backward_rows(void *context, int64_t begin, int64_t end) {
  const work *k = context;
  const conv *c = k->c;
  int64_t rows = c->at.in[0], row_size = c->at.in[1] * c->block;
  for (int64_t item = begin; item < end; item++) {
    int64_t row = item % rows, group = item / rows;
    sv_gather g = {.x = k->dy + group * c->outs * c->out_map,
                   .w = k->w + group % c->groups * c->outs * c->w_out,
                   .outs = c->ins,
                   .w_out = 1,
                   .y_out = c->in_map,
                   .depth = c->outs,
                   .w_depth = c->w_out,
                   .x_depth = c->out_map,
                   .y = k->dx + group * c->ins * c->in_map + row * row_size,
                   .positions = c->at.in[1]};
    gather_row(c, &g, row);
  }
}

/* ---- Backward-params ---- */

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
  bool first, last; /* of the task's parts */
} part;

/* Where columns follow each other they are one run. */
static void correlate(const work *k, const task *t, const part *p,
                      float *sums) {
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
      .total = p->last ? k->dw + (t->u * w->kernel[1] + t->v) * c->w_tap +
                             k_first * c->w_out + t->c
                       : NULL,
      .total_dy = c->w_out,
      .total_x = 1};
  c->loops->correlate(&work);
}

static void run_part(const work *k, const part *p, task t, int64_t count,
                     float *sums) {
  int64_t size = sums ? SV_CORRELATE_MOST * k->c->loops->width : 0;
  for (int64_t i = 0; i < count; i++, next_task(k->c, &t))
    correlate(k, &t, p, sums ? sums + i * size : NULL);
}

static void run_tasks(void *context, int64_t begin, int64_t end) {
  const work *k = context;
  const conv *c = k->c;
  const task start = task_at(c, begin);
  int64_t rows = c->at.out[0], size = SV_CORRELATE_MOST * c->loops->width;
  if (c->whole) {
    const part all = {0, c->blocks, 0, rows, true, true};
    run_part(k, &all, start, end - begin, NULL);
    return;
  }
  for (int64_t b = 0; b < c->blocks; b++)
    for (int64_t top = 0; top < rows; top += c->part_rows) {
      int64_t bottom = top + c->part_rows;
      const part p = {b,
                      1,
                      top,
                      bottom < rows ? bottom : rows,
                      .first = b == 0 && top == 0,
                      .last = b == c->blocks - 1 && bottom >= rows};
      run_part(k, &p, start, end - begin, k->sums + begin * size);
    }
}

/* db[o] = the sum of all blocks of map o of dy, in many lanes. */
static void sum_maps(void *context, int64_t begin, int64_t end) {
  enum { LANES = 64 };
  const work *k = context;
  int64_t size = k->c->out_map, outs = k->c->groups * k->c->outs;
  for (int64_t o = begin; o < end; o++) {
    float lanes[LANES] = {0}, sum = 0;
    for (int64_t b = 0; b < k->c->blocks; b++) {
      const float *dy = k->dy + (b * outs + o) * size;
      int64_t i = 0;
      for (; i + LANES <= size; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += dy[i + l];
      for (; i < size; i++) sum += dy[i];
    }
    for (int l = 0; l < LANES; l++) sum += lanes[l];
    k->db[o] = sum;
  }
}

/* ---- The contract ---- */

static bool has_bias(const sv_args *args) { return args->node->in_count > 2; }

static sv_status run(void *impl, const sv_args *args) {
  const conv *c = impl;
  work k = {.c = c, .sums = args->scratch};
  int64_t parts = c->blocks * c->groups;
  switch (args->pass) {
    case SV_FORWARD:
      k.x = args->in[0]->data;
      k.w = args->in[1]->data;
      k.b = has_bias(args) && args->in[2] ? args->in[2]->data : NULL;
      k.y = args->out[0]->data;
      sv_parallel(parts * c->at.out[0], 1, forward_rows, &k);
      break;
    case SV_BACKWARD_DATA:
      k.w = args->in[1]->data;
      k.dy = args->diff_out[0]->data;
      k.dx = args->diff_in[0]->data;
      sv_parallel(parts * c->at.in[0], 1, backward_rows, &k);
      break;
    default:
      k.x = args->in[0]->data;
      k.dy = args->diff_out[0]->data;
      if (args->diff_in[1]) {
        k.dw = args->diff_in[1]->data;
        sv_parallel(c->tasks, 1, run_tasks, &k);
      }
      if (has_bias(args) && args->diff_in[2]) {
        k.db = args->diff_in[2]->data;
        sv_parallel(c->groups * c->outs, 1, sum_maps, &k);
      }
  }
  return SV_OK;
}

const sv_kernel sv_simd_conv = {plan, run, destroy};
