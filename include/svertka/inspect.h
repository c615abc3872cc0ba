/* Reading a network: its inputs, outputs, nodes and values.
 *
 *     const sv_graph *graph = sv_model_graph(model);
 *     for (int i = 0; i < sv_graph_input_count(graph); i++)
 *       puts(sv_graph_describe(graph, sv_graph_input_at(graph, i)).name);
 *
 * Returned pointers are borrowed from the graph and valid as long as it is
 * neither changed nor freed. Any number of threads may read a graph that no
 * longer changes. Indices start at 0; an index beyond the end gives NULL, or a
 * handle or description of zeros. */
#ifndef SVERTKA_INSPECT_H
#define SVERTKA_INSPECT_H

#include <svertka/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Values ------------------------------------------------------------- */

typedef enum sv_value_kind {
  SV_VALUE_INPUT, /* set for each run */
  SV_VALUE_STATE, /* a named tensor of the state */
  SV_VALUE_NODE   /* an output of a node */
} sv_value_kind;

typedef struct sv_value_desc {
  const char *name; /* unique among the values; NULL: there is no such value */
  sv_value_kind kind;
  sv_role role; /* SV_DATA: images and activations; SV_LABEL: the labels of a
                 * loss; ... */
  sv_dtype dtype;
  /* A dimension of -1 is free. Rank -1: not known before a run. For a node's
   * output as inferred during building. */
  sv_shape shape;
  const char
      *symbol[SV_MAX_RANK]; /* names of free dimensions: "N"; NULL: none */
  const char *init;         /* STATE: initialiser; NULL: default of the role */
  int producer; /* NODE: index of the node that computes it; else -1 */
} sv_value_desc;

SV_API sv_value_desc sv_graph_describe(const sv_graph *graph, sv_value value);

/* All values: ids run from 1 to sv_graph_value_count(graph). */
SV_API int sv_graph_value_count(const sv_graph *graph);

/* The value with this name; {0} if there is none. */
SV_API sv_value sv_graph_value_named(const sv_graph *graph, const char *name);

/* ---- Inputs and outputs ------------------------------------------------- */

/* The inputs, in the order of their declaration. The labels of a loss are an
 * input, too, with the role SV_LABEL. */
SV_API int sv_graph_input_count(const sv_graph *graph);
SV_API sv_value sv_graph_input_at(const sv_graph *graph, int i);

/* The only input with the role SV_DATA; {0} if there is none or several. */
SV_API sv_value sv_graph_image_input(const sv_graph *graph);

/* An output, or a loss. */
typedef struct sv_output_desc {
  const char *name; /* as declared: the name for sv_plan_value */
  sv_value value;
  bool is_loss;
  double weight; /* of a loss */
} sv_output_desc;

/* The outputs and the losses, in the order of their declaration. */
SV_API int sv_graph_output_count(const sv_graph *graph);
SV_API sv_output_desc sv_graph_output_at(const sv_graph *graph, int i);

/* ---- Nodes -------------------------------------------------------------- */

typedef struct sv_node sv_node;

/* The nodes, in topological order: the inputs of a node come before it. */
SV_API int sv_graph_node_count(const sv_graph *graph);
SV_API const sv_node *sv_graph_node(const sv_graph *graph, int i);

SV_API const char *sv_node_name(const sv_node *node); /* "layer1.0.conv1" */
SV_API const sv_op *sv_node_op(const sv_node *node);

/* Its inputs, parameters among them, and its outputs. {0} stands for an omitted
 * optional one. */
SV_API int sv_node_input_count(const sv_node *node);
SV_API sv_value sv_node_input(const sv_node *node, int i);
SV_API int sv_node_output_count(const sv_node *node);
SV_API sv_value sv_node_output(const sv_node *node, int i);

/* Writes an attribute as text ("3x3", "2", "same", "true") and returns `text`.
 * "" if the operator has no such attribute or its list is empty: the operator's
 * default. */
SV_API const char *sv_node_attr(const sv_node *node, const char *name,
                                char text[SV_ATTR_TEXT]);

/* True if both have the same operator and equal attributes. */
SV_API bool sv_node_same(const sv_node *a, const sv_node *b);

#ifdef __cplusplus
}
#endif
#endif
