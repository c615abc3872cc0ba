/* softmax: numbers made into probabilities.
 *
 *   y_k = e^(x_k) / sum over j of e^(x_j)
 *   dx_k = y_k (dy_k - sum over j of dy_j y_j)
 *
 * along one axis; the greatest x is subtracted first, which changes nothing but
 * keeps e^x finite.
 *
 * Shapes: any; y as x.
 * Source: Bridle, "Probabilistic Interpretation of Feedforward Classification
 * Network Outputs", 1990; https://onnx.ai/onnx/operators/onnx__Softmax.html */
#include <tgmath.h>

#include "op/op.h"

static inline void forward_row(real *y, const real *x, int64_t end,
                               int64_t step) {
  real greatest = x[0];
  double sum = 0;
  for (int64_t k = 0; k < end; k += step)
    if (x[k] > greatest) greatest = x[k];
  for (int64_t k = 0; k < end; k += step) sum += y[k] = exp(x[k] - greatest);
  for (int64_t k = 0; k < end; k += step) y[k] = (real)(y[k] / sum);
}

static inline void backward_row(real *dx, const real *y, const real *dy,
                                int64_t end, int64_t step) {
  double sum = 0;
  for (int64_t k = 0; k < end; k += step) sum += dy[k] * y[k];
  for (int64_t k = 0; k < end; k += step) dx[k] = y[k] * (dy[k] - (real)sum);
}

#include "template/softmax.h"

SV_OP(softmax) = {
    .name = "softmax",
    .summary = "y_k = e^(x_k) / sum over j of e^(x_j)",
    .effect = SV_EFFECT_SOFTMAX,
    .onnx = (const sv_onnx_name[]){{"Softmax", 0, 0}, {NULL, 0, 0}},
    SV_SOFTMAX,
};
