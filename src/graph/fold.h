/* A model folded for inference: what its files share. */
#ifndef SV_GRAPH_FOLD_H
#define SV_GRAPH_FOLD_H

#include "graph/model.h"

/* A rewrite in one walk over the nodes. A node that is done with has no outputs
 * any more; what read them reads `same`. */
typedef struct folder {
  const sv_model *model;
  sv_graph *graph;     /* a copy, rewritten in place */
  int most;            /* values that it may come to have */
  int *same;           /* per value: the one that stands for it */
  int *readers;        /* per value: inputs of nodes and outputs of the graph */
  bool *is_output;     /* per value */
  bool *is_input;      /* per value: an input that stays */
  sv_tensor **numbers; /* per value: of the state, where read or made; plain */
  sv_info *infos;      /* where every size is fixed: of all values; or NULL */
  sv_contents contents;
  sv_folded done;
} folder;

/* The numbers of a value of the state; borrowed. */
sv_status sv_fold_numbers(folder *f, int id,
                          const sv_tensor **tensor) SV_CHECKED;

/* Of a value whose tensor has this type: a state in double has f32's values. */
sv_dtype sv_fold_dtype(const folder *f, sv_dtype tensor);

/* A new value of the state; the tensor becomes the folder's in any case. */
sv_status sv_fold_add(folder *f, const char *name, sv_role role,
                      sv_tensor *tensor, int *id) SV_CHECKED;

/* Takes the node out; what reads its output `out` reads `id`. */
void sv_fold_away(folder *f, sv_node *node, int out, int id);

/* fold_constants.c: a node of known numbers becomes a tensor of the state. */
sv_status sv_fold_constant(folder *f, sv_node *node, bool *done) SV_CHECKED;

/* fold_norm.c: a batch normalisation becomes part of the layer before it. */
sv_status sv_fold_norm(folder *f, sv_node *node, bool *done) SV_CHECKED;

#endif
