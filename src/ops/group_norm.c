/* group_norm: each group of channels of each image brought to mean 0 and
 * variance 1.
 *
 * A row is a group's maps, and each channel has a scale and a bias, or, as ONNX
 * had it at first, each group; formulas: template/norm.h.
 *
 * Shapes: x and y N C D1 ..., scale and bias C, or the number of groups.
 * Source: Wu, He, "Group Normalization", ECCV 2018;
 * https://onnx.ai/onnx/operators/onnx__GroupNormalization.html */
#include <svertka/layers.h>

#include "graph/compose.h"
#include "op/attrs.h"
#include "template/norm.h"

static sv_status check_groups(const sv_node *node, const sv_shape *x,
                              sv_shape *params) {
  const sv_group_norm_attrs *a = node->attrs;
  SV_TRY(sv_norm_check_maps(x));
  if (a->groups == SV_ATTR_NONE)
    return sv_fail(SV_INVALID, "the number of groups is missing");
  if (x->dim[1] % a->groups)
    return sv_fail(SV_INVALID, "%lld channels cannot be split into %lld groups",
                   (long long)x->dim[1], (long long)a->groups);
  *params = (sv_shape){.rank = 1, .dim = {a->by_group ? a->groups : x->dim[1]}};
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  (void)port;
  return check_groups(node, &in[0].shape, shape);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_shape params;
  SV_TRY(sv_infer_same(node, in, out));
  SV_TRY(check_groups(node, &in[0].shape, &params));
  return sv_norm_check_params(node, in, &params);
}

static sv_norm describe(const sv_node *node, const sv_shape *x) {
  const sv_group_norm_attrs *a = node->attrs;
  sv_norm n = {.rows = x->dim[0] * a->groups,
               .period = a->groups,
               .each = a->by_group ? 1 : x->dim[1] / a->groups,
               .repeat = 1,
               .epsilon = a->epsilon};
  for (int d = 2; d < x->rank; d++) n.repeat *= x->dim[d];
  n.count = x->dim[1] / a->groups * n.repeat;
  if (a->by_group) n.repeat = n.count;
  return n;
}

/* ---- In ONNX before opset 18 ---- */

static sv_value mean_of_rows(sv_graph *g, sv_value x) {
  return sv_apply_text(g, "reduce_mean", &x, 1, "2");
}

/* A number for each group (.. G 1) becomes one for each channel: `first` (the
 * batch, or nothing) C 1 1, which spreads over images. `ones` is G C/G. */
static sv_value for_channels(sv_graph *g, sv_value each, sv_value ones,
                             const char *first, int64_t channels, int rank) {
  char shape[64];
  snprintf(shape, sizeof shape, "%s%lld%s", first, (long long)channels,
           rank > 4   ? ",1,1,1"
           : rank > 3 ? ",1,1"
                      : ",1");
  sv_value spread = ones.id ? sv_two(g, "mul", each, ones) : each;
  return sv_apply_text(g, "reshape", &spread, 1, shape);
}

/* The formulas on x as N G rest, the results brought back to channels. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const sv_group_norm_attrs *a = node->attrs;
  sv_shape x = sv_value_shape(g, in[0]);
  int64_t groups = a->groups, each = x.dim[1] / groups;
  char text[64];
  if (x.rank > 5)
    return sv_fail(SV_UNSUPPORTED, "its input has %d dimensions", x.rank);
  sv_value ones = sv_parameter(g, "ones", SV_CONSTANT, SV_F32,
                               (sv_shape){2, {groups, each}}, "ones");
  snprintf(text, sizeof text, "0,%lld,-1", (long long)groups);
  sv_value rows = sv_apply_text(g, "reshape", in, 1, text);
  sv_value mean = mean_of_rows(g, rows);
  sv_value far = sv_two(g, "sub", rows, mean);
  sv_value var = mean_of_rows(g, sv_two(g, "mul", far, far));
  sv_value deviation = sv_with(g, "add", var, "epsilon", (double)a->epsilon);
  deviation = sv_apply(g, "sqrt", &deviation, 1, NULL);
  int64_t c = x.dim[1];
  sv_value y =
      sv_two(g, "sub", in[0], for_channels(g, mean, ones, "0,", c, x.rank));
  y = sv_two(g, "div", y, for_channels(g, deviation, ones, "0,", c, x.rank));
  for (int i = SV_NORM_SCALE; i <= SV_NORM_BIAS; i++) {
    snprintf(text, sizeof text, "%lld,1", (long long)groups);
    sv_value all = in[i];
    if (a->by_group) all = sv_apply_text(g, "reshape", &in[i], 1, text);
    all =
        for_channels(g, all, a->by_group ? ones : (sv_value){0}, "", c, x.rank);
    y = sv_two(g, i == SV_NORM_SCALE ? "mul" : "add", y, all);
  }
  out[0] = y;
  return sv_graph_check(g);
}

#define AT(field) offsetof(sv_group_norm_attrs, field)
static const sv_attr attrs[] = {
    {.name = "groups",
     .onnx = "num_groups",
     .type = SV_ATTR_INT,
     .offset = AT(groups),
     .initial = (double)SV_ATTR_NONE,
     .min = 1,
     .max = 1 << 24,
     .position = 1,
     .since = 18,
     .required = true,
     .help = "groups of channels; one per channel: instance_norm"},
    {SV_EPSILON_ATTR, .offset = AT(epsilon)},
    {SV_STASH_ATTR, .offset = AT(stash), .since = 21},
    /* Not an attribute of ONNX: what its opsets 18 to 20 do. */
    {.name = "by_group",
     .type = SV_ATTR_BOOL,
     .offset = AT(by_group),
     .help = "one scale and bias per group instead of per channel"},
    {.name = "by_group",
     .type = SV_ATTR_BOOL,
     .offset = AT(by_group),
     .initial = 1,
     .since = 18,
     .until = 20,
     .help = "form of older opsets"},
    {.name = NULL}};

SV_OP(group_norm) = {
    .name = "group_norm",
    .has_maps = true,
    .summary = "y = scale (x - mean) / sqrt(var + epsilon) + bias, per group",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"GroupNormalization", 18, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "scale", .role = SV_SCALE},
                            {.name = "bias", .role = SV_BIAS},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_group_norm_attrs),
    .parameter = parameter,
    .infer = infer,
    .cost = sv_cost_whole,
    .expand = expand,
    .ref = SV_NORM_REFERENCE,
};
