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

#include "ops/conv_maps.h"

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
  sv_window_spread_step(&a->stride, axes);
  sv_window_spread_step(&a->dilation, axes);
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

static sv_status prepare(conv *c, const sv_args *args, const sv_shape *x,
                         const sv_shape *y) {
  const sv_conv_attrs *a = args->node->attrs;
  *c = (conv){.x = sv_in(args, 0), .w = sv_in(args, 1), .b = sv_in(args, 2)};
  SV_TRY(resolve(&c->at, a, x));
  conv_measure(c, x->dim[0], x->dim[1], y->dim[1], a->group);
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  conv c;
  SV_TRY(prepare(&c, args, &args->in[0]->shape, &args->out[0]->shape));
  c.y = sv_out(args, 0);
  sv_parallel(c.batch * c.outs, 1, forward_maps, &c);
  return SV_OK;
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
