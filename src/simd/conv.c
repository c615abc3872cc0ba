/* Convolution over blocks of images. Forward and backward-data are the same
 * gathering loop with other steps. */
#include "simd/conv.h"

#include "base/memory.h"
#include "base/thread.h"
#include "tensor/tensor.h"

typedef sv_simd_convolution conv;

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

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  if (site->candidate > 0) return SV_UNSUPPORTED;
  conv *c;
  SV_TRY(sv_alloc(&c, sizeof *c));
  sv_status status = describe(c, site);
  if (status == SV_OK) status = need_layouts(site, need);
  if (status == SV_OK)
    status = site->pass == SV_BACKWARD_PARAMS ? sv_simd_params_plan(c, need)
                                              : make_taps(c, site->pass);
  if (status != SV_OK) {
    destroy(c);
    return status;
  }
  sv_simd_name(need);
  *impl = c;
  return SV_OK;
}

/* ---- Forward and backward-data ---- */

typedef struct work {
  const conv *c;
  const float *x, *w, *b, *dy;
  float *y, *dx;
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

/* ---- The contract ---- */

static sv_status run(void *impl, const sv_args *args) {
  const conv *c = impl;
  work k = {.c = c};
  int64_t parts = c->blocks * c->groups;
  switch (args->pass) {
    case SV_FORWARD:
      k.x = args->in[0]->data;
      k.w = args->in[1]->data;
      k.b = sv_simd_has_bias(args) && args->in[2] ? args->in[2]->data : NULL;
      k.y = args->out[0]->data;
      sv_parallel(parts * c->at.out[0], 1, forward_rows, &k);
      break;
    case SV_BACKWARD_DATA:
      k.w = args->in[1]->data;
      k.dy = args->diff_out[0]->data;
      k.dx = args->diff_in[0]->data;
      sv_parallel(parts * c->at.in[0], 1, backward_rows, &k);
      break;
    default: sv_simd_params_run(c, args);
  }
  return SV_OK;
}

const sv_kernel sv_simd_conv = {plan, run, destroy};
