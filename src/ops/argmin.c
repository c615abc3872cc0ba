/* argmin: where along an axis the least number is.
 *
 *   y = the first (or the last) i at which x[i] is the minimum
 *
 * Shapes: x any; y as x, the axis 1 or left out.
 * Source: https://onnx.ai/onnx/operators/onnx__ArgMin.html */
#define BEATS (a < b)

#include "template/arg.h"

SV_ARG(argmin, "ArgMin", "y = the index of the smallest element along an axis");
