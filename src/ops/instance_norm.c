/* instance_norm: each map of each image brought to mean 0 and variance 1.
 *
 * A row is a map, and has its channel's scale and bias; formulas:
 * template/norm.h.
 *
 * Shapes: x and y N C D1 ..., scale and bias C.
 * Source: Ulyanov, Vedaldi, Lempitsky, "Instance Normalization: The Missing
 * Ingredient for Fast Stylization", 2016;
 * https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html */
#include "template/norm.h"

typedef struct instance_norm_attrs {
  float epsilon;
} instance_norm_attrs;

static sv_status check_maps(const sv_shape *x, sv_shape *channels) {
  SV_TRY(sv_norm_check_maps(x));
  *channels = (sv_shape){.rank = 1, .dim = {x->dim[1]}};
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  (void)node;
  (void)port;
  return check_maps(&in[0].shape, shape);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_shape channels;
  SV_TRY(sv_infer_same(node, in, out));
  SV_TRY(check_maps(&in[0].shape, &channels));
  return sv_norm_check_params(node, in, &channels);
}

static sv_norm describe(const sv_node *node, const sv_shape *x) {
  const instance_norm_attrs *a = node->attrs;
  sv_norm n = {.rows = x->dim[0] * x->dim[1],
               .count = 1,
               .period = x->dim[1],
               .each = 1,
               .epsilon = a->epsilon};
  for (int d = 2; d < x->rank; d++) n.count *= x->dim[d];
  n.repeat = n.count;
  return n;
}

static const sv_attr attrs[] = {
    {SV_EPSILON_ATTR, .offset = offsetof(instance_norm_attrs, epsilon)},
    {.name = NULL}};

SV_OP(instance_norm) = {
    .name = "instance_norm",
    .has_maps = true,
    .summary = "y = scale (x - mean) / sqrt(var + epsilon) + bias, per map",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"InstanceNormalization", 0, 0},
                                   {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "scale", .role = SV_SCALE},
                            {.name = "bias", .role = SV_BIAS},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(instance_norm_attrs),
    .parameter = parameter,
    .infer = infer,
    .cost = sv_cost_whole,
    .ref = SV_NORM_REFERENCE,
};
