/* Folding a model for inference: shared by its files. */
#ifndef SV_REWRITE_FOLD_H
#define SV_REWRITE_FOLD_H

#include "graph/model.h"

/* A rewrite in one pass over the nodes. A removed node has no outputs; nodes
 * that read them read `same`. */
typedef struct folder {
  const sv_model *model;
  sv_graph *graph;     /* a copy, rewritten in place */
  int most;            /* max number of values after the rewrite */
  int *same;           /* per value: the value that replaces it */
  int *readers;        /* per value: inputs of nodes and outputs of the graph */
  bool *is_output;     /* per value */
  bool *is_input;      /* per value: an input that stays */
  sv_tensor **numbers; /* per value: tensor of the state, if read or created;
                        * plain */
  sv_info *infos;      /* of all values, if every size is fixed; else NULL */
  sv_contents contents;
  sv_folded done;
} folder;

/* The tensor of a value of the state; borrowed. */
sv_status sv_fold_numbers(folder *f, int id,
                          const sv_tensor **tensor) SV_CHECKED;

/* The type of a value whose tensor has this type: values of an f64 state are
 * f32. */
sv_dtype sv_fold_dtype(const folder *f, sv_dtype tensor);

/* Adds a value to the state; takes ownership of the tensor, on failure too. */
sv_status sv_fold_add(folder *f, const char *name, sv_role role,
                      sv_tensor *tensor, int *id) SV_CHECKED;

/* Removes the node; nodes that read its output `out` read `id` instead. */
void sv_fold_away(folder *f, sv_node *node, int out, int id);

/* fold_constants.c: replaces a node with constant inputs by a tensor of the
 * state. */
sv_status sv_fold_constant(folder *f, sv_node *node, bool *done) SV_CHECKED;

/* fold_norm.c: folds a batch normalisation into the preceding layer. */
sv_status sv_fold_norm(folder *f, sv_node *node, bool *done) SV_CHECKED;

#endif
