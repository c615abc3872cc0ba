/* Where a network's image has its channels. */
#ifndef SV_GRAPH_IMAGE_LAYOUT_H
#define SV_GRAPH_IMAGE_LAYOUT_H

#include "graph/graph.h"

typedef enum sv_channels {
  SV_CHANNELS_OPEN,
  SV_CHANNELS_FIRST, /* N x C x H x W */
  SV_CHANNELS_LAST   /* N x H x W x C */
} sv_channels;

/* What a node says of the order of its first input, and of its result: a
 * Transpose between the two orders, windows and normalisations of channels. */
sv_channels sv_channels_before(const sv_node *node);
sv_channels sv_channels_after(const sv_node *node);

/* The one image input is N x H x W x C, as networks of Keras and TensorFlow
 * have it: it is brought to N x C x H x W before the first layer of images, or,
 * where that does not tell, its last dimension is 1 or 3 and its second is not.
 */
bool sv_graph_channels_last(const sv_graph *graph);

#endif
