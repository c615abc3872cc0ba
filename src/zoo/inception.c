/* The later Inceptions.
 *
 *   inception_v2     batch norm after every convolution, 5x5 as two 3x3,
 *                    224x224 (also called BN-Inception); the first convolution
 *                    is a plain one, the paper's is separable
 *   inception_v3     7x7 as 1x7 and 7x1, 299x299, in training one auxiliary
 *                    classifier before block D with 0.4 times its loss
 *   inception_small  two ways, 1x1 and 3x3, for images of about 32x32
 *
 * Source: Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network
 * Training by Reducing Internal Covariate Shift", ICML 2015, appendix; Szegedy
 * et al., "Rethinking the Inception Architecture for Computer Vision", CVPR
 * 2016 (v3 with torchvision's sizes); the small one: Zhang et al.,
 * "Understanding Deep Learning Requires Rethinking Generalization", ICLR 2017,
 * figure 3. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

typedef struct inception {
  int64_t classes, channels;
  sv_ints size;
  bool auxiliary;
  float width, dropout;
} inception;

static const sv_attr v2_parameters[] = {
    SV_ZOO_DROPOUT(inception, 0.2), SV_ZOO_IMAGENET(inception, 224), {0}};

static const sv_attr v3_parameters[] = {
    {.name = "auxiliary",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(inception, auxiliary),
     .initial = 1,
     .help = "one auxiliary classifier in training"},
    SV_ZOO_DROPOUT(inception, 0.5),
    SV_ZOO_IMAGENET(inception, 299),
    {0}};

static const sv_attr small_parameters[] = {
    SV_ZOO_MAPS(inception), SV_ZOO_SMALL(inception), {0}};

/* conv-norm-relu as <name>.conv, <name>.bn */
static sv_value unit(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form) {
  sv_scope_push(g, "%s", name);
  sv_name(g, "conv");
  x = sv_zoo_conv(g, x, form);
  sv_name(g, "bn");
  x = sv_relu(g, sv_zoo_norm(g, x, 1e-3f));
  sv_scope_pop(g);
  return x;
}

static sv_value square(sv_graph *g, sv_value x, const char *name,
                       int64_t channels, int64_t kernel) {
  return unit(g, x, name,
              (sv_conv_form){.channels = channels, .kernel = kernel});
}

/* The size stays; the border counts, as in the papers' implementations. */
static sv_value average(sv_graph *g, sv_value x) {
  sv_pool_attrs attrs = sv_pool_default();
  attrs.kernel = sv_square(3);
  attrs.stride = sv_square(1);
  attrs.padding = sv_pad_by(1);
  attrs.count_padding = true;
  return sv_avg_pool_with(g, x, &attrs);
}

static void finish(sv_graph *g, const inception *p, sv_value x) {
  x = sv_zoo_dropout(g, sv_zoo_global_average(g, x), p->dropout);
  sv_zoo_classify(g, x, "fc", p->classes);
}

/* ---- v2 ---- */

/* Maps: 1x1; before and of 3x3; before and of the two 3x3; behind the pooling.
 * Without 1x1 the block halves the size and its pooling's maps pass. 4c and 4d
 * pool to 96 maps, which makes the 576 that the paper's table says. */
static const struct v2_block {
  const char *name;
  int64_t one, before3, three, before33, three3, pooled;
  bool max;
} v2_blocks[] = {{"3a", 64, 64, 64, 64, 96, 32, false},
                 {"3b", 64, 64, 96, 64, 96, 64, false},
                 {"3c", 0, 128, 160, 64, 96, 0, true},
                 {"4a", 224, 64, 96, 96, 128, 128, false},
                 {"4b", 192, 96, 128, 96, 128, 128, false},
                 {"4c", 160, 128, 160, 128, 160, 96, false},
                 {"4d", 96, 128, 192, 160, 192, 96, false},
                 {"4e", 0, 128, 192, 192, 256, 0, true},
                 {"5a", 352, 192, 320, 160, 224, 128, false},
                 {"5b", 352, 192, 320, 192, 224, 128, true}};

static sv_value v2_block(sv_graph *g, sv_value x, const struct v2_block *b) {
  int64_t stride = b->one ? 1 : 2;
  sv_value ways[4];
  int count = 0;
  sv_scope_push(g, "inception%s", b->name);
  if (b->one) ways[count++] = square(g, x, "one", b->one, 1);
  sv_conv_form last = {.channels = b->three, .kernel = 3, .stride = stride};
  sv_value y = square(g, x, "three.reduce", b->before3, 1);
  ways[count++] = unit(g, y, "three", last);
  y = square(g, x, "double.reduce", b->before33, 1);
  y = square(g, y, "double.first", b->three3, 3);
  last.channels = b->three3;
  ways[count++] = unit(g, y, "double.second", last);
  y = b->max ? sv_zoo_pool_padded(g, x, stride) : average(g, x);
  ways[count++] = b->pooled ? square(g, y, "pool", b->pooled, 1) : y;
  x = sv_concat(g, ways, count, 1);
  sv_scope_pop(g);
  return x;
}

static void build_v2(sv_graph *g, const void *values) {
  const inception *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  x = unit(g, x, "conv1",
           (sv_conv_form){.channels = 64, .kernel = 7, .stride = 2});
  x = sv_zoo_pool_padded(g, x, 2);
  x = square(g, x, "conv2.reduce", 64, 1);
  x = square(g, x, "conv2", 192, 3);
  x = sv_zoo_pool_padded(g, x, 2);
  for (size_t i = 0; i < sizeof v2_blocks / sizeof v2_blocks[0]; i++)
    x = v2_block(g, x, &v2_blocks[i]);
  finish(g, p, x);
}

/* ---- v3: blocks A to E ---- */

static sv_value line(sv_graph *g, sv_value x, const char *name,
                     int64_t channels, int64_t height, int64_t width) {
  return unit(g, x, name,
              (sv_conv_form){
                  .channels = channels, .kernel = height, .kernel_w = width});
}

/* Half the size, without a border. */
static sv_value halve(sv_graph *g, sv_value x, const char *name,
                      int64_t channels) {
  return unit(
      g, x, name,
      (sv_conv_form){
          .channels = channels, .kernel = 3, .stride = 2, .valid = true});
}

static sv_value block_a(sv_graph *g, sv_value x, int64_t pooled) {
  sv_value one = square(g, x, "branch1x1", 64, 1);
  sv_value five = square(g, x, "branch5x5_1", 48, 1);
  five = square(g, five, "branch5x5_2", 64, 5);
  sv_value twice = square(g, x, "branch3x3dbl_1", 64, 1);
  twice = square(g, twice, "branch3x3dbl_2", 96, 3);
  twice = square(g, twice, "branch3x3dbl_3", 96, 3);
  sv_value pool = square(g, average(g, x), "branch_pool", pooled, 1);
  return sv_concat(g, (sv_value[]){one, five, twice, pool}, 4, 1);
}

static sv_value block_b(sv_graph *g, sv_value x) {
  sv_value three = halve(g, x, "branch3x3", 384);
  sv_value twice = square(g, x, "branch3x3dbl_1", 64, 1);
  twice = square(g, twice, "branch3x3dbl_2", 96, 3);
  twice = halve(g, twice, "branch3x3dbl_3", 96);
  sv_value pool = sv_max_pool(g, x, 3, 2);
  return sv_concat(g, (sv_value[]){three, twice, pool}, 3, 1);
}

static sv_value block_c(sv_graph *g, sv_value x, int64_t c) {
  sv_value one = square(g, x, "branch1x1", 192, 1);
  sv_value seven = square(g, x, "branch7x7_1", c, 1);
  seven = line(g, seven, "branch7x7_2", c, 1, 7);
  seven = line(g, seven, "branch7x7_3", 192, 7, 1);
  sv_value twice = square(g, x, "branch7x7dbl_1", c, 1);
  twice = line(g, twice, "branch7x7dbl_2", c, 7, 1);
  twice = line(g, twice, "branch7x7dbl_3", c, 1, 7);
  twice = line(g, twice, "branch7x7dbl_4", c, 7, 1);
  twice = line(g, twice, "branch7x7dbl_5", 192, 1, 7);
  sv_value pool = square(g, average(g, x), "branch_pool", 192, 1);
  return sv_concat(g, (sv_value[]){one, seven, twice, pool}, 4, 1);
}

static sv_value block_d(sv_graph *g, sv_value x) {
  sv_value three = square(g, x, "branch3x3_1", 192, 1);
  three = halve(g, three, "branch3x3_2", 320);
  sv_value seven = square(g, x, "branch7x7x3_1", 192, 1);
  seven = line(g, seven, "branch7x7x3_2", 192, 1, 7);
  seven = line(g, seven, "branch7x7x3_3", 192, 7, 1);
  seven = halve(g, seven, "branch7x7x3_4", 192);
  sv_value pool = sv_max_pool(g, x, 3, 2);
  return sv_concat(g, (sv_value[]){three, seven, pool}, 3, 1);
}

static sv_value block_e(sv_graph *g, sv_value x) {
  sv_value one = square(g, x, "branch1x1", 320, 1);
  sv_value three = square(g, x, "branch3x3_1", 384, 1);
  sv_value three_a = line(g, three, "branch3x3_2a", 384, 1, 3);
  sv_value three_b = line(g, three, "branch3x3_2b", 384, 3, 1);
  sv_value twice = square(g, x, "branch3x3dbl_1", 448, 1);
  twice = square(g, twice, "branch3x3dbl_2", 384, 3);
  sv_value twice_a = line(g, twice, "branch3x3dbl_3a", 384, 1, 3);
  sv_value twice_b = line(g, twice, "branch3x3dbl_3b", 384, 3, 1);
  sv_value pool = square(g, average(g, x), "branch_pool", 192, 1);
  return sv_concat(
      g, (sv_value[]){one, three_a, three_b, twice_a, twice_b, pool}, 6, 1);
}

static sv_value v3_stem(sv_graph *g, sv_value x) {
  x = halve(g, x, "Conv2d_1a_3x3", 32);
  x = unit(g, x, "Conv2d_2a_3x3",
           (sv_conv_form){.channels = 32, .kernel = 3, .valid = true});
  x = square(g, x, "Conv2d_2b_3x3", 64, 3);
  x = sv_max_pool(g, x, 3, 2);
  x = square(g, x, "Conv2d_3b_1x1", 80, 1);
  x = unit(g, x, "Conv2d_4a_3x3",
           (sv_conv_form){.channels = 192, .kernel = 3, .valid = true});
  return sv_max_pool(g, x, 3, 2);
}

static void v3_auxiliary(sv_graph *g, const inception *p, sv_value x) {
  if (!p->auxiliary) return;
  sv_scope_push(g, "AuxLogits");
  x = square(g, sv_avg_pool(g, x, 5, 3), "conv0", 128, 1);
  x = unit(g, x, "conv1",
           (sv_conv_form){.channels = 768, .kernel = 5, .valid = true});
  x = sv_zoo_global_average(g, x);
  sv_name(g, "fc");
  x = sv_linear(g, x, p->classes);
  sv_scope_pop(g);
  sv_auxiliary_head(g, "auxiliary", x, 0.4);
}

static const struct v3_block {
  const char *name;
  char kind;
  int64_t maps; /* A: behind the pooling; C: of the 7x7 */
} v3_blocks[] = {
    {"Mixed_5b", 'A', 32},  {"Mixed_5c", 'A', 64},  {"Mixed_5d", 'A', 64},
    {"Mixed_6a", 'B', 0},   {"Mixed_6b", 'C', 128}, {"Mixed_6c", 'C', 160},
    {"Mixed_6d", 'C', 160}, {"Mixed_6e", 'C', 192}, {"Mixed_7a", 'D', 0},
    {"Mixed_7b", 'E', 0},   {"Mixed_7c", 'E', 0}};

static sv_value v3_block(sv_graph *g, sv_value x, const struct v3_block *b) {
  sv_scope_push(g, "%s", b->name);
  switch (b->kind) {
    case 'A': x = block_a(g, x, b->maps); break;
    case 'B': x = block_b(g, x); break;
    case 'C': x = block_c(g, x, b->maps); break;
    case 'D': x = block_d(g, x); break;
    default: x = block_e(g, x); break;
  }
  sv_scope_pop(g);
  return x;
}

static void build_v3(sv_graph *g, const void *values) {
  const inception *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 299);
  x = v3_stem(g, x);
  for (size_t i = 0; i < sizeof v3_blocks / sizeof v3_blocks[0]; i++) {
    if (v3_blocks[i].kind == 'D') v3_auxiliary(g, p, x);
    x = v3_block(g, x, &v3_blocks[i]);
  }
  finish(g, p, x);
}

/* ---- For small images ---- */

static sv_value two_ways(sv_graph *g, const inception *p, sv_value x,
                         const char *name, int64_t one, int64_t three) {
  sv_scope_push(g, "%s", name);
  sv_value way1 = square(g, x, "one", sv_zoo_scaled(one, p->width), 1);
  sv_value way3 = square(g, x, "three", sv_zoo_scaled(three, p->width), 3);
  x = sv_concat(g, (sv_value[]){way1, way3}, 2, 1);
  sv_scope_pop(g);
  return x;
}

/* A convolution and a pooling side by side, both with stride 2. */
static sv_value reduce(sv_graph *g, const inception *p, sv_value x,
                       const char *name, int64_t maps) {
  sv_conv_form form = {
      .channels = sv_zoo_scaled(maps, p->width), .kernel = 3, .stride = 2};
  sv_scope_push(g, "%s", name);
  sv_value way3 = unit(g, x, "three", form);
  sv_value pool = sv_zoo_pool_padded(g, x, 2);
  x = sv_concat(g, (sv_value[]){way3, pool}, 2, 1);
  sv_scope_pop(g);
  return x;
}

static void build_small(sv_graph *g, const void *values) {
  const inception *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 28);
  x = square(g, x, "conv1", sv_zoo_scaled(96, p->width), 3);
  x = two_ways(g, p, x, "inception1a", 32, 32);
  x = two_ways(g, p, x, "inception1b", 32, 48);
  x = reduce(g, p, x, "reduce1", 80);
  x = two_ways(g, p, x, "inception2a", 112, 48);
  x = two_ways(g, p, x, "inception2b", 96, 64);
  x = two_ways(g, p, x, "inception2c", 80, 80);
  x = two_ways(g, p, x, "inception2d", 48, 96);
  x = reduce(g, p, x, "reduce2", 96);
  x = two_ways(g, p, x, "inception3a", 176, 160);
  x = two_ways(g, p, x, "inception3b", 176, 160);
  finish(g, p, x);
}

/* ---- Their entries ---- */

const sv_architecture sv_zoo_inception_v2 = {
    .table = {.name = "inception_v2",
              .summary = "Ioffe, Szegedy 2015: inception blocks with batch "
                         "norm, 5x5 as two 3x3",
              .attrs = v2_parameters,
              .attrs_size = sizeof(inception)},
    .source =
        "Ioffe, Szegedy, \"Batch Normalization: Accelerating Deep "
        "Network Training by Reducing Internal Covariate Shift\", ICML "
        "2015",
    .init = "he",
    .build = build_v2};

/* torchvision calls its layers so. */
static void torch_name(char *name, const void *parameters, const char *layer) {
  (void)parameters;
  sv_torch_rename(name, NULL, layer);
}

const sv_architecture sv_zoo_inception_v3 = {
    .table = {.name = "inception_v3",
              .summary = "Szegedy et al. 2016: 7x7 as 1x7 and 7x1, 299x299",
              .attrs = v3_parameters,
              .attrs_size = sizeof(inception)},
    .source =
        "Szegedy et al., \"Rethinking the Inception Architecture for "
        "Computer Vision\", CVPR 2016",
    .init = "he",
    .torch = torch_name,
    .build = build_v3};

const sv_architecture sv_zoo_inception_small = {
    .table = {.name = "inception_small",
              .summary =
                  "Zhang et al. 2017: inception blocks with two branches, "
                  "for small images",
              .attrs = small_parameters,
              .attrs_size = sizeof(inception)},
    .source =
        "Zhang et al., \"Understanding Deep Learning Requires Rethinking "
        "Generalization\", ICLR 2017",
    .init = "he",
    .build = build_small};
