/* The layers by name: activations and arithmetic. */
#include <svertka/layers.h>

#include "graph/compose.h"

/* ---- Activations ---- */

sv_value sv_relu(sv_graph *g, sv_value x) { return sv_one(g, "relu", x, NULL); }

sv_value sv_tanh(sv_graph *g, sv_value x) { return sv_one(g, "tanh", x, NULL); }

sv_value sv_sigmoid(sv_graph *g, sv_value x) {
  return sv_one(g, "sigmoid", x, NULL);
}

/* With attributes by their positions. */
static sv_value apply_number(sv_graph *g, const char *op, sv_value x,
                             double number) {
  char text[40];
  snprintf(text, sizeof text, "%.9g", number);
  return sv_apply_text(g, op, &x, 1, text);
}

sv_value sv_leaky_relu(sv_graph *g, sv_value x, double alpha) {
  return apply_number(g, "leaky_relu", x, alpha);
}

sv_value sv_prelu(sv_graph *g, sv_value x) {
  return sv_one(g, "prelu", x, NULL);
}

sv_value sv_elu(sv_graph *g, sv_value x, double alpha) {
  return apply_number(g, "elu", x, alpha);
}

sv_value sv_selu(sv_graph *g, sv_value x) { return sv_one(g, "selu", x, NULL); }

sv_value sv_gelu(sv_graph *g, sv_value x) { return sv_one(g, "gelu", x, NULL); }

sv_value sv_silu(sv_graph *g, sv_value x) { return sv_one(g, "silu", x, NULL); }

sv_value sv_mish(sv_graph *g, sv_value x) { return sv_one(g, "mish", x, NULL); }

sv_value sv_hard_swish(sv_graph *g, sv_value x) {
  return sv_one(g, "hard_swish", x, NULL);
}

sv_value sv_hard_sigmoid(sv_graph *g, sv_value x) {
  return apply_number(g, "hard_sigmoid", x, 1.0 / 6);
}

sv_value sv_softplus(sv_graph *g, sv_value x) {
  return sv_one(g, "softplus", x, NULL);
}

sv_value sv_softsign(sv_graph *g, sv_value x) {
  return sv_one(g, "softsign", x, NULL);
}

sv_value sv_clip(sv_graph *g, sv_value x, double min, double max) {
  char text[80];
  snprintf(text, sizeof text, "%.9g %.9g", min, max);
  return sv_apply_text(g, "clip", &x, 1, text);
}

sv_value sv_log_softmax(sv_graph *g, sv_value x) {
  return sv_one(g, "log_softmax", x, NULL);
}

sv_value sv_softmax(sv_graph *g, sv_value x) {
  return sv_one(g, "softmax", x, NULL);
}

/* ---- Arithmetic ---- */

sv_value sv_add(sv_graph *g, sv_value a, sv_value b) {
  return sv_two(g, "add", a, b);
}

sv_value sv_sub(sv_graph *g, sv_value a, sv_value b) {
  return sv_two(g, "sub", a, b);
}

sv_value sv_mul(sv_graph *g, sv_value a, sv_value b) {
  return sv_two(g, "mul", a, b);
}

sv_value sv_div(sv_graph *g, sv_value a, sv_value b) {
  return sv_two(g, "div", a, b);
}
