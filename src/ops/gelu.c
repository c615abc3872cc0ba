/* gelu: x times the chance that a normal number is less.
 *
 *   y = x p(x)
 *   p = (1 + erf(x / sqrt(2))) / 2
 *   dx = dy (p + x e^(-x^2 / 2) / sqrt(2 pi))
 *
 *   or, approximately, with u = sqrt(2/pi) (x + 0.044715 x^3) and t = tanh(u)
 *
 *   p = (1 + t) / 2
 *   dx = dy (p + x (1 - t^2) du/dx / 2)
 *
 * Shapes: any; y as x.
 * Source: Hendrycks, Gimpel, "Gaussian Error Linear Units (GELUs)", 2016,
 * arXiv:1606.08415; https://onnx.ai/onnx/operators/onnx__Gelu.html */
#include <tgmath.h>

#include "graph/compose.h"

typedef enum { EXACT, TANH } approximation;

#define ATTRIBUTES gelu
typedef struct gelu {
  int approximate;
} gelu;

static const double sqrt_half = 0.70710678118654752440;
static const double sqrt_2_over_pi = 0.79788456080286535588;
static const double cubic = 0.044715;

#define COSTLY
static inline real inner(real x) {
  return (real)sqrt_2_over_pi * (x + (real)cubic * x * x * x);
}

static inline real value(real x, const gelu *a) {
  real p = a->approximate == TANH ? tanh(inner(x)) : erf(x * (real)sqrt_half);
  return x * (1 + p) / 2;
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const gelu *a) {
  if (a->approximate == TANH) {
    real t = tanh(inner(x));
    real slope = (real)sqrt_2_over_pi * (1 + 3 * (real)cubic * x * x);
    return dy * (1 + t + x * (1 - t * t) * slope) / 2;
  }
  real density = (real)(sqrt_2_over_pi / 2) * exp(-x * x / 2);
  return dy * ((1 + erf(x * (real)sqrt_half)) / 2 + x * density);
}

#include "template/pointwise.h"

static sv_value inner_of(sv_graph *graph, sv_value x) {
  sv_value cube = sv_two(graph, "mul", sv_two(graph, "mul", x, x), x);
  sv_value sum =
      sv_two(graph, "add", x, sv_with(graph, "mul", cube, "cubic", cubic));
  return sv_with(graph, "mul", sum, "scale", sqrt_2_over_pi);
}

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  bool exact = ((const gelu *)node->attrs)->approximate == EXACT;
  sv_value u = exact ? sv_with(graph, "mul", in[0], "scale", sqrt_half)
                     : inner_of(graph, in[0]);
  sv_value p = sv_apply(graph, exact ? "erf" : "tanh", &u, 1, NULL);
  p = sv_two(graph, "mul", in[0], sv_with(graph, "add", p, "one", 1));
  out[0] = sv_with(graph, "mul", p, "half", 0.5);
  return sv_graph_check(graph);
}

static const char *const approximations[] = {"none", "tanh", NULL};

#define AT(field) offsetof(gelu, field)
static const sv_attr attrs[] = {{.name = "approximate",
                                 .onnx = "approximate",
                                 .type = SV_ATTR_CHOICE,
                                 .offset = AT(approximate),
                                 .choices = approximations,
                                 .position = 1,
                                 .since = 20,
                                 .help = "approximation of erf: none or tanh"},
                                {.name = NULL}};

SV_OP(gelu) = {
    .name = "gelu",
    .summary = "y = x (1 + erf(x / sqrt(2))) / 2, or its approximation by tanh",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Gelu", 20, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(gelu),
    .expand = expand,
    SV_POINTWISE,
};
