/* The layers by name. */
#include <stdio.h>
#include <svertka/layers.h>

#include "graph/graph.h"
#include "ops/attrs.h"
#include "ops/registry.h"

/* ---- Attributes ---- */

static void defaults_of(const char *op, void *attrs) {
  sv_attrs_default(sv_registry_find(op)->op, attrs);
}

sv_conv_attrs sv_conv_default(void) {
  sv_conv_attrs attrs;
  defaults_of("conv", &attrs);
  return attrs;
}

sv_conv_transpose_attrs sv_conv_transpose_default(void) {
  sv_conv_transpose_attrs attrs;
  defaults_of("conv_transpose", &attrs);
  return attrs;
}

sv_pool_attrs sv_pool_default(void) {
  sv_pool_attrs attrs;
  defaults_of("avg_pool", &attrs);
  return attrs;
}

sv_window_pool_attrs sv_window_pool_default(void) {
  sv_window_pool_attrs attrs;
  defaults_of("window_pool", &attrs);
  return attrs;
}

sv_linear_attrs sv_linear_default(void) {
  sv_linear_attrs attrs;
  defaults_of("linear", &attrs);
  return attrs;
}

sv_pad_attrs sv_pad_default(void) {
  sv_pad_attrs attrs;
  defaults_of("pad", &attrs);
  return attrs;
}

sv_batch_norm_attrs sv_batch_norm_default(void) {
  sv_batch_norm_attrs attrs;
  defaults_of("batch_norm", &attrs);
  return attrs;
}

sv_dropout_attrs sv_dropout_default(void) {
  sv_dropout_attrs attrs;
  defaults_of("dropout", &attrs);
  return attrs;
}

sv_lrn_attrs sv_lrn_default(void) {
  sv_lrn_attrs attrs;
  defaults_of("lrn", &attrs);
  return attrs;
}

sv_resize_attrs sv_resize_default(void) {
  sv_resize_attrs attrs;
  defaults_of("resize", &attrs);
  return attrs;
}

sv_layer_norm_attrs sv_layer_norm_default(void) {
  sv_layer_norm_attrs attrs;
  defaults_of("layer_norm", &attrs);
  return attrs;
}

sv_group_norm_attrs sv_group_norm_default(void) {
  sv_group_norm_attrs attrs;
  defaults_of("group_norm", &attrs);
  return attrs;
}

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

static sv_value apply(sv_graph *g, const char *op, sv_value x,
                      const void *attrs) {
  return sv_apply(g, op, &x, 1, attrs);
}

static sv_value apply_two(sv_graph *g, const char *op, sv_value a, sv_value b) {
  sv_value inputs[] = {a, b};
  return sv_apply(g, op, inputs, 2, NULL);
}

sv_value sv_conv(sv_graph *g, sv_value x, int64_t channels, int64_t kernel) {
  sv_conv_attrs attrs = sv_conv_default();
  attrs.channels = channels;
  attrs.kernel = for_all(kernel);
  return sv_conv_with(g, x, &attrs);
}

sv_value sv_conv_with(sv_graph *g, sv_value x, const sv_conv_attrs *attrs) {
  return apply(g, "conv", x, attrs);
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
  return apply(g, "conv_transpose", x, attrs);
}

sv_value sv_linear(sv_graph *g, sv_value x, int64_t features) {
  sv_linear_attrs attrs = sv_linear_default();
  attrs.features = features;
  return apply(g, "linear", x, &attrs);
}

static sv_value pool(sv_graph *g, const char *op, sv_value x, int64_t kernel,
                     int64_t stride) {
  sv_pool_attrs attrs = sv_pool_default();
  attrs.kernel = for_all(kernel);
  attrs.stride = for_all(stride);
  return apply(g, op, x, &attrs);
}

sv_value sv_max_pool(sv_graph *g, sv_value x, int64_t kernel, int64_t stride) {
  return pool(g, "max_pool", x, kernel, stride);
}

sv_value sv_avg_pool(sv_graph *g, sv_value x, int64_t kernel, int64_t stride) {
  return pool(g, "avg_pool", x, kernel, stride);
}

sv_value sv_max_pool_with(sv_graph *g, sv_value x, const sv_pool_attrs *attrs) {
  return apply(g, "max_pool", x, attrs);
}

sv_value sv_avg_pool_with(sv_graph *g, sv_value x, const sv_pool_attrs *attrs) {
  return apply(g, "avg_pool", x, attrs);
}

sv_value sv_global_avg_pool(sv_graph *g, sv_value x) {
  return apply(g, "global_avg_pool", x, NULL);
}

sv_value sv_global_max_pool(sv_graph *g, sv_value x) {
  return apply(g, "global_max_pool", x, NULL);
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
  return apply(g, "window_pool", x, attrs);
}

sv_value sv_pad(sv_graph *g, sv_value x, sv_border border,
                const int64_t pads[4], double value) {
  sv_pad_attrs attrs = sv_pad_default();
  attrs.border = border;
  attrs.value = (float)value;
  attrs.pads.count = 4;
  for (int i = 0; i < 4; i++) attrs.pads.at[i] = pads[i];
  return apply(g, "pad", x, &attrs);
}

sv_value sv_batch_norm(sv_graph *g, sv_value x) {
  return apply(g, "batch_norm", x, NULL);
}

sv_value sv_batch_norm_with(sv_graph *g, sv_value x,
                            const sv_batch_norm_attrs *attrs) {
  return apply(g, "batch_norm", x, attrs);
}

sv_value sv_dropout(sv_graph *g, sv_value x, double ratio) {
  sv_dropout_attrs attrs = sv_dropout_default();
  attrs.ratio = (float)ratio;
  return apply(g, "dropout", x, &attrs);
}

sv_value sv_lrn(sv_graph *g, sv_value x) { return apply(g, "lrn", x, NULL); }

sv_value sv_lrn_with(sv_graph *g, sv_value x, const sv_lrn_attrs *attrs) {
  return apply(g, "lrn", x, attrs);
}

sv_value sv_resize_with(sv_graph *g, sv_value x, const sv_resize_attrs *attrs) {
  return apply(g, "resize", x, attrs);
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
  return apply(g, "layer_norm", x, &attrs);
}

sv_value sv_instance_norm(sv_graph *g, sv_value x) {
  return apply(g, "instance_norm", x, NULL);
}

sv_value sv_group_norm(sv_graph *g, sv_value x, int64_t groups) {
  sv_group_norm_attrs attrs = sv_group_norm_default();
  attrs.groups = groups;
  return apply(g, "group_norm", x, &attrs);
}

sv_value sv_relu(sv_graph *g, sv_value x) { return apply(g, "relu", x, NULL); }

sv_value sv_tanh(sv_graph *g, sv_value x) { return apply(g, "tanh", x, NULL); }

sv_value sv_sigmoid(sv_graph *g, sv_value x) {
  return apply(g, "sigmoid", x, NULL);
}

/* With attributes by their positions. */
static sv_value apply_number(sv_graph *g, const char *op, sv_value x,
                             double number) {
  char text[40];
  snprintf(text, sizeof text, "%.9g", number);
  return sv_apply_text(g, op, &x, 1, text);
}

sv_value sv_leaky_relu(sv_graph *g, sv_value x, double alpha) {
  return apply_number(g, "leaky_relu", x, alpha);
}

sv_value sv_prelu(sv_graph *g, sv_value x) {
  return apply(g, "prelu", x, NULL);
}

sv_value sv_elu(sv_graph *g, sv_value x, double alpha) {
  return apply_number(g, "elu", x, alpha);
}

sv_value sv_selu(sv_graph *g, sv_value x) { return apply(g, "selu", x, NULL); }

sv_value sv_gelu(sv_graph *g, sv_value x) { return apply(g, "gelu", x, NULL); }

sv_value sv_silu(sv_graph *g, sv_value x) { return apply(g, "silu", x, NULL); }

sv_value sv_mish(sv_graph *g, sv_value x) { return apply(g, "mish", x, NULL); }

sv_value sv_hard_swish(sv_graph *g, sv_value x) {
  return apply(g, "hard_swish", x, NULL);
}

sv_value sv_hard_sigmoid(sv_graph *g, sv_value x) {
  return apply_number(g, "hard_sigmoid", x, 1.0 / 6);
}

sv_value sv_softplus(sv_graph *g, sv_value x) {
  return apply(g, "softplus", x, NULL);
}

sv_value sv_softsign(sv_graph *g, sv_value x) {
  return apply(g, "softsign", x, NULL);
}

sv_value sv_clip(sv_graph *g, sv_value x, double min, double max) {
  char text[80];
  snprintf(text, sizeof text, "%.9g %.9g", min, max);
  return sv_apply_text(g, "clip", &x, 1, text);
}

sv_value sv_log_softmax(sv_graph *g, sv_value x) {
  return apply(g, "log_softmax", x, NULL);
}

sv_value sv_softmax(sv_graph *g, sv_value x) {
  return apply(g, "softmax", x, NULL);
}

sv_value sv_flatten(sv_graph *g, sv_value x) {
  return apply(g, "flatten", x, NULL);
}

sv_value sv_add(sv_graph *g, sv_value a, sv_value b) {
  return apply_two(g, "add", a, b);
}

sv_value sv_sub(sv_graph *g, sv_value a, sv_value b) {
  return apply_two(g, "sub", a, b);
}

sv_value sv_mul(sv_graph *g, sv_value a, sv_value b) {
  return apply_two(g, "mul", a, b);
}

sv_value sv_div(sv_graph *g, sv_value a, sv_value b) {
  return apply_two(g, "div", a, b);
}

sv_value sv_concat(sv_graph *g, const sv_value *values, int count,
                   int64_t axis) {
  char attrs[32];
  snprintf(attrs, sizeof attrs, "%lld", (long long)axis);
  return sv_apply_text(g, "concat", values, count, attrs);
}

sv_value sv_matmul(sv_graph *g, sv_value a, sv_value b) {
  return apply_two(g, "matmul", a, b);
}

sv_value sv_split_equally(sv_graph *g, sv_value x, int parts, int64_t axis) {
  char attrs[64];
  snprintf(attrs, sizeof attrs, "%d %lld", parts, (long long)axis);
  return sv_apply_text(g, "split", &x, 1, attrs);
}

sv_value sv_slice(sv_graph *g, sv_value x, int64_t axis, int64_t begin,
                  int64_t end) {
  char attrs[96];
  snprintf(attrs, sizeof attrs, "%lld %lld %lld", (long long)begin,
           (long long)end, (long long)axis);
  return sv_apply_text(g, "slice", &x, 1, attrs);
}

/* The first attribute of reshape, transpose, squeeze is a list. */
static sv_value apply_list(sv_graph *g, const char *op, sv_value x,
                           const sv_ints *list) {
  char attrs[SV_MAX_INTS * 22 + 1] = "";
  size_t at = 0;
  for (int i = 0; i < list->count && i < SV_MAX_INTS; i++)
    at += (size_t)snprintf(attrs + at, sizeof attrs - at, "%s%lld",
                           i ? "," : "", (long long)list->at[i]);
  return sv_apply_text(g, op, &x, 1, attrs);
}

sv_value sv_reshape(sv_graph *g, sv_value x, sv_ints shape) {
  return apply_list(g, "reshape", x, &shape);
}

sv_value sv_transpose(sv_graph *g, sv_value x, sv_ints perm) {
  return apply_list(g, "transpose", x, &perm);
}

sv_value sv_squeeze(sv_graph *g, sv_value x, sv_ints axes) {
  return apply_list(g, "squeeze", x, &axes);
}

/* Images may come in any size. */
static bool has_free_size(const sv_graph *g) {
  for (int i = 1; i < g->value_count; i++)
    for (int d = 1; d < g->values[i].shape.rank; d++)
      if (g->values[i].kind == SV_VALUE_INPUT && g->values[i].shape.dim[d] < 0)
        return true;
  return false;
}

/* N C H W as N groups C/groups H W; where H and W are not known, with the
 * channels last, so that a 0 can stand for each of them. */
sv_value sv_channel_shuffle(sv_graph *g, sv_value x, int64_t groups) {
  sv_shape s = sv_value_shape(g, x);
  int64_t channels = s.rank > 1 ? s.dim[1] : 0;
  int64_t each = groups > 0 ? channels / groups : 0;
  if (!has_free_size(g)) {
    x = sv_reshape(g, x, (sv_ints){5, {0, groups, each, s.dim[2], s.dim[3]}});
    x = sv_transpose(g, x, (sv_ints){5, {0, 2, 1, 3, 4}});
    return sv_reshape(g, x, (sv_ints){4, {0, channels, s.dim[2], s.dim[3]}});
  }
  x = sv_transpose(g, x, (sv_ints){4, {0, 2, 3, 1}});
  x = sv_reshape(g, x, (sv_ints){5, {0, 0, 0, groups, each}});
  x = sv_transpose(g, x, (sv_ints){5, {0, 1, 2, 4, 3}});
  x = sv_reshape(g, x, (sv_ints){4, {0, 0, 0, channels}});
  return sv_transpose(g, x, (sv_ints){4, {0, 3, 1, 2}});
}

sv_value sv_cross_entropy(sv_graph *g, sv_value scores, sv_value label) {
  return apply_two(g, "cross_entropy", scores, label);
}

sv_value sv_squared_error(sv_graph *g, sv_value x, sv_value target) {
  return apply_two(g, "squared_error", x, target);
}

/* The network's input of labels, made when it is first needed: one for each
 * image, or for each of its pixels. */
static sv_value labels(sv_graph *g, bool of_pixels) {
  int known = sv_graph_label_input(g), image = sv_graph_data_input(g);
  if (known) return (sv_value){known};
  sv_shape shape = {.rank = 1, .dim = {-1, -1, -1}};
  const sv_shape *size = &g->values[image].shape;
  if (of_pixels) shape.rank = 3;
  for (int d = 1; of_pixels && image && size->rank == 4 && d < 3; d++)
    shape.dim[d] = size->dim[d + 1];
  return sv_label(g, "label", shape);
}

void sv_classifier_head(sv_graph *g, sv_value scores) {
  sv_output(g, "probabilities", sv_softmax(g, scores));
  sv_loss(g, "loss", sv_cross_entropy(g, scores, labels(g, false)), 1);
}

/* Maps of scores are of the image's size; the mean is over pixels. */
static sv_value pixel_loss(sv_graph *g, sv_value scores) {
  char attrs[32];
  sv_value inputs[] = {scores, labels(g, true)};
  snprintf(attrs, sizeof attrs, "ignore_index=%d", SV_NO_CLASS);
  return sv_apply_text(g, "cross_entropy", inputs, 2, attrs);
}

void sv_segmentation_head(sv_graph *g, sv_value scores) {
  sv_output(g, "probabilities",
            sv_apply_text(g, "softmax", &scores, 1, "axis=1"));
  sv_loss(g, "loss", pixel_loss(g, scores), 1);
}

void sv_auxiliary_head(sv_graph *g, const char *name, sv_value scores,
                       double weight) {
  bool of_pixels = sv_value_shape(g, scores).rank == 4;
  sv_loss(g, name,
          of_pixels ? pixel_loss(g, scores)
                    : sv_cross_entropy(g, scores, labels(g, false)),
          weight);
}
