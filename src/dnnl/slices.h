/* The gradient of a convolution's weights if it has too many terms for
 * oneDNN's: the primitive runs on a few images at a time. */
#ifndef SV_DNNL_SLICES_H
#define SV_DNNL_SLICES_H

#include <svertka/tensor.h>

/* The number of equal slices of the batch of `maps`, N C ..., whose N times
 * positions are the terms of each sum; 1: the batch is not sliced. */
int sv_dnnl_slices(const sv_shape *maps);

/* sum[i] += part[i], i < bytes / 4. */
void sv_dnnl_add_slice(float *sum, const float *part, size_t bytes);

#endif
