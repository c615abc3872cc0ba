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

#include "template/conv_maps.h"

#define ATTRIBUTES sv_conv_attrs
#define OUTS 0
#include "geometry/conv_shapes.h"

/* ---- Shapes ---- */

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  settle_window(attrs, in, in_count);
  return SV_OK;
}

static void spell(void *attrs, const sv_shape *x) {
  sv_conv_attrs *a = attrs;
  sv_window_spell(x, &a->kernel, &a->stride, &a->dilation, &a->padding);
}

static sv_status resolve(sv_window *window, const sv_conv_attrs *a,
                         const sv_shape *x) {
  return sv_window_resolve(window, x, &a->kernel, &a->stride, &a->dilation,
                           &a->padding, false);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_conv_attrs *a = node->attrs;
  sv_window window;
  SV_TRY(check_operands(node, in, &window));
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
  cost->macs = macs_of(&out[0].shape, &in[1].shape);
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

static const sv_attr attrs[] = {
    CHANNELS_AND_KERNEL,
    {SV_STRIDE_ATTR, .offset = AT(stride),
     .help = "step of the window; none: 1"},
    {SV_PADDING_ATTR, .offset = AT(padding),
     .help = "zeros added around the image: " SV_PADDING_WORDS},
    {SV_DILATION_ATTR, .offset = AT(dilation)},
    GROUP_AND_BIAS,
    {.name = NULL}};

SV_OP(conv) = {
    .name = "conv",
    .layer = SV_LAYER_CONV,
    .has_maps = true,
    .summary = "y[o] = b[o] + sum over c of x[c] cross-correlated with w[o,c]",
    .effect = SV_EFFECT_WEIGHS,
    .onnx = (const sv_onnx_name[]){{"Conv", 0, 0}, {NULL, 0, 0}},
    .in = in,
    .out = out,
    .attrs = attrs,
    .attrs_size = sizeof(sv_conv_attrs),
    .settle = settle,
    .spell = spell,
    .parameter = parameter,
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .backward_params = backward_params,
            .data_reads_in = SV_PORT(1),
            .params_reads_in = SV_PORT(0)},
};
