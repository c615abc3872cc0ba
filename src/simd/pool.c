#include "simd/pool.h"

#include "base/memory.h"
#include "base/thread.h"

static sv_status describe(sv_simd_pool *p, const sv_site *site,
                          int64_t w_step) {
  bool forward = site->pass == SV_FORWARD;
  const sv_spec *x = &site->in[0];
  const sv_spec *y = forward ? &site->out[0] : &site->diff_out[0];
  const sv_pool_attrs *a = site->node->attrs;
  bool taken = x->layout.kind == SV_PLAIN && sv_simd_fits(x) &&
               sv_simd_pays(x->shape.dim[1], &x->shape);
  if (!sv_simd_lies_so(x) && !taken) return SV_UNSUPPORTED;
  if (!sv_simd_fits(y)) return SV_UNSUPPORTED;
  SV_TRY(sv_window_resolve(&p->at, &x->shape, &a->kernel, &a->stride,
                           &a->dilation, &a->padding, a->ceil_mode));
  p->loops = sv_simd_loops();
  int64_t n = p->block = sv_simd_block(x->shape.dim[0]);
  p->maps = x->shape.dim[0] / n * x->shape.dim[1];
  p->in_map = p->at.in[0] * p->at.in[1] * n;
  p->out_map = p->at.out[0] * p->at.out[1] * n;
  if (forward) {
    SV_TRY(sv_simd_taps(&p->rows, &p->at, 0, p->at.in[1] * n, w_step));
    return sv_simd_taps(&p->columns, &p->at, 1, n, w_step);
  }
  SV_TRY(sv_simd_taps_back(&p->rows, &p->at, 0, p->at.out[1] * n, w_step));
  return sv_simd_taps_back(&p->columns, &p->at, 1, n, w_step);
}

static sv_status need_layouts(const sv_site *site, sv_need *need) {
  sv_simd_name(need);
  if (site->pass == SV_FORWARD) {
    SV_TRY(sv_simd_layout(&need->in[0].layout, &site->in[0].shape));
    return sv_simd_layout(&need->out[0].layout, &site->out[0].shape);
  }
  SV_TRY(sv_simd_layout(&need->diff_out[0].layout, &site->diff_out[0].shape));
  return sv_simd_layout(&need->diff_in[0].layout, &site->diff_in[0].shape);
}

sv_status sv_simd_pool_plan(sv_simd_pool **pool, const sv_site *site,
                            sv_need *need, int64_t w_step) {
  if (site->candidate > 0 || site->pass == SV_BACKWARD_PARAMS)
    return SV_UNSUPPORTED;
  sv_simd_pool *p;
  SV_TRY(sv_alloc(&p, sizeof *p));
  sv_status status = describe(p, site, w_step);
  if (status == SV_OK) status = need_layouts(site, need);
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
