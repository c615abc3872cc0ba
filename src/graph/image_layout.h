/* The position of the channels in a network's image input. */
#ifndef SV_GRAPH_IMAGE_LAYOUT_H
#define SV_GRAPH_IMAGE_LAYOUT_H

#include "graph/graph.h"

typedef enum sv_channels {
  SV_CHANNELS_OPEN,
  SV_CHANNELS_FIRST, /* N x C x H x W */
  SV_CHANNELS_LAST   /* N x H x W x C */
} sv_channels;

/* The order that a node implies for its first input, and for its result: a
 * Transpose between the two orders, windows, and normalisations of channels. */
sv_channels sv_channels_before(const sv_node *node);
sv_channels sv_channels_after(const sv_node *node);

/* True if the only image input is N x H x W x C, as in Keras and TensorFlow: it
 * is transposed to N x C x H x W before the first image layer, or, if that does
 * not decide, its last dimension is 1 or 3 and its second is not. */
bool sv_graph_channels_last(const sv_graph *graph);

#endif
