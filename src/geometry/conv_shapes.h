/* Shapes and tables of conv and conv_transpose. Before including this, an
 * operator defines
 *
 *     #define ATTRIBUTES sv_conv_attrs   its struct
 *     #define OUTS 0                     the dimension of w that has its
 *                                        output channels; the other one is IC
 *
 * and after it the geometry of its window:
 *
 *     static sv_status resolve(sv_window *window, const ATTRIBUTES *a,
 *                              const sv_shape *x);
 *
 * Dimension 1 of w has the channels of one group, dimension 0 those of all. */
#ifndef SV_GEOMETRY_CONV_SHAPES_H
#define SV_GEOMETRY_CONV_SHAPES_H

#include "geometry/window.h"

static sv_status resolve(sv_window *window, const ATTRIBUTES *a,
                         const sv_shape *x);

/* Sets attributes that follow from the weight. Returns the number of the
 * image's axes. */
static int settle_window(ATTRIBUTES *a, const sv_info *in, int in_count) {
  bool given = in_count > 1 && in[1].present && in[1].shape.rank > 2;
  if (given) {
    const sv_shape *w = &in[1].shape;
    if (!a->channels)
      a->channels = sv_times(w->dim[OUTS], OUTS == 1 ? a->group : 1);
    if (!a->kernel.count) {
      a->kernel.count = w->rank - 2;
      for (int d = 2; d < w->rank; d++) a->kernel.at[d - 2] = w->dim[d];
    }
    a->bias = in_count > 2 && in[2].present;
  }
  return sv_window_settle(in, in_count, &a->kernel, &a->stride, &a->dilation,
                          &a->padding);
}

static sv_status weight_shape(const ATTRIBUTES *a, const sv_shape *x,
                              sv_window *window, sv_shape *w) {
  SV_TRY(resolve(window, a, x));
  if (a->channels < 1)
    return sv_fail(SV_INVALID, "the number of output maps is missing");
  if (x->dim[1] % a->group || a->channels % a->group)
    return sv_fail(
        SV_INVALID,
        "group %lld does not divide both %lld input maps and %lld output maps",
        (long long)a->group, (long long)x->dim[1], (long long)a->channels);
  *w = *x;
  w->dim[OUTS] = a->channels;
  w->dim[1 - OUTS] = x->dim[1];
  w->dim[1] /= a->group;
  for (int d = 2; d < x->rank; d++) w->dim[d] = window->kernel[d - x->rank + 2];
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  const ATTRIBUTES *a = node->attrs;
  sv_window window;
  sv_shape weight;
  SV_TRY(weight_shape(a, &in[0].shape, &window, &weight));
  if (port == 1) *shape = weight;
  if (port == 2 && a->bias)
    *shape = (sv_shape){.rank = 1, .dim = {a->channels}};
  return SV_OK;
}

static sv_status check_operands(const sv_node *node, const sv_info *in,
                                sv_window *window) {
  const ATTRIBUTES *a = node->attrs;
  sv_shape weight, bias = {.rank = 1, .dim = {a->channels}};
  SV_TRY(sv_check_real(node, in));
  SV_TRY(weight_shape(a, &in[0].shape, window, &weight));
  SV_TRY(sv_check_shape(node, in, 1, &weight));
  return sv_given(node, in, 2) ? sv_check_shape(node, in, 2, &bias) : SV_OK;
}

/* Each element of `maps` takes part in as many products as w has elements per
 * index of its first dimension. */
static int64_t macs_of(const sv_shape *maps, const sv_shape *w) {
  int64_t macs = sv_shape_count(maps);
  for (int d = 1; d < w->rank; d++) macs = sv_times(macs, w->dim[d]);
  return macs;
}

/* ---- Tables ---- */

static const sv_port in[] = {{.name = "x"},
                             {.name = "w", .role = SV_WEIGHT},
                             {.name = "b", .role = SV_BIAS, .optional = true},
                             {.name = NULL}};
static const sv_port out[] = {{.name = "y"}, {.name = NULL}};

#define AT(field) offsetof(ATTRIBUTES, field)
#define CHANNELS_AND_KERNEL                                      \
  {.name = "channels",                                           \
   .type = SV_ATTR_INT,                                          \
   .offset = AT(channels),                                       \
   .max = 1 << 24,                                               \
   .position = 1,                                                \
   .help = "number of output maps; 0: from the weight's shape"}, \
  {                                                              \
    SV_KERNEL_ATTR, .offset = AT(kernel), .position = 2          \
  }
#define GROUP_AND_BIAS                                                      \
  {.name = "group",                                                         \
   .onnx = "group",                                                         \
   .type = SV_ATTR_INT,                                                     \
   .offset = AT(group),                                                     \
   .initial = 1,                                                            \
   .min = 1,                                                                \
   .max = 1 << 24,                                                          \
   .help = "groups of a grouped convolution"},                              \
  {                                                                         \
    .name = "bias", .type = SV_ATTR_BOOL, .offset = AT(bias), .initial = 1, \
    .help = "add a bias to each output map"                                 \
  }

#endif
