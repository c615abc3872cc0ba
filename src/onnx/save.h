/* What the parts of the writer share. */
#ifndef SV_ONNX_SAVE_H
#define SV_ONNX_SAVE_H

#include "base/names.h"
#include "onnx/onnx.h"
#include "onnx/tensors.h"

/* Pointers to messages, as protobuf-c's repeated fields want them. */
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
  bool *reaches; /* per node: an OUTPUT is computed from it */
  bool *trains;  /* per node: a LOSS is, and no OUTPUT */
  bool *read;    /* per value: by a node of the main part, or it is an OUTPUT */
  bool *trained; /* per value: the same of the algorithm */
  char **name;   /* per value: its name in the file; NULL: not written */
  /* What is known of each value for two sizes of all that is free; NULL:
   * nothing. */
  sv_info *few, *many;
  sv_names taken;     /* names of tensors in the file */
  sv_names roles;     /* of the state: as a reader of the file would see them */
  message_list fixed; /* names of constants that expansions have made */
  message_list copies; /* tensors made for this file, freed at the end */
} saver;

sv_status sv_save_add(message_list *list, void *message) SV_CHECKED;

/* *name = the stem, or with _2, _3, ... what is not taken yet; it is then. */
sv_status sv_save_name(saver *s, char **name, const char *stem) SV_CHECKED;

/* save_nodes.c: a node of the graph as ONNX's nodes: one, or what it expands
 * to.
 */
sv_status sv_save_node(saver *s, part *to, const sv_node *node) SV_CHECKED;
/* As an operator of the domain "svertka"; `prefix` before its outputs. */
sv_status sv_save_own_node(saver *s, part *to, const sv_node *node,
                           char *const *name, const char *prefix) SV_CHECKED;
/* `to` is another name for `from`. */
sv_status sv_save_identity(saver *s, part *to, const char *from,
                           const char *name) SV_CHECKED;
/* A tensor that becomes the saver's. */
sv_status sv_save_own_tensor(saver *s, part *to, const char *name,
                             sv_tensor *tensor) SV_CHECKED;
/* One node of ONNX says it: the operator, with these attributes. */
bool sv_save_is_plain(saver *s, const sv_graph *graph, const sv_node *node);

/* save_values.c: names, shapes and types, the state. */
sv_status sv_save_reach(saver *s) SV_CHECKED;
sv_status sv_save_names(saver *s) SV_CHECKED;
/* Inputs and state, before the nodes; outputs, after them. */
sv_status sv_save_values(saver *s) SV_CHECKED;
sv_status sv_save_outputs(saver *s, bool losses) SV_CHECKED;

#endif
