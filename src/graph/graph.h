/* The internals of a graph: plain data that rewrites, plans and file formats
 * read. */
#ifndef SV_GRAPH_GRAPH_H
#define SV_GRAPH_GRAPH_H

#include <svertka/inspect.h>
#include <svertka/state.h>

#include "base/names.h"
#include "op/op.h"

typedef struct sv_value_info {
  char *name; /* unique among the values */
  sv_value_kind kind;
  sv_role role;
  sv_dtype dtype;
  /* As declared; for a node's output as inferred during building, rank -1 if
   * unknown. A dimension of -1 is free. */
  sv_shape shape;
  char *symbol[SV_MAX_RANK]; /* names of free dimensions: "N"; NULL: none */
  char *init;                /* STATE: initialiser; NULL: default of the role */
  int producer;              /* NODE: index of the node; else -1 */
  int port;                  /* NODE: index of the output */
} sv_value_info;

typedef struct sv_graph_output {
  char *name;
  int value;
  bool is_loss;
  double weight; /* of a loss */
} sv_graph_output;

/* The last number used for names with this stem: conv and 3. */
typedef struct sv_stem {
  char *stem;
  int last;
} sv_stem;

/* An initialiser set for a parameter of the next node. */
typedef struct sv_next_init {
  char *parameter; /* NULL: its weight */
  char *text;
  bool used;
} sv_next_init;

struct sv_graph {
  char *name;
  sv_value_info *values; /* values[0] is the null value */
  int value_count, value_capacity;
  sv_node *nodes; /* in topological order: inputs of a node come before it */
  int node_count, node_capacity;
  sv_graph_output *outputs;
  int output_count, output_capacity;
  sv_names value_names, node_names; /* indices of both */
  sv_stem *stems;
  int stem_count, stem_capacity;
  sv_names stem_names; /* indices of stems */
  int64_t opset;       /* opset it was loaded with; 0: built here */
  char *answer;        /* output that holds the scores; NULL: not named */
  /* Members used during building. */
  sv_status status; /* first error; `message` is its message */
  char *message;
  char *next_name; /* including the scopes */
  char *scope;     /* "layer1.0." while that scope is open; NULL: none yet */
  int *scopes;     /* lengths of `scope` before each open push */
  int scope_count, scope_capacity;
  sv_next_init *inits; /* of the next node */
  int init_count, init_capacity;
  char *usual_init; /* of all later weights; NULL: none */
  int64_t sampled;  /* number of values visited for computed sizes */
  bool any_size;    /* an input's channels, height or width are free */
  sv_shape *others; /* if so: shapes for another size; sample.c */
  int other_count, other_capacity;
};

/* Max bytes of a generated name, and of a word of a text. */
enum { SV_LONGEST_NAME = 240 };

/* ---- Initialisers set during building ---- */

/* The initialiser of a parameter that a node creates for its input i; `part` is
 * the name of the parameter ("weight"). NULL: none was set; the default of the
 * port or the role applies. Borrowed from the graph. */
const char *sv_graph_init_of(sv_graph *graph, const sv_op *op, int i,
                             const char *part);

/* Clears the initialisers of the node; SV_INVALID if it did not create one of
 * the parameters. */
sv_status sv_graph_end_inits(sv_graph *graph) SV_CHECKED;

/* ---- Low-level construction: no inference, no parameters created. Used by
 * loaders and rewrites, which do their own checks. All names are copied.
 * ---- */

/* Adds a value. SV_INVALID if the name is taken. */
sv_status sv_graph_add_value(sv_graph *graph, const char *name,
                             sv_value_kind kind, sv_role role, sv_dtype dtype,
                             const sv_shape *shape, int *id) SV_CHECKED;

/* SV_INVALID if another value has that name. */
sv_status sv_graph_rename_value(sv_graph *graph, int id,
                                const char *name) SV_CHECKED;

/* Adds a node with existing values (0 if absent); attrs are copied (NULL:
 * defaults). Each out id must be a NODE value without producer. */
sv_status sv_graph_add_node(sv_graph *graph, const sv_op *op, const char *name,
                            const void *attrs, const int *in, int in_count,
                            const int *out, int out_count) SV_CHECKED;

sv_status sv_graph_add_output(sv_graph *graph, const char *name, int value,
                              bool is_loss, double weight) SV_CHECKED;

/* 0 if there is none. */
int sv_graph_find(const sv_graph *graph, const char *name);

/* *name = an unused node name such as "conv3"; free with sv_free. */
sv_status sv_graph_fresh_name(sv_graph *graph, const char *stem,
                              char **name) SV_CHECKED;

/* *full = `name` with the open scopes; free with sv_free. */
sv_status sv_graph_scoped(const sv_graph *graph, const char *name,
                          char **full) SV_CHECKED;

/* Records the first error of building with the current message. */
void sv_graph_fault(sv_graph *graph, sv_status status);

/* Removes nodes that no `root` depends on. Ids of values stay. */
sv_status sv_graph_prune(sv_graph *graph, const int *roots,
                         int count) SV_CHECKED;

/* Marks also all nodes that the marked nodes depend on. */
void sv_graph_mark_sources(const sv_graph *graph, bool *nodes);

/* The only image input (role DATA), the only label input; 0 if none. */
int sv_graph_data_input(const sv_graph *graph);
int sv_graph_label_input(const sv_graph *graph);

/* Contents computed by inference; infos point to them. */
typedef struct sv_contents {
  sv_tensor **at;
  int count, capacity;
  int64_t numbers; /* total number of elements */
} sv_contents;
void sv_contents_free(sv_contents *contents);

/* Infers shapes, types and contents of all nodes' outputs from those of inputs
 * and state, which the caller sets. `infos` has value_count elements.
 * SV_INVALID if the shape of a value that a node reads is not set. Errors name
 * the node. Start `contents` from {0} and always free it. */
sv_status sv_graph_infer(const sv_graph *graph, sv_info *infos,
                         sv_contents *contents) SV_CHECKED;

/* The same for one node; outputs of more than `most` elements are not computed.
 * `in` is modified. */
sv_status sv_graph_infer_node(const sv_graph *graph, const sv_node *node,
                              int64_t most, sv_info *in, sv_info *out,
                              sv_contents *contents) SV_CHECKED;

/* ---- Sizes during building: one image, with default values for free sizes */

/* Type and shape of a value then; rank -1 if they depend on data of the run. */
sv_info sv_graph_sample(const sv_graph *graph, int id);

/* SV_INVALID if the parameter in port `port` of a new node would have a
 * different shape for another image size, where that is free. */
sv_status sv_graph_check_size(const sv_graph *graph, const sv_node *node,
                              int port, const sv_shape *shape) SV_CHECKED;
/* Infers a new node for that other size. */
sv_status sv_graph_follow(sv_graph *graph, const sv_node *node) SV_CHECKED;

/* Sets `content` of the inputs that stand for attributes, if it follows from
 * sizes and constants known during building. */
sv_status sv_graph_sample_contents(const sv_graph *graph, const sv_node *node,
                                   sv_info *in,
                                   sv_contents *contents) SV_CHECKED;

/* The outputs of a node with such inputs: rank -1 unless all contents are
 * known. */
sv_status sv_graph_infer_computed(const sv_graph *graph, const sv_node *node,
                                  const sv_info *in, sv_info *out) SV_CHECKED;
/* The same for any node, as far as its inputs are known. */
sv_status sv_graph_infer_known(const sv_graph *graph, const sv_node *node,
                               const sv_info *in, sv_info *out) SV_CHECKED;
void sv_graph_leave_open(const sv_node *node, const sv_info *in, sv_info *out);

/* Turns inputs that stand for attributes (sv_op_in_attr) into attributes with
 * their inferred contents: for plans and analysis, on a copy of the graph. */
sv_status sv_graph_resolve(sv_graph *graph, const sv_info *infos) SV_CHECKED;

/* The same for one node that owns its attributes and inputs; `in` are those of
 * its inputs. An error if the content of such an input is unknown. */
sv_status sv_node_resolve(sv_node *node, const sv_graph *graph,
                          sv_info *in) SV_CHECKED;
bool sv_node_has_computed(const sv_node *node);

/* The same for a copy of the node; always free it. */
sv_status sv_node_resolved(sv_node *copy, const sv_node *node,
                           const sv_graph *graph, sv_info *in) SV_CHECKED;
void sv_node_resolved_free(sv_node *copy);

/* Inputs and parameters as declared, as a starting point for sv_graph_infer. A
 * free dimension 0 becomes `batch`; other free dimensions are an error.
 * Contents of constants are known if a state (may be NULL) is given. */
sv_status sv_graph_declared(const sv_graph *graph, const sv_state *state,
                            int64_t batch, sv_info *infos) SV_CHECKED;

#endif
