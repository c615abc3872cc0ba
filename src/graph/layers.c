/* The layers by name: those with attributes of their own. layers_pointwise.c
 * has activations and arithmetic, layers_shapes.c what moves numbers, heads.c
 * the ends of networks. */
#include <svertka/layers.h>

#include "graph/compose.h"
#include "op/attrs.h"
#include "op/registry.h"

/* ---- Attributes ---- */

/* sv_conv_attrs sv_conv_default(void), and so on: from the operator's table. */
#define DEFAULTS(kind, op_name)                              \
  sv_##kind##_attrs sv_##kind##_default(void) {              \
    sv_##kind##_attrs attrs;                                 \
    sv_attrs_default(sv_registry_find(op_name)->op, &attrs); \
    return attrs;                                            \
  }

DEFAULTS(conv, "conv")
DEFAULTS(conv_transpose, "conv_transpose")
DEFAULTS(pool, "avg_pool")
DEFAULTS(window_pool, "window_pool")
DEFAULTS(linear, "linear")
DEFAULTS(pad, "pad")
DEFAULTS(batch_norm, "batch_norm")
DEFAULTS(dropout, "dropout")
DEFAULTS(lrn, "lrn")
DEFAULTS(resize, "resize")
DEFAULTS(layer_norm, "layer_norm")
DEFAULTS(group_norm, "group_norm")

sv_ints sv_square(int64_t size) { return sv_pair(size, size); }

sv_ints sv_pair(int64_t height, int64_t width) {
  return (sv_ints){.count = 2, .at = {height, width}};
}

sv_padding sv_pad_by(int64_t size) {
  return (sv_padding){.rule = SV_PAD_EXPLICIT,
                      .at = {.count = 1, .at = {size}}};
}

/* One size for every axis: an image may have one or two. */
static sv_ints for_all(int64_t size) {
  return (sv_ints){.count = 1, .at = {size}};
}

/* ---- Layers ---- */

sv_value sv_conv(sv_graph *g, sv_value x, int64_t channels, int64_t kernel) {
  sv_conv_attrs attrs = sv_conv_default();
  attrs.channels = channels;
  attrs.kernel = for_all(kernel);
  return sv_conv_with(g, x, &attrs);
}

sv_value sv_conv_with(sv_graph *g, sv_value x, const sv_conv_attrs *attrs) {
  return sv_one(g, "conv", x, attrs);
}

sv_value sv_conv_transpose(sv_graph *g, sv_value x, int64_t channels,
                           int64_t kernel, int64_t stride) {
  sv_conv_transpose_attrs attrs = sv_conv_transpose_default();
  attrs.channels = channels;
  attrs.kernel = for_all(kernel);
  attrs.stride = for_all(stride);
  attrs.padding.rule = SV_PAD_SAME_UPPER;
  return sv_conv_transpose_with(g, x, &attrs);
}

sv_value sv_conv_transpose_with(sv_graph *g, sv_value x,
                                const sv_conv_transpose_attrs *attrs) {
  return sv_one(g, "conv_transpose", x, attrs);
}

sv_value sv_linear(sv_graph *g, sv_value x, int64_t features) {
  sv_linear_attrs attrs = sv_linear_default();
  attrs.features = features;
  return sv_one(g, "linear", x, &attrs);
}

static sv_value pool(sv_graph *g, const char *op, sv_value x, int64_t kernel,
                     int64_t stride) {
  sv_pool_attrs attrs = sv_pool_default();
  attrs.kernel = for_all(kernel);
  attrs.stride = for_all(stride);
  return sv_one(g, op, x, &attrs);
}

sv_value sv_max_pool(sv_graph *g, sv_value x, int64_t kernel, int64_t stride) {
  return pool(g, "max_pool", x, kernel, stride);
}

sv_value sv_avg_pool(sv_graph *g, sv_value x, int64_t kernel, int64_t stride) {
  return pool(g, "avg_pool", x, kernel, stride);
}

sv_value sv_max_pool_with(sv_graph *g, sv_value x, const sv_pool_attrs *attrs) {
  return sv_one(g, "max_pool", x, attrs);
}

sv_value sv_avg_pool_with(sv_graph *g, sv_value x, const sv_pool_attrs *attrs) {
  return sv_one(g, "avg_pool", x, attrs);
}

sv_value sv_global_avg_pool(sv_graph *g, sv_value x) {
  return sv_one(g, "global_avg_pool", x, NULL);
}

sv_value sv_global_max_pool(sv_graph *g, sv_value x) {
  return sv_one(g, "global_max_pool", x, NULL);
}

sv_value sv_weighted_avg_pool(sv_graph *g, sv_value x, int64_t kernel,
                              int64_t stride) {
  return pool(g, "weighted_avg_pool", x, kernel, stride);
}

sv_value sv_window_pool(sv_graph *g, sv_value x, int64_t kernel,
                        int64_t stride) {
  int64_t before = (kernel - 1) / 2, after = kernel - 1 - before;
  sv_window_pool_attrs attrs = sv_window_pool_default();
  attrs.kernel = for_all(kernel);
  attrs.stride = for_all(stride);
  attrs.padding.at = sv_value_shape(g, x).rank == 3
                         ? (sv_ints){2, {before, after}}
                         : (sv_ints){4, {before, before, after, after}};
  return sv_window_pool_with(g, x, &attrs);
}

sv_value sv_window_pool_with(sv_graph *g, sv_value x,
                             const sv_window_pool_attrs *attrs) {
  return sv_one(g, "window_pool", x, attrs);
}

sv_value sv_pad(sv_graph *g, sv_value x, sv_border border,
                const int64_t pads[4], double value) {
  sv_pad_attrs attrs = sv_pad_default();
  attrs.border = border;
  attrs.value = (float)value;
  attrs.pads.count = 4;
  for (int i = 0; i < 4; i++) attrs.pads.at[i] = pads[i];
  return sv_one(g, "pad", x, &attrs);
}

sv_value sv_batch_norm(sv_graph *g, sv_value x) {
  return sv_one(g, "batch_norm", x, NULL);
}

sv_value sv_batch_norm_with(sv_graph *g, sv_value x,
                            const sv_batch_norm_attrs *attrs) {
  return sv_one(g, "batch_norm", x, attrs);
}

sv_value sv_dropout(sv_graph *g, sv_value x, double ratio) {
  sv_dropout_attrs attrs = sv_dropout_default();
  attrs.ratio = (float)ratio;
  return sv_one(g, "dropout", x, &attrs);
}

sv_value sv_lrn(sv_graph *g, sv_value x) { return sv_one(g, "lrn", x, NULL); }

sv_value sv_lrn_with(sv_graph *g, sv_value x, const sv_lrn_attrs *attrs) {
  return sv_one(g, "lrn", x, attrs);
}

sv_value sv_resize_with(sv_graph *g, sv_value x, const sv_resize_attrs *attrs) {
  return sv_one(g, "resize", x, attrs);
}

/* PyTorch's nearest neighbour is another than its centre's. */
static sv_resize_attrs resize_attrs(sv_resize_mode mode) {
  sv_resize_attrs attrs = sv_resize_default();
  bool nearest = mode == SV_SAMPLE_NEAREST;
  attrs.mode = mode;
  attrs.coordinates =
      nearest ? SV_SAMPLE_ASYMMETRIC : SV_SAMPLE_PYTORCH_HALF_PIXEL;
  attrs.rounding = SV_SAMPLE_FLOOR;
  return attrs;
}

sv_value sv_resize_by(sv_graph *g, sv_value x, sv_resize_mode mode,
                      double scale) {
  sv_resize_attrs attrs = resize_attrs(mode);
  attrs.scales = (sv_floats){1, {(float)scale}};
  return sv_resize_with(g, x, &attrs);
}

sv_value sv_resize_to(sv_graph *g, sv_value x, sv_resize_mode mode,
                      int64_t height, int64_t width) {
  sv_resize_attrs attrs = resize_attrs(mode);
  attrs.sizes = sv_pair(height, width);
  return sv_resize_with(g, x, &attrs);
}

sv_value sv_layer_norm(sv_graph *g, sv_value x, int64_t axis) {
  sv_layer_norm_attrs attrs = sv_layer_norm_default();
  attrs.axis = axis;
  return sv_one(g, "layer_norm", x, &attrs);
}

sv_value sv_instance_norm(sv_graph *g, sv_value x) {
  return sv_one(g, "instance_norm", x, NULL);
}

sv_value sv_group_norm(sv_graph *g, sv_value x, int64_t groups) {
  sv_group_norm_attrs attrs = sv_group_norm_default();
  attrs.groups = groups;
  return sv_one(g, "group_norm", x, &attrs);
}

sv_value sv_matmul(sv_graph *g, sv_value a, sv_value b) {
  return sv_two(g, "matmul", a, b);
}
