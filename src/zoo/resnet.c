/* Residual networks: a block adds to its input what it computes, y = f(x) + x,
 * so that gradients reach the first layer however many there are.
 *
 *   7x7/2 64, max pool 3x3/2, then four stages of blocks with 64, 128, 256 and
 *   512 maps, the first block of a stage with stride 2 (but for the first
 *   stage), global average, classes
 *
 *   basic       3x3 -> 3x3             18: 2 2 2 2, 34: 3 4 6 3
 *   bottleneck  1x1 -> 3x3 -> 1x1 to   50: 3 4 6 3, 101: 3 4 23 3,
 *               4 times the maps       152: 3 8 36 3
 *   shortcut    the input itself; where size or maps change, a 1x1 convolution
 *
 * form=v2 puts norm and activation before the convolutions and leaves the sum
 * alone. stride_on says which convolution of a bottleneck has the stride: 1x1
 * is the original, 3x3 torchvision's. ResNeXt splits the 3x3 of a bottleneck
 * into groups, a wide network widens it: the same file with other parameters.
 *
 * Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition",
 * CVPR 2016, and "Identity Mappings in Deep Residual Networks", ECCV 2016; Xie
 * et al., "Aggregated Residual Transformations for Deep Neural Networks", CVPR
 * 2017; Zagoruyko, Komodakis, "Wide Residual Networks", BMVC 2016. */
#include "zoo/resnet.h"
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { V1, V2 };
enum { ON_3X3, ON_1X1 };
enum { STAGES = SV_RESNET_STAGES };

typedef struct resnet {
  int64_t classes, channels;
  sv_ints size;
  int64_t depth, groups, group_width;
  float width;
  int form, stride_on;
  bool plain;
  bool dilated; /* no parameter: stages 3 and 4 do not shrink the map */
} resnet;

static const char *const forms[] = {"v1", "v2", NULL};
static const char *const strides[] = {"3x3", "1x1", NULL};

static const struct depth {
  int64_t depth;
  int blocks[STAGES];
  bool bottleneck;
} depths[] = {{18, {2, 2, 2, 2}, false},
              {34, {3, 4, 6, 3}, false},
              {50, {3, 4, 6, 3}, true},
              {101, {3, 4, 23, 3}, true},
              {152, {3, 8, 36, 3}, true}};
enum { DEPTHS = sizeof depths / sizeof depths[0] };

#define DEPTH(usual, those)                                                  \
  {                                                                          \
    .name = "depth", .type = SV_ATTR_INT, .offset = offsetof(resnet, depth), \
    .initial = usual, .min = 1, .max = 1000, .help = "weight layers: " those \
  }
#define GROUPS(name_, usual, words)                                         \
  {                                                                         \
    .name = name_, .type = SV_ATTR_INT, .offset = offsetof(resnet, groups), \
    .initial = usual, .min = 1, .max = 1024, .help = words                  \
  }
#define GROUP_WIDTH(usual)                                               \
  {                                                                      \
    .name = "group_width", .type = SV_ATTR_INT,                          \
    .offset = offsetof(resnet, group_width), .initial = usual, .min = 1, \
    .max = 4096, .help = "maps of a group in the first stage"            \
  }
#define WIDTH(usual) \
  SV_ZOO_WIDTH(resnet, usual, "factor for the maps inside a block")
#define FORM                                                                  \
  {                                                                           \
    .name = "form", .type = SV_ATTR_CHOICE, .offset = offsetof(resnet, form), \
    .choices = forms,                                                         \
    .help = "v2: norm and activation before the convolutions"                 \
  }
#define STRIDE_ON                                              \
  {                                                            \
    .name = "stride_on", .type = SV_ATTR_CHOICE,               \
    .offset = offsetof(resnet, stride_on), .choices = strides, \
    .help = "which convolution of a bottleneck has the stride" \
  }
#define PLAIN                                                                 \
  {                                                                           \
    .name = "plain", .type = SV_ATTR_BOOL, .offset = offsetof(resnet, plain), \
    .help = "no shortcuts, for comparison with residual networks"             \
  }

static const sv_attr resnet_parameters[] = {
    DEPTH(50, "18, 34, 50, 101, 152"),
    FORM,
    STRIDE_ON,
    GROUPS("groups", 1, "groups of the convolution inside a bottleneck"),
    GROUP_WIDTH(64),
    WIDTH(1),
    PLAIN,
    SV_ZOO_IMAGENET(resnet, 224),
    {0}};

static const sv_attr resnext_parameters[] = {
    DEPTH(50, "50, 101, 152"),
    GROUPS("cardinality", 32, "groups of the 3x3 convolution"),
    GROUP_WIDTH(4),
    FORM,
    STRIDE_ON,
    SV_ZOO_IMAGENET(resnet, 224),
    {0}};

static const sv_attr wide_parameters[] = {
    DEPTH(50, "18, 34, 50, 101, 152"), WIDTH(2), FORM, STRIDE_ON,
    SV_ZOO_IMAGENET(resnet, 224),      {0}};

/* ---- Blocks ---- */

/* One block: maps inside it and behind it. */
typedef struct block {
  const resnet *p;
  bool bottleneck;
  int64_t inside, after, stride, dilation;
  bool project; /* the shortcut changes size or maps */
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

/* Convolution i = 1, 2, 3 of the block. */
static sv_conv_form form_of(const block *b, int i) {
  if (!b->bottleneck)
    return (sv_conv_form){
        .channels = b->after, .kernel = 3, .stride = i == 1 ? b->stride : 1};
  bool first = b->p->stride_on == ON_1X1;
  if (i == 1)
    return (sv_conv_form){
        .channels = b->inside, .kernel = 1, .stride = first ? b->stride : 1};
  if (i == 2)
    return (sv_conv_form){.channels = b->inside,
                          .kernel = 3,
                          .stride = first ? 1 : b->stride,
                          .dilation = b->dilation,
                          .group = b->p->groups};
  return (sv_conv_form){.channels = b->after, .kernel = 1};
}

static sv_value shortcut(sv_graph *g, const block *b, sv_value x) {
  sv_conv_form form = {.channels = b->after, .kernel = 1, .stride = b->stride};
  return b->project ? conv(g, x, "downsample.conv", form) : x;
}

static sv_value block_v1(sv_graph *g, const block *b, sv_value x) {
  static const char *const convs[] = {"conv1", "conv2", "conv3"};
  static const char *const norms[] = {"bn1", "bn2", "bn3"};
  int count = b->bottleneck ? 3 : 2;
  sv_value y = x;
  for (int i = 0; i < count; i++) {
    y = norm(g, conv(g, y, convs[i], form_of(b, i + 1)), norms[i]);
    if (i + 1 < count) y = sv_relu(g, y);
  }
  if (!b->p->plain) {
    x = shortcut(g, b, x);
    if (b->project) x = norm(g, x, "downsample.bn");
    y = sv_add(g, y, x);
  }
  return sv_relu(g, y);
}

/* Where the maps change, the shortcut starts behind the first activation. */
static sv_value block_v2(sv_graph *g, const block *b, sv_value x) {
  static const char *const convs[] = {"conv1", "conv2", "conv3"};
  static const char *const norms[] = {"bn1", "bn2", "bn3"};
  int count = b->bottleneck ? 3 : 2;
  sv_value y = x;
  for (int i = 0; i < count; i++) {
    y = sv_relu(g, norm(g, y, norms[i]));
    if (i == 0 && b->project && !b->p->plain) x = shortcut(g, b, y);
    y = conv(g, y, convs[i], form_of(b, i + 1));
  }
  return b->p->plain ? y : sv_add(g, y, x);
}

/* ---- The network ---- */

static const struct depth *find_depth(sv_graph *g, int64_t depth) {
  for (int i = 0; i < DEPTHS; i++)
    if (depths[i].depth == depth) return &depths[i];
  sv_zoo_fail(g, "depth is %lld, expected 18, 34, 50, 101 or 152",
              (long long)depth);
  return NULL;
}

static sv_value stage(sv_graph *g, const resnet *p, const struct depth *d,
                      sv_value x, int s) {
  int64_t maps = 64 << s;
  block b = {.p = p, .bottleneck = d->bottleneck};
  double wide = (double)p->group_width / 64 * p->width;
  b.inside = sv_zoo_scaled(maps, wide) * p->groups;
  b.after = d->bottleneck ? 4 * maps : sv_zoo_scaled(maps, p->width);
  for (int i = 0; i < d->blocks[s]; i++) {
    bool dilated = p->dilated && s > 1;
    b.stride = i == 0 && s > 0 && !dilated ? 2 : 1;
    b.dilation = !dilated ? 1 : i == 0 ? 1 << (s - 2) : 1 << (s - 1);
    b.project = i == 0 && (s > 0 || sv_zoo_maps(g, x) != b.after);
    sv_scope_push(g, "layer%d.%d", s + 1, i);
    x = p->form == V2 ? block_v2(g, &b, x) : block_v1(g, &b, x);
    sv_scope_pop(g);
  }
  return x;
}

/* Only a bottleneck has a convolution between two others to split, and a choice
 * of where the stride is. */
static void check_block(sv_graph *g, const resnet *p, const struct depth *d) {
  const char *lacking = NULL;
  if (p->stride_on == ON_1X1) lacking = "1x1 convolution that has the stride";
  if (p->groups != 1 || p->group_width != 64) lacking = "groups";
  if (d->bottleneck || !lacking) return;
  sv_zoo_fail(g,
              "depth is %lld, whose blocks have no %s; expected 50, 101 or 152",
              (long long)p->depth, lacking);
}

/* x[s] is stage s's result. */
static bool stages(sv_graph *g, const resnet *p, sv_value image,
                   sv_value x[STAGES]) {
  const struct depth *d = find_depth(g, p->depth);
  if (!d) return false;
  check_block(g, p, d);
  sv_value y = conv(g, image, "conv1",
                    (sv_conv_form){.channels = 64, .kernel = 7, .stride = 2});
  if (p->form == V1) y = sv_relu(g, norm(g, y, "bn1"));
  y = sv_zoo_pool_padded(g, y, 2);
  for (int s = 0; s < STAGES; s++) y = x[s] = stage(g, p, d, y, s);
  return true;
}

bool sv_zoo_resnet_dilated(sv_graph *g, int64_t depth, sv_value image,
                           sv_value x[STAGES]) {
  const resnet p = {.depth = depth,
                    .groups = 1,
                    .group_width = 64,
                    .width = 1,
                    .dilated = true};
  return stages(g, &p, image, x);
}

static void build(sv_graph *g, const void *values) {
  const resnet *p = values;
  sv_value ends[STAGES];
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  if (!stages(g, p, x, ends)) return;
  x = ends[STAGES - 1];
  if (p->form == V2) x = sv_relu(g, norm(g, x, "bn"));
  x = sv_zoo_global_average(g, x);
  sv_zoo_classify(g, x, "fc", p->classes);
}

/* What the other two leave out has the value that changes nothing. */
static void build_resnext(sv_graph *g, const void *values) {
  resnet p = *(const resnet *)values;
  p.width = 1;
  build(g, &p);
}

static void build_wide(sv_graph *g, const void *values) {
  resnet p = *(const resnet *)values;
  p.groups = 1;
  p.group_width = 64;
  build(g, &p);
}

static const sv_zoo_alias resnet_aliases[] = {
    {"resnet18", "depth=18"},   {"resnet34", "depth=34"},
    {"resnet50", "depth=50"},   {"resnet101", "depth=101"},
    {"resnet152", "depth=152"}, {NULL, NULL}};

static void torch_name(char *name, const void *parameters, const char *layer) {
  static const sv_torch_rule rules[] = {
      {"*.*.downsample.conv", "*.*.downsample.0"},
      {"*.*.downsample.bn", "*.*.downsample.1"},
      {NULL, NULL}};
  (void)parameters;
  sv_torch_rename(name, rules, layer);
}

const sv_architecture sv_zoo_resnet = {
    .table = {.name = "resnet",
              .summary = "He et al. 2016: residual blocks, 18 to 152 layers, "
                         "v1 and v2, plain counterparts",
              .attrs = resnet_parameters,
              .attrs_size = sizeof(resnet)},
    .source =
        "He, Zhang, Ren, Sun, \"Deep Residual Learning for Image "
        "Recognition\", CVPR 2016",
    .aliases = resnet_aliases,
    .init = "he_out",
    .torch = torch_name,
    .build = build};

static const sv_zoo_alias resnext_aliases[] = {
    {"resnext50_32x4d", "depth=50"},
    {"resnext101_32x8d", "depth=101,group_width=8"},
    {"resnext101_64x4d", "depth=101,cardinality=64"},
    {NULL, NULL}};

const sv_architecture sv_zoo_resnext = {
    .table = {.name = "resnext",
              .summary = "Xie et al. 2017: residual blocks whose 3x3 "
                         "convolutions are split into groups",
              .attrs = resnext_parameters,
              .attrs_size = sizeof(resnet)},
    .source =
        "Xie, Girshick, Dollar, Tu, He, \"Aggregated Residual "
        "Transformations for Deep Neural Networks\", CVPR 2017",
    .aliases = resnext_aliases,
    .init = "he_out",
    .torch = torch_name,
    .build = build_resnext};

static const sv_zoo_alias wide_resnet_aliases[] = {
    {"wide_resnet50_2", "depth=50"},
    {"wide_resnet101_2", "depth=101"},
    {NULL, NULL}};

const sv_architecture sv_zoo_wide_resnet = {
    .table = {.name = "wide_resnet",
              .summary = "Zagoruyko, Komodakis 2016: residual blocks with "
                         "more maps inside, for large images",
              .attrs = wide_parameters,
              .attrs_size = sizeof(resnet)},
    .source = "Zagoruyko, Komodakis, \"Wide Residual Networks\", BMVC 2016",
    .aliases = wide_resnet_aliases,
    .init = "he_out",
    .torch = torch_name,
    .build = build_wide};
