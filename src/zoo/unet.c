/* U-Net: a class for each pixel, from a path down to small maps that know what
 * there is and a path up that is told at each step where.
 *
 *   down, `depth` times:  3x3 3x3, max pool 2x2; each time twice the maps
 *   bottom:               3x3 3x3
 *   up, `depth` times:    2x2 transposed with stride 2 to half the maps, beside
 *                         the maps of the same size on the way down, 3x3 3x3
 *   1x1 classes
 *
 * The paper's convolutions have no border, so that its maps are smaller than
 * its images; here they keep their size, and batch norm follows each. Poolings
 * round up and the way up is cropped, so that any size goes.
 *
 * Source: Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for
 * Biomedical Image Segmentation", MICCAI 2015. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { DEEPEST = 8 };

typedef struct unet {
  int64_t classes, channels, depth, maps;
  sv_ints size;
  bool norm;
  float dropout;
} unet;

static const sv_attr parameters[] = {
    SV_ZOO_COUNT(unet, depth, 4, DEEPEST, "how often the map is halved"),
    SV_ZOO_COUNT(unet, maps, 64, 4096, "maps of the first convolution"),
    {.name = "norm",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(unet, norm),
     .initial = 1,
     .help = "batch norm after each 3x3 convolution"},
    SV_ZOO_DROPOUT(unet, 0),
    SV_ZOO_PIXELS(unet, 2, 1, 572),
    {0}};

static sv_value conv(sv_graph *g, const unet *p, sv_value x, int64_t maps,
                     int number) {
  sv_name(g, "conv%d", number);
  x = sv_zoo_conv(
      g, x, (sv_conv_form){.channels = maps, .kernel = 3, .bias = !p->norm});
  if (p->norm) {
    sv_name(g, "bn%d", number);
    x = sv_batch_norm(g, x);
  }
  sv_name(g, "relu%d", number);
  return sv_relu(g, x);
}

static sv_value two(sv_graph *g, const unet *p, sv_value x, int64_t maps) {
  return conv(g, p, conv(g, p, x, maps, 1), maps, 2);
}

static sv_value up(sv_graph *g, const unet *p, sv_value x, sv_value beside) {
  int64_t maps = sv_zoo_maps(g, beside);
  sv_name(g, "up");
  x = sv_zoo_crop(g, sv_conv_transpose(g, x, maps, 2, 2), beside, 0);
  sv_name(g, "concat");
  return two(g, p, sv_concat(g, (sv_value[]){beside, x}, 2, 1), maps);
}

static void build(sv_graph *g, const void *values) {
  const unet *p = values;
  sv_value side[DEEPEST], x;
  int depth = (int)p->depth;
  x = sv_zoo_image(g, p->channels, &p->size, 572);
  for (int i = 0; i < depth; i++) {
    sv_scope_push(g, "down%d", i + 1);
    side[i] = two(g, p, x, p->maps << i);
    x = sv_zoo_pool_ceil(g, side[i], 2);
    sv_scope_pop(g);
  }
  sv_scope_push(g, "bottom");
  x = sv_zoo_dropout(g, two(g, p, x, p->maps << depth), p->dropout);
  sv_scope_pop(g);
  for (int i = depth - 1; i >= 0; i--) {
    sv_scope_push(g, "up%d", i + 1);
    x = up(g, p, x, side[i]);
    sv_scope_pop(g);
  }
  sv_name(g, "score");
  sv_segmentation_head(g, sv_conv(g, x, p->classes, 1));
}

const sv_architecture sv_zoo_unet = {
    .table = {.name = "unet",
              .summary = "Ronneberger, Fischer, Brox 2015: down and up again, "
                         "a class for each pixel",
              .attrs = parameters,
              .attrs_size = sizeof(unet)},
    .source =
        "Ronneberger, Fischer, Brox, \"U-Net: Convolutional Networks for "
        "Biomedical Image Segmentation\", MICCAI 2015",
    .init = "he",
    .build = build};
