/* Frozen layers: a layer and all layers that it depends on. */
#ifndef SV_OPTIM_FREEZE_H
#define SV_OPTIM_FREEZE_H

#include "graph/graph.h"

/* Names, borrowed from the graph; zeros: nothing is frozen. */
typedef struct sv_freeze {
  const char **nodes;
  int node_count;
  const char **tensors; /* of the state, that these nodes read */
  int tensor_count;
} sv_freeze;

/* `layer` is the name of a node; or of a block, the beginning of node names up
 * to a dot or a slash; or the same of tensor names, which exporters keep even
 * if they rename nodes. NULL: nothing is frozen. SV_INVALID if the name is
 * unknown (the message lists some valid names) or if nothing would be left to
 * train. Free with sv_freeze_free. */
sv_status sv_freeze_until(sv_freeze *freeze, const sv_graph *graph,
                          const char *layer) SV_CHECKED;
void sv_freeze_free(sv_freeze *freeze);

/* freeze may be NULL. */
bool sv_freeze_has(const sv_freeze *freeze, const char *tensor);

#endif
