/* prelu: the rectifier with a trained slope below zero.
 *
 *   y = x where x > 0, else s x
 *   dx = dy where x > 0, else s dy
 *   ds = x dy where x <= 0, else 0, summed over what shares a slope
 *
 * Shapes: any x, y as x; s such as numpy spreads over x. Where it is made here
 * it has a number for each channel (dimension 1): C 1 1 for N C H W.
 * Source: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015;
 * https://onnx.ai/onnx/operators/onnx__PRelu.html */
#define VALUE (a * (a > 0 ? 1 : b))
#define SLOPE_A (a > 0 ? 1 : b)
#define SLOPE_B (a > 0 ? 0 : a)
#define READS_INPUTS

#include "template/pairwise.h"

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  (void)node;
  (void)port;
  const sv_shape *x = &in[0].shape;
  *shape = (sv_shape){.rank = x->rank > 1 ? x->rank - 1 : 1};
  for (int d = 0; d < shape->rank; d++) shape->dim[d] = 1;
  if (x->rank > 1) shape->dim[0] = x->dim[1];
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_real(node, in));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  SV_TRY(sv_broadcast_shape(&out[0].shape, &in[1].shape));
  if (sv_shape_equal(&out[0].shape, &in[0].shape)) return SV_OK;
  return sv_fail(SV_INVALID, "slope of %s cannot be broadcast to x of %s",
                 sv_shape_text(&in[1].shape, (char[SV_SHAPE_TEXT]){0}),
                 sv_shape_text(&in[0].shape, (char[SV_SHAPE_TEXT]){0}));
}

static sv_status backward_slope(const sv_args *args) {
  backward(args, 1);
  return SV_OK;
}

static sv_status backward_x(const sv_args *args) {
  backward(args, 0);
  return SV_OK;
}

SV_OP(prelu) = {
    .name = "prelu",
    .summary = "y = x where x > 0, else slope x",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"PRelu", 6, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "slope",
                             .role = SV_SCALE,
                             .init = "constant 0.25"},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .parameter = parameter,
    .infer = infer,
    .ref = {.forward = forward,
            .backward_data = backward_x,
            .backward_params = backward_slope,
            .data_reads_in = READS,
            .params_reads_in = READS,
            .in_place = true},
};
