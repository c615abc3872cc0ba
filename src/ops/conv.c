/* conv: convolution, as networks call the cross-correlation.
 *
 *   y[n,o,i,j] = b[o] + sum over c,u,v of
 *                x[n, c, i SH - PH + u DH, j SW - PW + v DW] * w[o,c,u,v]
 *   dx[n,c,p,q] = sum over o and over i,u with i SH - PH + u DH = p, j,v with
 *                 j SW - PW + v DW = q of dy[n,o,i,j] * w[o,c,u,v]
 *   dw[o,c,u,v] = sum over n,i,j of dy[n,o,i,j] * x[n, c, ..., ...]
 *   db[o] = sum over n,i,j of dy[n,o,i,j]
 *
 * with x taken as 0 outside of the image. With groups, map o sees only the IC/G
 * input maps of its own group, and c counts among these.
 *
 * Shapes: x N IC IH IW, w OC IC/G KH KW, b OC, y N OC OH OW; or all without H.
 * Source: LeCun et al., "Backpropagation Applied to Handwritten Zip Code
 * Recognition", 1989; https://onnx.ai/onnx/operators/onnx__Conv.html */
#include <svertka/layers.h>

#include "base/thread.h"
#include "ops/sum.h"
#include "ops/window.h"

/* ---- Shapes ---- */

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_conv_attrs *a = attrs;
  if (in_count > 1 && in[1].present && in[1].shape.rank > 2) {
    const sv_shape *w = &in[1].shape;
    if (!a->channels) a->channels = w->dim[0];
    if (!a->kernel.count) {
      a->kernel.count = w->rank - 2;
      for (int d = 2; d < w->rank; d++) a->kernel.at[d - 2] = w->dim[d];
    }
    a->bias = in_count > 2 && in[2].present;
  }
  int axes = in_count > 0 && in[0].present ? in[0].shape.rank - 2 : 0;
  sv_window_spread(&a->kernel, axes);
  sv_window_spread(&a->stride, axes);
  sv_window_spread(&a->dilation, axes);
  sv_window_settle(&a->padding, &a->kernel, &a->dilation);
  sv_window_spread_padding(&a->padding, axes);
  return SV_OK;
}

static sv_status resolve(sv_window *window, const sv_conv_attrs *a,
                         const sv_shape *x) {
  return sv_window_resolve(window, x, &a->kernel, &a->stride, &a->dilation,
                           &a->padding, false);
}

static sv_status weight_shape(const sv_conv_attrs *a, const sv_shape *x,
                              sv_shape *shape) {
  sv_window window;
  SV_TRY(resolve(&window, a, x));
  if (a->channels < 1)
    return sv_fail(SV_INVALID, "the number of output maps is missing");
  if (x->dim[1] % a->group || a->channels % a->group)
    return sv_fail(SV_INVALID,
                   "group is %lld, which does not divide %lld input maps and "
                   "%lld output maps",
                   (long long)a->group, (long long)x->dim[1],
                   (long long)a->channels);
  *shape = *x;
  shape->dim[0] = a->channels;
  shape->dim[1] = x->dim[1] / a->group;
  for (int d = 2; d < x->rank; d++)
    shape->dim[d] = window.kernel[d - x->rank + 2];
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  const sv_conv_attrs *a = node->attrs;
  sv_shape weight;
  SV_TRY(weight_shape(a, &in[0].shape, &weight));
  if (port == 1) *shape = weight;
  if (port == 2 && a->bias)
    *shape = (sv_shape){.rank = 1, .dim = {a->channels}};
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_conv_attrs *a = node->attrs;
  SV_TRY(sv_check_real(node, in));
  sv_shape weight, bias = {.rank = 1, .dim = {a->channels}};
  SV_TRY(weight_shape(a, &in[0].shape, &weight));
  SV_TRY(sv_check_shape(node, in, 1, &weight));
  if (sv_given(node, in, 2)) SV_TRY(sv_check_shape(node, in, 2, &bias));
  sv_window window;
  SV_TRY(resolve(&window, a, &in[0].shape));
  out[0].dtype = in[0].dtype;
  out[0].shape = sv_window_output(&window, &in[0].shape, a->channels);
  return SV_OK;
}

/* N OC OH OW sums of IC/G KH KW products; biases are not counted. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  sv_window window;
  SV_TRY(resolve(&window, node->attrs, &in[0].shape));
  sv_window_cost(&window, cost);
  cost->macs = sv_shape_count(&out[0].shape);
  for (int d = 1; d < in[1].shape.rank; d++)
    cost->macs = sv_times(cost->macs, in[1].shape.dim[d]);
  return SV_OK;
}

/* ---- Arithmetic ---- */

typedef struct conv {
  sv_window at;
  int64_t batch, ins, outs;      /* N, IC, OC */
  int64_t group_ins, group_outs; /* IC/G, OC/G */
  int64_t in_size, out_size;     /* IH IW, OH OW */
  int64_t taps;                  /* KH KW */
  const real *x, *w, *b, *dy;
  real *y, *dx, *dw, *db;
} conv;

static sv_status prepare(conv *c, const sv_args *args, const sv_shape *x,
                         const sv_shape *y) {
  const sv_conv_attrs *a = args->node->attrs;
  *c = (conv){.batch = x->dim[0], .ins = x->dim[1], .outs = y->dim[1]};
  SV_TRY(resolve(&c->at, a, x));
  c->group_ins = c->ins / a->group;
  c->group_outs = c->outs / a->group;
  c->taps = c->at.kernel[0] * c->at.kernel[1];
  c->in_size = c->at.in[0] * c->at.in[1];
  c->out_size = c->at.out[0] * c->at.out[1];
  c->x = sv_in(args, 0);
  c->w = sv_in(args, 1);
  c->b = sv_in(args, 2);
  return SV_OK;
}

/* A block of one map: its first element, and how far apart its rows and its
 * columns lie. */
typedef struct block {
  int64_t first, row, column;
} block;

/* An element of the kernel: the block of outputs for which it meets the image,
 * and the block of inputs that it meets there. */
typedef struct tap {
  int64_t rows, columns;
  block in, out;
} tap;

/* Rows of fewer columns than this are short. */
enum { SHORT = 8 };

static tap tap_at(const sv_window *w, int64_t index) {
  int64_t u = index / w->kernel[1], v = index % w->kernel[1];
  int64_t top, bottom, left, right;
  sv_window_outputs(w, 0, u, &top, &bottom);
  sv_window_outputs(w, 1, v, &left, &right);
  int64_t row = top * w->stride[0] - w->begin[0] + u * w->dilation[0];
  int64_t column = left * w->stride[1] - w->begin[1] + v * w->dilation[1];
  if (top == bottom || left == right) return (tap){0};
  return (tap){
      .rows = bottom - top,
      .columns = right - left,
      .in = {row * w->in[1] + column, w->stride[0] * w->in[1], w->stride[1]},
      .out = {top * w->out[1] + left, w->out[1], 1}};
}

/* The sum over `count` maps of weight times map. */
typedef struct terms {
  int64_t count, weight_step, map_step;
  const real *weight, *map;
} terms;

/* Adds the sum over block `from` of the maps to block `at` of `to`. The inner
 * loop runs along the rows, or where these are short along the maps. */
static void add_sum(const tap *t, real *to, block at, terms s, block from) {
  to += at.first;
  s.map += from.first;
  if (t->columns < s.count && t->columns < SHORT) {
    for (int64_t i = 0; i < t->rows; i++)
      for (int64_t j = 0; j < t->columns; j++)
        to[i * at.row + j * at.column] +=
            sv_dot(s.weight, s.weight_step,
                   s.map + i * from.row + j * from.column, s.map_step, s.count);
    return;
  }
  for (int64_t m = 0; m < s.count; m++) {
    real weight = s.weight[m * s.weight_step];
    const real *map = s.map + m * s.map_step;
    for (int64_t i = 0; i < t->rows; i++)
      for (int64_t j = 0; j < t->columns; j++)
        to[i * at.row + j * at.column] +=
            weight * map[i * from.row + j * from.column];
  }
}

/* Output maps n,o for begin <= n OC + o < end. */
static void forward_maps(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t map = begin; map < end; map++) {
    int64_t n = map / c->outs, o = map % c->outs;
    int64_t first = o / c->group_outs * c->group_ins;
    terms s = {.count = c->group_ins,
               .weight_step = c->taps,
               .map_step = c->in_size,
               .map = c->x + (n * c->ins + first) * c->in_size};
    real *y = c->y + map * c->out_size;
    for (int64_t i = 0; i < c->out_size; i++) y[i] = c->b ? c->b[o] : 0;
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      s.weight = c->w + o * c->group_ins * c->taps + k;
      add_sum(&t, y, t.out, s, t.in);
    }
  }
}

static sv_status forward(const sv_args *args) {
  conv c;
  SV_TRY(prepare(&c, args, &args->in[0]->shape, &args->out[0]->shape));
  c.y = sv_out(args, 0);
  sv_parallel(c.batch * c.outs, 1, forward_maps, &c);
  return SV_OK;
}

/* Input maps n,c for begin <= n IC + c < end. */
static void backward_maps(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t map = begin; map < end; map++) {
    int64_t n = map / c->ins, ch = map % c->group_ins;
    int64_t first = map % c->ins / c->group_ins * c->group_outs;
    terms s = {.count = c->group_outs,
               .weight_step = c->group_ins * c->taps,
               .map_step = c->out_size,
               .map = c->dy + (n * c->outs + first) * c->out_size};
    real *dx = c->dx + map * c->in_size;
    for (int64_t i = 0; i < c->in_size; i++) dx[i] = 0;
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      s.weight = c->w + (first * c->group_ins + ch) * c->taps + k;
      add_sum(&t, dx, t.in, s, t.out);
    }
  }
}

static sv_status backward_data(const sv_args *args) {
  conv c;
  SV_TRY(
      prepare(&c, args, &args->diff_in[0]->shape, &args->diff_out[0]->shape));
  c.dy = sv_diff_out(args, 0);
  c.dx = sv_diff_in(args, 0);
  sv_parallel(c.batch * c.ins, 1, backward_maps, &c);
  return SV_OK;
}

/* The sum over the batch of the products of output map o and input map `in`
 * where tap t joins them; the inner loop along the rows or along the batch. */
static real sum_products(const conv *c, const tap *t, int64_t o, int64_t in) {
  const real *dy = c->dy + o * c->out_size + t->out.first;
  const real *x = c->x + in * c->in_size + t->in.first;
  int64_t dy_step = c->outs * c->out_size, x_step = c->ins * c->in_size;
  bool is_short = t->columns < c->batch && t->columns < SHORT;
  double sum = 0;
  for (int64_t i = 0; i < t->rows; i++) {
    const real *dy_row = dy + i * t->out.row, *x_row = x + i * t->in.row;
    for (int64_t j = 0; j < t->columns && is_short; j++)
      sum += sv_dot(dy_row + j, dy_step, x_row + j * t->in.column, x_step,
                    c->batch);
    for (int64_t n = 0; n < c->batch && !is_short; n++)
      sum += sv_dot(dy_row + n * dy_step, 1, x_row + n * x_step, t->in.column,
                    t->columns);
  }
  return (real)sum;
}

/* Kernels o,c for begin <= o IC/G + c < end. */
static void backward_kernels(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t kernel = begin; kernel < end; kernel++) {
    int64_t o = kernel / c->group_ins, ch = kernel % c->group_ins;
    int64_t in = o / c->group_outs * c->group_ins + ch;
    for (int64_t k = 0; k < c->taps; k++) {
      tap t = tap_at(&c->at, k);
      c->dw[kernel * c->taps + k] = sum_products(c, &t, o, in);
    }
  }
}

static void backward_biases(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t o = begin; o < end; o++) {
    double sum = 0;
    for (int64_t n = 0; n < c->batch; n++)
      sum += sv_sum(c->dy + (n * c->outs + o) * c->out_size, c->out_size);
    c->db[o] = (real)sum;
  }
}

static sv_status backward_params(const sv_args *args) {
  conv c;
  SV_TRY(prepare(&c, args, &args->in[0]->shape, &args->diff_out[0]->shape));
  c.dy = sv_diff_out(args, 0);
  c.dw = sv_diff_in(args, 1);
  c.db = sv_diff_in(args, 2);
  if (c.dw) sv_parallel(c.outs * c.group_ins, 1, backward_kernels, &c);
  if (c.db) sv_parallel(c.outs, 1, backward_biases, &c);
  return SV_OK;
}

/* ---- Tables ---- */

static const sv_port in[] = {{.name = "x"},
                             {.name = "w", .role = SV_WEIGHT},
                             {.name = "b", .role = SV_BIAS, .optional = true},
                             {.name = NULL}};
static const sv_port out[] = {{.name = "y"}, {.name = NULL}};

#define AT(field) offsetof(sv_conv_attrs, field)
static const sv_attr attrs[] = {
    {.name = "channels",
     .type = SV_ATTR_INT,
     .offset = AT(channels),
     .max = 1 << 24,
     .position = 1,
     .help = "output maps; 0: as many as the weight has"},
    {.name = "kernel",
     .onnx = "kernel_shape",
     .type = SV_ATTR_INTS,
     .offset = AT(kernel),
     .min = 1,
     .max = 1 << 24,
     .position = 2,
     .help = "size, height x width"},
    {.name = "stride",
     .onnx = "strides",
     .type = SV_ATTR_INTS,
     .offset = AT(stride),
     .min = 1,
     .max = 1 << 24,
     .help = "steps from one output to the next; none: 1"},
    {.name = "padding",
     .onnx = "pads",
     .type = SV_ATTR_PADDING,
     .offset = AT(padding),
     .max = 1 << 24,
     .help = "zeros around the image: same, same_lower, valid, full, or "
             "numbers for all sides, HxW, or top, left, bottom, right"},
    {.name = "dilation",
     .onnx = "dilations",
     .type = SV_ATTR_INTS,
     .offset = AT(dilation),
     .min = 1,
     .max = 1 << 24,
     .help = "distance between the kernel's elements; none: 1"},
    {.name = "group",
     .onnx = "group",
     .type = SV_ATTR_INT,
     .offset = AT(group),
     .initial = 1,
     .min = 1,
     .max = 1 << 24,
     .help = "parts into which the maps are split, each on its own"},
    {.name = "bias",
     .type = SV_ATTR_BOOL,
     .offset = AT(bias),
     .initial = 1,
     .help = "a number added to each output map"},
    {.name = NULL}};

SV_OP(conv) = {
    .name = "conv",
    .summary = "y[o] = b[o] + sum over c of x[c] cross-correlated with w[o,c]",
    .onnx = (const sv_onnx_name[]){{"Conv", 0, 0}, {NULL, 0, 0}},
    .in = in,
    .out = out,
    .attrs = attrs,
    .attrs_size = sizeof(sv_conv_attrs),
    .settle = settle,
    .parameter = parameter,
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .backward_params = backward_params,
            .data_reads_in = SV_PORT(1),
            .params_reads_in = SV_PORT(0)},
};
