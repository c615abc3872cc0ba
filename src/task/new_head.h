/* Replacing a classifier: new_head.c finds the layers to be replaced,
 * new_head_follow.c follows the dimension of the classes, new_head_sizes.c
 * resizes the layers and what follows them. */
#ifndef SV_TASK_NEW_HEAD_H
#define SV_TASK_NEW_HEAD_H

#include "graph/graph.h"

typedef struct sv_new_head {
  sv_graph *graph;
  int64_t from, to; /* classes; from is 0 until the first layer is found */
  bool *seen;       /* per node: on the path from the scores to those layers */
  bool *tells;      /* per node: a layer to be replaced */
  bool *sized;      /* per value: a tensor of the state with its new size */
  int *ends; /* per value: position of the class dimension from the end, 1: the
              * last dimension; 0: no class dimension */
  int layer; /* the first one found */
} sv_new_head;

/* Inputs of linear layers, products and convolutions. */
enum { SV_HEAD_DATA, SV_HEAD_WEIGHT, SV_HEAD_BIAS };

static inline const sv_value_info *sv_head_input(const sv_new_head *c,
                                                 const sv_node *node, int i) {
  return &c->graph->values[i < node->in_count ? node->in[i] : 0];
}

/* The dimension of the weight that corresponds to the layer's outputs; -1: not
 * a layer with a weight. */
int sv_head_outputs(const sv_new_head *c, const sv_node *node);
int64_t sv_head_groups(const sv_node *node);
/* A layer that enlarges maps of scores: as many channels out as in. */
bool sv_head_enlarges(const sv_new_head *c, const sv_node *node);

/* new_head_follow.c: the same for the output of a node that is not such a
 * layer. */
int sv_head_follow(const sv_new_head *c, const sv_node *node);

/* Once the layers are found: sets all sizes that count classes to c->to. */
sv_status sv_head_size(sv_new_head *c) SV_CHECKED;

#endif
