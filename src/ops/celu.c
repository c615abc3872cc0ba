/* celu: the ELU whose slope is continuous whatever a is.
 *
 *   y = x where x > 0, else a (e^(x/a) - 1)
 *   dx = dy where x > 0, else dy e^(x/a)
 *
 * Shapes: any; y as x.
 * Source: Barron, "Continuously Differentiable Exponential Linear Units",
 * 2017, arXiv:1704.07483; https://onnx.ai/onnx/operators/onnx__Celu.html */
#include <tgmath.h>

#include "op/op.h"

#define ATTRIBUTES celu
typedef struct celu {
  float alpha;
} celu;

#define COSTLY
static inline real value(real x, const celu *a) {
  return x > 0 ? x : a->alpha * expm1(x / a->alpha);
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const celu *a) {
  return x > 0 ? dy : dy * exp(x / a->alpha);
}

#include "template/pointwise.h"

#define AT(field) offsetof(celu, field)
static const sv_attr attrs[] = {
    {.name = "alpha",
     .onnx = "alpha",
     .type = SV_ATTR_FLOAT,
     .offset = AT(alpha),
     .initial = 1,
     .min = 1e-6,
     .max = 1e6,
     .position = 1,
     .help = "y approaches -alpha for large negative x"},
    {.name = NULL}};

SV_OP(celu) = {
    .name = "celu",
    .summary = "y = x where x > 0, else alpha (e^(x/alpha) - 1)",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Celu", 12, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(celu),
    SV_POINTWISE,
};
