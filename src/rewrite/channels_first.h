/* Converts a network of N x H x W x C into one of N x C x H x W. */
#ifndef SV_REWRITE_CHANNELS_FIRST_H
#define SV_REWRITE_CHANNELS_FIRST_H

#include "graph/model.h"

/* The same network for an image with channels first. Transposes between the two
 * orders are removed; scales, biases and the weights of linear layers on a
 * flattened map are reordered. `image` (C H W; may be NULL) gives the sizes
 * that the input leaves free. Metadata are copied; losses are removed.
 * SV_UNSUPPORTED names a layer that depends on the old order. Free *turned with
 * sv_model_free. */
sv_status sv_model_channels_first(sv_model **turned, const sv_model *model,
                                  const sv_ints *image) SV_CHECKED;

#endif
