/* SqueezeNet: AlexNet's accuracy with a fiftieth of its parameters. A fire
 * module squeezes through few 1x1 maps before it expands with 1x1 and 3x3 side
 * by side.
 *
 *   1.0    7x7/2 96, pool, fire 2-4, pool, fire 5-8, pool, fire 9
 *   1.1    3x3/2 64, pool, fire 2-3, pool, fire 4-5, pool, fire 6-9
 *   small  1.1 with a first convolution of stride 1 that keeps the border and
 *          no pooling behind it, for images of about 32x32
 * then dropout, 1x1 to the classes, relu, global average. Fire 2 and 3 expand
 * to 64 + 64 maps, each two after them to 64 + 64 more, from an eighth of that
 * (the squeeze ratio). With bypass, fire 3, 5, 7 and 9 add their input.
 *
 * Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer
 * parameters and <0.5MB model size", 2016; 1.1 is the authors' later release.
 */
#include <stdio.h>
#include <string.h>

#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { V1_0, V1_1, SMALL };

typedef struct squeezenet {
  int64_t classes, channels;
  sv_ints size;
  int version;
  bool bypass;
  float ratio, width, dropout;
} squeezenet;

static const char *const versions[] = {"1.0", "1.1", "small", NULL};

static const sv_attr parameters[] = {
    {.name = "version",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(squeezenet, version),
     .choices = versions,
     .help = "small: for images of about 32x32"},
    {.name = "ratio",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(squeezenet, ratio),
     .initial = 0.125,
     .min = 1.0 / 64,
     .max = 1,
     .help = "squeeze ratio: maps that a fire module squeezes to, by those it "
             "expands to"},
    {.name = "bypass",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(squeezenet, bypass),
     .help = "every other fire module adds its input (the simple bypass)"},
    SV_ZOO_MAPS(squeezenet),
    SV_ZOO_DROPOUT(squeezenet, 0.5),
    SV_ZOO_IMAGENET(squeezenet, 224),
    {0}};

enum { FIRST_FIRE = 2, LAST_FIRE = 9 };

static sv_value conv(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form) {
  sv_name(g, "%s", name);
  return sv_zoo_conv_relu(g, x, form);
}

static sv_value fire(sv_graph *g, const squeezenet *p, sv_value x, int number) {
  int64_t expand = sv_zoo_scaled(64 * (number / 2), p->width);
  int64_t squeeze = sv_zoo_scaled(2 * expand, p->ratio);
  sv_scope_push(g, "fire%d", number);
  sv_value y =
      conv(g, x, "squeeze", (sv_conv_form){.channels = squeeze, .kernel = 1});
  sv_value one =
      conv(g, y, "expand1x1", (sv_conv_form){.channels = expand, .kernel = 1});
  sv_value three =
      conv(g, y, "expand3x3", (sv_conv_form){.channels = expand, .kernel = 3});
  y = sv_concat(g, (sv_value[]){one, three}, 2, 1);
  if (p->bypass && number % 2 == 1) y = sv_add(g, x, y);
  sv_scope_pop(g);
  return y;
}

static bool pooled_after(int version, int number) {
  return version == V1_0 ? number == 4 || number == 8
                         : number == 3 || number == 5;
}

static sv_value stem(sv_graph *g, const squeezenet *p, sv_value x) {
  int64_t maps = p->version == V1_0 ? 96 : 64;
  sv_conv_form form = {.channels = sv_zoo_scaled(maps, p->width),
                       .kernel = p->version == V1_0 ? 7 : 3,
                       .stride = p->version == SMALL ? 1 : 2,
                       .valid = p->version != SMALL};
  x = conv(g, x, "conv1", form);
  return p->version == SMALL ? x : sv_zoo_pool_ceil(g, x, 3);
}

static void build(sv_graph *g, const void *values) {
  const squeezenet *p = values;
  sv_value x =
      sv_zoo_image(g, p->channels, &p->size, p->version == SMALL ? 32 : 224);
  x = stem(g, p, x);
  for (int number = FIRST_FIRE; number <= LAST_FIRE; number++) {
    x = fire(g, p, x, number);
    if (pooled_after(p->version, number)) x = sv_zoo_pool_ceil(g, x, 3);
  }
  x = sv_zoo_dropout(g, x, p->dropout);
  sv_zoo_classify_maps(g, x, "conv10", p->classes);
}

static const sv_zoo_alias squeezenet_aliases[] = {
    {"squeezenet1_0", "version=1.0"},
    {"squeezenet1_1", "version=1.1"},
    {NULL, NULL}};

/* No norm, and a ReLU behind the scores: see docs/recipes.md. */
static const sv_zoo_recipe squeezenet_recipe = {.optimiser = "adam",
                                                .rate = 0.001};

/* features.3 is fire2; a pooling takes a number, too. */
static void torch_name(char *name, const void *parameters, const char *layer) {
  const squeezenet *p = parameters;
  static const sv_torch_rule others[] = {
      {"conv1", "features.0"}, {"conv10", "classifier.1"}, {NULL, NULL}};
  int number;
  const char *rest = strchr(layer, '.');
  if (sscanf(layer, "fire%d.", &number) != 1 || !rest) {
    sv_torch_rename(name, others, layer);
    return;
  }
  int index = number + 1;
  for (int i = 2; i < number; i++) index += pooled_after(p->version, i);
  snprintf(name, SV_TORCH_NAME, "features.%d%s", index, rest);
}

const sv_architecture sv_zoo_squeezenet = {
    .table = {.name = "squeezenet",
              .summary = "Iandola et al. 2016: fire modules, 1.2 million "
                         "parameters",
              .attrs = parameters,
              .attrs_size = sizeof(squeezenet)},
    .source =
        "Iandola et al., \"SqueezeNet: AlexNet-level accuracy with 50x "
        "fewer parameters and <0.5MB model size\", 2016",
    .aliases = squeezenet_aliases,
    .init = "he_uniform",
    .recipe = &squeezenet_recipe,
    .torch = torch_name,
    .build = build};
