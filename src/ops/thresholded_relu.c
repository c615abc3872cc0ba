/* thresholded_relu: x where it is large, else nothing.
 *
 *   y = 0 where x <= a, else x
 *   dx = 0 where x <= a, else dy
 *
 * NaN stays NaN, as in PyTorch.
 *
 * Shapes: any; y as x.
 * Source: Konda, Memisevic, Krueger, "Zero-bias Autoencoders and the Benefits
 * of Co-adapting Features", ICLR 2015;
 * https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html */
#include "op/op.h"

#define ATTRIBUTES thresholded_relu
typedef struct thresholded_relu {
  float alpha;
} thresholded_relu;

static inline real value(real x, const thresholded_relu *a) {
  return x <= a->alpha ? 0 : x;
}

#define GRADIENT_READS_X
static inline real gradient(real dy, real x, const thresholded_relu *a) {
  return x <= a->alpha ? 0 : dy;
}

#include "template/pointwise.h"

#define AT(field) offsetof(thresholded_relu, field)
static const sv_attr attrs[] = {{.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 1,
                                 .min = -1e6,
                                 .max = 1e6,
                                 .position = 1,
                                 .help = "threshold: y is 0 for x <= alpha"},
                                {.name = NULL}};

SV_OP(thresholded_relu) = {
    .name = "thresholded_relu",
    .summary = "y = 0 where x <= alpha, else x",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"ThresholdedRelu", 10, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(thresholded_relu),
    SV_POINTWISE,
};
