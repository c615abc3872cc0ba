/* EfficientNet: inverted residuals with squeeze and excitation - a factor per
 * map that is computed from the maps' means.
 *
 *   3x3/2 32, blocks (t, kernel, maps, count, stride): 1 3 16 1 1, 6 3 24 2 2,
 *   6 5 40 2 2, 6 3 80 3 2, 6 5 112 3 1, 6 5 192 4 2, 6 3 320 1 1, then 1x1
 *   1280, global average, dropout, classes; activations are SiLU
 *
 * That is B0. The others scale maps, blocks and images together:
 *
 *           B1   B2   B3   B4   B5   B6   B7
 *   width   1    1.1  1.2  1.4  1.6  1.8  2
 *   depth   1.1  1.2  1.4  1.8  2.2  2.6  3.1
 *   size    240  260  300  380  456  528  600
 *   dropout 0.2  0.3  0.3  0.4  0.4  0.5  0.5
 *
 * Source: Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional
 * Neural Networks", ICML 2019, table 1; Hu et al., "Squeeze-and-Excitation
 * Networks", CVPR 2018. Stochastic depth is left out. */
#include <math.h>

#include "zoo/architecture.h"
#include "zoo/blocks.h"

typedef struct efficientnet {
  int64_t classes, channels;
  sv_ints size;
  float width, depth, dropout, epsilon;
} efficientnet;

static const struct group {
  int64_t widen, kernel, maps, count, stride;
} groups[] = {{1, 3, 16, 1, 1}, {6, 3, 24, 2, 2},  {6, 5, 40, 2, 2},
              {6, 3, 80, 3, 2}, {6, 5, 112, 3, 1}, {6, 5, 192, 4, 2},
              {6, 3, 320, 1, 1}};

static const sv_attr parameters[] = {
    SV_ZOO_MAPS(efficientnet),
    {.name = "depth",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(efficientnet, depth),
     .initial = 1,
     .min = 1.0 / 64,
     .max = 64,
     .help = "factor for the blocks of each group"},
    SV_ZOO_DROPOUT(efficientnet, 0.2),
    {.name = "epsilon",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(efficientnet, epsilon),
     .initial = 1e-5,
     .min = 1e-12,
     .max = 1,
     .help = "of the batch norms; torchvision's B5 to B7 have 0.001"},
    SV_ZOO_IMAGENET(efficientnet, 224),
    {0}};

/* The maps of the paper's B0 in a network of this width. */
static int64_t scaled(const efficientnet *p, int64_t maps) {
  return sv_zoo_by_eight((double)maps * p->width);
}

static sv_value unit(sv_graph *g, const efficientnet *p, sv_value x,
                     const char *name, sv_conv_form form, bool linear) {
  sv_name(g, "%s", name);
  x = sv_zoo_conv(g, x, form);
  sv_name(g, "%s.bn", name);
  x = sv_zoo_norm(g, x, p->epsilon);
  return linear ? x : sv_silu(g, x);
}

static sv_value excite(sv_graph *g, sv_value x, int64_t squeezed) {
  int64_t maps = sv_zoo_maps(g, x);
  sv_value y = sv_global_avg_pool(g, x);
  sv_name(g, "squeeze");
  y = sv_silu(g, sv_conv(g, y, squeezed, 1));
  sv_name(g, "excite");
  y = sv_sigmoid(g, sv_conv(g, y, maps, 1));
  return sv_mul(g, x, y);
}

static sv_value block(sv_graph *g, const efficientnet *p, sv_value x,
                      const struct group *b, int64_t maps, int64_t stride) {
  int64_t in = sv_zoo_maps(g, x), inside = in * b->widen;
  sv_value y = x;
  if (b->widen > 1)
    y = unit(g, p, y, "expand", (sv_conv_form){.channels = inside, .kernel = 1},
             false);
  y = unit(g, p, y, "depthwise",
           (sv_conv_form){.channels = inside,
                          .kernel = b->kernel,
                          .stride = stride,
                          .group = inside},
           false);
  y = excite(g, y, in > 4 ? in / 4 : 1);
  y = unit(g, p, y, "project", (sv_conv_form){.channels = maps, .kernel = 1},
           true);
  return stride == 1 && in == maps ? sv_add(g, y, x) : y;
}

static void build(sv_graph *g, const void *values) {
  const efficientnet *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  sv_conv_form first = {.channels = scaled(p, 32), .kernel = 3, .stride = 2};
  x = unit(g, p, x, "features.0", first, false);
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
    const struct group *b = &groups[i];
    int count = (int)ceil((double)b->count * p->depth);
    for (int k = 0; k < count; k++) {
      sv_scope_push(g, "features.%zu.%d", i + 1, k);
      x = block(g, p, x, b, scaled(p, b->maps), k == 0 ? b->stride : 1);
      sv_scope_pop(g);
    }
  }
  sv_conv_form last = {.channels = 4 * scaled(p, 320), .kernel = 1};
  x = unit(g, p, x, "features.8", last, false);
  x = sv_zoo_dropout(g, sv_zoo_global_average(g, x), p->dropout);
  sv_zoo_classify(g, x, "classifier", p->classes);
}

static const sv_zoo_alias efficientnet_aliases[] = {
    {"efficientnet_b0", ""},
    {"efficientnet_b1", "depth=1.1,size=240"},
    {"efficientnet_b2", "width=1.1,depth=1.2,dropout=0.3,size=288"},
    {"efficientnet_b3", "width=1.2,depth=1.4,dropout=0.3,size=300"},
    {"efficientnet_b4", "width=1.4,depth=1.8,dropout=0.4,size=380"},
    {"efficientnet_b5",
     "width=1.6,depth=2.2,dropout=0.4,size=456,epsilon=0.001"},
    {"efficientnet_b6",
     "width=1.8,depth=2.6,dropout=0.5,size=528,epsilon=0.001"},
    {"efficientnet_b7", "width=2,depth=3.1,dropout=0.5,size=600,epsilon=0.001"},
    {NULL, NULL}};

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {
      {"features.*", "features.*.0"},
      {"features.*.bn", "features.*.1"},
      {"classifier", "classifier.1"},
      {"features.1.*.depthwise", "features.1.*.block.0.0"},
      {"features.1.*.depthwise.bn", "features.1.*.block.0.1"},
      {"features.1.*.squeeze", "features.1.*.block.1.fc1"},
      {"features.1.*.excite", "features.1.*.block.1.fc2"},
      {"features.1.*.project", "features.1.*.block.2.0"},
      {"features.1.*.project.bn", "features.1.*.block.2.1"},
      {"features.*.*.expand", "features.*.*.block.0.0"},
      {"features.*.*.expand.bn", "features.*.*.block.0.1"},
      {"features.*.*.depthwise", "features.*.*.block.1.0"},
      {"features.*.*.depthwise.bn", "features.*.*.block.1.1"},
      {"features.*.*.squeeze", "features.*.*.block.2.fc1"},
      {"features.*.*.excite", "features.*.*.block.2.fc2"},
      {"features.*.*.project", "features.*.*.block.3.0"},
      {"features.*.*.project.bn", "features.*.*.block.3.1"},
      {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_efficientnet = {
    .table = {.name = "efficientnet",
              .summary = "Tan, Le 2019: inverted residuals with squeeze and "
                         "excitation, B0 to B7",
              .attrs = parameters,
              .attrs_size = sizeof(efficientnet)},
    .source =
        "Tan, Le, \"EfficientNet: Rethinking Model Scaling for "
        "Convolutional Neural Networks\", ICML 2019",
    .aliases = efficientnet_aliases,
    .init = "he_out",
    .torch = torch_name,
    .build = build};
