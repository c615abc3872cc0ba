/* max_unpool: the maxima of a pooling, back where they were.
 *
 *   y[index[k]] = x[k], of equal indices the last one; y = 0 elsewhere
 *   dx[k] = dy[index[k]]
 *
 * Indices count through all of the pooling's input, row by row, as max_pool's
 * second output does. Where y has a size of its own, they do so through the one
 * that follows from the window, which lies at y's top left.
 *
 * Shapes: x and index N C IH IW, y N C OH OW with OH = (IH - 1) SH - PH + KH,
 * PH both pads together; or all without H. Source: Badrinarayanan, Kendall,
 * Cipolla, "SegNet", 2015; https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
 */
#include "geometry/window.h"

typedef struct unpool_attrs {
  sv_ints kernel, stride, size;
  sv_padding padding;
} unpool_attrs;

enum port { X, INDEX, SIZE };

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  unpool_attrs *a = attrs;
  sv_ints dilation = {0};
  sv_window_settle(in, in_count, &a->kernel, &a->stride, &dilation,
                   &a->padding);
  return SV_OK;
}

/* As a transposed convolution of that window has it: `from`, the pooling's
 * input, and y. */
static sv_status resolve(const unpool_attrs *a, const sv_shape *x,
                         sv_shape *from, sv_shape *y) {
  sv_window w;
  sv_conv_transpose_attrs window = {
      .kernel = a->kernel, .stride = a->stride, .padding = a->padding};
  SV_TRY(sv_window_transpose(&w, x, &window));
  if (a->padding.rule != SV_PAD_EXPLICIT)
    return sv_fail(SV_INVALID, "padding is a word, expected integers");
  if (a->size.count && a->size.count != x->rank)
    return sv_fail(SV_INVALID, "size has %d numbers, expected %d",
                   a->size.count, x->rank);
  *from = *y = *x;
  for (int d = 0; d < x->rank; d++) {
    if (d >= 2) from->dim[d] = w.in[d + 2 - x->rank];
    int64_t own = from->dim[d], size = a->size.count ? a->size.at[d] : own;
    y->dim[d] = size;
    if (size < own || (d < 2 && size != own))
      return sv_fail(SV_INVALID,
                     "size %lld of dimension %d, but the window gives %lld",
                     (long long)size, d, (long long)own);
  }
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_shape from;
  SV_TRY(sv_check_real(node, in));
  if (in[INDEX].dtype != SV_I64)
    return sv_fail(SV_INVALID, "index is %s, expected i64",
                   sv_dtype_name(in[INDEX].dtype));
  SV_TRY(sv_check_shape(node, in, INDEX, &in[X].shape));
  out[0].dtype = in[X].dtype;
  return resolve(node->attrs, &in[X].shape, &from, &out[0].shape);
}

/* Where element `index` of `from` is in y. */
static int64_t place(const sv_shape *from, const sv_shape *y, int64_t index) {
  int64_t at = 0, step = 1;
  for (int d = y->rank - 1; d >= 0; d--) {
    at += index % from->dim[d] * step;
    index /= from->dim[d];
    step *= y->dim[d];
  }
  return at;
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[X]->shape;
  const int64_t *index = args->in[INDEX]->data;
  real *y = sv_out(args, 0);
  sv_shape from, to;
  SV_TRY(resolve(args->node->attrs, x, &from, &to));
  int64_t count = sv_shape_count(x), most = sv_shape_count(&from);
  for (int64_t i = 0; i < sv_shape_count(&to); i++) y[i] = 0;
  for (int64_t i = 0; i < count; i++) {
    if (index[i] < 0 || index[i] >= most)
      return sv_fail(SV_INVALID, "index %lld, expected 0 to %lld",
                     (long long)index[i], (long long)most - 1);
    y[place(&from, &to, index[i])] = sv_in(args, X)[i];
  }
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->diff_in[X]->shape;
  const int64_t *index = args->in[INDEX]->data;
  const real *dy = sv_diff_out(args, 0);
  real *dx = sv_diff_in(args, X);
  sv_shape from, to;
  SV_TRY(resolve(args->node->attrs, x, &from, &to));
  for (int64_t i = 0; i < sv_shape_count(x); i++)
    dx[i] = dy[place(&from, &to, index[i])];
  return SV_OK;
}

#define AT(field) offsetof(unpool_attrs, field)
static const sv_attr attrs[] = {
    {SV_KERNEL_ATTR, .offset = AT(kernel), .position = 1, .required = true},
    {SV_STRIDE_ATTR, .offset = AT(stride), .position = 2,
     .help = "step of the window; none: 1"},
    {SV_PADDING_ATTR, .offset = AT(padding),
     .help =
         "padding of the pooling: one number, HxW, or top,left,bottom,right"},
    {.name = "size",
     .onnx = "output_shape",
     .type = SV_ATTR_INTS,
     .offset = AT(size),
     .max = 1 << 24,
     .slot = 2,
     .help = "shape of y; none: from kernel, stride and padding"},
    {.name = NULL}};

SV_OP(max_unpool) = {
    .name = "max_unpool",
    .has_maps = true,
    .summary = "y[index[k]] = x[k], 0 elsewhere",
    .onnx = (const sv_onnx_name[]){{"MaxUnpool", 9, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "index", .role = SV_INDEX},
                          {.name = "size", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(unpool_attrs),
    .settle = settle,
    .infer = infer,
    .cost = sv_cost_whole,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(INDEX)},
};
