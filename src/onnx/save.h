/* Shared by the files of the writer. */
#ifndef SV_ONNX_SAVE_H
#define SV_ONNX_SAVE_H

#include "base/names.h"
#include "onnx/onnx.h"
#include "onnx/tensors.h"

/* Pointers to messages, for protobuf-c's repeated fields. */
typedef struct message_list {
  void **at;
  int count, capacity;
} message_list;

/* `graph`, or the algorithm of the training part. */
typedef struct part {
  message_list nodes, initialisers, inputs, outputs;
} part;

typedef struct saver {
  const sv_graph *graph;
  const sv_state *state;
  bool training;
  int64_t opset;
  sv_arena arena;
  part main, algorithm;
  bool *reaches; /* per node: an OUTPUT depends on it */
  bool *trains;  /* per node: a LOSS does, and no OUTPUT */
  bool *read;    /* per value: read by a node of the main part, or an OUTPUT */
  bool *trained; /* per value: the same for the algorithm */
  char **name;   /* per value: its name in the file; NULL: not written */
  /* Info of each value for two values of all free sizes; NULL: none. */
  sv_info *few, *many;
  sv_names taken;     /* names of tensors in the file */
  sv_names roles;     /* of the state: the roles that a reader of the file would
                       * derive */
  message_list fixed; /* names of constants created by expansions */
  message_list copies;  /* tensors created for this file, freed at the end */
  message_list blocked; /* blocked_tensor: of the state, not in rows */
} saver;

/* A message refers to the elements as they are; only when they are written are
 * they put in rows and into another type, one tensor at a time. */
typedef struct blocked_tensor {
  const sv_tensor *tensor;
  sv_dtype dtype; /* in the file */
} blocked_tensor;

sv_status sv_save_add(message_list *list, void *message) SV_CHECKED;

/* *name = the stem, or with _2, _3, ... an unused name, which is then
 * reserved. */
sv_status sv_save_name(saver *s, char **name, const char *stem) SV_CHECKED;

/* save_nodes.c: writes a node of the graph as one ONNX node or its
 * expansion. */
sv_status sv_save_node(saver *s, part *to, const sv_node *node) SV_CHECKED;
/* Writes it as an operator of the domain "svertka"; outputs get `prefix`. */
sv_status sv_save_own_node(saver *s, part *to, const sv_node *node,
                           char *const *name, const char *prefix) SV_CHECKED;
/* `to` is another name for `from`. */
sv_status sv_save_identity(saver *s, part *to, const char *from,
                           const char *name) SV_CHECKED;
/* Adds a tensor; the saver takes ownership. */
sv_status sv_save_own_tensor(saver *s, part *to, const char *name,
                             sv_tensor *tensor) SV_CHECKED;
/* Adds a tensor of the state; it must not change until the file is written. */
sv_status sv_save_state_tensor(saver *s, part *to, const char *name,
                               const sv_tensor *tensor,
                               sv_dtype dtype) SV_CHECKED;
/* True if one ONNX node with these attributes expresses it. */
bool sv_save_is_plain(saver *s, const sv_graph *graph, const sv_node *node);

/* save_values.c: names, shapes and types, the state. */
sv_status sv_save_reach(saver *s) SV_CHECKED;
sv_status sv_save_names(saver *s) SV_CHECKED;
/* Writes inputs and state before the nodes; outputs after them. */
sv_status sv_save_values(saver *s) SV_CHECKED;
sv_status sv_save_outputs(saver *s, bool losses) SV_CHECKED;

#endif
