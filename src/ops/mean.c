/* mean: the mean of any number of tensors.
 *
 *   y = (x_1 + x_2 + ... + x_n) / n
 *   dx_i = dy / n,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: any number of x such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Mean.html */
#define JOIN (y + x)
#define FINISH (y / count)
#define GRADIENT (dy / count)

#include "template/several.h"

SV_OP(mean) = {
    .name = "mean",
    .summary = "y = (x_1 + x_2 + ... + x_n) / n",
    .effect = SV_EFFECT_AVERAGES,
    .onnx = (const sv_onnx_name[]){{"Mean", 0, 0}, {NULL, 0, 0}},
    SV_SEVERAL,
};
