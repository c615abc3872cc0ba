#include "ops/pool.h"

sv_status sv_pool_settle(void *attrs, const sv_info *in, int in_count) {
  sv_pool_attrs *a = attrs;
  sv_window_settle(in, in_count, &a->kernel, &a->stride, &a->dilation,
                   &a->padding);
  return SV_OK;
}

sv_pool_frame sv_pool_frame_at(const sv_window *w, int64_t i, int64_t j) {
  sv_pool_frame f = {.i = i, .j = j};
  sv_window_taps(w, 0, i, &f.first[0], &f.last[0]);
  sv_window_taps(w, 1, j, &f.first[1], &f.last[1]);
  f.corner = (i * w->stride[0] - w->begin[0]) * w->in[1] + j * w->stride[1] -
             w->begin[1];
  return f;
}

static sv_status check_window(const sv_window *w, int d, int64_t o) {
  int64_t first, last;
  sv_window_taps(w, d, o, &first, &last);
  if (first < last) return SV_OK;
  return sv_fail(SV_INVALID, "window %lld along the %s lies in padding alone",
                 (long long)o, d == 0 ? "height" : "width");
}

sv_status sv_pool_resolve(sv_window *window, const sv_pool_attrs *attrs,
                          const sv_shape *x) {
  const sv_window *w = window;
  SV_TRY(sv_window_resolve(window, x, &attrs->kernel, &attrs->stride,
                           &attrs->dilation, &attrs->padding,
                           attrs->ceil_mode));
  for (int d = 0; d < 2; d++) {
    /* Windows that begin inside of the image see it; of those before it the
     * first sees the least, unless the image falls between two taps. */
    bool between = w->in[d] < w->dilation[d];
    for (int64_t o = 0;
         o < (between ? w->out[d] : 1) && o * w->stride[d] < w->begin[d]; o++)
      SV_TRY(check_window(w, d, o));
    for (int64_t o = w->out[d] - 1;
         o >= 0 && o * w->stride[d] >= w->begin[d] + w->in[d]; o--)
      SV_TRY(check_window(w, d, o));
  }
  return SV_OK;
}

sv_status sv_pool_infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_window window;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(sv_pool_resolve(&window, node->attrs, &in[0].shape));
  out[0].dtype = in[0].dtype;
  out[0].shape = sv_window_output(&window, &in[0].shape, in[0].shape.dim[1]);
  return SV_OK;
}

sv_status sv_pool_cost(const sv_node *node, const sv_info *in,
                       const sv_info *out, sv_cost *cost) {
  (void)out;
  sv_window window;
  SV_TRY(sv_pool_resolve(&window, node->attrs, &in[0].shape));
  sv_window_cost(&window, cost);
  return SV_OK;
}
