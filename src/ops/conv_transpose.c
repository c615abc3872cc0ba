/* conv_transpose: a convolution the other way round, which enlarges images.
 *
 *   y[n,o,p,q] = b[o] + sum over c and over i,u with i SH - PH + u DH = p, j,v
 *                with j SW - PW + v DW = q of x[n,c,i,j] * w[c,o,u,v]
 *   dx[n,c,i,j] = sum over o,u,v of dy[n, o, i SH - PH + u DH, ...] *
 * w[c,o,u,v] dw[c,o,u,v] = sum over n,i,j of x[n,c,i,j] * dy[n, o, ..., ...]
 *   db[o] = sum over n,p,q of dy[n,o,p,q]
 *
 * What a convolution from y to x gives back to its input is the forward pass
 * here, and its forward pass dx. With groups, map c reaches the OC/G output
 * maps of its own group, and o counts among these.
 *
 * Shapes: x N IC IH IW, w IC OC/G KH KW, b OC, y N OC OH OW; or all without H.
 * OH = SH (IH - 1) + DH (KH - 1) + 1 + output padding - padding.
 * Source: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic
 * Segmentation", 2015; https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
#include "ops/conv_maps.h"

/* ---- Shapes ---- */

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_conv_transpose_attrs *a = attrs;
  if (in_count > 1 && in[1].present && in[1].shape.rank > 2) {
    const sv_shape *w = &in[1].shape;
    if (!a->channels) a->channels = sv_times(w->dim[1], a->group);
    if (!a->kernel.count) {
      a->kernel.count = w->rank - 2;
      for (int d = 2; d < w->rank; d++) a->kernel.at[d - 2] = w->dim[d];
    }
    a->bias = in_count > 2 && in[2].present;
  }
  int axes = in_count > 0 && in[0].present ? in[0].shape.rank - 2 : 0;
  sv_window_spread(&a->kernel, axes);
  sv_window_spread_step(&a->stride, axes);
  sv_window_spread_step(&a->dilation, axes);
  sv_window_spread(&a->output_padding, axes);
  sv_window_spread(&a->output_shape, axes);
  sv_window_settle(&a->padding, &a->kernel, &a->dilation);
  sv_window_spread_padding(&a->padding, axes);
  return SV_OK;
}

static sv_status weight_shape(const sv_conv_transpose_attrs *a,
                              const sv_shape *x, sv_shape *shape) {
  sv_window window;
  SV_TRY(sv_window_transpose(&window, x, a));
  if (a->channels < 1)
    return sv_fail(SV_INVALID, "the number of output maps is missing");
  if (x->dim[1] % a->group || a->channels % a->group)
    return sv_fail(SV_INVALID,
                   "group is %lld, which does not divide %lld input maps and "
                   "%lld output maps",
                   (long long)a->group, (long long)x->dim[1],
                   (long long)a->channels);
  *shape = *x;
  shape->dim[0] = x->dim[1];
  shape->dim[1] = a->channels / a->group;
  for (int d = 2; d < x->rank; d++)
    shape->dim[d] = window.kernel[d - x->rank + 2];
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  const sv_conv_transpose_attrs *a = node->attrs;
  sv_shape weight;
  SV_TRY(weight_shape(a, &in[0].shape, &weight));
  if (port == 1) *shape = weight;
  if (port == 2 && a->bias)
    *shape = (sv_shape){.rank = 1, .dim = {a->channels}};
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_conv_transpose_attrs *a = node->attrs;
  const sv_shape *x = &in[0].shape;
  sv_shape weight, bias = {.rank = 1, .dim = {a->channels}};
  sv_window window;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(weight_shape(a, x, &weight));
  SV_TRY(sv_check_shape(node, in, 1, &weight));
  if (sv_given(node, in, 2)) SV_TRY(sv_check_shape(node, in, 2, &bias));
  SV_TRY(sv_window_transpose(&window, x, a));
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = x->rank, .dim = {x->dim[0], a->channels}};
  for (int d = 2; d < x->rank; d++)
    out[0].shape.dim[d] = window.in[d - x->rank + 2];
  return SV_OK;
}

/* Each input element is multiplied with OC/G KH KW others. With a stride the
 * outputs lie closer than the inputs: no whole step describes them. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  sv_window w;
  (void)out;
  SV_TRY(sv_window_transpose(&w, &in[0].shape, node->attrs));
  cost->spatial = w.stride[0] == 1 && w.stride[1] == 1;
  for (int d = 0; d < 2; d++)
    cost->axis[d] =
        (sv_reach){.step = 1,
                   .first = w.begin[d] - w.dilation[d] * (w.kernel[d] - 1),
                   .last = w.begin[d]};
  cost->macs = sv_shape_count(&in[0].shape);
  for (int d = 1; d < in[1].shape.rank; d++)
    cost->macs = sv_times(cost->macs, in[1].shape.dim[d]);
  return SV_OK;
}

/* ---- Arithmetic: that of a convolution from y to x ---- */

static sv_status prepare(conv *c, const sv_args *args, const sv_shape *x) {
  const sv_conv_transpose_attrs *a = args->node->attrs;
  *c = (conv){.w = sv_in(args, 1)};
  SV_TRY(sv_window_transpose(&c->at, x, a));
  conv_measure(c, x->dim[0], a->channels, x->dim[1], a->group);
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  conv c;
  SV_TRY(prepare(&c, args, &args->in[0]->shape));
  c.lift = sv_in(args, 2);
  c.dy = sv_in(args, 0);
  c.dx = sv_out(args, 0);
  sv_parallel(c.batch * c.ins, 1, backward_maps, &c);
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  conv c;
  SV_TRY(prepare(&c, args, &args->diff_in[0]->shape));
  c.x = sv_diff_out(args, 0);
  c.y = sv_diff_in(args, 0);
  sv_parallel(c.batch * c.outs, 1, forward_maps, &c);
  return SV_OK;
}

static void backward_bias(void *context, int64_t begin, int64_t end) {
  const conv *c = context;
  for (int64_t o = begin; o < end; o++) {
    double sum = 0;
    for (int64_t n = 0; n < c->batch; n++)
      sum += sv_sum(c->x + (n * c->ins + o) * c->in_size, c->in_size);
    c->db[o] = (real)sum;
  }
}

static sv_status backward_params(const sv_args *args) {
  conv c;
  SV_TRY(prepare(&c, args, &args->in[0]->shape));
  c.x = sv_diff_out(args, 0);
  c.dy = sv_in(args, 0);
  c.dw = sv_diff_in(args, 1);
  c.db = sv_diff_in(args, 2);
  if (c.dw) sv_parallel(c.outs * c.group_ins, 1, backward_kernels, &c);
  if (c.db) sv_parallel(c.ins, 1, backward_bias, &c);
  return SV_OK;
}

/* ---- Tables ---- */

static const sv_port in[] = {{.name = "x"},
                             {.name = "w", .role = SV_WEIGHT},
                             {.name = "b", .role = SV_BIAS, .optional = true},
                             {.name = NULL}};
static const sv_port out[] = {{.name = "y"}, {.name = NULL}};

#define AT(field) offsetof(sv_conv_transpose_attrs, field)
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
     .help = "how much larger the output is; none: 1"},
    {.name = "padding",
     .onnx = "pads",
     .type = SV_ATTR_PADDING,
     .offset = AT(padding),
     .max = 1 << 24,
     .help = "what is cut off: same, same_lower (stride times the input is "
             "left), valid, full, or numbers for all sides, HxW, or top, left, "
             "bottom, right"},
    {.name = "dilation",
     .onnx = "dilations",
     .type = SV_ATTR_INTS,
     .offset = AT(dilation),
     .min = 1,
     .max = 1 << 24,
     .help = "distance between the kernel's elements; none: 1"},
    {.name = "output_padding",
     .onnx = "output_padding",
     .type = SV_ATTR_INTS,
     .offset = AT(output_padding),
     .max = 1 << 24,
     .help = "added at the bottom and the right; none: 0"},
    {.name = "output_shape",
     .onnx = "output_shape",
     .type = SV_ATTR_INTS,
     .offset = AT(output_shape),
     .max = INT32_MAX,
     .help = "the output's height x width, whatever is to be cut off for it"},
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

SV_OP(conv_transpose) = {
    .name = "conv_transpose",
    .summary = "y = what conv with w gives back to its input, plus b",
    .onnx = (const sv_onnx_name[]){{"ConvTranspose", 0, 0}, {NULL, 0, 0}},
    .in = in,
    .out = out,
    .attrs = attrs,
    .attrs_size = sizeof(sv_conv_transpose_attrs),
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
