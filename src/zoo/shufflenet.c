/* ShuffleNet v2: half the maps pass, the other half is worked on, and then they
 * are shuffled.
 *
 *   3x3/2 24, max pool, stages of 4, 8 and 4 blocks, the first of each with
 *   stride 2 and both halves worked on, 1x1, global average, classes
 *   maps of the stages and of the last convolution:
 *     0.5: 48 96 192 1024, 1: 116 232 464 1024, 1.5: 176 352 704 1024,
 *     2: 244 488 976 2048
 *
 * Source: Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN
 * Architecture Design", ECCV 2018, table 5. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { STAGES = 3 };

typedef struct shufflenet {
  int64_t classes, channels;
  sv_ints size;
  int width;
} shufflenet;

static const char *const widths[] = {"0.5", "1", "1.5", "2", NULL};
static const int64_t maps_of[][STAGES + 1] = {{48, 96, 192, 1024},
                                              {116, 232, 464, 1024},
                                              {176, 352, 704, 1024},
                                              {244, 488, 976, 2048}};
static const int blocks_of[STAGES] = {4, 8, 4};

static const sv_attr parameters[] = {{.name = "width",
                                      .type = SV_ATTR_CHOICE,
                                      .offset = offsetof(shufflenet, width),
                                      .initial = 1,
                                      .choices = widths,
                                      .help = "factor for the maps"},
                                     SV_ZOO_IMAGENET(shufflenet, 224),
                                     {0}};

static sv_value unit(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form) {
  sv_name(g, "%s", name);
  x = sv_zoo_conv(g, x, form);
  sv_name(g, "%s.bn", name);
  return sv_batch_norm(g, x);
}

/* A filter for each map, then 1x1. */
static sv_value separable(sv_graph *g, sv_value x, const char *depthwise,
                          const char *pointwise, int64_t maps, int64_t stride) {
  int64_t in = sv_zoo_maps(g, x);
  x = unit(g, x, depthwise,
           (sv_conv_form){
               .channels = in, .kernel = 3, .stride = stride, .group = in});
  x = unit(g, x, pointwise, (sv_conv_form){.channels = maps, .kernel = 1});
  sv_name(g, "%s.relu", pointwise);
  return sv_relu(g, x);
}

static sv_value worked(sv_graph *g, sv_value x, int64_t maps, int64_t stride) {
  x = unit(g, x, "branch2.0", (sv_conv_form){.channels = maps, .kernel = 1});
  sv_name(g, "branch2.0.relu");
  x = sv_relu(g, x);
  return separable(g, x, "branch2.3", "branch2.5", maps, stride);
}

static sv_value block(sv_graph *g, sv_value x, int64_t maps, int64_t stride) {
  sv_value halves[2];
  if (stride > 1) {
    halves[0] = separable(g, x, "branch1.0", "branch1.2", maps / 2, stride);
    halves[1] = worked(g, x, maps / 2, stride);
  } else {
    halves[0] = sv_slice(g, x, 1, 0, maps / 2);
    halves[1] = worked(g, sv_slice(g, x, 1, maps / 2, maps), maps / 2, 1);
  }
  return sv_channel_shuffle(g, sv_concat(g, halves, 2, 1), 2);
}

static void build(sv_graph *g, const void *values) {
  const shufflenet *p = values;
  const int64_t *maps = maps_of[p->width];
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  sv_conv_form first = {.channels = 24, .kernel = 3, .stride = 2};
  x = sv_zoo_pool_padded(g, sv_relu(g, unit(g, x, "conv1", first)), 2);
  for (int s = 0; s < STAGES; s++)
    for (int i = 0; i < blocks_of[s]; i++) {
      sv_scope_push(g, "stage%d.%d", s + 2, i);
      x = block(g, x, maps[s], i == 0 ? 2 : 1);
      sv_scope_pop(g);
    }
  sv_conv_form last = {.channels = maps[STAGES], .kernel = 1};
  x = sv_relu(g, unit(g, x, "conv5", last));
  x = sv_zoo_global_average(g, x);
  sv_zoo_classify(g, x, "fc", p->classes);
}

static const sv_zoo_alias shufflenet_v2_aliases[] = {
    {"shufflenet_v2_x0_5", "width=0.5"},
    {"shufflenet_v2_x1_0", "width=1"},
    {"shufflenet_v2_x1_5", "width=1.5"},
    {"shufflenet_v2_x2_0", "width=2"},
    {NULL, NULL}};

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {{"conv1", "conv1.0"},
                                        {"conv1.bn", "conv1.1"},
                                        {"conv5", "conv5.0"},
                                        {"conv5.bn", "conv5.1"},
                                        {"*.*.branch1.0.bn", "*.*.branch1.1"},
                                        {"*.*.branch1.2.bn", "*.*.branch1.3"},
                                        {"*.*.branch2.0.bn", "*.*.branch2.1"},
                                        {"*.*.branch2.3.bn", "*.*.branch2.4"},
                                        {"*.*.branch2.5.bn", "*.*.branch2.6"},
                                        {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_shufflenet_v2 = {
    .table = {.name = "shufflenet_v2",
              .summary = "Ma et al. 2018: half the maps pass, then all are "
                         "shuffled",
              .attrs = parameters,
              .attrs_size = sizeof(shufflenet)},
    .source =
        "Ma et al., \"ShuffleNet V2: Practical Guidelines for Efficient "
        "CNN Architecture Design\", ECCV 2018",
    .aliases = shufflenet_v2_aliases,
    .init = "he",
    .torch = torch_name,
    .build = build};
