/* VGG: convolutions of 3x3 alone, one after the other; five blocks, each with
 * half the size and (up to 512) twice the maps of the one before.
 *
 *   A:     64 | 128 | 256 256 | 512 512 | 512 512           11 weight layers
 *   A-LRN: 64 LRN | as A                                    11
 *   B:     64 64 | 128 128 | 256 256 | 512 512 | 512 512    13
 *   C:     B with a 1x1 convolution more in blocks 3 to 5   16
 *   D:     ... with a 3x3 convolution more                  16
 *   E:     ... with two                                     19
 * then, as everywhere, 4096 - 4096 - classes.
 *
 * Source: Simonyan, Zisserman, "Very Deep Convolutional Networks for
 * Large-Scale Image Recognition", ICLR 2015. With batch norm as in torchvision.
 * Small images take fewer blocks and neurons: blocks=3,hidden=512. */
#include <stdio.h>

#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { A, A_LRN, B, C, D, E };

typedef struct vgg {
  int64_t classes, channels;
  sv_ints size;
  int config;
  bool norm;
  int64_t blocks, hidden;
  float width, dropout;
} vgg;

static const char *const configs[] = {"A", "A-LRN", "B", "C", "D", "E", NULL};
enum { BLOCKS = 5 };
static const int64_t maps_of[BLOCKS] = {64, 128, 256, 512, 512};
/* Convolutions of 3x3 in each block. */
static const int convs_of[][BLOCKS] = {
    [A] = {1, 1, 2, 2, 2}, [A_LRN] = {1, 1, 2, 2, 2}, [B] = {2, 2, 2, 2, 2},
    [C] = {2, 2, 2, 2, 2}, [D] = {2, 2, 3, 3, 3},     [E] = {2, 2, 4, 4, 4}};

static const sv_attr parameters[] = {
    {.name = "config",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(vgg, config),
     .initial = D,
     .choices = configs,
     .help = "the column of the paper's table; D is VGG-16, E VGG-19"},
    {.name = "norm",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(vgg, norm),
     .help = "batch norm after each convolution"},
    {.name = "blocks",
     .type = SV_ATTR_INT,
     .offset = offsetof(vgg, blocks),
     .initial = BLOCKS,
     .min = 1,
     .max = BLOCKS,
     .help = "blocks of convolutions; fewer for small images"},
    SV_ZOO_HIDDEN(vgg),
    SV_ZOO_MAPS(vgg),
    SV_ZOO_DROPOUT(vgg, 0.5),
    SV_ZOO_IMAGENET(vgg, 224),
    {0}};

static sv_value conv(sv_graph *g, const vgg *p, sv_value x, int block, int i,
                     int64_t kernel) {
  int64_t maps = sv_zoo_scaled(maps_of[block], p->width);
  sv_name(g, "conv%d_%d", block + 1, i + 1);
  x = sv_zoo_conv(
      g, x, (sv_conv_form){.channels = maps, .kernel = kernel, .bias = true});
  if (p->norm) {
    sv_name(g, "bn%d_%d", block + 1, i + 1);
    x = sv_batch_norm(g, x);
  }
  sv_name(g, "relu%d_%d", block + 1, i + 1);
  return sv_relu(g, x);
}

static sv_value add_block(sv_graph *g, const vgg *p, sv_value x, int block) {
  int count = convs_of[p->config][block];
  for (int i = 0; i < count; i++) x = conv(g, p, x, block, i, 3);
  if (p->config == C && block >= 2) x = conv(g, p, x, block, count, 1);
  if (p->config == A_LRN && block == 0) x = sv_zoo_lrn(g, x, 2);
  sv_name(g, "pool%d", block + 1);
  return sv_max_pool(g, x, 2, 2);
}

static sv_value hidden(sv_graph *g, const vgg *p, sv_value x, int number) {
  sv_name(g, "fc%d", number);
  x = sv_linear(g, x, p->hidden);
  return sv_zoo_dropout(g, sv_relu(g, x), p->dropout);
}

static void build(sv_graph *g, const void *values) {
  const vgg *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  for (int block = 0; block < p->blocks; block++) x = add_block(g, p, x, block);
  x = hidden(g, p, sv_zoo_flatten(g, x), 6);
  x = hidden(g, p, x, 7);
  sv_zoo_classify(g, x, "fc8", p->classes);
}

static const sv_zoo_alias vgg_aliases[] = {
    {"vgg11", "config=A"}, {"vgg11_bn", "config=A,norm=true"},
    {"vgg13", "config=B"}, {"vgg13_bn", "config=B,norm=true"},
    {"vgg16", "config=D"}, {"vgg16_bn", "config=D,norm=true"},
    {"vgg19", "config=E"}, {"vgg19_bn", "config=E,norm=true"},
    {NULL, NULL}};

/* Layers of torchvision's are numbered: convolution, norm, ReLU, and a pooling
 * after each block. */
static void torch_name(char *name, const void *parameters, const char *layer) {
  const vgg *p = parameters;
  static const sv_torch_rule others[] = {{"fc6", "classifier.0"},
                                         {"fc7", "classifier.3"},
                                         {"fc8", "classifier.6"},
                                         {NULL, NULL}};
  int block, i, index = 0, step = p->norm ? 3 : 2;
  bool norm = sscanf(layer, "bn%d_%d", &block, &i) == 2;
  if ((!norm && sscanf(layer, "conv%d_%d", &block, &i) != 2) || block < 1 ||
      block > BLOCKS) {
    sv_torch_rename(name, others, layer);
    return;
  }
  for (int b = 0; b + 1 < block; b++)
    index += step * (convs_of[p->config][b] + (p->config == C && b >= 2)) + 1;
  snprintf(name, SV_TORCH_NAME, "features.%d", index + step * (i - 1) + norm);
}

const sv_architecture sv_zoo_vgg = {
    .table = {.name = "vgg",
              .summary = "Simonyan, Zisserman 2015: 3x3 convolutions, 11 to 19 "
                         "weight layers",
              .attrs = parameters,
              .attrs_size = sizeof(vgg)},
    .source =
        "Simonyan, Zisserman, \"Very Deep Convolutional Networks for "
        "Large-Scale Image Recognition\", ICLR 2015",
    .aliases = vgg_aliases,
    .init = "he",
    .torch = torch_name,
    .build = build};
