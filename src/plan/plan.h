/* A plan's insides. The program is what compilation makes: cells (tensors in
 * memory), buffers (memory, shared by liveness) and steps (kernels on cells).
 *
 *   program.c   the program as data
 *   renew.c     running statistics: asked for in training, committed
 *   frozen.c    what a training leaves alone; which values have a gradient
 *   compile.c   the graph copied, pruned, inferred; the forward steps
 *   sources.c   what no node computes: inputs and the state
 *   backward.c  the same schedule read backwards
 *   gradients.c what each value is given, and the sums
 *   threads.c   how many: by the work, and by where the caller stands
 *   choose.c    kernels by site, reorders between layouts
 *   memory.c    liveness, the arena, binding of pointers
 *   plan.c      the public face: run, read, refresh
 *   blame.c     where NaN began
 *   explain.c   the program as a table */
#ifndef SV_PLAN_PLAN_H
#define SV_PLAN_PLAN_H

#include <svertka/plan.h>

#include "graph/graph.h"
#include "graph/state.h"
#include "ops/backend.h"

typedef enum sv_where {
  SV_ARENA,    /* shared by liveness */
  SV_OWN,      /* inputs and seeds: belong to the plan, survive compilations */
  SV_STATE,    /* a slot of the state */
  SV_KNOWN,    /* contents that inference found: nothing computes them */
  SV_FIXED,    /* results of state alone: run once per version of it */
  SV_GRADIENT, /* parameters' gradients, in reverse order of the graph */
  SV_SCALAR    /* a loss's seed */
} sv_where;

typedef struct sv_buffer {
  sv_where where;
  size_t bytes;
  void *known; /* KNOWN: the numbers, in program->contents or in the state */
  int slot;    /* STATE: its index */
  int own;     /* OWN: index into plan->own */
  union {
    float f32;
    double f64;
  } seed;          /* SCALAR: the number itself */
  int first, last; /* steps between which it is live */
  int same_as;     /* the buffer whose memory this one is; -1: itself */
  size_t offset;   /* in ARENA, FIXED, GRADIENT */
} sv_buffer;

typedef struct sv_cell {
  sv_tensor tensor;
  int buffer;
  int next;  /* the same value in another layout; -1: no more */
  bool once; /* follows from the state alone */
} sv_cell;

typedef struct sv_step {
  const sv_node *node;
  sv_pass pass;
  const sv_kernel *kernel;
  void *impl;
  char name[48];
  int *cells; /* in, out, diff_in, diff_out in this order; -1: NULL */
  int in_count, out_count;
  int *over; /* of each cell: index into `cells` of what it may lie over */
  int workspace, scratch; /* buffers; -1: none */
  bool once;              /* depends on the state alone */
  bool training;          /* what the operator is told */
  int final, final_count; /* in program->finals: those final from here on */
  sv_args args;           /* bound */
  sv_tensor **tensors;    /* what args points into, like `cells` */
} sv_step;

/* A statistic of the state and the value that it is to become. */
typedef struct sv_renewal {
  int value, next;
} sv_renewal;

typedef struct sv_program {
  sv_graph *graph;      /* the plan's own copy */
  int threads;          /* of the team that its kernels are made for */
  sv_info *infos;       /* per value */
  sv_contents contents; /* that infos point to */
  bool *frozen;         /* per node of the copy: training leaves it alone */
  bool *wanted;         /* per value: it has a gradient, or is on the way */
  int *value_cell;      /* per value: its first cell; -1: none */
  int *value_plain;     /* per value: the cell to read after a run; -1: none */
  int *gradient;        /* per value: the final gradient's cell; -1: none */
  int *finals;          /* parameters, as their gradients become final */
  int final_count, final_capacity;
  int *seed_cell; /* per value */
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
  uint64_t version; /* of the state at the last run of the once-steps */
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
  sv_plan_options options; /* its arrays and texts are owned */
  int threads;             /* that it may use; options.threads may be 0 */
  sv_own *own;
  int own_count, own_capacity;
  sv_program *program;
  uint64_t layouts; /* of the state when the program was bound */
  uint64_t step;
  sv_gradient_hook hook;
  void *hook_context;
};

/* ---- program.c ---- */
sv_status sv_add_buffer(sv_program *p, sv_where where, size_t bytes,
                        int *index) SV_CHECKED;
/* A cell in `buffer`, or in a new one of `where` if buffer is -1. */
sv_status sv_add_cell(sv_program *p, const sv_spec *spec, sv_where where,
                      int buffer, int *index) SV_CHECKED;
/* A step with room for its cells, all -1. */
sv_status sv_add_step(sv_program *p, const sv_node *node, sv_pass pass,
                      sv_step **step) SV_CHECKED;
sv_spec sv_cell_spec(const sv_program *p, int cell);
/* A value by the name of an output or its own; 0 and an error if none. */
sv_status sv_program_find(const sv_graph *graph, const char *name,
                          int *value) SV_CHECKED;
/* The plan's own memory for an input or a seed; made at its first use. */
sv_status sv_plan_own(sv_plan *plan, int value, bool is_seed,
                      const sv_info *info, const char *name,
                      int *index) SV_CHECKED;
void sv_program_free(sv_program *program);

/* ---- compile.c ---- */
sv_status sv_program_new(sv_program **program, sv_plan *plan) SV_CHECKED;

/* ---- sources.c ---- */
/* Their cells, shapes and, of constants, contents. */
sv_status sv_program_add_sources(sv_plan *plan, sv_program *p) SV_CHECKED;

/* ---- renew.c ---- */
/* Gives every node of the plan's copy the outputs that renew a statistic. */
sv_status sv_program_find_renewals(sv_program *p) SV_CHECKED;

/* ---- frozen.c ---- */
/* Before anything else is done with the plan's copy. */
sv_status sv_program_freeze(const sv_plan *plan, sv_program *p) SV_CHECKED;
/* Once types are known. */
sv_status sv_program_want(const sv_plan *plan, sv_program *p) SV_CHECKED;
/* The plan is for training, and the node not frozen. */
bool sv_node_trains(const sv_plan *plan, const sv_program *p,
                    const sv_node *node);
/* Input i of the node takes part in differentiation. */
bool sv_is_differentiable(const sv_program *p, const sv_node *node, int i);
/* A gradient goes through the node to one of its inputs. */
bool sv_node_has_gradient(const sv_program *p, const sv_node *node);

/* ---- choose.c ---- */
/* A kernel chosen for a site. Free with sv_choice_free; its impl is handed to
 * the step. */
typedef struct sv_choice {
  const sv_kernel *kernel;
  void *impl;
  sv_need need;
  sv_place *places;
} sv_choice;
sv_status sv_choose(const sv_plan *plan, sv_site *site,
                    sv_choice *choice) SV_CHECKED;
void sv_choice_free(sv_choice *choice);
/* The cell of the chain that starts at `cell` in this layout; a reorder step
 * (or a view, where memory is the same) is added if there is none yet. */
sv_status sv_cell_in_layout(const sv_plan *plan, sv_program *p, int cell,
                            const sv_layout *layout, int *found) SV_CHECKED;
/* Copies src's numbers to dst, whatever their layouts. */
sv_status sv_add_reorder(const sv_plan *plan, sv_program *p, int src, int dst,
                         bool once) SV_CHECKED;
/* dst = the sum of the cells, all in one layout. */
extern const sv_kernel sv_sum_kernel;

/* ---- threads.c ---- */
/* The team that p's kernels are made for. Where the caller left it open, the
 * plan itself becomes one of a single thread for little work. */
sv_status sv_program_threads(sv_plan *plan, sv_program *p) SV_CHECKED;
/* The team that there would be for the plan here and now. */
int sv_plan_team(const sv_plan *plan);

/* ---- backward.c ---- */
sv_status sv_program_backward(sv_plan *plan, sv_program *p) SV_CHECKED;

/* ---- memory.c ---- */
/* Nothing that the last run left is read again: until the next one the system
 * may have the memory of activations and gradients. */
void sv_plan_idle(sv_plan *plan);
sv_status sv_program_pack(const sv_plan *plan, sv_program *p) SV_CHECKED;
void sv_program_bind(const sv_plan *plan, sv_program *p);

#endif
