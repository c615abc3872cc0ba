/* hard_sigmoid: the sigmoid in straight pieces.
 *
 *   y = max(0, min(1, a x + b))
 *   dx = a dy where 0 < y < 1, else 0
 *
 * Shapes: any; y as x.
 * Source: Courbariaux, Bengio, David, "BinaryConnect: Training Deep Neural
 * Networks with Binary Weights during Propagations", NIPS 2015;
 * https://onnx.ai/onnx/operators/onnx__HardSigmoid.html */
#include "op/op.h"

#define ATTRIBUTES hard_sigmoid
typedef struct hard_sigmoid {
  float alpha, beta;
} hard_sigmoid;

static inline real value(real x, const hard_sigmoid *a) {
  real y = a->alpha * x + a->beta;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y, const hard_sigmoid *a) {
  return y > 0 && y < 1 ? a->alpha * dy : 0;
}

#include "template/pointwise.h"

#define AT(field) offsetof(hard_sigmoid, field)
static const sv_attr attrs[] = {{.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 0.2,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 1,
                                 .help = "slope"},
                                {.name = "beta",
                                 .onnx = "beta",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(beta),
                                 .initial = 0.5,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 2,
                                 .help = "y at 0"},
                                {.name = NULL}};

SV_OP(hard_sigmoid) = {
    .name = "hard_sigmoid",
    .summary = "y = max(0, min(1, alpha x + beta))",
    .effect = SV_EFFECT_SQUASHES,
    .onnx = (const sv_onnx_name[]){{"HardSigmoid", 0, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(hard_sigmoid),
    SV_POINTWISE,
    .low = 0,
    .high = 1,
};
