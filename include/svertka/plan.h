/* A plan: a graph made executable for given input shapes, mode and machine.
 * It owns activations and kernels, and belongs to one thread at a time. Any
 * number of plans share one state; at most one of them trains at a time, and
 * none runs while another one's training step writes. */
#ifndef SVERTKA_PLAN_H
#define SVERTKA_PLAN_H

#include <svertka/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_plan sv_plan;

typedef enum sv_mode {
  SV_INFER, /* what reaches an output */
  SV_TRAIN  /* what reaches a loss, and the backward pass */
} sv_mode;

typedef struct sv_input_shape {
  const char *name; /* of an input */
  sv_shape shape;
} sv_input_shape;

typedef struct sv_plan_options {
  sv_mode mode;
  int64_t batch;                /* fills a free first dimension of all inputs */
  const sv_input_shape *shapes; /* replace declared shapes */
  int shape_count;
  /* 0: all processors, or OMP_NUM_THREADS if that is less; one for little
   * work. Fewer take part where OpenMP gives fewer; see sv_plan_forward. */
  int threads;
  const char *backend; /* NULL: all, in the order of the registry; "ref" */
  bool exact;          /* direct algorithms only */
  /* Values, besides the outputs, that stay readable after a run. */
  const char *const *keep;
  int keep_count;
  /* Values, besides the parameters, whose gradients are wanted. */
  const char *const *gradients;
  int gradient_count;
  /* Values whose gradients the caller gives by sv_plan_seed; none: the losses,
   * each with its weight. With seeds an inference graph runs backward too. */
  const char *const *seeds;
  int seed_count;
  /* Nodes that a training leaves alone: they run as at inference, their
   * parameters have no gradient, their running statistics stay. */
  const char *const *frozen;
  int frozen_count;
  uint64_t seed; /* of random operators */
} sv_plan_options;

SV_API sv_plan_options sv_plan_default(void);

/* Compiles. Graph and state must outlive the plan. The precision is the
 * state's. Errors name the node or input. Compiling a training plan may move
 * parameters of the state into other layouts. */
SV_API SV_CHECKED sv_status sv_plan_new(sv_plan **plan, const sv_graph *graph,
                                        sv_state *state,
                                        const sv_plan_options *options);
SV_API void sv_plan_free(sv_plan *plan);

/* The plan's own tensor for an input: plain, to be filled before each run
 * (contents stay until overwritten). */
SV_API SV_CHECKED sv_status sv_plan_input(sv_plan *plan, const char *name,
                                          sv_tensor *view);

/* Kernels are made for the threads that OpenMP really gives the caller: one
 * inside a parallel region of the host program, at most OMP_THREAD_LIMIT. Where
 * that number is another than at the last run, the plan is compiled again. The
 * caller's OpenMP settings are left as they were. */
SV_API SV_CHECKED sv_status sv_plan_forward(sv_plan *plan);
/* After sv_plan_forward; SV_INVALID if a training plan was compiled for the
 * same state in between, or OpenMP gives fewer threads than in the forward
 * pass. Gradients are overwritten, never added to. */
SV_API SV_CHECKED sv_status sv_plan_backward(sv_plan *plan);

/* Once a step of a training plan, after the last forward pass that belongs to
 * it: running statistics of the state become what that pass computed. A forward
 * pass alone changes nothing. */
SV_API SV_CHECKED sv_status sv_plan_commit(sv_plan *plan);

/* An output, a loss or a kept value, plain; valid until the next run. */
SV_API SV_CHECKED sv_status sv_plan_value(sv_plan *plan, const char *name,
                                          sv_tensor *view);
/* After a forward pass: SV_NUMERIC if the value holds NaN or infinity (minus
 * infinity is allowed: it masks). The network is then run once more, and the
 * message names the input, the parameter or the node where that began. */
SV_API SV_CHECKED sv_status sv_plan_check_numbers(sv_plan *plan,
                                                  const char *name);
/* The gradient of a parameter (in the parameter's own layout) or of a value
 * named in options.gradients (plain); valid until the next run. */
SV_API SV_CHECKED sv_status sv_plan_gradient(sv_plan *plan, const char *name,
                                             sv_tensor *view);
/* The tensor to fill with dL/dvalue of one of options.seeds. */
SV_API SV_CHECKED sv_status sv_plan_seed(sv_plan *plan, const char *name,
                                         sv_tensor *view);

/* Called during sv_plan_backward as each parameter's gradient becomes final,
 * in reverse order of the graph. */
typedef sv_status (*sv_gradient_hook)(void *context, const char *parameter,
                                      const sv_tensor *gradient);
SV_API void sv_plan_on_gradient(sv_plan *plan, sv_gradient_hook hook,
                                void *context);

/* The training step that random operators draw for. */
SV_API void sv_plan_set_step(sv_plan *plan, uint64_t step);

typedef struct sv_plan_memory {
  size_t arena;    /* bytes shared by activations, gradients, scratch */
  size_t peak;     /* the largest sum of bytes live at one step of it */
  size_t total;    /* the sum of all buffers, were none shared */
  size_t constant; /* packed weights and other results of state alone */
  size_t gradient; /* parameters' gradients */
} sv_plan_memory;
SV_API sv_plan_memory sv_plan_memory_use(const sv_plan *plan);

/* A table: per step the node, kernel, layouts, reorders; the arena last. The
 * caller frees *text with sv_plan_text_free. */
SV_API SV_CHECKED sv_status sv_plan_explain(const sv_plan *plan, char **text);
SV_API void sv_plan_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
