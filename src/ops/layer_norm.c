/* layer_norm: each sample, from some axis on, brought to mean 0 and variance 1.
 *
 * Rows are what lies from the axis on, every element of a row has a scale and a
 * bias of its own; formulas: template/norm.h.
 *
 * Shapes: x and y D0 .. Dk Dk+1 .., scale and b (the bias) Dk Dk+1 .. for axis
 * k, mean and inv_std_dev (m and r) D0 .. 1 1 ..
 * Source: Ba, Kiros, Hinton, "Layer Normalization", 2016;
 * https://onnx.ai/onnx/operators/onnx__LayerNormalization.html */
#include <svertka/layers.h>

#include "template/norm.h"

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_layer_norm_attrs *a = attrs;
  if (in_count > 1 && in[SV_NORM_SCALE].present)
    a->bias = in_count > 2 && in[SV_NORM_BIAS].present;
  return SV_OK;
}

static sv_status row_shape(const sv_node *node, const sv_shape *x,
                           int64_t *axis, sv_shape *row) {
  *axis = ((const sv_layer_norm_attrs *)node->attrs)->axis;
  SV_TRY(sv_check_axis(axis, x->rank));
  *row = (sv_shape){.rank = x->rank - (int)*axis};
  for (int d = 0; d < row->rank; d++) row->dim[d] = x->dim[*axis + d];
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  const sv_layer_norm_attrs *a = node->attrs;
  int64_t axis;
  if (port == SV_NORM_BIAS && !a->bias) return SV_OK;
  return row_shape(node, &in[0].shape, &axis, shape);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t axis;
  sv_shape row;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(row_shape(node, &in[0].shape, &axis, &row));
  for (int i = SV_NORM_SCALE; i <= SV_NORM_BIAS; i++)
    if (sv_given(node, in, i)) SV_TRY(sv_check_shape(node, in, i, &row));
  for (int i = 0; i < node->out_count; i++) {
    out[i].dtype = in[0].dtype;
    out[i].shape = in[0].shape;
    for (int d = (int)axis; i > 0 && d < in[0].shape.rank; d++)
      out[i].shape.dim[d] = 1;
  }
  return SV_OK;
}

static sv_norm describe(const sv_node *node, const sv_shape *x) {
  const sv_layer_norm_attrs *a = node->attrs;
  int64_t axis = a->axis < 0 ? a->axis + x->rank : a->axis;
  sv_norm n = {
      .rows = 1, .count = 1, .period = 1, .repeat = 1, .epsilon = a->epsilon};
  for (int d = 0; d < x->rank; d++)
    *(d < axis ? &n.rows : &n.count) *= x->dim[d];
  n.each = n.count;
  return n;
}

#define AT(field) offsetof(sv_layer_norm_attrs, field)
static const sv_attr attrs[] = {
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = AT(axis),
     .initial = -1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 1,
     .help = "first of the dimensions that are normalised together"},
    {SV_EPSILON_ATTR, .offset = AT(epsilon)},
    {SV_STASH_ATTR, .offset = AT(stash)},
    /* ONNX has none: settled by the bias. */
    {.name = "bias",
     .type = SV_ATTR_BOOL,
     .offset = AT(bias),
     .initial = 1,
     .help = "subtract the mean and add the bias"},
    {.name = NULL}};

SV_OP(layer_norm) = {
    .name = "layer_norm",
    .summary = "y = scale (x - mean) / sqrt(var + epsilon) + bias, per sample",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"LayerNormalization", 17, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "scale", .role = SV_SCALE},
                            {.name = "b", .role = SV_BIAS, .optional = true},
                            {.name = NULL}},
    .out =
        (const sv_port[]){
            {.name = "y"},
            {.name = "mean", .optional = true, .no_gradient = true},
            {.name = "inv_std_dev", .optional = true, .no_gradient = true},
            {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_layer_norm_attrs),
    .settle = settle,
    .parameter = parameter,
    .infer = infer,
    .cost = sv_cost_whole,
    .ref = SV_NORM_REFERENCE,
};
