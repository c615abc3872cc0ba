/* mish: a smooth rectifier that dips below zero.
 *
 *   y = x t,  t = tanh(log(1 + e^x))
 *   dx = dy (t + x s (1 - t^2)),  s = 1 / (1 + e^-x)
 *
 * Shapes: any; y as x.
 * Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation
 * Function", BMVC 2020; https://onnx.ai/onnx/operators/onnx__Mish.html */
#include <tgmath.h>

#include "graph/compose.h"

#define COSTLY
static inline real squashed(real x) {
  return tanh((x > 0 ? x : 0) + log1p(exp(-fabs(x))));
}

static inline real value(real x) { return x * squashed(x); }

#define GRADIENT_READS_X
static inline real gradient(real dy, real x) {
  real t = squashed(x), s = 1 / (1 + exp(-x));
  return dy * (t + x * s * (1 - t * t));
}

#include "template/pointwise.h"

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  (void)node;
  sv_value plus = sv_apply(graph, "softplus", in, 1, NULL);
  out[0] = sv_two(graph, "mul", in[0], sv_apply(graph, "tanh", &plus, 1, NULL));
  return sv_graph_check(graph);
}

SV_OP(mish) = {
    .name = "mish",
    .summary = "y = x tanh(log(1 + e^x))",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Mish", 18, 0}, {NULL, 0, 0}},
    .expand = expand,
    SV_POINTWISE,
};
