/* selu: the ELU that keeps mean 0 and variance 1 from layer to layer.
 *
 *   y = c x where x > 0, else c a (e^x - 1)
 *   dx = dy c where x > 0, else dy c a e^x
 *
 *   with c = 1.0507..., a = 1.6732...: the fixed point for weights drawn with a
 *   variance of 1 / inputs.
 *
 * Shapes: any; y as x.
 * Source: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-Normalizing Neural
 * Networks", NIPS 2017; https://onnx.ai/onnx/operators/onnx__Selu.html */
#include <tgmath.h>

#include "op/op.h"

#define ATTRIBUTES selu
typedef struct selu {
  float alpha, gamma;
} selu;

#define COSTLY
static inline real value(real x, const selu *a) {
  return a->gamma * (x > 0 ? x : a->alpha * expm1(x));
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const selu *a) {
  return dy * a->gamma * (x > 0 ? 1 : a->alpha * exp(x));
}

#include "template/pointwise.h"

#define AT(field) offsetof(selu, field)
static const sv_attr attrs[] = {{.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 1.6732632423543772,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 1,
                                 .help = "as published"},
                                {.name = "gamma",
                                 .onnx = "gamma",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(gamma),
                                 .initial = 1.0507009873554805,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 2,
                                 .help = "as published"},
                                {.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 1.6732,
                                 .until = 5,
                                 .help = "form of older opsets"},
                                {.name = "gamma",
                                 .onnx = "gamma",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(gamma),
                                 .initial = 1.0507,
                                 .until = 5,
                                 .help = "form of older opsets"},
                                {.name = NULL}};

SV_OP(selu) = {
    .name = "selu",
    .summary = "y = gamma x where x > 0, else gamma alpha (e^x - 1)",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Selu", 0, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(selu),
    SV_POINTWISE,
};
