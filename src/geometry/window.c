#include "geometry/window.h"

/* Larger numbers are nonsense, and sums of them could overflow. */
enum { LARGEST = 1 << 24 };

/* Number d of a list over `axes` axes: none, one for all, or one for each. */
static sv_status spread(const char *what, const sv_ints *list, int axes,
                        int64_t empty, int64_t least, int64_t *numbers) {
  if (list->count > 1 && list->count != axes)
    return sv_fail(SV_INVALID, "%s has %d numbers, expected 1 or %d", what,
                   list->count, axes);
  for (int d = 0; d < axes; d++) {
    numbers[d] = list->count ? list->at[list->count == 1 ? 0 : d] : empty;
    if (numbers[d] < least || numbers[d] > LARGEST)
      return sv_fail(SV_INVALID, "%s is %lld, expected %lld to %d", what,
                     (long long)numbers[d], (long long)least, LARGEST);
  }
  return SV_OK;
}

/* The same for paddings: also beginnings, then ends. */
static sv_status spread_padding(const sv_ints *list, int axes, int64_t *begin,
                                int64_t *end) {
  if (list->count > 1 && list->count != axes && list->count != 2 * axes)
    return sv_fail(SV_INVALID, "padding has %d values, expected 1, %d or %d",
                   list->count, axes, 2 * axes);
  bool both = list->count == 2 * axes;
  sv_ints first = *list, second = *list;
  if (both) {
    first.count = second.count = axes;
    for (int d = 0; d < axes; d++) second.at[d] = list->at[axes + d];
  }
  SV_TRY(spread("padding", &first, axes, 0, 0, begin));
  return spread("padding", &second, axes, 0, 0, end);
}

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t reach(const sv_window *w, int d) {
  return w->dilation[d] * (w->kernel[d] - 1) + 1;
}

static const char *text_of(const int64_t sizes[2], char text[SV_SHAPE_TEXT]) {
  sv_shape shape = {.rank = 2, .dim = {sizes[0], sizes[1]}};
  return sv_shape_text(&shape, text);
}

static sv_status does_not_fit(const sv_window *w) {
  char kernel[SV_SHAPE_TEXT], image[SV_SHAPE_TEXT], padded[SV_SHAPE_TEXT];
  bool dilated = w->dilation[0] > 1 || w->dilation[1] > 1, more = false;
  int64_t wide[2], seen[2] = {reach(w, 0), reach(w, 1)};
  for (int d = 0; d < 2; d++) {
    wide[d] = w->in[d] + w->begin[d] + w->end[d];
    more |= wide[d] != w->in[d];
  }
  return sv_fail(SV_INVALID, "kernel %s%s does not fit the %s input%s%s%s",
                 text_of(dilated ? seen : w->kernel, kernel),
                 dilated ? " (dilated)" : "", text_of(w->in, image),
                 more ? " (padded " : "", more ? text_of(wide, padded) : "",
                 more ? ")" : "");
}

/* Output size, and the paddings that a rule stands for, of axis d.
 * Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html */
static sv_status resolve_axis(sv_window *w, int d, sv_padding_rule rule,
                              bool ceil_mode) {
  int64_t stride = w->stride[d];
  if (rule == SV_PAD_SAME_UPPER || rule == SV_PAD_SAME_LOWER) {
    w->out[d] = ceil_div(w->in[d], stride);
    int64_t total = (w->out[d] - 1) * stride + reach(w, d) - w->in[d];
    if (total < 0) total = 0;
    w->begin[d] = rule == SV_PAD_SAME_UPPER ? total / 2 : total - total / 2;
    w->end[d] = total - w->begin[d];
    return SV_OK;
  }
  if (rule == SV_PAD_FULL) w->begin[d] = w->end[d] = reach(w, d) - 1;
  int64_t room = w->in[d] + w->begin[d] + w->end[d] - reach(w, d);
  bool over = ceil_mode && rule != SV_PAD_VALID && room % stride != 0;
  if (room < 0 && !(over && room > -stride)) return does_not_fit(w);
  w->out[d] = room < 0 ? 0 : room / stride + 1;
  if (!over) return SV_OK;
  /* One window more, which hangs over; it has to start on the image or on the
   * padding before it. It may be the only one. */
  if (w->out[d] * stride < w->in[d] + w->begin[d]) w->out[d]++;
  return SV_OK;
}

/* Everything but the outputs, which follow. */
static sv_status start(sv_window *window, const sv_shape *x,
                       const sv_ints *kernel, const sv_ints *stride,
                       const sv_ints *dilation, const sv_padding *padding) {
  *window = (sv_window){.in = {1, 1},
                        .out = {1, 1},
                        .kernel = {1, 1},
                        .stride = {1, 1},
                        .dilation = {1, 1}};
  sv_window *w = window;
  if (x->rank != 3 && x->rank != 4)
    return sv_fail(x->rank == 5 ? SV_UNSUPPORTED : SV_INVALID,
                   "input is %s, expected N C H W or N C W",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  int axes = x->rank - 2, from = 2 - axes;
  if (kernel->count == 0)
    return sv_fail(SV_INVALID, "the kernel's size is missing");
  SV_TRY(spread("kernel", kernel, axes, 1, 1, w->kernel + from));
  SV_TRY(spread("stride", stride, axes, 1, 1, w->stride + from));
  SV_TRY(spread("dilation", dilation, axes, 1, 1, w->dilation + from));
  if (padding->rule == SV_PAD_EXPLICIT)
    SV_TRY(spread_padding(&padding->at, axes, w->begin + from, w->end + from));
  for (int d = from; d < 2; d++) {
    w->in[d] = x->dim[x->rank - 2 + d];
    if (w->in[d] < 1 || w->in[d] > INT32_MAX)
      return sv_fail(SV_INVALID, "input is %s, expected an image",
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  }
  return SV_OK;
}

sv_status sv_window_resolve(sv_window *window, const sv_shape *x,
                            const sv_ints *kernel, const sv_ints *stride,
                            const sv_ints *dilation, const sv_padding *padding,
                            bool ceil_mode) {
  SV_TRY(start(window, x, kernel, stride, dilation, padding));
  for (int d = 4 - x->rank; d < 2; d++)
    SV_TRY(resolve_axis(window, d, padding->rule, ceil_mode));
  return SV_OK;
}

/* `size` is what output_shape says of axis d; 0: nothing.
 * Source: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html */
static sv_status transpose_axis(sv_window *w, int d, sv_padding_rule rule,
                                int64_t size, int64_t more) {
  int64_t x = w->in[d];
  int64_t whole = w->stride[d] * (x - 1) + reach(w, d) + more;
  bool same = rule == SV_PAD_SAME_UPPER || rule == SV_PAD_SAME_LOWER;
  if (!size && same) size = x * w->stride[d];
  if (rule == SV_PAD_FULL) w->begin[d] = w->end[d] = reach(w, d) - 1;
  if (size) {
    int64_t total = whole - size, half = total > 0 ? total / 2 : 0;
    w->begin[d] = rule == SV_PAD_SAME_UPPER || total < 0 ? half : total - half;
    w->end[d] = total - w->begin[d];
  }
  w->out[d] = x;
  w->in[d] = whole - w->begin[d] - w->end[d];
  if (w->in[d] >= 1 && w->in[d] <= INT32_MAX) return SV_OK;
  return sv_fail(SV_INVALID,
                 "of %lld elements, removing %lld and %lld leaves %lld",
                 (long long)whole, (long long)w->begin[d], (long long)w->end[d],
                 (long long)w->in[d]);
}

sv_status sv_window_transpose(sv_window *window, const sv_shape *x,
                              const sv_conv_transpose_attrs *a) {
  SV_TRY(start(window, x, &a->kernel, &a->stride, &a->dilation, &a->padding));
  int axes = x->rank - 2;
  int64_t more[2], size[2] = {0};
  SV_TRY(spread("output_padding", &a->output_padding, axes, 0, 0, more));
  sv_ints shape = a->output_shape;
  if (shape.count == x->rank) {
    shape.count = axes;
    for (int d = 0; d < axes; d++) shape.at[d] = a->output_shape.at[d + 2];
  }
  SV_TRY(spread("output_shape", &shape, axes, 0, 0, size));
  for (int d = 0; d < axes; d++)
    SV_TRY(transpose_axis(window, d + 2 - axes, a->padding.rule, size[d],
                          more[d]));
  return SV_OK;
}

sv_shape sv_window_output(const sv_window *window, const sv_shape *x,
                          int64_t channels) {
  sv_shape out = {.rank = x->rank, .dim = {x->dim[0], channels}};
  for (int d = 2; d < x->rank; d++) out.dim[d] = window->out[d - x->rank + 2];
  return out;
}

void sv_window_cost(const sv_window *window, sv_cost *cost) {
  for (int d = 0; d < 2; d++)
    cost->axis[d] = (sv_reach){.step = window->stride[d],
                               .first = -window->begin[d],
                               .last = reach(window, d) - 1 - window->begin[d]};
}

/* FULL padding in numbers, once the kernel's size is known. */
static void settle_full(sv_padding *padding, const sv_ints *kernel,
                        const sv_ints *dilation) {
  if (padding->rule != SV_PAD_FULL || kernel->count == 0) return;
  int axes = kernel->count > dilation->count ? kernel->count : dilation->count;
  if (2 * axes > SV_MAX_INTS) return;
  *padding = (sv_padding){.at.count = 2 * axes};
  for (int d = 0; d < axes; d++) {
    int64_t size = kernel->at[kernel->count == 1 ? 0 : d];
    int64_t step = 1;
    if (dilation->count) step = dilation->at[dilation->count == 1 ? 0 : d];
    padding->at.at[d] = padding->at.at[axes + d] = step * (size - 1);
  }
}

static void settle_padding(sv_padding *padding, int axes) {
  int64_t begin[2], end[2];
  sv_ints *at = &padding->at;
  if (padding->rule != SV_PAD_EXPLICIT || at->count == 0 || axes < 1 ||
      axes > 2)
    return;
  if (spread_padding(at, axes, begin, end) != SV_OK) return;
  bool none = true;
  for (int d = 0; d < axes; d++) {
    at->at[d] = begin[d];
    at->at[axes + d] = end[d];
    none &= begin[d] == 0 && end[d] == 0;
  }
  at->count = 2 * axes;
  if (none) *padding = (sv_padding){0};
}

void sv_window_spread(sv_ints *list, int axes) {
  if (list->count != 1 || axes < 1) return;
  for (int d = 1; d < axes; d++) list->at[d] = list->at[0];
  list->count = axes;
}

static void settle_step(sv_ints *list, int axes) {
  bool ones = true;
  for (int d = 0; d < list->count; d++) ones &= list->at[d] == 1;
  if (ones) *list = (sv_ints){0};
  sv_window_spread(list, axes);
}

int sv_window_settle(const sv_info *in, int in_count, sv_ints *kernel,
                     sv_ints *stride, sv_ints *dilation, sv_padding *padding) {
  int axes = in_count > 0 && in[0].present ? in[0].shape.rank - 2 : 0;
  sv_window_spread(kernel, axes);
  settle_step(stride, axes);
  settle_step(dilation, axes);
  settle_full(padding, kernel, dilation);
  settle_padding(padding, axes);
  return axes;
}

void sv_window_taps(const sv_window *window, int d, int64_t o, int64_t *first,
                    int64_t *last) {
  int64_t step = window->dilation[d];
  int64_t start = o * window->stride[d] - window->begin[d];
  *first = start < 0 ? ceil_div(-start, step) : 0;
  *last = start < window->in[d] ? ceil_div(window->in[d] - start, step) : 0;
  if (*last > window->kernel[d]) *last = window->kernel[d];
  if (*first > *last) *first = *last;
}

void sv_window_outputs(const sv_window *window, int d, int64_t tap,
                       int64_t *first, int64_t *last) {
  /* 0 <= o * stride + shift < in */
  int64_t shift = tap * window->dilation[d] - window->begin[d];
  int64_t stride = window->stride[d];
  *first = shift < 0 ? ceil_div(-shift, stride) : 0;
  *last = shift < window->in[d] ? ceil_div(window->in[d] - shift, stride) : 0;
  if (*last > window->out[d]) *last = window->out[d];
  if (*first > *last) *first = *last;
}
