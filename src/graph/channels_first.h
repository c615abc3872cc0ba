/* A network of N x H x W x C as one of N x C x H x W. */
#ifndef SV_GRAPH_CHANNELS_FIRST_H
#define SV_GRAPH_CHANNELS_FIRST_H

#include "graph/model.h"

/* The same network for an image whose channels come first: the Transposes
 * between the two orders are gone, scales, biases and the weights of linear
 * layers on a flattened map are in the new order. `image` (C H W; may be NULL)
 * is the size of what the input leaves free. Metadata are copied, losses left
 * out. SV_UNSUPPORTED names a layer that depends on the old order. Free *turned
 * with sv_model_free. */
sv_status sv_model_channels_first(sv_model **turned, const sv_model *model,
                                  const sv_ints *image) SV_CHECKED;

#endif
