/* rms_norm: each sample, from some axis on, brought to a mean square of 1.
 *
 * Rows are what lies from the axis on, every element of a row has a scale of
 * its own. Formulas: template/norm.h with m = 0.
 *
 * Shapes: x and y D0 .. Dk Dk+1 .., scale Dk Dk+1 .. for axis k.
 * Source: Zhang, Sennrich, "Root Mean Square Layer Normalization", 2019;
 * https://onnx.ai/onnx/operators/onnx__RMSNormalization.html */
#include <string.h>

#include "graph/compose.h"
#include "template/norm.h"

typedef struct rms_attrs {
  int64_t axis, stash;
  float epsilon;
} rms_attrs;

static sv_status row_shape(const sv_node *node, const sv_shape *x,
                           int64_t *axis, sv_shape *row) {
  *axis = ((const rms_attrs *)node->attrs)->axis;
  SV_TRY(sv_check_axis(axis, x->rank));
  *row = (sv_shape){.rank = x->rank - (int)*axis};
  for (int d = 0; d < row->rank; d++) row->dim[d] = x->dim[*axis + d];
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  int64_t axis;
  (void)port;
  return row_shape(node, &in[0].shape, &axis, shape);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t axis;
  sv_shape row;
  SV_TRY(sv_infer_same(node, in, out));
  SV_TRY(row_shape(node, &in[0].shape, &axis, &row));
  return sv_check_shape(node, in, SV_NORM_SCALE, &row);
}

static sv_norm describe(const sv_node *node, const sv_shape *x) {
  const rms_attrs *a = node->attrs;
  int64_t axis = a->axis < 0 ? a->axis + x->rank : a->axis;
  sv_norm n = {.rows = 1,
               .count = 1,
               .period = 1,
               .repeat = 1,
               .epsilon = a->epsilon,
               .about_zero = true};
  for (int d = 0; d < x->rank; d++)
    *(d < axis ? &n.rows : &n.count) *= x->dim[d];
  n.each = n.count;
  return n;
}

/* ONNX has it since opset 23. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const rms_attrs *a = node->attrs;
  sv_shape x = sv_value_shape(g, in[0]);
  int64_t axis = a->axis;
  char axes[8 * SV_MAX_RANK] = "axes=";
  SV_TRY(sv_check_axis(&axis, x.rank));
  for (int64_t d = axis; d < x.rank; d++)
    snprintf(axes + strlen(axes), sizeof axes - strlen(axes), "%s%d",
             d > axis ? "," : "", (int)d);
  sv_value squares = sv_two(g, "mul", in[0], in[0]);
  squares = sv_apply_text(g, "reduce_mean", &squares, 1, axes);
  squares = sv_with(g, "add", squares, "epsilon", a->epsilon);
  sv_value y = sv_two(g, "div", in[0], sv_one(g, "sqrt", squares, NULL));
  out[0] = sv_two(g, "mul", y, in[SV_NORM_SCALE]);
  return sv_graph_check(g);
}

#define AT(field) offsetof(rms_attrs, field)
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
    {.name = NULL}};

SV_OP(rms_norm) = {
    .name = "rms_norm",
    .summary = "y = scale x / sqrt(mean of x^2 + epsilon), per sample",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"RMSNormalization", 23, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "scale", .role = SV_SCALE},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(rms_attrs),
    .parameter = parameter,
    .infer = infer,
    .cost = sv_cost_whole,
    .expand = expand,
    .ref = SV_NORM_REFERENCE,
};
