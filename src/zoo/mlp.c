/* The multilayer perceptron: what the course holds convolutions against. Every
 * neuron sees every pixel, so it does not notice when all pixels are permuted.
 *
 *   image -> flatten -> (linear -> activation) for each hidden layer -> linear
 *
 * Source: Rumelhart, Hinton, Williams, "Learning representations by
 * back-propagating errors", Nature 323, 1986; 300 and 100 hidden neurons as in
 * LeCun et al. 1998. */
#include "zoo/architecture.h"
#include "zoo/blocks.h"

typedef struct mlp {
  int64_t classes, channels;
  sv_ints size;
  sv_ints hidden;
  int activation;
  float width, dropout;
} mlp;

static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};

static const sv_attr parameters[] = {
    {.name = "hidden",
     .type = SV_ATTR_INTS,
     .offset = offsetof(mlp, hidden),
     .min = 0,
     .max = 1 << 24,
     .help = "neurons of each hidden layer; 300x100 by default, 0: none"},
    {.name = "activation",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(mlp, activation),
     .choices = activations,
     .help = "after each hidden layer"},
    SV_ZOO_WIDTH(mlp, 1, "factor for the neurons of each hidden layer"),
    SV_ZOO_DROPOUT(mlp, 0),
    SV_ZOO_SMALL(mlp),
    {0}};

static void build(sv_graph *g, const void *values) {
  const mlp *p = values;
  const sv_ints usual = sv_pair(300, 100);
  const sv_ints *hidden = p->hidden.count ? &p->hidden : &usual;
  sv_value x = sv_zoo_flatten(g, sv_zoo_image(g, p->channels, &p->size, 28));
  for (int i = 0; i < hidden->count; i++) {
    if (hidden->at[i] == 0) continue;
    x = sv_linear(g, x, sv_zoo_scaled(hidden->at[i], p->width));
    x = sv_apply(g, activations[p->activation], &x, 1, NULL);
    x = sv_zoo_dropout(g, x, p->dropout);
  }
  sv_classifier_head(g, sv_linear(g, x, p->classes));
}

const sv_architecture sv_zoo_mlp = {
    .table = {.name = "mlp",
              .summary = "multilayer perceptron: linear layers, no "
                         "convolution",
              .attrs = parameters,
              .attrs_size = sizeof(mlp)},
    .source =
        "Rumelhart, Hinton, Williams, \"Learning representations by "
        "back-propagating errors\", Nature 323, 1986",
    .build = build};
