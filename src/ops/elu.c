/* elu: the exponential linear unit.
 *
 *   y = x where x > 0, else a (e^x - 1)
 *   dx = dy where x > 0, else dy a e^x
 *
 * Shapes: any; y as x.
 * Source: Clevert, Unterthiner, Hochreiter, "Fast and Accurate Deep Network
 * Learning by Exponential Linear Units (ELUs)", ICLR 2016;
 * https://onnx.ai/onnx/operators/onnx__Elu.html */
#include <tgmath.h>

#include "op/op.h"

#define ATTRIBUTES elu
typedef struct elu {
  float alpha;
} elu;

#define COSTLY
static inline real value(real x, const elu *a) {
  return x > 0 ? x : a->alpha * expm1(x);
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const elu *a) {
  return x > 0 ? dy : dy * a->alpha * exp(x);
}

#include "template/pointwise.h"

#define AT(field) offsetof(elu, field)
static const sv_attr attrs[] = {
    {.name = "alpha",
     .onnx = "alpha",
     .type = SV_ATTR_FLOAT,
     .offset = AT(alpha),
     .initial = 1,
     .min = -1e6,
     .max = 1e6,
     .position = 1,
     .help = "y approaches -alpha for large negative x"},
    {.name = NULL}};

SV_OP(elu) = {
    .name = "elu",
    .summary = "y = x where x > 0, else alpha (e^x - 1)",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Elu", 0, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(elu),
    SV_POINTWISE,
};
