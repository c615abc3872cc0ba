/* Paddings that are rules, in numbers. */
#include "geometry/window.h"

/* Stands for a free size: large enough for every window. */
enum { ANY_SIZE = 1 << 30 };

static bool is_same(const sv_padding *padding) {
  return padding->rule == SV_PAD_SAME_UPPER ||
         padding->rule == SV_PAD_SAME_LOWER;
}

/* *full = x with a number for each size; *open: which were free. */
static bool fill_sizes(const sv_shape *x, sv_shape *full, bool open[2]) {
  bool any = false;
  *full = *x;
  for (int d = 0; d < x->rank; d++)
    if (x->dim[d] < 0) full->dim[d] = d < 2 ? 1 : ANY_SIZE;
  for (int d = 0; d < 2; d++) {
    int at = x->rank - 2 + d;
    open[d] = at > 1 && at < x->rank && x->dim[at] < 0;
    any |= open[d];
  }
  return any;
}

static void write_numbers(const sv_window *w, int axes, sv_padding *padding) {
  bool none = true;
  *padding = (sv_padding){.at.count = 2 * axes};
  for (int d = 0; d < axes; d++) {
    padding->at.at[d] = w->begin[2 - axes + d];
    padding->at.at[axes + d] = w->end[2 - axes + d];
    none &= padding->at.at[d] == 0 && padding->at.at[axes + d] == 0;
  }
  if (none) padding->at.count = 0;
}

/* Of a size n, what is added is reach - stride + e, or nothing if that is less,
 * where e = stride ceil(n / stride) - n may be anything from 0 to stride - 1.
 */
static bool is_for_any(const sv_window *w, int d) {
  return w->stride[d] == 1 || w->kernel[d] == 1;
}

bool sv_window_spell(const sv_shape *x, const sv_ints *kernel,
                     const sv_ints *stride, const sv_ints *dilation,
                     sv_padding *padding) {
  sv_window w;
  sv_shape full;
  bool open[2];
  if (padding->rule == SV_PAD_VALID) {
    *padding = (sv_padding){0};
    return true;
  }
  if (!is_same(padding)) return false;
  fill_sizes(x, &full, open);
  if (sv_window_resolve(&w, &full, kernel, stride, dilation, padding, false) !=
      SV_OK)
    return false;
  for (int d = 0; d < 2; d++)
    if (open[d] && !is_for_any(&w, d)) return false;
  write_numbers(&w, x->rank - 2, padding);
  return true;
}

/* What is cut off by the rule depends on no size, unless the output's is given.
 * Where there is less than it says, it is added. */
void sv_window_spell_transpose(const sv_shape *x, sv_conv_transpose_attrs *a) {
  sv_window w;
  sv_shape full;
  bool open[2];
  if (a->padding.rule == SV_PAD_VALID) a->padding = (sv_padding){0};
  if (!is_same(&a->padding)) return;
  if (fill_sizes(x, &full, open) && a->output_shape.count) return;
  for (int d = 2; d < full.rank; d++)
    if (full.dim[d] == ANY_SIZE) full.dim[d] = 1;
  if (sv_window_transpose(&w, &full, a) != SV_OK) return;
  int axes = x->rank - 2;
  if (!a->output_padding.count) a->output_padding.count = axes;
  sv_window_spread(&a->output_padding, axes);
  bool none = true;
  for (int d = 0; d < axes; d++) {
    int64_t *cut = &w.end[2 - axes + d], *more = &a->output_padding.at[d];
    if (*cut < 0) {
      *more -= *cut;
      *cut = 0;
    }
    none &= *more == 0;
  }
  if (none) a->output_padding.count = 0;
  a->output_shape.count = 0;
  write_numbers(&w, axes, &a->padding);
}
