/* MobileNet v2: inverted residuals. A block widens t times with a 1x1
 * convolution, filters each map on its own, and narrows again without an
 * activation; the shortcut joins the narrow ends.
 *
 *   3x3/2 32, blocks (t, maps, count, stride): 1 16 1 1, 6 24 2 2, 6 32 3 2,
 *   6 64 4 2, 6 96 3 1, 6 160 3 2, 6 320 1 1, then 1x1 1280, global average,
 *   dropout, classes
 *
 * Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear
 * Bottlenecks", CVPR 2018, table 2. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

typedef struct mobilenet {
  int64_t classes, channels;
  sv_ints size;
  float width, dropout;
} mobilenet;

static const struct group {
  int64_t widen, maps, count, stride;
} groups[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
              {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

static const sv_attr parameters[] = {SV_ZOO_MAPS(mobilenet),
                                     SV_ZOO_DROPOUT(mobilenet, 0.2),
                                     SV_ZOO_IMAGENET(mobilenet, 224),
                                     {0}};

/* conv-norm-relu6; without the last where it is linear. */
static sv_value unit(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form, bool linear) {
  sv_name(g, "%s", name);
  x = sv_zoo_conv(g, x, form);
  sv_name(g, "%s.bn", name);
  x = sv_batch_norm(g, x);
  return linear ? x : sv_clip(g, x, 0, 6);
}

static sv_value block(sv_graph *g, sv_value x, int64_t widen, int64_t maps,
                      int64_t stride) {
  int64_t in = sv_zoo_maps(g, x), inside = in * widen;
  sv_value y = x;
  if (widen > 1)
    y = unit(g, y, "expand", (sv_conv_form){.channels = inside, .kernel = 1},
             false);
  y = unit(
      g, y, "depthwise",
      (sv_conv_form){
          .channels = inside, .kernel = 3, .stride = stride, .group = inside},
      false);
  y = unit(g, y, "project", (sv_conv_form){.channels = maps, .kernel = 1},
           true);
  return stride == 1 && in == maps ? sv_add(g, x, y) : y;
}

static void build(sv_graph *g, const void *values) {
  const mobilenet *p = values;
  int number = 1;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  sv_conv_form first = {
      .channels = sv_zoo_by_eight(32 * p->width), .kernel = 3, .stride = 2};
  x = unit(g, x, "features.0", first, false);
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
    for (int k = 0; k < groups[i].count; k++) {
      sv_scope_push(g, "features.%d", number++);
      x = block(g, x, groups[i].widen,
                sv_zoo_by_eight((double)groups[i].maps * p->width),
                k == 0 ? groups[i].stride : 1);
      sv_scope_pop(g);
    }
  double last = p->width > 1 ? 1280 * (double)p->width : 1280;
  x = unit(g, x, "features.18",
           (sv_conv_form){.channels = sv_zoo_by_eight(last), .kernel = 1},
           false);
  x = sv_zoo_dropout(g, sv_zoo_global_average(g, x), p->dropout);
  sv_zoo_classify(g, x, "classifier", p->classes);
}

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {
      {"features.*", "features.*.0"},
      {"features.*.bn", "features.*.1"},
      {"classifier", "classifier.1"},
      {"features.1.depthwise", "features.1.conv.0.0"},
      {"features.1.depthwise.bn", "features.1.conv.0.1"},
      {"features.1.project", "features.1.conv.1"},
      {"features.1.project.bn", "features.1.conv.2"},
      {"features.*.expand", "features.*.conv.0.0"},
      {"features.*.expand.bn", "features.*.conv.0.1"},
      {"features.*.depthwise", "features.*.conv.1.0"},
      {"features.*.depthwise.bn", "features.*.conv.1.1"},
      {"features.*.project", "features.*.conv.2"},
      {"features.*.project.bn", "features.*.conv.3"},
      {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_mobilenet_v2 = {
    .table =
        {.name = "mobilenet_v2",
         .summary =
             "Sandler et al. 2018: inverted residuals, depthwise convolutions",
         .attrs = parameters,
         .attrs_size = sizeof(mobilenet)},
    .source =
        "Sandler et al., \"MobileNetV2: Inverted Residuals and Linear "
        "Bottlenecks\", CVPR 2018",
    .init = "he_out",
    .torch = torch_name,
    .build = build};
