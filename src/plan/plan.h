/* The internals of a plan. The program is the result of compilation: cells
 * (tensors in memory), buffers (memory, shared by liveness) and steps (kernels
 * on cells).
 *
 * passes.def lists the passes, a file each:
 *   lower.c     copies the graph and prunes it
 *   fold.c      batch normalisations folded into the layers before them
 *   frozen.c    frozen nodes; which values have a gradient
 *   shapes.c    types, shapes and known contents
 *   threads.c   number of threads, by the work and by the calling context
 *   precision.c the types in which values are stored
 *   forward.c   forward steps
 *   backward.c  backward steps, in reverse order
 *   alias.c     concatenation without copying
 *   memory.c    liveness, the arena, binding of pointers
 * They use:
 *   program.c   the program as data
 *   sources.c   values that no node computes: inputs and the state
 *   tails.c     nodes that a kernel may compute with the one before them
 *   choose.c    kernels per step
 *   reorder.c   the same value in another layout or type
 *   choices.c   the table of kernels that timing found fastest
 *   tune.c      timing
 *   renew.c     running statistics: computed in training, committed
 *   gradients.c contributions to gradients and their sums
 * And then:
 *   plan.c      the public functions: run, read, refresh
 *   blame.c     where NaN first appeared
 *   explain.c   the program as a table */
#ifndef SV_PLAN_PLAN_H
#define SV_PLAN_PLAN_H

#include <svertka/plan.h>

#include "graph/graph.h"
#include "graph/state.h"
#include "op/backend.h"
#include "rewrite/norm.h"

typedef enum sv_where {
  SV_ARENA,    /* shared by liveness */
  SV_OWN,      /* inputs and seeds: owned by the plan, kept across
                * compilations */
  SV_STATE,    /* a slot of the state */
  SV_KNOWN,    /* contents found by inference: no step computes them */
  SV_FIXED,    /* results that depend only on the state: computed once per
                * version */
  SV_GRADIENT, /* parameters' gradients, in reverse order of the graph */
  SV_SCALAR    /* a loss's seed */
} sv_where;

typedef struct sv_buffer {
  sv_where where;
  size_t bytes;
  void *known; /* KNOWN: the values, in program->contents or in the state */
  int slot;    /* STATE: its index */
  int own;     /* OWN: index into plan->own */
  union {
    float f32;
    double f64;
  } seed;          /* SCALAR: the value itself */
  int first, last; /* first and last step in which it is live */
  int part_of;     /* the buffer that it lies in, at `offset`; -1: none */
  int same_as;     /* the buffer that it shares memory with; -1: none */
  size_t offset;   /* in ARENA, FIXED, GRADIENT */
} sv_buffer;

typedef struct sv_cell {
  sv_tensor tensor;
  sv_dtype
      dtype; /* of the value; that of the tensor is the one it is stored in */
  int buffer;
  int next;  /* the same value in another layout or type; -1: no more */
  bool once; /* depends only on the state */
  bool over; /* another value has taken its memory */
} sv_cell;

typedef struct sv_step {
  const sv_node *node;
  sv_pass pass;
  const sv_kernel *kernel;
  void *impl;
  char name[48];
  int *cells; /* in, out, diff_in, diff_out in this order; -1: NULL */
  int in_count, out_count; /* in: with the other inputs of the tail */
  size_t *inside; /* per input: its offset in out 0, where it may lie; NULL:
                   * none may */
  int *over;      /* per cell: index into `cells` of a cell whose memory it may
                   * reuse */
  int workspace, scratch; /* buffers; -1: none */
  bool once;              /* depends only on the state */
  bool training;          /* the mode passed to the operator */
  int final, final_count; /* in program->finals: gradients that are final after
                           * this step */
  sv_args args;           /* bound */
  sv_tensor **tensors;    /* what args points into, like `cells` */
} sv_step;

/* A statistic of the state and its new value. */
typedef struct sv_renewal {
  int value, next;
} sv_renewal;

/* A layer's weight and bias with the following batch normalisation folded in.
 */
enum { SV_FOLD_INPUTS = 6 };
typedef struct sv_plan_fold {
  int in[SV_FOLD_INPUTS]; /* values: weight, bias (0: none), scale, shift, mean,
                           * variance */
  int weight, bias;       /* the values that replace them */
  sv_shape shape;         /* of the weight */
  int64_t channels;
  double epsilon, beta;
  sv_norm_map map;
} sv_plan_fold;

/* The readers of a value: inputs of nodes, and the caller. */
typedef struct sv_reading {
  int count, node; /* the last node; -1: none */
  bool asked;      /* the caller may read it */
  int done;        /* how many of them have their step */
} sv_reading;

typedef struct sv_program {
  sv_graph *graph; /* the plan's own copy */
  int threads;     /* team size that its kernels are made for */
  bool rewrites;   /* it may compute the same in another way: fold.c,
                    * tails.c */
  int *kept;       /* values that the caller may read */
  int kept_count;
  sv_info *infos;       /* per value */
  sv_dtype *stored;     /* per value: the type in which steps leave it */
  sv_contents contents; /* the contents that infos point to */
  bool *frozen;         /* per node of the copy: not trained */
  bool *wanted;         /* per value: has a gradient or is needed for one */
  int *value_cell;      /* per value: its first cell; -1: none */
  int *value_plain;     /* per value: the cell to read after a run; -1: none */
  int *gradient;        /* per value: the final gradient's cell; -1: none */
  int *finals;          /* parameters, as their gradients become final */
  int final_count, final_capacity;
  int *seed_cell;      /* per value */
  sv_reading *readers; /* per value */
  bool *taken;         /* per node: computed by the step of a node before it */
  sv_plan_fold *folds;
  int fold_count, fold_capacity;
  sv_renewal *renewals;
  int renewal_count, renewal_capacity;
  sv_cell *cells;
  int cell_count, cell_capacity;
  sv_buffer *buffers;
  int buffer_count, buffer_capacity;
  sv_step *steps;
  int step_count, step_capacity;
  int forward_count; /* steps of the forward pass */
  bool backward;     /* a backward pass follows; it may have no steps */
  char *arena, *fixed, *gradients;
  sv_plan_memory memory;
  uint64_t version; /* state's version at the last run of the once-steps */
  bool stale;       /* their results are gone: the plan was idle */
  bool fixed_ready;
  bool forward_ran, backward_ran; /* at least once */
} sv_program;

typedef struct sv_own {
  char *name;
  int value;
  bool is_seed;
  sv_tensor tensor;
} sv_own;

struct sv_plan {
  const sv_graph *source;
  sv_state *state;
  sv_plan_options options; /* arrays and strings are owned */
  int threads;             /* max number of threads; options.threads may be 0 */
  sv_own *own;
  int own_count, own_capacity;
  sv_program *program;
  uint64_t layouts; /* state's layouts when the program was bound */
  uint64_t step;
  sv_gradient_hook hook;
  void *hook_context;
};

/* ---- program.c ---- */
sv_status sv_add_buffer(sv_program *p, sv_where where, size_t bytes,
                        int *index) SV_CHECKED;
/* Adds a cell in `buffer`, or in a new buffer of `where` if buffer is -1. */
sv_status sv_add_cell(sv_program *p, const sv_spec *spec, sv_where where,
                      int buffer, int *index) SV_CHECKED;
/* Adds a step with room for its cells, all -1, and for `extra` more inputs than
 * the node's own. */
sv_status sv_add_step(sv_program *p, const sv_node *node, sv_pass pass,
                      int extra, sv_step **step) SV_CHECKED;
sv_spec sv_cell_spec(const sv_program *p, int cell);
/* Finds a value by the name of an output or its own; 0 and an error if there is
 * none. */
sv_status sv_program_find(const sv_graph *graph, const char *name,
                          int *value) SV_CHECKED;
/* The plan's memory for an input or a seed; allocated at first use. */
sv_status sv_plan_own(sv_plan *plan, int value, bool is_seed,
                      const sv_info *info, const char *name,
                      int *index) SV_CHECKED;
void sv_program_free(sv_program *program);

/* ---- compile.c: runs the passes, sv_pass_<name>(plan, program) ---- */
sv_status sv_program_new(sv_program **program, sv_plan *plan) SV_CHECKED;

/* ---- sources.c ---- */
/* Adds their cells, shapes and, for constants, contents. */
sv_status sv_program_add_sources(sv_plan *plan, sv_program *p) SV_CHECKED;

/* ---- renew.c ---- */
/* Adds to every node of the plan's copy the outputs that update a statistic. */
sv_status sv_program_find_renewals(sv_program *p) SV_CHECKED;

/* ---- fold.c ---- */
/* The fold that computes this value; NULL: none. */
const sv_plan_fold *sv_program_fold_of(const sv_program *p, int value);
/* Adds the step that computes the node's folded weight and bias, if any. */
sv_status sv_program_add_fold(const sv_plan *plan, sv_program *p,
                              const sv_node *node) SV_CHECKED;

/* ---- tails.c ---- */
typedef struct sv_tails {
  sv_tail at[SV_LONGEST_TAIL];
  int count;
  int extra[SV_LONGEST_TAIL]; /* values: the other inputs */
  int extra_count;
} sv_tails;
void sv_count_readers(const sv_graph *graph, const int *kept, int count,
                      sv_reading *readers);
void sv_program_tail(const sv_program *p, const sv_node *node, sv_tails *tails);
/* Call it when the node has its step. */
void sv_program_has_read(sv_program *p, const sv_node *node);
/* The values in this cell's memory are gone: another is written there. */
void sv_program_write_over(sv_program *p, int cell);

/* ---- frozen.c ---- */
/* Call it once types are known. */
sv_status sv_program_want(const sv_plan *plan, sv_program *p) SV_CHECKED;
/* True if the plan is for training and the node is not frozen. */
bool sv_node_trains(const sv_plan *plan, const sv_program *p,
                    const sv_node *node);
/* True if input i of the node takes part in differentiation. */
bool sv_is_differentiable(const sv_program *p, const sv_node *node, int i);
/* True if a gradient passes through the node to one of its inputs. */
bool sv_node_has_gradient(const sv_program *p, const sv_node *node);

/* ---- choose.c ---- */
/* A kernel chosen for a step. Free with sv_choice_free; its impl is passed to
 * the step. */
typedef struct sv_choice {
  const sv_kernel *kernel;
  const char *backend; /* "ref": the reference */
  int candidate;
  void *impl;
  sv_need need;
  sv_place *places;
} sv_choice;
sv_status sv_choose(const sv_plan *plan, sv_site *site,
                    sv_choice *choice) SV_CHECKED;
void sv_choice_free(sv_choice *choice);
/* True if the options let this backend be used. */
bool sv_backend_allowed(const sv_plan *plan, const char *name);

/* ---- reorder.c ---- */
/* Sets the kernel of a step that copies `from` to `to`; SV_UNSUPPORTED if no
 * backend can. */
sv_status sv_plan_reorder(const sv_plan *plan, int threads, const sv_spec *from,
                          const sv_spec *to, sv_step *step,
                          size_t *scratch) SV_CHECKED;
/* The cell with this type and layout in the chain that starts at `cell`. A
 * reorder step (or a view, if memory is the same) is added if there is none
 * yet. */
sv_status sv_cell_like(const sv_plan *plan, sv_program *p, int cell,
                       sv_dtype dtype, const sv_layout *layout,
                       int *found) SV_CHECKED;
/* Stores a value that a step has just written in another type. */
sv_status sv_store_as(const sv_plan *plan, sv_program *p, int value,
                      sv_dtype dtype) SV_CHECKED;
/* Copies src to dst, converting between any layouts and real types. */
sv_status sv_add_reorder(const sv_plan *plan, sv_program *p, int src, int dst,
                         bool once) SV_CHECKED;
/* dst = the sum of the cells, all in one layout. */
extern const sv_kernel sv_sum_kernel;

/* ---- threads.c ---- */
/* The team size that the plan would have in the current context. */
int sv_plan_team(const sv_plan *plan);

/* ---- memory.c ---- */
/* Call it if nothing of the last run is read again: until the next run the
 * system may reuse the memory of activations, gradients and packed weights. */
void sv_plan_idle(sv_plan *plan);
void sv_program_bind(const sv_plan *plan, sv_program *p);

#endif
