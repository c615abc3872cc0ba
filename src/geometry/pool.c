#include "geometry/pool.h"

sv_status sv_pool_settle(void *attrs, const sv_info *in, int in_count) {
  sv_pool_attrs *a = attrs;
  sv_window_settle(in, in_count, &a->kernel, &a->stride, &a->dilation,
                   &a->padding);
  return SV_OK;
}

bool sv_pool_pads_much(const sv_pool_attrs *a) {
  const sv_ints *at = &a->padding.at;
  int axes = a->kernel.count;
  if (a->padding.rule != SV_PAD_EXPLICIT || at->count != 2 * axes) return false;
  for (int i = 0; i < at->count; i++)
    if (at->at[i] >= a->kernel.at[i % axes]) return true;
  return false;
}

/* The end of the padding moves to that of the last window. If the padding
 * counts, what lies beyond it must not. */
static void spell_end(sv_pool_attrs *a, const sv_shape *x) {
  sv_window w;
  sv_ints *at = &a->padding.at;
  int axes = a->kernel.count;
  for (int d = 2; d < x->rank; d++)
    if (x->dim[d] < 0) return;
  if (x->rank != axes + 2 || axes > 2 || sv_pool_resolve(&w, a, x) != SV_OK)
    return;
  for (int i = 0; i < axes; i++) {
    int d = 2 - axes + i;
    int64_t last = (w.out[d] - 1) * w.stride[d] +
                   (w.kernel[d] - 1) * w.dilation[d] + 1 - w.begin[d];
    if (last <= w.in[d] + w.end[d]) continue;
    if (a->count_padding) return;
    at->at[axes + i] = last - w.in[d];
  }
  a->ceil_mode = false;
}

void sv_pool_spell(void *attrs, const sv_shape *x) {
  sv_pool_attrs *a = attrs;
  if (sv_window_spell(x, &a->kernel, &a->stride, &a->dilation, &a->padding))
    a->ceil_mode = false;
  if (a->ceil_mode && sv_pool_pads_much(a)) spell_end(a, x);
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
  return sv_fail(SV_INVALID,
                 "window %lld along the %s lies entirely in the padding",
                 (long long)o, d == 0 ? "height" : "width");
}

/* ---- Volumes, where a window is one voxel wide along one or two axes ---- */

static int64_t number_of(const sv_ints *list, int d) {
  return list->count ? list->at[list->count == 1 ? 0 : d] : 1;
}

/* Along axis d nothing happens. */
static bool is_idle(const sv_pool_attrs *a, int d) {
  const sv_ints *pads = &a->padding.at;
  int64_t pad = 0;
  if (pads->count) pad = number_of(pads, d);
  if (pads->count == 6) pad |= pads->at[3 + d];
  return number_of(&a->kernel, d) == 1 && number_of(&a->stride, d) == 1 &&
         pad == 0;
}

static void keep_axes(sv_ints *list, int from, int count) {
  sv_ints all = *list;
  if (all.count < 2) return;
  list->count = 0;
  for (int part = 0; part < all.count; part += 3)
    for (int d = 0; d < count; d++)
      list->at[list->count++] = all.at[part + from + d];
}

static bool is_of_volumes(const sv_pool_attrs *a) {
  const sv_ints *lists[] = {&a->kernel, &a->stride, &a->dilation};
  for (int i = 0; i < 3; i++)
    if (lists[i]->count > 1 && lists[i]->count != 3) return false;
  int pads = a->padding.at.count;
  return pads < 2 || pads == 3 || pads == 6;
}

/* N C D H W as maps of lines where only D is pooled, as more maps of images
 * where D is not; else it stays as it is, and is refused. */
static void flatten(sv_pool_attrs *a, sv_shape *x) {
  if (x->rank != 5 || !is_of_volumes(a)) return;
  int64_t *dim = x->dim;
  int from = is_idle(a, 0) ? 1 : 0, count = from ? 2 : 1;
  if (!from && !(is_idle(a, 1) && is_idle(a, 2))) return;
  if (from) {
    *x = (sv_shape){4, {dim[0], sv_times(dim[1], dim[2]), dim[3], dim[4]}};
  } else {
    *x = (sv_shape){4, {dim[0], dim[1], dim[2], sv_times(dim[3], dim[4])}};
    sv_window_spread(&a->kernel, 3);
    count = 2; /* of which the second is idle */
  }
  keep_axes(&a->kernel, from, count);
  keep_axes(&a->stride, from, count);
  keep_axes(&a->dilation, from, count);
  keep_axes(&a->padding.at, from, count);
}

sv_status sv_pool_resolve(sv_window *window, const sv_pool_attrs *attrs,
                          const sv_shape *shape) {
  const sv_window *w = window;
  sv_pool_attrs a = *attrs;
  sv_shape x = *shape;
  flatten(&a, &x);
  SV_TRY(sv_window_resolve(window, &x, &a.kernel, &a.stride, &a.dilation,
                           &a.padding, a.ceil_mode));
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
  const sv_shape *x = &in[0].shape;
  if (x->rank < 5) {
    out[0].shape = sv_window_output(&window, x, x->dim[1]);
    return SV_OK;
  }
  bool images = is_idle(node->attrs, 0);
  out[0].shape = *x;
  if (!images) out[0].shape.dim[2] = window.out[0];
  for (int d = 0; d < 2 && images; d++) out[0].shape.dim[3 + d] = window.out[d];
  return SV_OK;
}

sv_status sv_pool_cost(const sv_node *node, const sv_info *in,
                       const sv_info *out, sv_cost *cost) {
  (void)out;
  sv_window window;
  SV_TRY(sv_pool_resolve(&window, node->attrs, &in[0].shape));
  sv_window_cost(&window, cost);
  if (in[0].shape.rank > 4) cost->spatial = false;
  return SV_OK;
}
