/* U-Net: a class for each pixel, from a path down to small maps that know what
 * there is and a path up that is told at each step where.
 *
 *   down, `depth` times:  3x3 3x3, max pool 2x2; each time twice the maps
 *   bottom:               3x3 3x3
 *   up, `depth` times:    2x2 transposed with stride 2 to half the maps, beside
 *                         the maps of the same size on the way down, 3x3 3x3
 *   1x1 classes
 *
 *   same   convolutions keep the size; poolings round up and the way up is
 *          cropped, so that any size goes
 *   paper  3x3 convolutions have no border: 572x572 become 388x388, and the
 *          maps beside are cropped to their middle. The image of 388x388 is
 *          mirrored at its edges to 572x572, so that each pixel is told
 * Batch norm follows each 3x3 convolution; the paper has none.
 *
 * Source: Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for
 * Biomedical Image Segmentation", MICCAI 2015. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { DEEPEST = 8 };
enum { SAME, PAPER };

typedef struct unet {
  int64_t classes, channels, depth, maps;
  sv_ints size;
  int form;
  bool norm;
  float dropout;
} unet;

static const char *const forms[] = {"same", "paper", NULL};

static const sv_attr parameters[] = {
    SV_ZOO_COUNT(unet, depth, 4, DEEPEST, "number of times the map is halved"),
    SV_ZOO_COUNT(unet, maps, 64, 4096, "maps of the first convolution"),
    {.name = "form",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(unet, form),
     .choices = forms,
     .help = "paper: no borders, the image is mirrored at its edges"},
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
  x = sv_zoo_conv(g, x,
                  (sv_conv_form){.channels = maps,
                                 .kernel = 3,
                                 .valid = p->form == PAPER,
                                 .bias = !p->norm});
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

static int64_t spare(const sv_graph *g, sv_value x, sv_value y) {
  return sv_value_shape(g, x).dim[2] - sv_value_shape(g, y).dim[2];
}

static sv_value up(sv_graph *g, const unet *p, sv_value x, sv_value beside) {
  int64_t maps = sv_zoo_maps(g, beside);
  sv_name(g, "up");
  x = sv_conv_transpose(g, x, maps, 2, 2);
  if (p->form == PAPER)
    beside = sv_zoo_crop(g, beside, x, spare(g, beside, x) / 2);
  else
    x = sv_zoo_crop(g, x, beside, 0);
  sv_name(g, "concat");
  return two(g, p, sv_concat(g, (sv_value[]){beside, x}, 2, 1), maps);
}

static sv_value border(sv_graph *g, sv_value x, const char *name,
                       sv_border kind, sv_ints pads) {
  sv_pad_attrs attrs = sv_pad_default();
  attrs.border = kind;
  attrs.pads = pads;
  sv_name(g, "%s", name);
  return sv_apply(g, "pad", &x, 1, &attrs);
}

/* A network of depth n makes 2^n (b - 4) - 4 (2^n - 1) pixels of
 * 2^n b + 4 (2^n - 1), 12 2^n - 8 fewer. Behind the mirrored border the image
 * grows to the next such size by pixels that no result sees that is kept. */
static sv_value mirror(sv_graph *g, const unet *p, sv_value image) {
  sv_shape size = sv_value_shape(g, image);
  int64_t step = INT64_C(1) << p->depth, wide = 6 * step - 4, more[2] = {0};
  for (int d = 0; d < 2; d++) {
    int64_t pixels = size.dim[d + 2];
    if (d < p->size.count && p->size.at[d] == 0)
      sv_zoo_fail(g, "size is 0 (any), but form=paper needs a fixed size");
    if (pixels <= wide)
      sv_zoo_fail(
          g, "mirror: a border of %lld does not fit the %lldx%lld image",
          (long long)wide, (long long)size.dim[2], (long long)size.dim[3]);
    int64_t made = pixels + 2 * wide - 4 * (step - 1);
    more[d] = (step - made % step) % step;
  }
  image = border(g, image, "mirror", SV_BORDER_REFLECT,
                 (sv_ints){4, {wide, wide, wide, wide}});
  if (!more[0] && !more[1]) return image;
  return border(g, image, "round", SV_BORDER_CONSTANT,
                (sv_ints){4, {0, 0, more[0], more[1]}});
}

static void build(sv_graph *g, const void *values) {
  const unet *p = values;
  sv_value side[DEEPEST], x, image;
  int depth = (int)p->depth;
  image = sv_zoo_image(g, p->channels, &p->size, p->form == PAPER ? 388 : 572);
  x = p->form == PAPER ? mirror(g, p, image) : image;
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
  x = sv_conv(g, x, p->classes, 1);
  sv_segmentation_head(g, sv_zoo_crop(g, x, image, 0));
}

const sv_architecture sv_zoo_unet = {
    .table = {.name = "unet",
              .summary = "Ronneberger, Fischer, Brox 2015: encoder and "
                         "decoder, semantic segmentation",
              .attrs = parameters,
              .attrs_size = sizeof(unet)},
    .source =
        "Ronneberger, Fischer, Brox, \"U-Net: Convolutional Networks for "
        "Biomedical Image Segmentation\", MICCAI 2015",
    .init = "he",
    .build = build};
