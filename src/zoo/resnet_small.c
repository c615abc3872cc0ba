/* Residual networks for images of about 32x32.
 *
 *   3x3 16, three stages of n blocks with 16, 32 and 64 maps (times width), the
 *   first block of the second and third stage with stride 2, global average,
 *   classes.
 *
 *   resnet_small  depth = 6 n + 2: conv-norm-relu-conv-norm, then the sum and
 *                 the last relu; where maps change the shortcut takes every
 *                 second pixel and fills up with maps of zeros: no parameters
 *   wrn           depth = 6 n + 4, k times as wide: norm-relu-conv-norm-relu-
 *                 [dropout]-conv, and a convolution of 1x1 where maps change
 *
 * Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition",
 * CVPR 2016, section 4.2; Zagoruyko, Komodakis, "Wide Residual Networks", BMVC
 * 2016. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { V1, V2 };
enum { STAGES = 3 };

typedef struct small {
  int64_t classes, channels;
  sv_ints size;
  int64_t depth;
  float width, dropout;
  int form;
  bool plain;
} small;

static const char *const forms[] = {"v1", "v2", NULL};

static const sv_attr resnet_parameters[] = {
    {.name = "depth",
     .type = SV_ATTR_INT,
     .offset = offsetof(small, depth),
     .initial = 20,
     .min = 8,
     .max = 2000,
     .help = "weight layers, 6 n + 2: 20, 32, 44, 56, 110"},
    {.name = "plain",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(small, plain),
     .help = "no shortcuts, for comparison with residual networks"},
    {.name = "form",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(small, form),
     .choices = forms,
     .help = "v2: norm and activation before the convolutions"},
    SV_ZOO_WIDTH(small, 1, "factor for the maps of 16, 32, 64"),
    SV_ZOO_SMALL(small),
    {0}};

static const sv_attr wrn_parameters[] = {
    {.name = "depth",
     .type = SV_ATTR_INT,
     .offset = offsetof(small, depth),
     .initial = 16,
     .min = 10,
     .max = 2000,
     .help = "weight layers, 6 n + 4: 16, 22, 28, 40"},
    SV_ZOO_WIDTH(small, 4, "k: factor for the maps of 16, 32, 64"),
    SV_ZOO_DROPOUT(small, 0),
    SV_ZOO_SMALL(small),
    {0}};

typedef struct block {
  const small *p;
  int64_t maps, stride;
  bool change; /* of size or maps */
  bool pad;    /* the shortcut's new maps are zeros */
} block;

static sv_value conv(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form) {
  sv_name(g, "%s", name);
  return sv_zoo_conv(g, x, form);
}

static sv_value norm(sv_graph *g, sv_value x, const char *name) {
  sv_name(g, "%s", name);
  return sv_batch_norm(g, x);
}

/* Every second pixel, and as many maps of zeros as are missing. */
static sv_value pad_maps(sv_graph *g, const block *b, sv_value x) {
  int64_t missing = b->maps - sv_zoo_maps(g, x);
  if (b->stride > 1) x = sv_avg_pool(g, x, 1, b->stride);
  sv_pad_attrs attrs = sv_pad_default();
  attrs.pads =
      (sv_ints){8, {0, missing / 2, 0, 0, 0, missing - missing / 2, 0, 0}};
  return sv_apply(g, "pad", &x, 1, &attrs);
}

static sv_value shortcut(sv_graph *g, const block *b, sv_value x) {
  if (!b->change) return x;
  if (b->pad) return pad_maps(g, b, x);
  return conv(
      g, x, "shortcut",
      (sv_conv_form){.channels = b->maps, .kernel = 1, .stride = b->stride});
}

static sv_value block_v1(sv_graph *g, const block *b, sv_value x) {
  sv_conv_form form = {.channels = b->maps, .kernel = 3, .stride = b->stride};
  sv_value y = sv_relu(g, norm(g, conv(g, x, "conv1", form), "bn1"));
  form.stride = 1;
  y = norm(g, conv(g, y, "conv2", form), "bn2");
  if (!b->p->plain) y = sv_add(g, y, shortcut(g, b, x));
  return sv_relu(g, y);
}

static sv_value block_v2(sv_graph *g, const block *b, sv_value x) {
  sv_conv_form form = {.channels = b->maps, .kernel = 3, .stride = b->stride};
  sv_value y = sv_relu(g, norm(g, x, "bn1"));
  if (b->change) x = y;
  y = conv(g, y, "conv1", form);
  y = sv_relu(g, norm(g, y, "bn2"));
  y = sv_zoo_dropout(g, y, b->p->dropout);
  form.stride = 1;
  y = conv(g, y, "conv2", form);
  return b->p->plain ? y : sv_add(g, y, shortcut(g, b, x));
}

/* depth = 6 n + rest */
static int blocks_of(sv_graph *g, int64_t depth, int rest) {
  if (depth > rest && (depth - rest) % 6 == 0) return (int)(depth - rest) / 6;
  sv_zoo_fail(g, "depth is %lld, expected 6 n + %d: %d, %d, %d, ...",
              (long long)depth, rest, 6 + rest, 12 + rest, 18 + rest);
  return 0;
}

static void build(sv_graph *g, const small *p, int rest, bool pad) {
  int count = blocks_of(g, p->depth, rest);
  if (count == 0) return;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 28);
  x = conv(g, x, "conv1", (sv_conv_form){.channels = 16, .kernel = 3});
  if (p->form == V1) x = sv_relu(g, norm(g, x, "bn1"));
  for (int i = 0; i < STAGES * count; i++) {
    int stage = i / count;
    block b = {.p = p, .pad = pad};
    b.maps = sv_zoo_scaled(16 << stage, p->width);
    b.stride = stage > 0 && i % count == 0 ? 2 : 1;
    b.change = b.stride > 1 || sv_zoo_maps(g, x) != b.maps;
    sv_scope_push(g, "layer%d.%d", stage + 1, i % count);
    x = p->form == V2 ? block_v2(g, &b, x) : block_v1(g, &b, x);
    sv_scope_pop(g);
  }
  if (p->form == V2) x = sv_relu(g, norm(g, x, "bn"));
  x = sv_zoo_global_average(g, x);
  sv_zoo_classify(g, x, "fc", p->classes);
}

static void build_resnet(sv_graph *g, const void *values) {
  build(g, values, 2, true);
}

static void build_wrn(sv_graph *g, const void *values) {
  small p = *(const small *)values;
  p.form = V2;
  build(g, &p, 4, false);
}

static const sv_zoo_alias resnet_small_aliases[] = {
    {"resnet20", "depth=20"},   {"resnet32", "depth=32"},
    {"resnet44", "depth=44"},   {"resnet56", "depth=56"},
    {"resnet110", "depth=110"}, {NULL, NULL}};

const sv_architecture sv_zoo_resnet_small = {
    .table = {.name = "resnet_small",
              .summary = "He et al. 2016: residual networks for small images, "
                         "20 to 110 layers, and plain ones",
              .attrs = resnet_parameters,
              .attrs_size = sizeof(small)},
    .source =
        "He, Zhang, Ren, Sun, \"Deep Residual Learning for Image "
        "Recognition\", CVPR 2016",
    .aliases = resnet_small_aliases,
    .init = "he_out",
    .build = build_resnet};

static const sv_zoo_alias wrn_aliases[] = {{"wrn_16_4", ""},
                                           {"wrn_28_10", "depth=28,width=10"},
                                           {"wrn_40_4", "depth=40"},
                                           {NULL, NULL}};

const sv_architecture sv_zoo_wrn = {
    .table = {.name = "wrn",
              .summary = "Zagoruyko, Komodakis 2016: wide residual networks "
                         "for small images",
              .attrs = wrn_parameters,
              .attrs_size = sizeof(small)},
    .source = "Zagoruyko, Komodakis, \"Wide Residual Networks\", BMVC 2016",
    .aliases = wrn_aliases,
    .init = "he_out",
    .build = build_wrn};
