/* Shared by the files of the loader: the source of every name, and the nodes
 * that are needed, in order. */
#ifndef SV_ONNX_LOAD_H
#define SV_ONNX_LOAD_H

#include "base/map.h"
#include "base/names.h"
#include "graph/graph.h"
#include "onnx/onnx.h"
#include "onnx/tensors.h"
#include "onnx/wire.h"

typedef enum source_kind {
  SOURCE_INPUT,  /* an input of the graph */
  SOURCE_TENSOR, /* an initialiser or a Constant */
  SOURCE_NODE,   /* an output of a node */
  SOURCE_SAME    /* an Identity: an alias of a TENSOR or another source */
} source_kind;

/* The source of a name. */
typedef struct source {
  const char *name;
  source_kind kind;
  bool algorithm;                       /* of the training part */
  const Onnx__ValueInfoProto *declared; /* INPUT; NODE: if it is a graph
                                         * output */
  const Onnx__TensorProto *tensor;      /* TENSOR; NULL: computed, see
                                         * `known` */
  const sv_map *map;                    /* TENSOR: map of its file; may be
                                         * NULL */
  bool initialiser;                     /* TENSOR: an initialiser, not a
                                         * Constant */
  const sv_tensor *known;               /* INPUT, TENSOR: value; NULL:
                                         * unknown */
  const char *same;                     /* SAME: the original name */
  bool moved;     /* SAME: not an Identity but a computed tensor (constants) */
  int readers;    /* nodes and outputs that read it by this name */
  int user;       /* TENSOR: as that of a step */
  int step, port; /* NODE */
  const char *refused; /* why it must not be read; NULL: it may be read */
  /* Set while the nodes are examined. */
  bool used;     /* read by something other than an attribute's slot */
  bool fixed;    /* a known INPUT that becomes part of the state */
  bool has_role; /* a port determined its role in the state */
  sv_role role;
  bool compared; /* the label of a loss */
  bool computed; /* read by any other port */
  int first;     /* `first` of the node whose port determined the role */
  int copies;    /* number of tensors made from it */
  int value;     /* its id in the graph; 0: none */
} source;

/* Another file, and the bytes that its tensors use; they may share some. */
typedef struct external {
  sv_map map;
  uint64_t taken;
} external;

/* The scope of nodes that are not in the main graph but in a function that is
 * called or in a branch of an If that is taken. Their own tensors are named
 * PREFIX/NAME. */
typedef struct scope {
  const struct scope *outer;           /* of a branch; NULL: the graph */
  const Onnx__FunctionProto *function; /* NULL: a branch */
  const Onnx__NodeProto *node;         /* the node that calls the function */
  const char *prefix;
  sv_names own; /* names defined in a branch */
  struct scope *next;
} scope;

/* A node of the file that is not a source itself. */
typedef struct step {
  const Onnx__NodeProto *proto;
  const scope *scope; /* scope of the names in its branches, if any */
  const sv_op *op;    /* NULL: not needed */
  bool own;           /* of the domain "svertka" */
  bool algorithm;     /* of the training part */
  bool choosing;      /* its condition is being evaluated */
  bool looked_at;     /* it was checked as the end of an LRN */
  int walk;           /* the last walk that visited it */
  bool open, placed;
  bool constant; /* it reads only tensors of the file */
  int user;      /* constant: 1 + the only step that computes with data and its
                  * result; 0: none, -1: several */
  bool tied;     /* constant: of a weight with several users */
  bool wanted;   /* constant: computed during loading */
  int first;     /* 1 + the source of its first trained tensor; 0: none */
} step;

typedef struct loader {
  sv_onnx_load_options options;
  sv_arena arena;
  const Onnx__ModelProto *proto;
  const sv_map *map;       /* the model's file; NULL: in memory */
  char *folder;            /* folder of external data; NULL: not allowed */
  sv_names external_names; /* names of other files, indices of maps */
  external **externals;
  int external_count, external_capacity;
  const Onnx__GraphProto *algorithm; /* NULL: none or not requested */
  int64_t opset;
  source *sources;
  int source_count, source_capacity;
  sv_names names; /* indices of sources */
  step *steps;
  int step_count, step_capacity;
  int calls;      /* number of function calls */
  int branches;   /* number of branches taken */
  int tried;      /* number of nodes in trials */
  bool trial;     /* the graph is temporary, for inspection */
  scope *scopes;  /* of branches */
  int walk;       /* steps of this walk are needed */
  int *walk_open; /* steps whose inputs are not visited yet */
  int *order;     /* the needed steps, inputs first */
  int order_count;
  sv_contents computed; /* contents of constant nodes */
  bool only_constants;  /* no initialiser is a parameter */
  sv_graph *graph;
  sv_state *state;
} loader;

/* load_names.c: collects every name and node of the file. */
sv_status sv_load_names(loader *l) SV_CHECKED;
/* The source of a name, with all Identities resolved; NULL with *status set. */
sv_status sv_load_find(loader *l, const char *name, source **found) SV_CHECKED;

/* Adds a source for a name; other sources may move in memory. */
sv_status sv_load_add_source(loader *l, const char *name, source_kind kind,
                             source **added) SV_CHECKED;

/* The source of a name, resolving only computed constants. */
source *sv_load_named(const loader *l, const char *name);

/* The type (the one used in computation) and shape of a TENSOR or a known
 * INPUT; the same with its elements in a new tensor. */
sv_status sv_load_type(const source *s, sv_dtype *dtype,
                       sv_shape *shape) SV_CHECKED;
sv_status sv_load_elements(const source *s, sv_tensor **tensor) SV_CHECKED;

/* An integer tensor, whose values stay where they are; list: it must have a
 * dimension. */
sv_status sv_load_constant_ints(loader *l, const int64_t *at, size_t count,
                                bool list,
                                const Onnx__TensorProto **tensor) SV_CHECKED;

/* Adds one node of the file, `depth` functions deep. */
sv_status sv_load_step(loader *l, step *s, int depth) SV_CHECKED;

/* load_functions.c: if the node calls a function, adds the nodes of that. */
sv_status sv_load_call(loader *l, const step *s, int depth,
                       bool *done) SV_CHECKED;

/* The outer name of a name inside a scope. */
sv_status sv_load_rename(loader *l, const scope *inside, char *name,
                         char **renamed) SV_CHECKED;
/* Copies a node of that scope as a node of the graph. */
sv_status sv_load_copy(loader *l, const scope *inside, bool algorithm,
                       const Onnx__NodeProto *node, int depth) SV_CHECKED;

/* load_branches.c: replaces an If by the branch that its condition selects. The
 * condition must follow from constants and shapes. */
bool sv_load_is_branching(const step *s);
sv_status sv_load_branch(loader *l, int number) SV_CHECKED;

/* load_lrn.c: recognises a local response normalisation written as a pooling.
 * *found: there was one, and the steps before it may not be needed any more. */
sv_status sv_load_lrn(loader *l, bool *found) SV_CHECKED;

/* load_external.c: the tensor of a source. External data are read if that is
 * allowed. */
sv_status sv_load_tensor(loader *l, source *s,
                         const Onnx__TensorProto *tensor) SV_CHECKED;

/* load_order.c: the steps that an output depends on, in order. */
sv_status sv_load_order(loader *l) SV_CHECKED;
/* The steps that a tensor depends on, as part of this walk; then their order.
 * *branch: an If among them whose branch must be selected first; < 0: none. */
sv_status sv_load_walk(loader *l, const char *name, int *branch) SV_CHECKED;
sv_status sv_load_place(loader *l) SV_CHECKED;

/* load_sequences.c: if the node takes an element of a sequence, it is read
 * directly from the tensor that was split. */
sv_status sv_load_part(loader *l, step *s) SV_CHECKED;

/* load_roles.c: the role of each tensor, by the ports that read it. */
sv_status sv_load_roles(loader *l) SV_CHECKED;
/* The roles of tensors that the needed steps read. */
sv_status sv_load_step_roles(loader *l) SV_CHECKED;
/* The target of ONNX's input `i` of a node: an attribute, or (NULL) *port. A
 * computed attribute goes to the port of its name, if there is one. */
const sv_attr *sv_load_target(const loader *l, const step *s, int i,
                              const source *from, int *port);

/* load_constants.c: evaluates nodes that depend only on tensors of the file, if
 * a weight or an attribute needs the result. */
sv_status sv_load_constants(loader *l) SV_CHECKED;

/* load_nodes.c: the graph's values and nodes. */
sv_status sv_load_values(loader *l) SV_CHECKED;
sv_status sv_load_nodes(loader *l) SV_CHECKED;
/* Adds one value; `taken` are the names of nodes. */
sv_status sv_load_state_value(loader *l, source *s) SV_CHECKED;
sv_status sv_load_node(loader *l, sv_names *taken, step *s) SV_CHECKED;

/* load_shared.c: if a tensor that input i of the node reads in this role needs
 * a copy of its own, *from becomes that copy. */
sv_status sv_load_own(loader *l, step *s, int i, sv_role role,
                      source **from) SV_CHECKED;

/* load_spread.c: before opset 7, attributes set the broadcasting of a node's
 * second input; this makes it part of the shape. */
sv_status sv_load_spread(loader *l, const step *s, void *attrs, int *in,
                         int in_count) SV_CHECKED;

/* load_budget.c: sets the memory allowed for a file of this size, the model's
 * or another, besides the file itself and the elements of its tensors. */
void sv_load_allow(loader *l, size_t size);

/* Call it before another of these is created; SV_NO_MEMORY if the file is too
 * small for that many. */
sv_status sv_load_charge_source(loader *l) SV_CHECKED;
sv_status sv_load_charge_step(loader *l) SV_CHECKED;
sv_status sv_load_charge_value(loader *l, const char *name) SV_CHECKED;
sv_status sv_load_charge_slot(loader *l, const char *name) SV_CHECKED;
sv_status sv_load_charge_node(loader *l, const sv_op *op, const char *name,
                              int ids) SV_CHECKED;
/* Bytes still available, for a separate arena. */
size_t sv_load_left(const loader *l);

/* load_sizes.c: builds a temporary graph of the steps walked to this name,
 * calls `look` with it and its value, and frees it. */
typedef sv_status (*sv_load_look)(loader *l, int value, void *context);
sv_status sv_load_trial(loader *l, const char *name, sv_load_look look,
                        void *context) SV_CHECKED;

/* Shapes, types and contents of the graph's values if all free sizes have one
 * value: the first dimension of inputs, and any other. */
typedef struct sv_sizes {
  sv_info *infos;
  sv_contents contents, constants;
} sv_sizes;
sv_status sv_load_sizes(loader *l, sv_sizes *sizes, int64_t batch,
                        int64_t side) SV_CHECKED;
void sv_load_sizes_free(sv_sizes *sizes);
/* True if elements and dimensions are equal. */
bool sv_load_same(const sv_info *a, const sv_info *b);

/* load_learned.c: roles of initialisers that no port determines. */
sv_status sv_load_learned(loader *l) SV_CHECKED;

/* Prepends "node 'conv1' (Conv): " to the message. */
sv_status sv_load_at(const step *s, sv_status status) SV_CHECKED;

#endif
