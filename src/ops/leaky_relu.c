/* leaky_relu: the rectifier with a slope below zero.
 *
 *   y = x where x > 0, else a x
 *   dx = dy where x > 0, else a dy
 *
 * Shapes: any; y as x.
 * Source: Maas, Hannun, Ng, "Rectifier Nonlinearities Improve Neural Network
 * Acoustic Models", 2013; https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
 */
#include "op/op.h"

#define ATTRIBUTES leaky_relu
typedef struct leaky_relu {
  float alpha;
} leaky_relu;

/* Both sides are computed, and one is picked: no branch. */
static inline real value(real x, const leaky_relu *a) {
  real below = a->alpha * x;
  return x > 0 ? x : below;
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const leaky_relu *a) {
  real below = a->alpha * dy;
  return x > 0 ? dy : below;
}

#include "template/pointwise.h"

#define AT(field) offsetof(leaky_relu, field)
static const sv_attr attrs[] = {{.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 0.01,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 1,
                                 .help = "slope below zero"},
                                {.name = NULL}};

SV_OP(leaky_relu) = {
    .name = "leaky_relu",
    .summary = "y = x where x > 0, else alpha x",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"LeakyRelu", 0, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(leaky_relu),
    SV_POINTWISE,
};
