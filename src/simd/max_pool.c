/* Maximum pooling: each output keeps the number of the element that won, and
 * backward an input takes from the windows in which it did. */
#include "simd/pool.h"

extern const sv_kernel sv_simd_max_pool;

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  sv_simd_pool *p;
  bool backward = site->pass != SV_FORWARD;
  if (site->node->out_count > 1 && site->out[1].present) return SV_UNSUPPORTED;
  if (backward && site->forward != &sv_simd_max_pool) return SV_UNSUPPORTED;
  SV_TRY(sv_simd_pool_plan(&p, site, need, 1, true));
  p->keeps_index = !backward && site->backward;
  if (p->keeps_index)
    need->workspace = (size_t)(p->maps * p->out_map) * sizeof(int32_t);
  *impl = p;
  return SV_OK;
}

static void forward_row(const sv_simd_pool *p, const sv_args *args, int64_t map,
                        int64_t row) {
  int64_t at = map * p->out_map + row * p->at.out[1] * p->block;
  const float *x = args->in[0]->data;
  float *y = args->out[0]->data;
  int32_t *index = p->keeps_index ? args->workspace : NULL;
  for (int64_t j = 0; j < p->at.out[1]; j++, at += p->block) {
    const sv_pool_max window = {.x = x + map * p->in_map,
                                .y = y + at,
                                .index = index ? index + at : NULL,
                                .rows = p->rows.at + p->rows.first[row],
                                .columns = p->columns.at + p->columns.first[j],
                                .row_count = sv_taps_count(&p->rows, row),
                                .column_count = sv_taps_count(&p->columns, j),
                                .kernel_width = (int)p->at.kernel[1],
                                .block = (int)p->block};
    p->loops->pool_max(&window);
  }
}

static void backward_row(const sv_simd_pool *p, const sv_args *args,
                         int64_t map, int64_t row) {
  const float *dy = args->diff_out[0]->data;
  const int32_t *index = args->workspace;
  float *dx = args->diff_in[0]->data;
  dx += map * p->in_map + row * p->at.in[1] * p->block;
  for (int64_t j = 0; j < p->at.in[1]; j++) {
    const sv_pool_unmax windows = {
        .dy = dy + map * p->out_map,
        .index = index + map * p->out_map,
        .dx = dx + j * p->block,
        .rows = p->rows.at + p->rows.first[row],
        .columns = p->columns.at + p->columns.first[j],
        .row_count = sv_taps_count(&p->rows, row),
        .column_count = sv_taps_count(&p->columns, j),
        .kernel_width = (int)p->at.kernel[1],
        .block = (int)p->block};
    p->loops->pool_unmax(&windows);
  }
}

static sv_status run(void *impl, const sv_args *args) {
  return sv_simd_pool_run(impl, args, forward_row, backward_row);
}

const sv_kernel sv_simd_max_pool = {plan, run, sv_simd_pool_destroy};
