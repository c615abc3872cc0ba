/* argmax: where along an axis the greatest number is.
 *
 *   y = the first (or the last) i at which x[i] is the maximum
 *
 * Shapes: x any; y as x, the axis 1 or left out.
 * Source: https://onnx.ai/onnx/operators/onnx__ArgMax.html */
#define BEATS (a > b)

#include "template/arg.h"

SV_ARG(argmax, "ArgMax", "y = the index of the largest element along an axis");
