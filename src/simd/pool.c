#include "simd/pool.h"

#include "base/memory.h"
#include "base/thread.h"
#include "tensor/tensor.h"

/* ---- How the maps lie ---- */

/* N C H W with the lanes innermost: [N / block] C H W [block], then
 * N [C / block] H W [block], or N H W C. */
static sv_status lay_out(sv_layout *layout, const sv_shape *shape,
                         sv_simd_lanes lanes, int64_t block) {
  if (lanes == SV_LANES_OF_IMAGES) return sv_simd_layout(layout, shape);
  SV_TRY(sv_layout_plain(layout, SV_F32, shape));
  int64_t step = block;
  for (int d = shape->rank - 1; d > 1; d--) {
    layout->stride[d] = step;
    step *= shape->dim[d];
  }
  bool last = lanes == SV_LANES_OF_ALL_CHANNELS;
  int64_t parts = last ? 1 : (shape->dim[1] + block - 1) / block;
  layout->stride[1] = last ? 1 : step;
  layout->stride[0] = step * parts;
  layout->bytes = (size_t)(shape->dim[0] * layout->stride[0]) * sizeof(float);
  if (last) return SV_OK;
  layout->kind = SV_BLOCKED;
  layout->inner_count = 1;
  layout->inner_dim[0] = 1;
  layout->inner_size[0] = block;
  return SV_OK;
}

static bool lies_as(const sv_spec *x, sv_simd_lanes lanes, int64_t block) {
  sv_layout layout;
  return lay_out(&layout, &x->shape, lanes, block) == SV_OK &&
         sv_layout_equal(&layout, &x->layout);
}

/* As the value lies now; `plain`: or as it is to be brought from rows. */
static bool find_lanes(sv_simd_pool *p, const sv_spec *x, bool plain) {
  const sv_layout *layout = &x->layout;
  int64_t channels = x->shape.dim[1];
  bool blocked = layout->kind == SV_BLOCKED && layout->inner_count == 1 &&
                 layout->inner_dim[0] == 1;
  p->lanes = SV_LANES_OF_CHANNELS;
  p->block = blocked ? layout->inner_size[0] : sv_simd_loops()->width;
  if (blocked) return lies_as(x, p->lanes, p->block);
  if (plain && sv_layout_is_plain(layout, &x->shape))
    return channels >= p->block;
  p->lanes = SV_LANES_OF_ALL_CHANNELS;
  p->block = channels;
  return lies_as(x, p->lanes, p->block);
}

static bool is_image(const sv_spec *x) {
  return x->present && x->dtype == SV_F32 &&
         (x->shape.rank == 3 || x->shape.rank == 4) &&
         sv_shape_count(&x->shape) > 0;
}

static sv_status choose_lanes(sv_simd_pool *p, const sv_site *site,
                              bool channels) {
  bool forward = site->pass == SV_FORWARD;
  const sv_spec *x = &site->in[0];
  /* Backward what was kept speaks of y as it lies. */
  const sv_spec *model = channels && !forward ? &site->out[0] : x;
  bool taken = x->layout.kind == SV_PLAIN && sv_simd_fits(x) &&
               sv_simd_pays(x->shape.dim[1], &x->shape);
  bool open = model == x && taken;
  p->lanes = SV_LANES_OF_IMAGES;
  p->loops = sv_simd_loops();
  if (sv_simd_lies_so(model) || open) {
    p->block = sv_simd_block(x->shape.dim[0]);
    return SV_OK;
  }
  if (!channels || !is_image(model) || !find_lanes(p, model, forward))
    return SV_UNSUPPORTED;
  p->loops = sv_simd_loops_within(p->block);
  return p->loops ? SV_OK : SV_UNSUPPORTED;
}

static sv_status describe(sv_simd_pool *p, const sv_site *site, int64_t w_step,
                          bool channels) {
  const sv_spec *x = &site->in[0];
  const sv_pool_attrs *a = site->node->attrs;
  SV_TRY(choose_lanes(p, site, channels));
  SV_TRY(sv_window_resolve(&p->at, &x->shape, &a->kernel, &a->stride,
                           &a->dilation, &a->padding, a->ceil_mode));
  int64_t n = p->block, images = x->shape.dim[0], maps = x->shape.dim[1];
  p->maps = p->lanes == SV_LANES_OF_IMAGES     ? images / n * maps
            : p->lanes == SV_LANES_OF_CHANNELS ? images * ((maps + n - 1) / n)
                                               : images;
  p->in_map = p->at.in[0] * p->at.in[1] * n;
  p->out_map = p->at.out[0] * p->at.out[1] * n;
  if (site->pass == SV_FORWARD) {
    SV_TRY(sv_simd_taps(&p->rows, &p->at, 0, p->at.in[1] * n, w_step));
    return sv_simd_taps(&p->columns, &p->at, 1, n, w_step);
  }
  SV_TRY(sv_simd_taps_back(&p->rows, &p->at, 0, p->at.out[1] * n, w_step));
  return sv_simd_taps_back(&p->columns, &p->at, 1, n, w_step);
}

static sv_status need_layouts(const sv_simd_pool *p, const sv_site *site,
                              sv_need *need) {
  bool forward = site->pass == SV_FORWARD;
  const sv_shape *x = &site->in[0].shape;
  const sv_shape *y = forward ? &site->out[0].shape : &site->diff_out[0].shape;
  sv_simd_name(need);
  SV_TRY(lay_out(&(forward ? need->in : need->diff_in)[0].layout, x, p->lanes,
                 p->block));
  return lay_out(&(forward ? need->out : need->diff_out)[0].layout, y, p->lanes,
                 p->block);
}

sv_status sv_simd_pool_plan(sv_simd_pool **pool, const sv_site *site,
                            sv_need *need, int64_t w_step, bool channels) {
  if (site->candidate > 0 || site->pass == SV_BACKWARD_PARAMS)
    return SV_UNSUPPORTED;
  sv_simd_pool *p;
  SV_TRY(sv_alloc(&p, sizeof *p));
  sv_status status = describe(p, site, w_step, channels);
  if (status == SV_OK) status = need_layouts(p, site, need);
  if (status != SV_OK) {
    sv_simd_pool_destroy(p);
    return status;
  }
  *pool = p;
  return SV_OK;
}

void sv_simd_pool_destroy(void *pool) {
  sv_simd_pool *p = pool;
  if (!p) return;
  sv_simd_taps_free(&p->rows);
  sv_simd_taps_free(&p->columns);
  sv_free(p);
}

typedef struct rows_work {
  const sv_simd_pool *pool;
  const sv_args *args;
  int64_t rows; /* of a map */
  sv_simd_row *row;
} rows_work;

static void run_rows(void *context, int64_t begin, int64_t end) {
  const rows_work *work = context;
  for (int64_t i = begin; i < end; i++)
    work->row(work->pool, work->args, i / work->rows, i % work->rows);
}

sv_status sv_simd_pool_run(const sv_simd_pool *pool, const sv_args *args,
                           sv_simd_row *forward, sv_simd_row *backward) {
  bool is_forward = args->pass == SV_FORWARD;
  rows_work work = {.pool = pool,
                    .args = args,
                    .rows = is_forward ? pool->at.out[0] : pool->at.in[0],
                    .row = is_forward ? forward : backward};
  sv_parallel(pool->maps * work.rows, 8, run_rows, &work);
  return SV_OK;
}
