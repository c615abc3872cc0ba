/* A new classifier under way: new_head.c finds the layers that it takes the
 * place of, new_head_follow.c where their classes go, new_head_sizes.c gives
 * them and what follows them other sizes. */
#ifndef SV_TRAIN_NEW_HEAD_H
#define SV_TRAIN_NEW_HEAD_H

#include "graph/graph.h"

typedef struct sv_new_head {
  sv_graph *graph;
  int64_t from, to; /* classes; from is 0 until the first layer is found */
  bool *seen;       /* per node: on the way from the scores to their layers */
  bool *tells;      /* per node: such a layer */
  bool *sized;      /* per value: a tensor of the state with its new size */
  int *ends; /* per value: dimensions from that of classes to the last one,
              * 1: it is the last; 0: none is */
  int layer; /* the first one found */
} sv_new_head;

/* Inputs of linear layers, products and convolutions. */
enum { SV_HEAD_DATA, SV_HEAD_WEIGHT, SV_HEAD_BIAS };

static inline const sv_value_info *sv_head_input(const sv_new_head *c,
                                                 const sv_node *node, int i) {
  return &c->graph->values[i < node->in_count ? node->in[i] : 0];
}

/* Which dimension of its weight counts a layer's outputs; -1: it is no layer
 * with a weight. */
int sv_head_outputs(const sv_new_head *c, const sv_node *node);
int64_t sv_head_groups(const sv_node *node);
/* Maps of scores that are enlarged: as many in as out. */
bool sv_head_enlarges(const sv_new_head *c, const sv_node *node);

/* new_head_follow.c: the same of what the node computes, where it is no such
 * layer. */
int sv_head_follow(const sv_new_head *c, const sv_node *node);

/* Once the layers are found: all that counts classes counts c->to of them. */
sv_status sv_head_size(sv_new_head *c) SV_CHECKED;

#endif
