#include "zoo/blocks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "graph/graph.h"

static sv_ints axes(int64_t height, int64_t width) {
  return sv_pair(height, width ? width : height);
}

sv_value sv_zoo_conv(sv_graph *g, sv_value x, sv_conv_form form) {
  sv_conv_attrs attrs = sv_conv_default();
  int64_t dilation = form.dilation ? form.dilation : 1;
  attrs.channels = form.channels;
  attrs.kernel = axes(form.kernel, form.kernel_w);
  attrs.stride = sv_square(form.stride ? form.stride : 1);
  attrs.dilation = sv_square(dilation);
  attrs.group = form.group ? form.group : 1;
  attrs.bias = form.bias;
  if (!form.valid)
    attrs.padding.at = sv_pair(dilation * (attrs.kernel.at[0] - 1) / 2,
                               dilation * (attrs.kernel.at[1] - 1) / 2);
  return sv_conv_with(g, x, &attrs);
}

sv_value sv_zoo_conv_relu(sv_graph *g, sv_value x, sv_conv_form form) {
  form.bias = true;
  return sv_relu(g, sv_zoo_conv(g, x, form));
}

sv_value sv_zoo_norm(sv_graph *g, sv_value x, float epsilon) {
  sv_batch_norm_attrs attrs = sv_batch_norm_default();
  attrs.epsilon = epsilon;
  return sv_batch_norm_with(g, x, &attrs);
}

sv_value sv_zoo_unit(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form) {
  sv_name(g, "%s.conv", name);
  x = sv_zoo_conv(g, x, form);
  sv_name(g, "%s.bn", name);
  x = sv_batch_norm(g, x);
  sv_name(g, "%s.relu", name);
  return sv_relu(g, x);
}

sv_value sv_zoo_lrn(sv_graph *g, sv_value x, double k) {
  sv_lrn_attrs attrs = {
      .size = 5, .alpha = 5e-4f, .beta = 0.75f, .k = (float)k};
  return sv_lrn_with(g, x, &attrs);
}

sv_value sv_zoo_pool_ceil(sv_graph *g, sv_value x, int64_t kernel) {
  sv_pool_attrs attrs = sv_pool_default();
  attrs.kernel = sv_square(kernel);
  attrs.stride = sv_square(2);
  attrs.ceil_mode = true;
  return sv_max_pool_with(g, x, &attrs);
}

sv_value sv_zoo_pool_padded(sv_graph *g, sv_value x, int64_t stride) {
  sv_pool_attrs attrs = sv_pool_default();
  attrs.kernel = sv_square(3);
  attrs.stride = sv_square(stride);
  attrs.padding = sv_pad_by(1);
  return sv_max_pool_with(g, x, &attrs);
}

sv_value sv_zoo_image(sv_graph *g, int64_t channels, const sv_ints *size,
                      int64_t usual) {
  int64_t height = size->count ? size->at[0] : usual;
  int64_t width = size->count > 1 ? size->at[1] : height;
  sv_shape shape = {
      .rank = 4,
      .dim = {-1, channels, height ? height : -1, width ? width : -1}};
  if (size->count > 2)
    sv_zoo_fail(g, "size has %d values, expected one or height x width",
                size->count);
  return sv_input(g, "image", SV_F32, shape);
}

int64_t sv_zoo_scaled(int64_t count, double width) {
  int64_t scaled = llround((double)count * width);
  return scaled > 1 ? scaled : 1;
}

int64_t sv_zoo_by_eight(double maps) {
  int64_t rounded = (int64_t)(maps + 4) / 8 * 8;
  if (rounded < 8) rounded = 8;
  return (double)rounded < 0.9 * maps ? rounded + 8 : rounded;
}

int64_t sv_zoo_maps(const sv_graph *g, sv_value x) {
  sv_shape shape = sv_value_shape(g, x);
  return shape.rank > 1 ? shape.dim[1] : 1;
}

void sv_zoo_fail(sv_graph *g, const char *format, ...) {
  char message[256];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  sv_graph_fault(g, sv_fail(SV_INVALID, "%s", message));
}

static bool is_free(const sv_graph *g) {
  const sv_shape *image = &g->values[sv_graph_data_input(g)].shape;
  return image->rank == 4 && (image->dim[2] < 0 || image->dim[3] < 0);
}

sv_value sv_zoo_flatten(sv_graph *g, sv_value x) {
  if (is_free(g))
    sv_zoo_fail(g, "size is 0 (any), but the linear layers need a fixed size");
  return sv_flatten(g, x);
}

sv_value sv_zoo_global_average(sv_graph *g, sv_value x) {
  return sv_flatten(g, sv_global_avg_pool(g, x));
}

void sv_zoo_classify(sv_graph *g, sv_value x, const char *name,
                     int64_t classes) {
  sv_name(g, "%s", name);
  sv_init(g, NULL, "prefer normal 0.01");
  sv_classifier_head(g, sv_linear(g, x, classes));
}

void sv_zoo_classify_maps(sv_graph *g, sv_value x, const char *name,
                          int64_t classes) {
  sv_name(g, "%s", name);
  sv_init(g, NULL, "prefer normal 0.01");
  sv_init(g, "bias", "prefer constant 1");
  x = sv_zoo_conv_relu(g, x, (sv_conv_form){.channels = classes, .kernel = 1});
  sv_classifier_head(g, sv_zoo_global_average(g, x));
}

/* The height and width of x, computed. */
static sv_value size_of(sv_graph *g, sv_value x) {
  return sv_apply_text(g, "shape", &x, 1, "start=2");
}

sv_value sv_zoo_crop(sv_graph *g, sv_value x, sv_value like, int64_t offset) {
  char attrs[96];
  sv_shape is = sv_value_shape(g, x), to = sv_value_shape(g, like);
  long long from = offset, height = to.dim[2], width = to.dim[3];
  if (is_free(g)) {
    snprintf(attrs, sizeof attrs, "%lld,%lld %d,%d axes=2,3", from, from,
             INT32_MAX, INT32_MAX);
    if (offset) x = sv_apply_text(g, "slice", &x, 1, attrs);
    sv_value inputs[] = {x, {0}, size_of(g, like)};
    return sv_apply_text(g, "slice", inputs, 3, "0,0 axes=2,3");
  }
  if (!offset && is.dim[2] == height && is.dim[3] == width) return x;
  snprintf(attrs, sizeof attrs, "%lld,%lld %lld,%lld axes=2,3", from, from,
           from + height, from + width);
  return sv_apply_text(g, "slice", &x, 1, attrs);
}

sv_value sv_zoo_resize_like(sv_graph *g, sv_value x, sv_value like) {
  sv_shape to = sv_value_shape(g, like);
  if (!is_free(g))
    return sv_resize_to(g, x, SV_SAMPLE_LINEAR, to.dim[2], to.dim[3]);
  sv_value inputs[] = {x, {0}, {0}, size_of(g, like)};
  return sv_apply_text(g, "resize", inputs, 4,
                       "mode=linear coordinates=pytorch_half_pixel axes=2,3");
}

sv_value sv_zoo_dropout(sv_graph *g, sv_value x, double share) {
  return share > 0 ? sv_dropout(g, x, share) : x;
}
