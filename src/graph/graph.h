/* The graph's insides: plain data that rewrites, plans and files walk over. */
#ifndef SV_GRAPH_GRAPH_H
#define SV_GRAPH_GRAPH_H

#include <svertka/state.h>

#include "base/names.h"
#include "ops/op.h"

typedef enum sv_value_kind {
  SV_VALUE_INPUT, /* given for each run */
  SV_VALUE_STATE, /* a named tensor of the state */
  SV_VALUE_NODE   /* an output of a node */
} sv_value_kind;

typedef struct sv_value_info {
  char *name; /* unique among the values */
  sv_value_kind kind;
  sv_role role;
  sv_dtype dtype;
  /* As declared; of a node's output as inferred by the builder, rank -1 if it
   * was not. A dimension of -1 is free. */
  sv_shape shape;
  char *symbol[SV_MAX_RANK]; /* names of free dimensions: "N"; NULL: none */
  char *init;                /* STATE: initialiser; NULL: the role's usual */
  int producer;              /* NODE: index of the node; else -1 */
  int port;                  /* NODE: which output of it */
} sv_value_info;

typedef struct sv_graph_output {
  char *name;
  int value;
  bool is_loss;
  double weight; /* of a loss */
} sv_graph_output;

/* The last number that made a fresh name of this stem: conv and 3. */
typedef struct sv_stem {
  char *stem;
  int last;
} sv_stem;

/* What was said of a parameter of the next node. */
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
  int64_t opset;       /* ONNX version it was read with; 0: built here */
  char *answer;        /* the output that holds the scores; NULL: nobody says */
  /* The builder's own. */
  sv_status status; /* first error; its message is kept beside it */
  char *message;
  char *next_name; /* with the scopes before it */
  char *scope;     /* "layer1.0." while that scope is open; NULL: none yet */
  int *scopes;     /* lengths of `scope` before each push that is open */
  int scope_count, scope_capacity;
  sv_next_init *inits; /* of the next node */
  int init_count, init_capacity;
  char *usual_init; /* of later weights; NULL: none */
  int64_t sampled;  /* values that were gone through for computed sizes */
  bool any_size;    /* an input's channels, height or width are free */
  sv_shape *others; /* then: shapes for another size; sample.c */
  int other_count, other_capacity;
};

/* Bytes of a name that the builder makes, and of a word of a text. */
enum { SV_LONGEST_NAME = 240 };

/* ---- The builder's initialisers ---- */

/* The text for a parameter that a node makes at its input i, which is called
 * `part` ("weight"); NULL: nothing was said, and it is the port's or the role's
 * usual one. Borrowed from the graph. */
const char *sv_graph_init_of(sv_graph *graph, const sv_op *op, int i,
                             const char *part);

/* Forgets what was said for the node; SV_INVALID if it made no such one. */
sv_status sv_graph_end_inits(sv_graph *graph) SV_CHECKED;

/* ---- The raw way in: no inference, no parameters made. Used by loaders and
 * rewrites, which check for themselves. All names are copied. ---- */

/* *id of a new value. SV_INVALID if the name is taken. */
sv_status sv_graph_add_value(sv_graph *graph, const char *name,
                             sv_value_kind kind, sv_role role, sv_dtype dtype,
                             const sv_shape *shape, int *id) SV_CHECKED;

/* SV_INVALID if another value is named so. */
sv_status sv_graph_rename_value(sv_graph *graph, int id,
                                const char *name) SV_CHECKED;

/* A node over existing values (0 where absent); attrs are copied (NULL:
 * defaults). Each out id must be a NODE value without producer. */
sv_status sv_graph_add_node(sv_graph *graph, const sv_op *op, const char *name,
                            const void *attrs, const int *in, int in_count,
                            const int *out, int out_count) SV_CHECKED;

sv_status sv_graph_add_output(sv_graph *graph, const char *name, int value,
                              bool is_loss, double weight) SV_CHECKED;

/* 0 if there is none. */
int sv_graph_find(const sv_graph *graph, const char *name);

/* *name = "conv3", free to use for a node; free with sv_free. */
sv_status sv_graph_fresh_name(sv_graph *graph, const char *stem,
                              char **name) SV_CHECKED;

/* *full = `name` below the scopes that are open; free with sv_free. */
sv_status sv_graph_scoped(const sv_graph *graph, const char *name,
                          char **full) SV_CHECKED;

/* The builder's first fault is kept, with the message that is set. */
void sv_graph_fault(sv_graph *graph, sv_status status);

/* The same graph, for rewrites and for adding a head. */
sv_status sv_graph_copy(sv_graph **copy, const sv_graph *graph) SV_CHECKED;

/* Drops nodes from which no `root` can be reached. Ids of values stay. */
sv_status sv_graph_prune(sv_graph *graph, const int *roots,
                         int count) SV_CHECKED;

/* Marks, besides the nodes that are marked, all that they are computed from. */
void sv_graph_mark_sources(const sv_graph *graph, bool *nodes);

/* The only image input (role DATA), the only label input; 0 if none. */
int sv_graph_data_input(const sv_graph *graph);
int sv_graph_label_input(const sv_graph *graph);

/* Contents that inference computed; infos point to them. */
typedef struct sv_contents {
  sv_tensor **at;
  int count, capacity;
  int64_t numbers; /* of all of them */
} sv_contents;
void sv_contents_free(sv_contents *contents);

/* Shapes, types and contents of all values, given those of inputs and state
 * (filled in by the caller where present). `infos` has value_count elements.
 * Only nodes from which a present root is computed: all nodes. The error names
 * the node. Start `contents` from {0} and free it in any case. */
sv_status sv_graph_infer(const sv_graph *graph, sv_info *infos,
                         sv_contents *contents) SV_CHECKED;

/* The same of one node; outputs of more than `most` numbers are not computed.
 * `in` is spoilt. */
sv_status sv_graph_infer_node(const sv_graph *graph, const sv_node *node,
                              int64_t most, sv_info *in, sv_info *out,
                              sv_contents *contents) SV_CHECKED;

/* ---- The builder's sizes: one image, what is free as large as is usual ----
 */

/* What a value is like then; rank -1 where it depends on numbers of the run. */
sv_info sv_graph_sample(const sv_graph *graph, int id);

/* SV_INVALID if the parameter in port `port` of a new node would have another
 * shape for images of another size, which is free. */
sv_status sv_graph_check_size(const sv_graph *graph, const sv_node *node,
                              int port, const sv_shape *shape) SV_CHECKED;
/* Follows a node that was added for that other size. */
sv_status sv_graph_follow(sv_graph *graph, const sv_node *node) SV_CHECKED;

/* Fills in `content` of the inputs that stand for attributes, where it follows
 * from sizes and constants of the builder. */
sv_status sv_graph_sample_contents(const sv_graph *graph, const sv_node *node,
                                   sv_info *in,
                                   sv_contents *contents) SV_CHECKED;

/* Outputs of a node with such inputs: rank -1 unless all contents are known. */
sv_status sv_graph_infer_computed(const sv_graph *graph, const sv_node *node,
                                  const sv_info *in, sv_info *out) SV_CHECKED;
/* The same of any node, computed sizes or not, as far as its inputs are known.
 */
sv_status sv_graph_infer_known(const sv_graph *graph, const sv_node *node,
                               const sv_info *in, sv_info *out) SV_CHECKED;
void sv_graph_leave_open(const sv_node *node, const sv_info *in, sv_info *out);

/* Inputs that stand for attributes (sv_op_in_attr) become those, as inference
 * has found them: for plans and counts, on a copy of the graph. */
sv_status sv_graph_resolve(sv_graph *graph, const sv_info *infos) SV_CHECKED;

/* The same of one node that owns its attributes and inputs; `in` are those of
 * its inputs. An error if such an input's content is not known. */
sv_status sv_node_resolve(sv_node *node, const sv_graph *graph,
                          sv_info *in) SV_CHECKED;
bool sv_node_has_computed(const sv_node *node);

/* The same of a copy of the node; free it in any case. */
sv_status sv_node_resolved(sv_node *copy, const sv_node *node,
                           const sv_graph *graph, sv_info *in) SV_CHECKED;
void sv_node_resolved_free(sv_node *copy);

/* Inputs and parameters as declared, free dimensions as `batch` (dimension 0)
 * or refused (any other) -- the usual start for sv_graph_infer. The contents of
 * constants are known where a state (may be NULL) is given. */
sv_status sv_graph_declared(const sv_graph *graph, const sv_state *state,
                            int64_t batch, sv_info *infos) SV_CHECKED;

#endif
