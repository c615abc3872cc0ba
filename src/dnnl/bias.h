/* The gradient of a bias if it has too many terms for oneDNN's. */
#ifndef SV_DNNL_BIAS_H
#define SV_DNNL_BIAS_H

#include <svertka/tensor.h>

/* True if there are more terms per channel than oneDNN adds accurately. */
bool sv_dnnl_long_bias(const sv_shape *dy);

/* db[c] = the sum of channel c of dy: N C ..., plain in any order of its
 * dimensions, or with a block of channels innermost. */
void sv_dnnl_sum_bias(float *db, const sv_tensor *dy);

#endif
