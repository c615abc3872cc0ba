/* A plan: a graph compiled for given input shapes, a mode and this machine. A
 * plan owns its activations and kernels; one thread may use it at a time. Any
 * number of plans may share one state. At most one of them may train at a time,
 * and no other plan may run while a training step writes to the state. */
#ifndef SVERTKA_PLAN_H
#define SVERTKA_PLAN_H

#include <svertka/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_plan sv_plan;

typedef enum sv_mode {
  SV_INFER, /* compute the outputs */
  SV_TRAIN  /* compute the losses and run the backward pass */
} sv_mode;

typedef struct sv_input_shape {
  const char *name; /* name of an input */
  sv_shape shape;
} sv_input_shape;

/* Kernels chosen by timing: a table from sites (operator, shapes, layouts,
 * threads, ...) to kernels. It may be shared by plans, one thread at a time. A
 * plan that finds its sites in a table times nothing: the same table, build,
 * processor and threads give the same bits. */
typedef struct sv_choices sv_choices;

/* Creates an empty table; free it with sv_choices_free. */
SV_API SV_CHECKED sv_status sv_choices_new(sv_choices **choices);
SV_API void sv_choices_free(sv_choices *choices);
SV_API int sv_choices_count(const sv_choices *choices);
/* The table as text: a heading with the versions and the processor, a line per
 * site. The caller frees *text with sv_free. */
SV_API SV_CHECKED sv_status sv_choices_print(const sv_choices *choices,
                                             char **text);
/* Reads it back. The table is empty if the heading is of another processor or
 * of other versions; SV_FORMAT names a malformed line. */
SV_API SV_CHECKED sv_status sv_choices_parse(sv_choices **choices,
                                             const char *text);

typedef struct sv_plan_options {
  size_t size; /* of this struct; set by sv_plan_default */
  sv_mode mode;
  int64_t batch;                /* size of a free first dimension, for all
                                 * inputs */
  const sv_input_shape *shapes; /* override the declared shapes */
  int shape_count;
  /* 0: all processors, or OMP_NUM_THREADS if that is less; one thread if there
   * is little work. Fewer are used if OpenMP provides fewer; see
   * sv_plan_forward. */
  int threads;
  const char *backend; /* NULL: all, in order of preference; else only this one
                        * and "ref", the reference */
  bool exact;          /* compute node by node as the graph says, with direct
                        * algorithms; else results may differ by rounding */
  sv_choices *choices; /* overrides the rules by which kernels are chosen; NULL:
                        * none. Borrowed: it must outlive the plan */
  bool tune; /* time the kernels of sites that `choices` lacks, and add
              * the fastest */
  /* Names of values, besides the outputs, that can be read after a run. */
  const char *const *keep;
  int keep_count;
  /* Names of values, besides the parameters, whose gradients are computed. */
  const char *const *gradients;
  int gradient_count;
  /* Names of values whose gradients the caller sets (sv_plan_seed). Without
   * any, the backward pass starts from the losses, each with its weight. With
   * seeds an inference plan has a backward pass, too. */
  const char *const *seeds;
  int seed_count;
  /* Nodes that training leaves unchanged: they run as in inference, get no
   * parameter gradients and keep their running statistics. */
  const char *const *frozen;
  int frozen_count;
  uint64_t seed; /* random seed of operators such as dropout */
} sv_plan_options;

SV_API sv_plan_options sv_plan_default(void);

/* Compiles the graph. The graph and the state must outlive the plan. The
 * precision is that of the state. Errors name the node or input. Compiling a
 * training plan may change the layouts of parameters in the state. */
SV_API SV_CHECKED sv_status sv_plan_new(sv_plan **plan, const sv_graph *graph,
                                        sv_state *state,
                                        const sv_plan_options *options);
SV_API void sv_plan_free(sv_plan *plan);

/* The plan's tensor for an input, in PLAIN layout. Fill it before each run; its
 * contents stay until they are overwritten. */
SV_API SV_CHECKED sv_status sv_plan_input(sv_plan *plan, const char *name,
                                          sv_tensor *view);

/* Runs the forward pass. Kernels are compiled for the number of threads that
 * OpenMP provides: one inside a parallel region of the calling program, at most
 * OMP_THREAD_LIMIT. If that number differs from the last run, the plan is
 * compiled again. The caller's OpenMP settings are not changed. */
SV_API SV_CHECKED sv_status sv_plan_forward(sv_plan *plan);
/* Runs the backward pass; call sv_plan_forward first. SV_INVALID if a training
 * plan was compiled for the same state in between, or if OpenMP provides fewer
 * threads than in the forward pass. Gradients are overwritten, not
 * accumulated. */
SV_API SV_CHECKED sv_status sv_plan_backward(sv_plan *plan);

/* Writes the running statistics computed by the last forward pass to the state.
 * Call it once per training step, after the step's last forward pass;
 * sv_plan_forward does not change the state's statistics. */
SV_API SV_CHECKED sv_status sv_plan_commit(sv_plan *plan);

/* Reads an output, a loss or a value of options.keep, in PLAIN layout; valid
 * until the next run. */
SV_API SV_CHECKED sv_status sv_plan_value(sv_plan *plan, const char *name,
                                          sv_tensor *view);
/* Call after a forward pass. SV_NUMERIC if the value contains NaN or infinity
 * (minus infinity is allowed: it serves as a mask). The network is then run
 * once more, and the message names the input, parameter or node where NaN or
 * infinity first appeared. */
SV_API SV_CHECKED sv_status sv_plan_check_numbers(sv_plan *plan,
                                                  const char *name);
/* Reads the gradient of a parameter (in the parameter's layout) or of a value
 * of options.gradients (PLAIN); valid until the next run. */
SV_API SV_CHECKED sv_status sv_plan_gradient(sv_plan *plan, const char *name,
                                             sv_tensor *view);
/* The same as a copy in PLAIN layout, whatever the layout of the parameter; the
 * caller frees *copy with sv_tensor_free. */
SV_API SV_CHECKED sv_status sv_plan_gradient_copy(sv_plan *plan,
                                                  const char *name,
                                                  sv_tensor **copy);
/* The tensor for the gradient dL/dvalue of a value of options.seeds; the caller
 * fills it. */
SV_API SV_CHECKED sv_status sv_plan_seed(sv_plan *plan, const char *name,
                                         sv_tensor *view);

/* Called during sv_plan_backward when a parameter's gradient is final, in
 * reverse order of the graph. */
typedef sv_status (*sv_gradient_hook)(void *context, const char *parameter,
                                      const sv_tensor *gradient);
SV_API void sv_plan_on_gradient(sv_plan *plan, sv_gradient_hook hook,
                                void *context);

/* Sets the training step; random operators draw new values in each step. */
SV_API void sv_plan_set_step(sv_plan *plan, uint64_t step);

typedef struct sv_plan_memory {
  size_t arena;    /* bytes of the buffer shared by activations, gradients,
                    * scratch */
  size_t peak;     /* largest number of its bytes in use at one step */
  size_t total;    /* sum of all buffers if none shared memory */
  size_t constant; /* packed weights and other results computed from the state
                    * alone */
  size_t gradient; /* gradients of parameters */
} sv_plan_memory;
SV_API sv_plan_memory sv_plan_memory_use(const sv_plan *plan);

/* A table of the plan: node, kernel, layouts and reorders of each step, and the
 * memory use in the last line. The caller frees *text with
 * sv_plan_text_free. */
SV_API SV_CHECKED sv_status sv_plan_explain(const sv_plan *plan, char **text);
SV_API void sv_plan_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
