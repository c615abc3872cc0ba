/* A batch normalisation that can become part of the layer before it: what a
 * folded model and a plan have in common. */
#ifndef SV_REWRITE_NORM_H
#define SV_REWRITE_NORM_H

#include "graph/graph.h"

/* The convolution or linear layer whose result only this normalisation reads;
 * NULL if there is none, or if weights or statistics are computed. `readers`:
 * per value, the number of inputs and outputs that read it. */
sv_node *sv_norm_layer(const sv_graph *graph, const sv_node *norm,
                       const int *readers);

/* True if weight and bias (NULL: none) have one value or row per channel. */
bool sv_norm_fits(const sv_node *layer, const sv_shape *w, const sv_shape *b,
                  int64_t channels);

/* The output channel of each element of the weight. */
typedef struct sv_norm_map {
  int64_t size, count; /* element e of a group has channel e / size % count */
  int64_t group;       /* elements of a group; the next one has the following
                        * channels */
} sv_norm_map;

sv_norm_map sv_norm_map_of(const sv_node *layer, const sv_shape *w);

static inline int64_t sv_norm_channel(const sv_norm_map *map, int64_t e) {
  return e / map->group * map->count + e / map->size % map->count;
}

/* The factor of the layer's bias. */
double sv_norm_beta(const sv_node *layer);

/* Makes an input for a bias, if there is none. */
sv_status sv_norm_make_room(sv_node *layer) SV_CHECKED;
/* Sets the attributes of a layer that has got a bias, with the factor 1. */
void sv_norm_take_bias(sv_node *layer);

#endif
