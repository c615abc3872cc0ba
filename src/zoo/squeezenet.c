/* SqueezeNet: AlexNet's accuracy with a fiftieth of its parameters. A fire
 * module squeezes through few 1x1 maps before it expands with 1x1 and 3x3 side
 * by side.
 *
 *   1.0    7x7/2 96, pool, fire 2-4, pool, fire 5-8, pool, fire 9
 *   1.1    3x3/2 64, pool, fire 2-3, pool, fire 4-5, pool, fire 6-9
 *   small  1.1 with a first convolution of stride 1 that keeps the border and
 *          no pooling behind it, for images of about 32x32
 * then dropout, 1x1 to the classes, relu, global average.
 *
 * Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer
 * parameters and <0.5MB model size", 2016; 1.1 is the authors' later release.
 */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { V1_0, V1_1, SMALL };

typedef struct squeezenet {
  int64_t classes, channels;
  sv_ints size;
  int version;
  float dropout;
} squeezenet;

static const char *const versions[] = {"1.0", "1.1", "small", NULL};

static const sv_attr parameters[] = {
    {.name = "version",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(squeezenet, version),
     .choices = versions,
     .help = "small: for images of about 32x32"},
    SV_ZOO_DROPOUT(squeezenet, 0.5),
    SV_ZOO_IMAGENET(squeezenet, 224),
    {0}};

/* Fire modules 2 to 9: squeeze maps; expand maps of each kind. */
enum { FIRST_FIRE = 2, LAST_FIRE = 9 };
static const struct {
  int64_t squeeze, expand;
} fires[] = {{16, 64},  {16, 64},  {32, 128}, {32, 128},
             {48, 192}, {48, 192}, {64, 256}, {64, 256}};

static sv_value conv(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form) {
  sv_name(g, "%s", name);
  return sv_zoo_conv_relu(g, x, form);
}

static sv_value fire(sv_graph *g, sv_value x, int number) {
  int64_t squeeze = fires[number - FIRST_FIRE].squeeze;
  int64_t expand = fires[number - FIRST_FIRE].expand;
  sv_scope_push(g, "fire%d", number);
  x = conv(g, x, "squeeze", (sv_conv_form){.channels = squeeze, .kernel = 1});
  sv_value parts[] = {
      conv(g, x, "expand1x1", (sv_conv_form){.channels = expand, .kernel = 1}),
      conv(g, x, "expand3x3", (sv_conv_form){.channels = expand, .kernel = 3})};
  x = sv_concat(g, parts, 2, 1);
  sv_scope_pop(g);
  return x;
}

static bool pooled_after(int version, int number) {
  return version == V1_0 ? number == 4 || number == 8
                         : number == 3 || number == 5;
}

static sv_value stem(sv_graph *g, const squeezenet *p, sv_value x) {
  sv_conv_form form = {.channels = p->version == V1_0 ? 96 : 64,
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
    x = fire(g, x, number);
    if (pooled_after(p->version, number)) x = sv_zoo_pool_ceil(g, x, 3);
  }
  x = sv_zoo_dropout(g, x, p->dropout);
  x = conv(g, x, "conv10", (sv_conv_form){.channels = p->classes, .kernel = 1});
  sv_classifier_head(g, sv_zoo_global_average(g, x));
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
    .init = "he_uniform",
    .build = build};
