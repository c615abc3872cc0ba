/* What the parts of the loader share: where every name comes from, and which
 * nodes are needed in which order. */
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
  SOURCE_SAME    /* an Identity: another name of a TENSOR, or of anything */
} source_kind;

/* Where a name comes from. */
typedef struct source {
  const char *name;
  source_kind kind;
  bool algorithm;                       /* of the training part */
  const Onnx__ValueInfoProto *declared; /* INPUT; NODE: if it is an output */
  const Onnx__TensorProto *tensor;      /* TENSOR; NULL: computed, `known` */
  const sv_map *map;                    /* TENSOR: of its file; may be NULL */
  bool initialiser;                     /* TENSOR: no Constant */
  const sv_tensor *known;               /* INPUT, TENSOR; NULL: not known */
  const char *same;                     /* SAME: of what */
  bool moved;  /* SAME: no Identity, but what the tensor became (constants) */
  int readers; /* nodes and outputs that read it by this name */
  int user;    /* TENSOR: as that of a step */
  int step, port;      /* NODE */
  const char *refused; /* why nothing may read it; NULL: it may be read */
  /* Found when the nodes are looked through. */
  bool used;     /* something but an attribute's slot reads it */
  bool fixed;    /* a known INPUT that becomes part of the state */
  bool has_role; /* a port said which part of the state it is */
  sv_role role;
  bool compared; /* a loss's label */
  bool computed; /* read by any other port */
  int first;     /* `first` of the node whose port said it */
  int copies;    /* tensors that were made of it */
  int value;     /* its id in the graph; 0: none */
} source;

/* Another file, with what the tensors in it take: they may share some. */
typedef struct external {
  sv_map map;
  uint64_t taken;
} external;

/* Where nodes stand that do not stand in the file's own graph: in a function
 * that is called, or in the branch of an If that is taken. Their own tensors
 * are called PREFIX/NAME. */
typedef struct scope {
  const struct scope *outer;           /* of a branch; NULL: the graph */
  const Onnx__FunctionProto *function; /* NULL: a branch */
  const Onnx__NodeProto *node;         /* calls the function */
  const char *prefix;
  sv_names own; /* names that a branch gives */
  struct scope *next;
} scope;

/* A node of the file that is no source itself. */
typedef struct step {
  const Onnx__NodeProto *proto;
  const scope *scope; /* of the names in its branches, if it has any */
  const sv_op *op;    /* NULL: not needed */
  bool own;           /* of the domain "svertka" */
  bool algorithm;     /* of the training part */
  bool choosing;      /* its condition is being found */
  bool looked_at;     /* it was tried as the end of an LRN */
  int walk;           /* the last walk that came here */
  bool open, placed;
  bool constant; /* it reads nothing but tensors of the file */
  int user;      /* constant: 1 + the only step that computes with data and what
                  * this makes; 0: none, -1: several */
  bool tied;     /* constant: of a weight that has several users */
  bool wanted;   /* constant: it is computed while the file is loaded */
  int first; /* 1 + the source of the first tensor that it learns; 0: none */
} step;

typedef struct loader {
  sv_onnx_load_options options;
  sv_arena arena;
  const Onnx__ModelProto *proto;
  const sv_map *map;       /* the model's file; NULL: in memory */
  char *folder;            /* where external data may lie; NULL: nowhere */
  sv_names external_names; /* of other files, numbers of maps */
  external **externals;
  int external_count, external_capacity;
  const Onnx__GraphProto *algorithm; /* NULL: none or not wanted */
  int64_t opset;
  source *sources;
  int source_count, source_capacity;
  sv_names names; /* numbers of sources */
  step *steps;
  int step_count, step_capacity;
  int calls;      /* of functions */
  int branches;   /* taken */
  int tried;      /* nodes of trials */
  bool trial;     /* the graph is made for a look at it */
  scope *scopes;  /* of branches */
  int walk;       /* its steps are those that are needed */
  int *walk_open; /* steps whose inputs are still to be seen */
  int *order;     /* of the needed steps, inputs first */
  int order_count;
  sv_contents computed; /* of constant nodes */
  bool only_constants;  /* no initialiser holds parameters */
  sv_graph *graph;
  sv_state *state;
} loader;

/* load_names.c: every name and node of the file. */
sv_status sv_load_names(loader *l) SV_CHECKED;
/* The source of a name, behind all Identities; NULL with *status set. */
sv_status sv_load_find(loader *l, const char *name, source **found) SV_CHECKED;

/* A name's source, to be filled in; others may move. */
sv_status sv_load_add_source(loader *l, const char *name, source_kind kind,
                             source **added) SV_CHECKED;

/* The source of a name, behind nothing but what constants have become. */
source *sv_load_named(const loader *l, const char *name);

/* What a TENSOR or a known INPUT holds: its type, in which a network computes
 * with it, its shape; the same with its elements in a new tensor. */
sv_status sv_load_type(const source *s, sv_dtype *dtype,
                       sv_shape *shape) SV_CHECKED;
sv_status sv_load_elements(const source *s, sv_tensor **tensor) SV_CHECKED;

/* A tensor of whole numbers, which stay where they are; list: it has a
 * dimension. */
sv_status sv_load_constant_ints(loader *l, const int64_t *at, size_t count,
                                bool list,
                                const Onnx__TensorProto **tensor) SV_CHECKED;

/* One node of the file, `depth` functions deep. */
sv_status sv_load_step(loader *l, step *s, int depth) SV_CHECKED;

/* load_functions.c: if the node calls a function, the nodes of that. */
sv_status sv_load_call(loader *l, const step *s, int depth,
                       bool *done) SV_CHECKED;

/* What a name inside of a scope is called outside. */
sv_status sv_load_rename(loader *l, const scope *inside, char *name,
                         char **renamed) SV_CHECKED;
/* A copy of a node that stands there, as a node of the graph. */
sv_status sv_load_copy(loader *l, const scope *inside, bool algorithm,
                       const Onnx__NodeProto *node, int depth) SV_CHECKED;

/* load_branches.c: an If is replaced by the branch that its condition, which
 * must follow from constants and shapes, chooses. */
bool sv_load_is_branching(const step *s);
sv_status sv_load_branch(loader *l, int number) SV_CHECKED;

/* load_lrn.c: a local response normalisation that is written as a pooling
 * becomes one. *found: there was one, and the steps before it may be needed no
 * more. */
sv_status sv_load_lrn(loader *l, bool *found) SV_CHECKED;

/* load_external.c: the tensor of a source. If its data lie in another file, and
 * that is allowed, they are looked up there. */
sv_status sv_load_tensor(loader *l, source *s,
                         const Onnx__TensorProto *tensor) SV_CHECKED;

/* load_order.c: the steps from which an output is computed, in order. */
sv_status sv_load_order(loader *l) SV_CHECKED;
/* Those from which a tensor is, as part of this walk; *branch: an If among them
 * whose branch is to be chosen first; < 0: none. Then their order. */
sv_status sv_load_walk(loader *l, const char *name, int *branch) SV_CHECKED;
sv_status sv_load_place(loader *l) SV_CHECKED;

/* load_sequences.c: where the node takes a part out of a sequence, it takes it
 * out of what that was split from. */
sv_status sv_load_part(loader *l, step *s) SV_CHECKED;

/* load_roles.c: what each tensor is, from what reads it. */
sv_status sv_load_roles(loader *l) SV_CHECKED;
/* Of what the needed steps read alone. */
sv_status sv_load_step_roles(loader *l) SV_CHECKED;
/* Where ONNX's input `i` of a node goes: to an attribute, or (NULL) to *port.
 * An attribute that is computed goes to the port of its name, if it has one. */
const sv_attr *sv_load_target(const loader *l, const step *s, int i,
                              const source *from, int *port);

/* load_constants.c: what nodes compute from the file's tensors alone becomes a
 * tensor, where a weight or an attribute is needed. */
sv_status sv_load_constants(loader *l) SV_CHECKED;

/* load_nodes.c: the graph's values and nodes. */
sv_status sv_load_values(loader *l) SV_CHECKED;
sv_status sv_load_nodes(loader *l) SV_CHECKED;
/* One of them; `taken` are the names of nodes. */
sv_status sv_load_state_value(loader *l, source *s) SV_CHECKED;
sv_status sv_load_node(loader *l, sv_names *taken, step *s) SV_CHECKED;

/* load_shared.c: if a tensor that input i of the node reads in this role is a
 * tensor of its own, *from becomes that. */
sv_status sv_load_own(loader *l, step *s, int i, sv_role role,
                      source **from) SV_CHECKED;

/* load_spread.c: what a node's second input is spread over its first by, before
 * opset 7, becomes part of its shape. */
sv_status sv_load_spread(loader *l, const step *s, void *attrs, int *in,
                         int in_count) SV_CHECKED;

/* load_budget.c: memory for what is made of a file of this size, the model's or
 * another, besides the file itself and the numbers of its tensors. */
void sv_load_allow(loader *l, size_t size);

/* Before one more of these is made; SV_NO_MEMORY if the file is too small for
 * so many. */
sv_status sv_load_charge_source(loader *l) SV_CHECKED;
sv_status sv_load_charge_step(loader *l) SV_CHECKED;
sv_status sv_load_charge_value(loader *l, const char *name) SV_CHECKED;
sv_status sv_load_charge_slot(loader *l, const char *name) SV_CHECKED;
sv_status sv_load_charge_node(loader *l, const sv_op *op, const char *name,
                              int ids) SV_CHECKED;
/* Bytes that may still be taken, for an arena of its own. */
size_t sv_load_left(const loader *l);

/* load_sizes.c: builds what was walked to this name as a graph, lets `look` see
 * it and its value, and forgets it again. */
typedef sv_status (*sv_load_look)(loader *l, int value, void *context);
sv_status sv_load_trial(loader *l, const char *name, sv_load_look look,
                        void *context) SV_CHECKED;

/* The shapes, types and contents of the graph's values if what is
 * free is of one size: the first dimension of inputs, and any other one. */
typedef struct sv_sizes {
  sv_info *infos;
  sv_contents contents, constants;
} sv_sizes;
sv_status sv_load_sizes(loader *l, sv_sizes *sizes, int64_t batch,
                        int64_t side) SV_CHECKED;
void sv_load_sizes_free(sv_sizes *sizes);
/* Elements and dimensions alike. */
bool sv_load_same(const sv_info *a, const sv_info *b);

/* load_learned.c: roles of initialisers that no port has told. */
sv_status sv_load_learned(loader *l) SV_CHECKED;

/* "node 'conv1' (Conv): " before the message. */
sv_status sv_load_at(const step *s, sv_status status) SV_CHECKED;

#endif
