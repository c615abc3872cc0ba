/* conv_transpose: a convolution the other way round, which enlarges images.
 *
 *   y[n,o,p,q] = b[o] + sum over c and over i,u with i SH - PH + u DH = p, j,v
 *                with j SW - PW + v DW = q of x[n,c,i,j] * w[c,o,u,v]
 *   dx[n,c,i,j] = sum over o,u,v of
 *                 dy[n, o, i SH - PH + u DH, ...] * w[c,o,u,v]
 *   dw[c,o,u,v] = sum over n,i,j of x[n,c,i,j] * dy[n, o, ..., ...]
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
#include "template/conv_maps.h"

#define ATTRIBUTES sv_conv_transpose_attrs
#define OUTS 1
#include "geometry/conv_shapes.h"

/* ---- Shapes ---- */

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_conv_transpose_attrs *a = attrs;
  int axes = settle_window(a, in, in_count);
  sv_window_spread(&a->output_padding, axes);
  sv_window_spread(&a->output_shape, axes);
  return SV_OK;
}

static void spell(void *attrs, const sv_shape *x) {
  sv_window_spell_transpose(x, attrs);
}

static sv_status resolve(sv_window *window, const sv_conv_transpose_attrs *a,
                         const sv_shape *x) {
  return sv_window_transpose(window, x, a);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_conv_transpose_attrs *a = node->attrs;
  const sv_shape *x = &in[0].shape;
  sv_window window;
  SV_TRY(check_operands(node, in, &window));
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = x->rank, .dim = {x->dim[0], a->channels}};
  for (int d = 2; d < x->rank; d++)
    out[0].shape.dim[d] = window.in[d - x->rank + 2];
  return SV_OK;
}

/* Each input element is multiplied with OC/G KH KW others. Input j lies in
 * outputs s j - p .. s j - p + d (k - 1). */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  sv_window w;
  (void)out;
  SV_TRY(resolve(&w, node->attrs, &in[0].shape));
  for (int d = 0; d < 2; d++)
    cost->axis[d] =
        (sv_reach){.step = 1,
                   .first = w.begin[d] - w.dilation[d] * (w.kernel[d] - 1),
                   .last = w.begin[d],
                   .closer = w.stride[d]};
  cost->macs = macs_of(&in[0].shape, &in[1].shape);
  return SV_OK;
}

/* ---- Arithmetic: that of a convolution from y to x ---- */

static sv_status prepare(conv *c, const sv_args *args, const sv_shape *x) {
  const sv_conv_transpose_attrs *a = args->node->attrs;
  *c = (conv){.w = sv_in(args, 1)};
  SV_TRY(resolve(&c->at, a, x));
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

static const sv_attr attrs[] = {
    CHANNELS_AND_KERNEL,
    {SV_STRIDE_ATTR, .offset = AT(stride),
     .help = "step between the input's elements in the output; none: 1"},
    {SV_PADDING_ATTR, .offset = AT(padding),
     .help = "rows and columns removed from the output; same and same_lower: "
             "down to stride times the input: " SV_PADDING_WORDS},
    {SV_DILATION_ATTR, .offset = AT(dilation)},
    {.name = "output_padding",
     .onnx = "output_padding",
     .type = SV_ATTR_INTS,
     .offset = AT(output_padding),
     .max = 1 << 24,
     .help = "extra rows and columns at the bottom and the right; none: 0"},
    {.name = "output_shape",
     .onnx = "output_shape",
     .type = SV_ATTR_INTS,
     .offset = AT(output_shape),
     .max = INT32_MAX,
     .help = "height x width of the output; overrides padding"},
    GROUP_AND_BIAS,
    {.name = NULL}};

SV_OP(conv_transpose) = {
    .name = "conv_transpose",
    .layer = SV_LAYER_CONV_TRANSPOSE,
    .has_maps = true,
    .summary = "transposed convolution of x with w, plus b",
    .effect = SV_EFFECT_WEIGHS,
    .onnx = (const sv_onnx_name[]){{"ConvTranspose", 0, 0}, {NULL, 0, 0}},
    .in = in,
    .out = out,
    .attrs = attrs,
    .attrs_size = sizeof(sv_conv_transpose_attrs),
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
