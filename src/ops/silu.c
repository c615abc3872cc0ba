/* silu: x times its sigmoid; also known as swish.
 *
 *   y = x s,  s = 1 / (1 + e^(-a x))
 *   dx = dy s (1 + a x (1 - s))
 *
 * Shapes: any; y as x.
 * Source: Elfwing, Uchibe, Doya, "Sigmoid-Weighted Linear Units for Neural
 * Network Function Approximation in Reinforcement Learning", 2018,
 * arXiv:1702.03118; Ramachandran, Zoph, Le, "Searching for Activation
 * Functions", 2017, arXiv:1710.05941;
 * https://onnx.ai/onnx/operators/onnx__Swish.html */
#include <tgmath.h>

#include "graph/compose.h"

#define ATTRIBUTES silu
typedef struct silu {
  float alpha;
} silu;

#define COSTLY
static inline real value(real x, const silu *a) {
  return x / (1 + exp(-a->alpha * x));
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const silu *a) {
  real s = 1 / (1 + exp(-a->alpha * x));
  return dy * s * (1 + a->alpha * x * (1 - s));
}

#include "template/pointwise.h"

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  const silu *a = node->attrs;
  sv_value x = in[0];
  if (a->alpha != 1) x = sv_with(graph, "mul", x, "alpha", a->alpha);
  out[0] = sv_two(graph, "mul", in[0], sv_apply(graph, "sigmoid", &x, 1, NULL));
  return sv_graph_check(graph);
}

#define AT(field) offsetof(silu, field)
static const sv_attr attrs[] = {{.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 1,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 1,
                                 .since = 24,
                                 .help = "factor of x inside the sigmoid"},
                                {.name = NULL}};

SV_OP(silu) = {
    .name = "silu",
    .summary = "y = x / (1 + e^(-alpha x))",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Swish", 24, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(silu),
    .expand = expand,
    SV_POINTWISE,
};
