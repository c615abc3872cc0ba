/* A fully convolutional head on a residual network, as torchvision has it.
 *
 *   ResNet whose last two stages are dilated, so that they stay at 1/8
 *   3x3 512 - norm - relu - dropout 0.1 - 1x1 classes, resized to the image
 *   in training the same on stage 3 (256 maps), with half the weight
 *
 * Source: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic
 * Segmentation", CVPR 2015; Zhao et al., "Pyramid Scene Parsing Network", CVPR
 * 2017 (the auxiliary loss). */
#include "zoo/architecture.h"
#include "zoo/blocks.h"
#include "zoo/resnet.h"

typedef struct fcn_resnet {
  int64_t classes, channels, depth;
  sv_ints size;
  bool auxiliary;
  float dropout;
} fcn_resnet;

static const sv_attr parameters[] = {
    SV_ZOO_COUNT(fcn_resnet, depth, 50, 152,
                 "weight layers of the residual network: 50, 101, 152"),
    {.name = "auxiliary",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(fcn_resnet, auxiliary),
     .initial = 1,
     .help = "an auxiliary head on the third stage in training"},
    SV_ZOO_DROPOUT(fcn_resnet, 0.1),
    SV_ZOO_PIXELS(fcn_resnet, 21, 3, 520),
    {0}};

/* A quarter of the maps. */
static sv_value head(sv_graph *g, const fcn_resnet *p, sv_value x,
                     sv_value image, const char *name) {
  int64_t maps = sv_zoo_maps(g, x) / 4;
  sv_scope_push(g, "%s", name);
  sv_name(g, "conv1");
  x = sv_zoo_conv(g, x, (sv_conv_form){.channels = maps, .kernel = 3});
  sv_name(g, "bn1");
  x = sv_relu(g, sv_batch_norm(g, x));
  x = sv_zoo_dropout(g, x, p->dropout);
  sv_name(g, "conv2");
  x = sv_conv(g, x, p->classes, 1);
  x = sv_zoo_resize_like(g, x, image);
  sv_scope_pop(g);
  return x;
}

static void build(sv_graph *g, const void *values) {
  const fcn_resnet *p = values;
  sv_value x[SV_RESNET_STAGES];
  sv_value image = sv_zoo_image(g, p->channels, &p->size, 520);
  if (p->depth < 50)
    sv_zoo_fail(g,
                "depth is %lld, expected 50, 101 or 152: basic blocks are "
                "not dilated",
                (long long)p->depth);
  if (!sv_zoo_resnet_dilated(g, p->depth, image, x)) return;
  sv_segmentation_head(g, head(g, p, x[3], image, "classifier"));
  if (p->auxiliary)
    sv_auxiliary_head(g, "auxiliary", head(g, p, x[2], image, "aux"), 0.5);
}

static const sv_zoo_alias fcn_resnet_aliases[] = {
    {"fcn_resnet50", "depth=50"}, {"fcn_resnet101", "depth=101"}, {NULL, NULL}};

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {
      {"classifier.conv1", "classifier.0"},
      {"classifier.bn1", "classifier.1"},
      {"classifier.conv2", "classifier.4"},
      {"aux.conv1", "aux_classifier.0"},
      {"aux.bn1", "aux_classifier.1"},
      {"aux.conv2", "aux_classifier.4"},
      {"*.*.downsample.conv", "backbone.*.*.downsample.0"},
      {"*.*.downsample.bn", "backbone.*.*.downsample.1"},
      {"*.*.*", "backbone.*.*.*"},
      {"*", "backbone.*"},
      {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_fcn_resnet = {
    .table = {.name = "fcn_resnet",
              .summary = "Long et al. 2015 on a dilated ResNet, as torchvision "
                         "has it: semantic segmentation",
              .attrs = parameters,
              .attrs_size = sizeof(fcn_resnet)},
    .source =
        "Long, Shelhamer, Darrell, \"Fully Convolutional Networks for "
        "Semantic Segmentation\", CVPR 2015",
    .aliases = fcn_resnet_aliases,
    .init = "he",
    .torch = torch_name,
    .build = build};
