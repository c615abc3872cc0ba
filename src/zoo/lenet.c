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

enum { AVERAGE, MAX, WEIGHTED };

typedef struct lenet5 {
  int64_t classes, channels;
  int activation, pool;
  float width, dropout;
} lenet5;

static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};
static const char *const pools[] = {"average", "max", "weighted", NULL};

static const sv_attr parameters[] = {
    SV_ZOO_COUNT(lenet5, classes, 10, 1 << 24, "classes to tell apart"),
    SV_ZOO_COUNT(lenet5, channels, 1, 1 << 16,
                 "channels of the image: 1 grey, 3 colour"),
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
    {.name = "width",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(lenet5, width),
     .initial = 1,
     .min = 1.0 / 64,
     .max = 64,
     .help = "how many times the maps and neurons of each layer but the last"},
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

/* So many maps or neurons, made wider; at least one. */
static int64_t wide(const lenet5 *p, int count) {
  int64_t most = (int64_t)(count * (double)p->width + 0.5);
  return most > 1 ? most : 1;
}

/* Before each linear layer. */
static sv_value drop(sv_graph *g, const lenet5 *p, sv_value x) {
  return p->dropout > 0 ? sv_dropout(g, x, p->dropout) : x;
}

static void build(sv_graph *g, const void *values) {
  const lenet5 *p = values;
  sv_shape image = sv_shape_of(4, -1, (int)p->channels, 32, 32);
  sv_value x = sv_input(g, "image", SV_F32, image);
  x = activate(g, p, sv_conv(g, x, wide(p, 6), 5));
  x = subsample(g, p, x);
  x = activate(g, p, sv_conv(g, x, wide(p, 16), 5));
  x = subsample(g, p, x);
  x = activate(g, p, sv_conv(g, x, wide(p, 120), 5));
  x = drop(g, p, sv_flatten(g, x));
  x = drop(g, p, activate(g, p, sv_linear(g, x, wide(p, 84))));
  sv_classifier_head(g, sv_linear(g, x, p->classes));
}

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
    .build = build};
