/* log_softmax: the logarithms of probabilities.
 *
 *   y_k = x_k - log(sum over j of e^(x_j))
 *   dx_k = dy_k - e^(y_k) sum over j of dy_j
 *
 * along one axis; the greatest x is subtracted first, which changes nothing but
 * keeps e^x finite.
 *
 * Shapes: any; y as x.
 * Source: Bridle, "Probabilistic Interpretation of Feedforward Classification
 * Network Outputs", 1990; https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
 */
#include <tgmath.h>

#include "op/op.h"

static inline void forward_row(real *y, const real *x, int64_t end,
                               int64_t step) {
  real greatest = x[0];
  double sum = 0;
  for (int64_t k = 0; k < end; k += step)
    if (x[k] > greatest) greatest = x[k];
  for (int64_t k = 0; k < end; k += step) sum += exp(x[k] - greatest);
  real base = (real)log(sum);
  for (int64_t k = 0; k < end; k += step) y[k] = x[k] - greatest - base;
}

static inline void backward_row(real *dx, const real *y, const real *dy,
                                int64_t end, int64_t step) {
  double sum = 0;
  for (int64_t k = 0; k < end; k += step) sum += dy[k];
  for (int64_t k = 0; k < end; k += step) dx[k] = dy[k] - exp(y[k]) * (real)sum;
}

#include "template/softmax.h"

SV_OP(log_softmax) = {
    .name = "log_softmax",
    .summary = "y_k = x_k - log(sum over j of e^(x_j))",
    .effect = SV_EFFECT_LOG_SOFTMAX,
    .onnx = (const sv_onnx_name[]){{"LogSoftmax", 0, 0}, {NULL, 0, 0}},
    SV_SOFTMAX,
};
