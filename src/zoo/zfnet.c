/* ZFNet: AlexNet after looking at what its filters had learned: 7x7 with stride
 * 2 in the first layer where 11x11 with stride 4 had left dead filters and
 * aliasing behind.
 *
 *   3@224 -7x7/2-> 96@110 -pool-> 55 -LRN -5x5/2-> 256@26 -pool-> 13 -LRN
 *         -3x3-> 384 -3x3-> 384 -3x3-> 256 -pool-> 6 -> 4096 -> 4096 -> classes
 *
 * Source: Zeiler, Fergus, "Visualizing and Understanding Convolutional
 * Networks", ECCV 2014, figure 3. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

typedef struct zfnet {
  int64_t classes, channels;
  sv_ints size;
  int64_t hidden;
  float width, dropout;
} zfnet;

enum { CONVS = 5 };
static const struct {
  int64_t maps, kernel, stride, padding;
} convs[CONVS] = {{96, 7, 2, 1},
                  {256, 5, 2, 0},
                  {384, 3, 1, 1},
                  {384, 3, 1, 1},
                  {256, 3, 1, 1}};

static const sv_attr parameters[] = {SV_ZOO_HIDDEN(zfnet),
                                     SV_ZOO_MAPS(zfnet),
                                     SV_ZOO_DROPOUT(zfnet, 0.5),
                                     SV_ZOO_IMAGENET(zfnet, 224),
                                     {0}};

static sv_value conv(sv_graph *g, const zfnet *p, sv_value x, int i) {
  sv_conv_attrs attrs = sv_conv_default();
  attrs.channels = sv_zoo_scaled(convs[i].maps, p->width);
  attrs.kernel = sv_square(convs[i].kernel);
  attrs.stride = sv_square(convs[i].stride);
  attrs.padding = sv_pad_by(convs[i].padding);
  sv_name(g, "conv%d", i + 1);
  x = sv_conv_with(g, x, &attrs);
  sv_name(g, "relu%d", i + 1);
  return sv_relu(g, x);
}

static sv_value pool_and_norm(sv_graph *g, sv_value x, int i) {
  sv_name(g, "pool%d", i + 1);
  x = sv_zoo_pool_padded(g, x, 2);
  sv_name(g, "norm%d", i + 1);
  return sv_zoo_lrn(g, x, 2);
}

static sv_value hidden(sv_graph *g, const zfnet *p, sv_value x, int number) {
  sv_name(g, "fc%d", number);
  x = sv_relu(g, sv_linear(g, x, p->hidden));
  return sv_zoo_dropout(g, x, p->dropout);
}

static void build(sv_graph *g, const void *values) {
  const zfnet *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  for (int i = 0; i < CONVS; i++) {
    x = conv(g, p, x, i);
    if (i < 2) x = pool_and_norm(g, x, i);
  }
  sv_name(g, "pool5");
  x = sv_max_pool(g, x, 3, 2);
  x = hidden(g, p, sv_zoo_flatten(g, x), 6);
  x = hidden(g, p, x, 7);
  sv_zoo_classify(g, x, "fc8", p->classes);
}

const sv_architecture sv_zoo_zfnet = {
    .table = {.name = "zfnet",
              .summary = "Zeiler, Fergus 2014: AlexNet with a finer first "
                         "layer",
              .attrs = parameters,
              .attrs_size = sizeof(zfnet)},
    .source =
        "Zeiler, Fergus, \"Visualizing and Understanding Convolutional "
        "Networks\", ECCV 2014",
    .init = "he",
    .build = build};
