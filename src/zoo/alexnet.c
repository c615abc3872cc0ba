/* AlexNet: the network that won ImageNet in 2012.
 *
 *   one (tower): 3@224 -11x11/4-> 64@55 -pool-> 27 -5x5-> 192 -pool-> 13
 *        -3x3-> 384 -3x3-> 256 -3x3-> 256 -pool-> 6 -> 4096 -> 4096 -> classes
 *   two (groups): 96, 256, 384, 384, 256 maps; the second, fourth and fifth
 *        convolution in two groups, which ran on a processor each; local
 *        response normalisation before the first two poolings
 * Poolings overlap: 3x3 with stride 2.
 *
 * Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep
 * Convolutional Neural Networks", NIPS 2012; one tower: Krizhevsky, "One weird
 * trick for parallelizing convolutional neural networks", 2014. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { ONE, TWO };
enum { CONVS = 5 };

typedef struct alexnet {
  int64_t classes, channels;
  sv_ints size;
  int form;
  int64_t hidden;
  float width, dropout;
} alexnet;

static const char *const forms[] = {"one", "two", NULL};
static const int64_t maps_of[][CONVS] = {
    [ONE] = {64, 192, 384, 256, 256}, [TWO] = {96, 256, 384, 384, 256}};
static const int64_t kernel_of[CONVS] = {11, 5, 3, 3, 3};
static const int64_t group_of[CONVS] = {1, 2, 1, 2, 2};

static const sv_attr parameters[] = {
    {.name = "form",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(alexnet, form),
     .choices = forms,
     .help = "one tower (2014), or two groups with LRN (2012)"},
    SV_ZOO_HIDDEN(alexnet),
    SV_ZOO_MAPS(alexnet),
    SV_ZOO_DROPOUT(alexnet, 0.5),
    SV_ZOO_IMAGENET(alexnet, 224),
    {0}};

static sv_value conv(sv_graph *g, const alexnet *p, sv_value x, int i) {
  sv_conv_attrs attrs = sv_conv_default();
  int64_t group = p->form == TWO ? group_of[i] : 1;
  int64_t maps = sv_zoo_scaled(maps_of[p->form][i] / group, p->width);
  attrs.channels = maps * group;
  attrs.kernel = sv_square(kernel_of[i]);
  attrs.stride = sv_square(i == 0 ? 4 : 1);
  attrs.padding = sv_pad_by(i == 0 ? 2 : kernel_of[i] / 2);
  attrs.group = group;
  sv_name(g, "conv%d", i + 1);
  x = sv_conv_with(g, x, &attrs);
  sv_name(g, "relu%d", i + 1);
  return sv_relu(g, x);
}

static sv_value pool(sv_graph *g, const alexnet *p, sv_value x, int i) {
  if (p->form == TWO && i < 2) {
    sv_name(g, "norm%d", i + 1);
    x = sv_zoo_lrn(g, x, 2);
  }
  sv_name(g, "pool%d", i + 1);
  return sv_max_pool(g, x, 3, 2);
}

static sv_value hidden(sv_graph *g, const alexnet *p, sv_value x, int number) {
  x = sv_zoo_dropout(g, x, p->dropout);
  sv_name(g, "fc%d", number);
  return sv_relu(g, sv_linear(g, x, p->hidden));
}

static void build(sv_graph *g, const void *values) {
  const alexnet *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  for (int i = 0; i < CONVS; i++) {
    x = conv(g, p, x, i);
    if (i != 2 && i != 3) x = pool(g, p, x, i);
  }
  x = hidden(g, p, sv_zoo_flatten(g, x), 6);
  x = hidden(g, p, x, 7);
  sv_zoo_classify(g, x, "fc8", p->classes);
}

/* Eight layers without a norm that keeps the gradients' size. */
static const sv_zoo_recipe alexnet_recipe = {.optimiser = "adam",
                                             .rate = 0.001};

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {{"conv1", "features.0"},
                                        {"conv2", "features.3"},
                                        {"conv3", "features.6"},
                                        {"conv4", "features.8"},
                                        {"conv5", "features.10"},
                                        {"fc6", "classifier.1"},
                                        {"fc7", "classifier.4"},
                                        {"fc8", "classifier.6"},
                                        {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_alexnet = {
    .table = {.name = "alexnet",
              .summary = "Krizhevsky et al. 2012: five convolutions, two "
                         "groups or one tower",
              .attrs = parameters,
              .attrs_size = sizeof(alexnet)},
    .source =
        "Krizhevsky, Sutskever, Hinton, \"ImageNet Classification with "
        "Deep Convolutional Neural Networks\", NIPS 2012",
    .init = "he",
    .recipe = &alexnet_recipe,
    .torch = torch_name,
    .build = build};
