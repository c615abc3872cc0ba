/* instance_norm: each map of each image brought to mean 0 and variance 1.
 *
 * A row is a map, and has its channel's scale and bias; formulas: ops/norm.h.
 *
 * Shapes: x and y N C D1 ..., scale and bias C.
 * Source: Ulyanov, Vedaldi, Lempitsky, "Instance Normalization: The Missing
 * Ingredient for Fast Stylization", 2016;
 * https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html */
#include "ops/norm.h"

typedef struct instance_norm_attrs {
  float epsilon;
} instance_norm_attrs;

static sv_status check_maps(const sv_shape *x, sv_shape *channels) {
  if (x->rank < 3)
    return sv_fail(SV_INVALID, "input x is %s, expected N C H W or N C W",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
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
  SV_TRY(sv_check_shape(node, in, SV_NORM_SCALE, &channels));
  return sv_check_shape(node, in, SV_NORM_BIAS, &channels);
}

/* Every pixel sees all of its map. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)node;
  (void)in;
  (void)out;
  cost->spatial = false;
  return SV_OK;
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

SV_NORM_PASSES

static const sv_attr attrs[] = {
    {.name = "epsilon",
     .onnx = "epsilon",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(instance_norm_attrs, epsilon),
     .initial = 1e-5,
     .max = 1,
     .help = "is added to the variance"},
    {.name = NULL}};

SV_OP(instance_norm) = {
    .name = "instance_norm",
    .summary = "y = scale (x - mean) / sqrt(var + epsilon) + bias, per map",
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
    .cost = cost,
    .ref = SV_NORM_REFERENCE,
};
