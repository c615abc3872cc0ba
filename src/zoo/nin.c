/* Network in Network: after each convolution a small perceptron slides over the
 * maps, two convolutions of 1x1; no linear layers at the end, the last maps are
 * the classes and their means the scores.
 *
 *   imagenet: 11x11/4 96 | 5x5 256 | 3x3 384 | 3x3 1024-1024-classes, max
 *             pooling between, dropout before the last
 *   small:    5x5 192-160-96 | 5x5 192-192-192 | 3x3 192-192-classes, for
 *             images of about 32x32, max pooling, then average pooling
 *             between, dropout after each
 *
 * Source: Lin, Chen, Yan, "Network In Network", ICLR 2014; the sizes are those
 * of the authors' models. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { IMAGENET, SMALL };

typedef struct nin {
  int64_t classes, channels;
  sv_ints size;
  int form;
  float width, dropout;
} nin;

static const char *const forms[] = {"imagenet", "small", NULL};

static const sv_attr parameters[] = {
    {.name = "form",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(nin, form),
     .choices = forms,
     .help = "for images of 224x224, or of about 32x32"},
    SV_ZOO_MAPS(nin),
    SV_ZOO_DROPOUT(nin, 0.5),
    SV_ZOO_IMAGENET(nin, 224),
    {0}};

/* A convolution and the first layer of the perceptron behind it. */
static sv_value hidden(sv_graph *g, sv_value x, int number, sv_conv_form first,
                       int64_t second) {
  sv_name(g, "conv%d", number);
  x = sv_zoo_conv_relu(g, x, first);
  sv_name(g, "cccp%da", number);
  return sv_zoo_conv_relu(g, x,
                          (sv_conv_form){.channels = second, .kernel = 1});
}

/* The same and the second one. */
static sv_value mlpconv(sv_graph *g, sv_value x, int number, sv_conv_form first,
                        int64_t second, int64_t third) {
  x = hidden(g, x, number, first, second);
  sv_name(g, "cccp%db", number);
  return sv_zoo_conv_relu(g, x, (sv_conv_form){.channels = third, .kernel = 1});
}

static void imagenet(sv_graph *g, const nin *p, sv_value x) {
  const int64_t maps[] = {
      sv_zoo_scaled(96, p->width), sv_zoo_scaled(256, p->width),
      sv_zoo_scaled(384, p->width), sv_zoo_scaled(1024, p->width)};
  for (int i = 0; i < 3; i++) {
    sv_conv_form first = {.channels = maps[i],
                          .kernel = i == 0   ? 11
                                    : i == 1 ? 5
                                             : 3,
                          .stride = i == 0 ? 4 : 1,
                          .valid = i == 0};
    x = sv_zoo_pool_ceil(g, mlpconv(g, x, i + 1, first, maps[i], maps[i]), 3);
  }
  x = sv_zoo_dropout(g, x, p->dropout);
  x = hidden(g, x, 4, (sv_conv_form){.channels = maps[3], .kernel = 3},
             maps[3]);
  sv_zoo_classify_maps(g, x, "cccp4b", p->classes);
}

static void small(sv_graph *g, const nin *p, sv_value x) {
  const int64_t wide = sv_zoo_scaled(192, p->width);
  sv_pool_attrs average = sv_pool_default();
  average.kernel = sv_square(3);
  average.stride = sv_square(2);
  average.ceil_mode = true;
  x = mlpconv(g, x, 1, (sv_conv_form){.channels = wide, .kernel = 5},
              sv_zoo_scaled(160, p->width), sv_zoo_scaled(96, p->width));
  x = sv_zoo_dropout(g, sv_zoo_pool_ceil(g, x, 3), p->dropout);
  x = mlpconv(g, x, 2, (sv_conv_form){.channels = wide, .kernel = 5}, wide,
              wide);
  x = sv_zoo_dropout(g, sv_avg_pool_with(g, x, &average), p->dropout);
  x = hidden(g, x, 3, (sv_conv_form){.channels = wide, .kernel = 3}, wide);
  sv_zoo_classify_maps(g, x, "cccp3b", p->classes);
}

static void build(sv_graph *g, const void *values) {
  const nin *p = values;
  sv_value x =
      sv_zoo_image(g, p->channels, &p->size, p->form == SMALL ? 32 : 224);
  if (p->form == SMALL)
    small(g, p, x);
  else
    imagenet(g, p, x);
}

/* Nine layers without a norm: see docs/recipes.md. */
static const sv_zoo_recipe nin_recipe = {.optimiser = "adam", .rate = 0.001};

const sv_architecture sv_zoo_nin = {
    .table = {.name = "nin",
              .summary = "Lin et al. 2014: perceptrons of 1x1 convolutions, "
                         "no linear layers",
              .attrs = parameters,
              .attrs_size = sizeof(nin)},
    .source = "Lin, Chen, Yan, \"Network In Network\", ICLR 2014",
    .init = "he",
    .recipe = &nin_recipe,
    .build = build};
