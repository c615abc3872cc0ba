/* GoogLeNet: inception blocks, four ways side by side whose maps are put
 * together.
 *
 *   1x1 | 1x1 -> 3x3 | 1x1 -> 5x5 | max pool 3x3 -> 1x1
 *
 *   7x7/2 64, pool, 1x1 64, 3x3 192, pool, 3a 3b, pool, 4a-4e, pool, 5a 5b,
 *   global average, dropout, classes. In training two auxiliary classifiers, on
 *   4a and 4d, add 0.3 times their losses: average pool 5x5/3, 1x1 128, 1024,
 *   dropout 0.7 (none where the network's is 0), classes.
 *
 *   paper  biases, local response normalisation around the second convolution
 *   bn     batch norm after each convolution and, as torchvision has it, 3x3
 *          where the paper has 5x5
 *
 * Source: Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, table 1.
 */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { BN, PAPER };

typedef struct googlenet {
  int64_t classes, channels;
  sv_ints size;
  int form;
  bool auxiliary;
  float dropout;
} googlenet;

static const char *const forms[] = {"bn", "paper", NULL};

static const sv_attr parameters[] = {
    {.name = "form",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(googlenet, form),
     .choices = forms,
     .help = "with batch norm, or as in the paper, which trains "
             "with adam, rate 0.001, by default"},
    {.name = "auxiliary",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(googlenet, auxiliary),
     .initial = 1,
     .help = "two auxiliary classifiers in training"},
    SV_ZOO_DROPOUT(googlenet, 0.4),
    SV_ZOO_IMAGENET(googlenet, 224),
    {0}};

/* Maps: 1x1; before and of 3x3; before and of 5x5; behind the pooling. */
typedef struct inception {
  const char *name;
  int64_t one, before3, three, before5, five, pooled;
} inception;

static const inception blocks[] = {
    {"inception3a", 64, 96, 128, 16, 32, 32},
    {"inception3b", 128, 128, 192, 32, 96, 64},
    {"inception4a", 192, 96, 208, 16, 48, 64},
    {"inception4b", 160, 112, 224, 24, 64, 64},
    {"inception4c", 128, 128, 256, 24, 64, 64},
    {"inception4d", 112, 144, 288, 32, 64, 64},
    {"inception4e", 256, 160, 320, 32, 128, 128},
    {"inception5a", 256, 160, 320, 32, 128, 128},
    {"inception5b", 384, 192, 384, 48, 128, 128}};
enum { I3B = 1, I4A = 2, I4D = 5, I4E = 6, BLOCKS = 9 };

static sv_value conv(sv_graph *g, const googlenet *p, sv_value x,
                     const char *name, sv_conv_form form) {
  sv_scope_push(g, "%s", name);
  sv_name(g, "conv");
  form.bias = p->form == PAPER;
  x = sv_zoo_conv(g, x, form);
  if (p->form == BN) {
    sv_name(g, "bn");
    x = sv_zoo_norm(g, x, 1e-3f);
  }
  x = sv_relu(g, x);
  sv_scope_pop(g);
  return x;
}

static sv_value one(sv_graph *g, const googlenet *p, sv_value x,
                    const char *name, int64_t channels) {
  return conv(g, p, x, name, (sv_conv_form){.channels = channels, .kernel = 1});
}

static sv_value pool_same(sv_graph *g, sv_value x) {
  return sv_zoo_pool_padded(g, x, 1);
}

static sv_value add_inception(sv_graph *g, const googlenet *p, sv_value x,
                              const inception *b) {
  int64_t five = p->form == BN ? 3 : 5;
  sv_scope_push(g, "%s", b->name);
  sv_value way1 = one(g, p, x, "branch1", b->one);
  sv_value way2 = one(g, p, x, "branch2.0", b->before3);
  way2 = conv(g, p, way2, "branch2.1",
              (sv_conv_form){.channels = b->three, .kernel = 3});
  sv_value way3 = one(g, p, x, "branch3.0", b->before5);
  way3 = conv(g, p, way3, "branch3.1",
              (sv_conv_form){.channels = b->five, .kernel = five});
  sv_value way4 = one(g, p, pool_same(g, x), "branch4.1", b->pooled);
  x = sv_concat(g, (sv_value[]){way1, way2, way3, way4}, 4, 1);
  sv_scope_pop(g);
  return x;
}

static void add_auxiliary(sv_graph *g, const googlenet *p, sv_value x,
                          const char *name) {
  if (!p->auxiliary) return;
  sv_scope_push(g, "%s", name);
  x = one(g, p, sv_avg_pool(g, x, 5, 3), "conv", 128);
  x = sv_zoo_flatten(g, x);
  sv_name(g, "fc1");
  x = sv_relu(g, sv_linear(g, x, 1024));
  x = sv_zoo_dropout(g, x, p->dropout > 0 ? 0.7 : 0);
  sv_name(g, "fc2");
  x = sv_linear(g, x, p->classes);
  sv_scope_pop(g);
  sv_auxiliary_head(g, name, x, 0.3);
}

static sv_value stem(sv_graph *g, const googlenet *p, sv_value x) {
  bool lrn = p->form == PAPER;
  x = conv(g, p, x, "conv1",
           (sv_conv_form){.channels = 64, .kernel = 7, .stride = 2});
  x = sv_zoo_pool_ceil(g, x, 3);
  if (lrn) x = sv_zoo_lrn(g, x, 1);
  x = one(g, p, x, "conv2", 64);
  x = conv(g, p, x, "conv3", (sv_conv_form){.channels = 192, .kernel = 3});
  if (lrn) x = sv_zoo_lrn(g, x, 1);
  return sv_zoo_pool_ceil(g, x, 3);
}

static void build(sv_graph *g, const void *values) {
  const googlenet *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 224);
  x = stem(g, p, x);
  for (int i = 0; i < BLOCKS; i++) {
    x = add_inception(g, p, x, &blocks[i]);
    if (i == I4A) add_auxiliary(g, p, x, "aux1");
    if (i == I4D) add_auxiliary(g, p, x, "aux2");
    if (i == I3B) x = sv_zoo_pool_ceil(g, x, 3);
    if (i == I4E) x = sv_zoo_pool_ceil(g, x, p->form == BN ? 2 : 3);
  }
  x = sv_zoo_dropout(g, sv_zoo_global_average(g, x), p->dropout);
  sv_zoo_classify(g, x, "fc", p->classes);
}

/* torchvision calls its layers so. */
static void torch_name(char *name, const void *parameters, const char *layer) {
  (void)parameters;
  sv_torch_rename(name, NULL, layer);
}

/* The form of the paper has 22 layers without a norm: see docs/recipes.md. */
static const sv_zoo_recipe paper_recipe = {.optimiser = "adam", .rate = 0.001};

static bool needs_recipe(const void *parameters) {
  return ((const googlenet *)parameters)->form == PAPER;
}

const sv_architecture sv_zoo_googlenet = {
    .table = {.name = "googlenet",
              .summary = "Szegedy et al. 2015: inception blocks, auxiliary "
                         "classifiers",
              .attrs = parameters,
              .attrs_size = sizeof(googlenet)},
    .source = "Szegedy et al., \"Going Deeper with Convolutions\", CVPR 2015",
    .init = "he",
    .recipe = &paper_recipe,
    .needs_recipe = needs_recipe,
    .torch = torch_name,
    .build = build};
