/* The gradient of a bias where oneDNN's own has too many terms. */
#ifndef SV_DNNL_BIAS_H
#define SV_DNNL_BIAS_H

#include <svertka/tensor.h>

/* More terms for each channel than oneDNN adds up well. */
bool sv_dnnl_long_bias(const sv_shape *dy);

/* db[c] = the sum of channel c of dy: N C ..., plain in any order of its
 * dimensions, or with a block of channels innermost. */
void sv_dnnl_sum_bias(float *db, const sv_tensor *dy);

#endif
