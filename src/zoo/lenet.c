/* LeNet-5: convolutions and sub-sampling in turn until the maps are 1x1.
 *
 *   1@32x32 -conv 5x5-> 6@28x28 -pool 2x2-> 6@14x14
 *           -conv 5x5-> 16@10x10 -pool 2x2-> 16@5x5
 *           -conv 5x5-> 120@1x1 -> 84 -> classes
 *
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to
 * Document Recognition", Proceedings of the IEEE 86(11), 1998. As it is taught
 * today: every map of the second convolution sees all six, and a softmax takes
 * the place of the codes. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { AVERAGE, MAX, WEIGHTED };

typedef struct lenet5 {
  int64_t classes, channels;
  sv_ints size;
  int activation, pool;
  float width, dropout;
} lenet5;

static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};
static const char *const pools[] = {"average", "max", "weighted", NULL};

static const sv_attr parameters[] = {
    SV_ZOO_IMAGE(lenet5, 10, 1, 32),
    {.name = "activation",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(lenet5, activation),
     .choices = activations,
     .help = "after each convolution and the first linear layer"},
    {.name = "pool",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(lenet5, pool),
     .choices = pools,
     .help = "sub-sampling; weighted: as in 1998, a trained coefficient and "
             "bias per map"},
    SV_ZOO_WIDTH(lenet5, 1,
                 "factor for the maps and neurons of all layers but the last"),
    SV_ZOO_DROPOUT(lenet5, 0),
    {0}};

static sv_value activate(sv_graph *g, const lenet5 *p, sv_value x) {
  return sv_apply(g, activations[p->activation], &x, 1, NULL);
}

static sv_value subsample(sv_graph *g, const lenet5 *p, sv_value x) {
  if (p->pool == MAX) return sv_max_pool(g, x, 2, 2);
  if (p->pool == AVERAGE) return sv_avg_pool(g, x, 2, 2);
  return activate(g, p, sv_weighted_avg_pool(g, x, 2, 2));
}

static void build(sv_graph *g, const void *values) {
  const lenet5 *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &p->size, 32);
  x = activate(g, p, sv_conv(g, x, sv_zoo_scaled(6, p->width), 5));
  x = subsample(g, p, x);
  x = activate(g, p, sv_conv(g, x, sv_zoo_scaled(16, p->width), 5));
  x = subsample(g, p, x);
  x = activate(g, p, sv_conv(g, x, sv_zoo_scaled(120, p->width), 5));
  x = sv_zoo_dropout(g, sv_zoo_flatten(g, x), p->dropout);
  x = sv_zoo_dropout(
      g, activate(g, p, sv_linear(g, x, sv_zoo_scaled(84, p->width))),
      p->dropout);
  sv_classifier_head(g, sv_linear(g, x, p->classes));
}

static const sv_zoo_alias lenet5_aliases[] = {{"lenet", ""}, {NULL, NULL}};

const sv_architecture sv_zoo_lenet5 = {
    .table = {.name = "lenet5",
              .summary = "LeCun et al. 1998: three convolutions, two "
                         "sub-samplings, 32x32",
              .attrs = parameters,
              .attrs_size = sizeof(lenet5)},
    .source =
        "LeCun, Bottou, Bengio, Haffner, \"Gradient-Based Learning "
        "Applied to Document Recognition\", Proceedings of the IEEE "
        "86(11), 1998",
    .own_size = true,
    .aliases = lenet5_aliases,
    .build = build};
