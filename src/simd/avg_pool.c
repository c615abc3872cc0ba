/* Average pooling: gathering with one weight for all, 1 / (KH KW). Windows that
 * hang over the image divide by less and are left to others. */
#include "simd/pool.h"

static bool is_whole(const sv_simd_pool *p) {
  for (int d = 0; d < 2; d++) {
    int64_t reach = (p->at.out[d] - 1) * p->at.stride[d] +
                    (p->at.kernel[d] - 1) * p->at.dilation[d] + 1;
    if (p->at.begin[d] || p->at.end[d] || reach > p->at.in[d]) return false;
  }
  return true;
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  sv_simd_pool *p;
  SV_TRY(sv_simd_pool_plan(&p, site, need, 0, false));
  if (!is_whole(p)) {
    sv_simd_pool_destroy(p);
    return SV_UNSUPPORTED;
  }
  *impl = p;
  return SV_OK;
}

/* A row of `to` from windows over a map of `from`. */
static void gather_row(const sv_simd_pool *p, const float *from, float *to,
                       int64_t row, int64_t positions) {
  float weight = 1.0f / (float)(p->at.kernel[0] * p->at.kernel[1]);
  const sv_gather g = {.x = from,
                       .w = &weight,
                       .y = to,
                       .positions = positions,
                       .outs = 1,
                       .depth = 1,
                       .rows = p->rows.at + p->rows.first[row],
                       .row_count = sv_taps_count(&p->rows, row),
                       .columns = p->columns.at,
                       .first = p->columns.first,
                       .block = (int)p->block};
  p->loops->gather(&g);
}

static void forward_row(const sv_simd_pool *p, const sv_args *args, int64_t map,
                        int64_t row) {
  const float *x = args->in[0]->data;
  float *y = args->out[0]->data;
  int64_t positions = p->at.out[1];
  gather_row(p, x + map * p->in_map,
             y + map * p->out_map + row * positions * p->block, row, positions);
}

static void backward_row(const sv_simd_pool *p, const sv_args *args,
                         int64_t map, int64_t row) {
  const float *dy = args->diff_out[0]->data;
  float *dx = args->diff_in[0]->data;
  int64_t positions = p->at.in[1];
  gather_row(p, dy + map * p->out_map,
             dx + map * p->in_map + row * positions * p->block, row, positions);
}

static sv_status run(void *impl, const sv_args *args) {
  return sv_simd_pool_run(impl, args, forward_row, backward_row);
}

const sv_kernel sv_simd_avg_pool = {plan, run, sv_simd_pool_destroy};
