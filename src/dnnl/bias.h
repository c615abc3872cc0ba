/* The gradient of a bias if it has too many terms for oneDNN's. */
#ifndef SV_DNNL_BIAS_H
#define SV_DNNL_BIAS_H

#include "op/backend.h"

/* True if there are more terms per channel than oneDNN adds accurately. */
bool sv_dnnl_long_bias(const sv_shape *dy);

/* The gradient of input 2, if it is wanted and long: db[c] = the sum of channel
 * c of dy: N C ..., plain in any order of its dimensions, or with a block of
 * channels innermost. */
void sv_dnnl_finish_bias(const sv_args *args);

#endif
