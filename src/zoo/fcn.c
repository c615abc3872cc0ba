/* Fully convolutional networks: a classifier's linear layers become
 * convolutions, and what comes out is a map of scores, enlarged to the image.
 *
 *   VGG-16 up to pool5, at 1/32 of the size; then its linear layers as
 *   7x7 4096 - 1x1 4096 - 1x1 classes, and back by learned enlargements:
 *   FCN-32s:  32 times
 *   FCN-16s:   2 times, + scores of pool4, 16 times
 *   FCN-8s:    2 times, + scores of pool4, 2 times, + scores of pool3, 8 times
 *
 * An enlargement is a transposed convolution of 2s x 2s with stride s that
 * begins as bilinear interpolation. Poolings round up, so that no border is
 * lost, and what is too large is cropped.
 *
 * form=paper: the first convolution has a border of 100 pixels, so that an
 * image of any size fills the 7x7 window, and nothing later has one. Cell i of
 * a score map is then centred on another pixel than cell i of its skip or of
 * the image, and the crops' offsets say how far (they follow from kernels and
 * strides; the authors' files have the same):
 *   pool4 5, pool3 9, the image 19 (32s), 27 (16s), 31 (8s).
 * form=same: every convolution has the border that keeps the size, and every
 * enlargement gives s times the size: all offsets are 0.
 *
 * Source: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic
 * Segmentation", CVPR 2015. fcn_small is the same for small images. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { PAPER, SAME };
enum { BY_8, BY_16, BY_32 };
enum { BLOCKS = 5 };

typedef struct fcn {
  int64_t classes, channels;
  sv_ints size;
  int stride, form;
  bool norm;
  int64_t window, hidden;
  float width, dropout;
} fcn;

static const char *const strides[] = {"8", "16", "32", NULL};
static const char *const forms[] = {"paper", "same", NULL};
static const int64_t maps_of[BLOCKS] = {64, 128, 256, 512, 512};
static const int convs_of[BLOCKS] = {2, 2, 3, 3, 3};

#define STRIDE                                                                 \
  {                                                                            \
    .name = "stride", .type = SV_ATTR_CHOICE, .offset = offsetof(fcn, stride), \
    .choices = strides,                                                        \
    .help = "stride of the finest scores: 32, or 16 and 8 with skips"          \
  }
#define FORM(usual)                                                        \
  {                                                                        \
    .name = "form", .type = SV_ATTR_CHOICE, .offset = offsetof(fcn, form), \
    .initial = usual, .choices = forms,                                    \
    .help = "paper: a border of 100 pixels and crops; same: none"          \
  }
#define NORM(usual)                                                      \
  {                                                                      \
    .name = "norm", .type = SV_ATTR_BOOL, .offset = offsetof(fcn, norm), \
    .initial = usual, .help = "batch norm after each convolution"        \
  }
#define WIDTH(usual) \
  SV_ZOO_WIDTH(fcn, usual, "factor for the maps of each convolution")
#define HIDDEN(usual)                       \
  SV_ZOO_COUNT(fcn, hidden, usual, 1 << 16, \
               "maps of the two convolutions that were linear layers")
#define WINDOW(usual) \
  SV_ZOO_COUNT(fcn, window, usual, 63, "side of the first one's kernel; odd")

static const sv_attr parameters[] = {STRIDE,
                                     FORM(PAPER),
                                     NORM(0),
                                     WIDTH(1),
                                     WINDOW(7),
                                     HIDDEN(4096),
                                     SV_ZOO_DROPOUT(fcn, 0.5),
                                     SV_ZOO_PIXELS(fcn, 21, 3, 500),
                                     {0}};

static const sv_attr small_parameters[] = {STRIDE,
                                           FORM(SAME),
                                           NORM(1),
                                           WIDTH(0.25),
                                           WINDOW(3),
                                           HIDDEN(256),
                                           SV_ZOO_DROPOUT(fcn, 0),
                                           SV_ZOO_PIXELS(fcn, 11, 1, 64),
                                           {0}};

/* ---- Down ---- */

static sv_value conv(sv_graph *g, const fcn *p, sv_value x, const char *number,
                     int64_t channels, int64_t kernel, int64_t border) {
  sv_conv_attrs attrs = sv_conv_default();
  attrs.channels = channels;
  attrs.kernel = sv_square(kernel);
  attrs.padding = sv_pad_by(border);
  sv_name(g, "conv%s", number);
  x = sv_conv_with(g, x, &attrs);
  if (p->norm) {
    sv_name(g, "bn%s", number);
    x = sv_batch_norm(g, x);
  }
  sv_name(g, "relu%s", number);
  return sv_relu(g, x);
}

static sv_value block(sv_graph *g, const fcn *p, sv_value x, int b) {
  for (int i = 0; i < convs_of[b]; i++) {
    char number[8] = {(char)('1' + b), '_', (char)('1' + i)};
    bool first = b == 0 && i == 0;
    x = conv(g, p, x, number, sv_zoo_scaled(maps_of[b], p->width), 3,
             first && p->form == PAPER ? 100 : 1);
  }
  sv_name(g, "pool%d", b + 1);
  return sv_zoo_pool_ceil(g, x, 2);
}

/* The classifier's end: 1/32 of the size. */
static sv_value top(sv_graph *g, const fcn *p, sv_value x) {
  int64_t border = p->form == PAPER ? 0 : p->window / 2;
  x = conv(g, p, x, "6", p->hidden, p->window, border);
  x = conv(g, p, sv_zoo_dropout(g, x, p->dropout), "7", p->hidden, 1, 0);
  return sv_zoo_dropout(g, x, p->dropout);
}

static sv_value score(sv_graph *g, const fcn *p, sv_value x, const char *of) {
  sv_name(g, "score_%s", of);
  return sv_conv(g, x, p->classes, 1);
}

/* ---- Up ---- */

static sv_value enlarge(sv_graph *g, const fcn *p, sv_value x, int64_t by) {
  sv_conv_transpose_attrs attrs = sv_conv_transpose_default();
  attrs.channels = p->classes;
  attrs.kernel = sv_square(2 * by);
  attrs.stride = sv_square(by);
  attrs.bias = false;
  if (p->form == SAME) attrs.padding = sv_pad_by(by / 2);
  sv_init(g, "weight", "bilinear");
  return sv_conv_transpose_with(g, x, &attrs);
}

/* Twice x, and the scores of a pooling on it. The larger one is cropped: in the
 * paper's form that is the pooling's, its border being wider. */
static sv_value fuse(sv_graph *g, const fcn *p, sv_value x, sv_value pool,
                     const char *of, int64_t offset) {
  sv_name(g, "upscore_%s", of);
  x = enlarge(g, p, x, 2);
  sv_value skip = score(g, p, pool, of);
  if (p->form == PAPER)
    skip = sv_zoo_crop(g, skip, x, offset);
  else
    x = sv_zoo_crop(g, x, skip, 0);
  sv_name(g, "fuse_%s", of);
  return sv_add(g, x, skip);
}

static void add(sv_graph *g, const fcn *p, int64_t usual) {
  sv_value image = sv_zoo_image(g, p->channels, &p->size, usual);
  sv_value pool[BLOCKS], x = image;
  if (p->window % 2 == 0)
    sv_zoo_fail(g, "window is %lld, expected an odd number",
                (long long)p->window);
  /* Narrower, and pool3's scores are smaller than what they are added to. */
  int least = p->stride == BY_8 ? 5 : 3;
  if (p->window < least && p->form == PAPER)
    sv_zoo_fail(g, "window is %lld, expected %d or more of form=paper",
                (long long)p->window, least);
  for (int b = 0; b < BLOCKS; b++) x = pool[b] = block(g, p, x, b);
  x = score(g, p, top(g, p, x), "top");
  /* Centres of cells: of the last scores (3 + i) 32 + 15.5 - 99 with a window
   * of 7, of pool4 16 i + 7.5 - 99, ... */
  int64_t reach = p->window / 2, border = 99;
  int64_t by = 32, offset = border - 32 * reach + 16;
  if (p->stride != BY_32) {
    x = fuse(g, p, x, pool[3], "pool4", 2 * reach - 1);
    by = 16;
    offset = border - 32 * reach + 24;
  }
  if (p->stride == BY_8) {
    x = fuse(g, p, x, pool[2], "pool3", 4 * reach - 3);
    by = 8;
    offset = border - 32 * reach + 28;
  }
  sv_name(g, "upscore");
  x = enlarge(g, p, x, by);
  x = sv_zoo_crop(g, x, image, p->form == PAPER ? offset : 0);
  sv_segmentation_head(g, x);
}

static void build(sv_graph *g, const void *values) { add(g, values, 500); }

static void build_small(sv_graph *g, const void *values) { add(g, values, 64); }

const sv_architecture sv_zoo_fcn = {
    .table = {.name = "fcn",
              .summary = "Long, Shelhamer, Darrell 2015: VGG-16 as FCN-32s, "
                         "16s and 8s, semantic segmentation",
              .attrs = parameters,
              .attrs_size = sizeof(fcn)},
    .source =
        "Long, Shelhamer, Darrell, \"Fully Convolutional Networks for "
        "Semantic Segmentation\", CVPR 2015",
    .init = "he",
    .build = build};

const sv_architecture sv_zoo_fcn_small = {
    .table = {.name = "fcn_small",
              .summary = "FCN-32s, 16s and 8s for small images: fewer maps, "
                         "batch norm",
              .attrs = small_parameters,
              .attrs_size = sizeof(fcn)},
    .source =
        "Long, Shelhamer, Darrell, \"Fully Convolutional Networks for "
        "Semantic Segmentation\", CVPR 2015",
    .init = "he",
    .build = build_small};
