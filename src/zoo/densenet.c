/* Densely connected networks: a layer sees the maps of all layers before it in
 * its block, and adds `growth` maps to them.
 *
 *   layer       norm-relu-conv 1x1 to 4 growth - norm-relu-conv 3x3 to growth,
 *               appended to what came in; the 1x1 is the bottleneck, B
 *   transition  norm-relu-conv 1x1 to half the maps (the compression, C),
 *               average pool 2x2
 *   dropout, where there is any, follows each convolution but the first
 *
 *   densenet        7x7/2 64 (96), max pool, blocks of
 *                   121: 6 12 24 16, 169: 6 12 32 32, 201: 6 12 48 32 (growth
 *                   32), 161: 6 12 36 24 (growth 48)
 *   densenet_small  3x3 2 growth, three blocks of (depth - 4) / 6 layers: the
 *                   BC form for images of about 32x32. Without B the blocks
 *                   have (depth - 4) / 3 layers, and but for BC the first
 *                   convolution has 16 maps
 *
 * Source: Huang, Liu, van der Maaten, Weinberger, "Densely Connected
 * Convolutional Networks", CVPR 2017. */
#include <math.h>
#include <stdio.h>

#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { MOST_BLOCKS = 4 };

typedef struct densenet {
  int64_t classes, channels;
  sv_ints size;
  int64_t depth, growth;
  bool bottleneck;
  float compression, dropout;
} densenet;

static const struct depth {
  int64_t depth, growth;
  int blocks[MOST_BLOCKS];
} depths[] = {{121, 32, {6, 12, 24, 16}},
              {161, 48, {6, 12, 36, 24}},
              {169, 32, {6, 12, 32, 32}},
              {201, 32, {6, 12, 48, 32}}};
enum { DEPTHS = sizeof depths / sizeof depths[0] };

#define COMPRESSION                                            \
  {                                                            \
    .name = "compression", .type = SV_ATTR_FLOAT,              \
    .offset = offsetof(densenet, compression), .initial = 0.5, \
    .min = 1.0 / 64, .max = 1,                                 \
    .help = "share of the maps kept by a transition; 1: all"   \
  }

static const sv_attr large_parameters[] = {
    {.name = "depth",
     .type = SV_ATTR_INT,
     .offset = offsetof(densenet, depth),
     .initial = 121,
     .min = 1,
     .max = 1000,
     .help = "weight layers: 121, 161, 169, 201"},
    {.name = "growth",
     .type = SV_ATTR_INT,
     .offset = offsetof(densenet, growth),
     .min = 0,
     .max = 1024,
     .help = "maps added by a layer; 0: the paper's, 32 or (161) 48"},
    COMPRESSION,
    SV_ZOO_DROPOUT(densenet, 0),
    SV_ZOO_IMAGENET(densenet, 224),
    {0}};

static const sv_attr small_parameters[] = {
    {.name = "depth",
     .type = SV_ATTR_INT,
     .offset = offsetof(densenet, depth),
     .initial = 100,
     .min = 7,
     .max = 2000,
     .help = "weight layers, 6 n + 4: 40, 100, 190; 3 n + 4 without "
             "bottleneck"},
    {.name = "growth",
     .type = SV_ATTR_INT,
     .offset = offsetof(densenet, growth),
     .initial = 12,
     .min = 1,
     .max = 1024,
     .help = "maps added by a layer"},
    {.name = "bottleneck",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(densenet, bottleneck),
     .initial = 1,
     .help = "a 1x1 convolution to 4 growth maps in each layer"},
    COMPRESSION,
    SV_ZOO_DROPOUT(densenet, 0),
    SV_ZOO_SMALL(densenet),
    {0}};

static sv_value norm_relu(sv_graph *g, sv_value x, const char *name) {
  sv_name(g, "%s", name);
  return sv_relu(g, sv_batch_norm(g, x));
}

/* norm-relu-conv as norm<number>, conv<number>. */
static sv_value unit(sv_graph *g, const densenet *p, sv_value x,
                     const char *number, int64_t channels, int64_t kernel) {
  char norm[16];
  snprintf(norm, sizeof norm, "norm%s", number);
  x = norm_relu(g, x, norm);
  sv_name(g, "conv%s", number);
  x = sv_zoo_conv(g, x, (sv_conv_form){.channels = channels, .kernel = kernel});
  return sv_zoo_dropout(g, x, p->dropout);
}

static sv_value layer(sv_graph *g, const densenet *p, sv_value x) {
  sv_value y = p->bottleneck ? unit(g, p, x, "1", 4 * p->growth, 1) : x;
  y = unit(g, p, y, p->bottleneck ? "2" : "1", p->growth, 3);
  return sv_concat(g, (sv_value[]){x, y}, 2, 1);
}

static sv_value dense_block(sv_graph *g, const densenet *p, sv_value x,
                            int number, int layers) {
  for (int i = 0; i < layers; i++) {
    sv_scope_push(g, "denseblock%d.denselayer%d", number, i + 1);
    x = layer(g, p, x);
    sv_scope_pop(g);
  }
  return x;
}

static sv_value transition(sv_graph *g, const densenet *p, sv_value x,
                           int number) {
  /* a float may be just short of what was meant */
  double kept = floor((double)sv_zoo_maps(g, x) * p->compression + 1e-3);
  sv_scope_push(g, "transition%d", number);
  x = unit(g, p, x, "", kept > 1 ? (int64_t)kept : 1, 1);
  sv_name(g, "pool");
  x = sv_avg_pool(g, x, 2, 2);
  sv_scope_pop(g);
  return x;
}

static void finish(sv_graph *g, const densenet *p, sv_value x,
                   const char *norm) {
  x = sv_zoo_global_average(g, norm_relu(g, x, norm));
  sv_zoo_classify(g, x, "classifier", p->classes);
}

static void build_large(sv_graph *g, const void *values) {
  densenet p = *(const densenet *)values;
  const struct depth *d = NULL;
  for (int i = 0; i < DEPTHS; i++)
    if (depths[i].depth == p.depth) d = &depths[i];
  if (!d) {
    sv_zoo_fail(g, "depth is %lld, expected 121, 161, 169 or 201",
                (long long)p.depth);
    return;
  }
  if (p.growth == 0) p.growth = d->growth;
  p.bottleneck = true;
  sv_value x = sv_zoo_image(g, p.channels, &p.size, 224);
  sv_name(g, "conv0");
  x = sv_zoo_conv(
      g, x, (sv_conv_form){.channels = 2 * p.growth, .kernel = 7, .stride = 2});
  x = norm_relu(g, x, "norm0");
  sv_name(g, "pool0");
  x = sv_zoo_pool_padded(g, x, 2);
  for (int i = 0; i < MOST_BLOCKS; i++) {
    x = dense_block(g, &p, x, i + 1, d->blocks[i]);
    if (i + 1 < MOST_BLOCKS) x = transition(g, &p, x, i + 1);
  }
  finish(g, &p, x, "norm5");
}

static void build_small(sv_graph *g, const void *values) {
  const densenet *p = values;
  int each = p->bottleneck ? 6 : 3; /* weight layers of a layer of all blocks */
  if ((p->depth - 4) % each != 0) {
    sv_zoo_fail(g, "depth is %lld, expected %d n + 4: %d, %d, %d, ...",
                (long long)p->depth, each, each + 4, 2 * each + 4,
                3 * each + 4);
    return;
  }
  bool bc = p->bottleneck && p->compression < 1;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 28);
  sv_name(g, "conv0");
  x = sv_zoo_conv(
      g, x, (sv_conv_form){.channels = bc ? 2 * p->growth : 16, .kernel = 3});
  for (int i = 0; i < 3; i++) {
    x = dense_block(g, p, x, i + 1, (int)(p->depth - 4) / each);
    if (i < 2) x = transition(g, p, x, i + 1);
  }
  finish(g, p, x, "norm");
}

static const sv_zoo_alias densenet_aliases[] = {{"densenet121", "depth=121"},
                                                {"densenet161", "depth=161"},
                                                {"densenet169", "depth=169"},
                                                {"densenet201", "depth=201"},
                                                {NULL, NULL}};

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {{"classifier", "classifier"},
                                        {"*", "features.*"},
                                        {"*.*", "features.*.*"},
                                        {"*.*.*", "features.*.*.*"},
                                        {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_densenet = {
    .table = {.name = "densenet",
              .summary = "Huang et al. 2017: each layer reads all preceding "
                         "ones, 121 to 201 layers",
              .attrs = large_parameters,
              .attrs_size = sizeof(densenet)},
    .source =
        "Huang, Liu, van der Maaten, Weinberger, \"Densely Connected "
        "Convolutional Networks\", CVPR 2017",
    .aliases = densenet_aliases,
    .init = "he",
    .torch = torch_name,
    .build = build_large};

const sv_architecture sv_zoo_densenet_small = {
    .table = {.name = "densenet_small",
              .summary = "Huang et al. 2017: for small images, the BC form "
                         "and those without B or C",
              .attrs = small_parameters,
              .attrs_size = sizeof(densenet)},
    .source =
        "Huang, Liu, van der Maaten, Weinberger, \"Densely Connected "
        "Convolutional Networks\", CVPR 2017",
    .init = "he",
    .build = build_small};
