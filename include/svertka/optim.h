/* Optimisers, schedules and frozen layers: the parts of a training loop of
 * one's own. examples/train_loop.c is a complete one.
 *
 *     for (int64_t step = 0; step < steps; step++) {
 *       double loss, rate = sv_schedule_at(schedule, NULL, step);
 *       fill_inputs(plan);
 *       if (sv_train_step(plan, optimiser, step, rate, &loss) != SV_OK) break;
 *     } */
#ifndef SVERTKA_OPTIM_H
#define SVERTKA_OPTIM_H

#include <svertka/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Value of an option: the optimiser's default. */
enum { SV_USUAL = -1 };

/* ---- Frozen layers ------------------------------------------------------ */

/* A layer and all layers that it depends on. Pass `nodes` to a plan
 * (sv_plan_options.frozen) and the struct to the optimiser. Names are borrowed
 * from the graph; zeros: nothing is frozen. */
typedef struct sv_freeze {
  const char **nodes;
  int node_count;
  const char **tensors; /* of the state, that these nodes read */
  int tensor_count;
} sv_freeze;

/* `layer` is the name of a node; or of a block, the beginning of node names up
 * to a dot or a slash; or the same of tensor names, which exporters keep even
 * if they rename nodes. NULL: nothing is frozen. SV_INVALID if the name is
 * unknown (the message lists some valid names) or if nothing would be left to
 * train. Free with sv_freeze_free. */
SV_API SV_CHECKED sv_status sv_freeze_until(sv_freeze *freeze,
                                            const sv_graph *graph,
                                            const char *layer);
SV_API void sv_freeze_free(sv_freeze *freeze);

/* freeze may be NULL. */
SV_API bool sv_freeze_has(const sv_freeze *freeze, const char *tensor);

/* ---- Optimisers --------------------------------------------------------- */

/* Updates the parameters of one state. It belongs to one thread at a time. */
typedef struct sv_optimiser sv_optimiser;

typedef struct sv_optimiser_options {
  size_t size;         /* of this struct; set by sv_optimiser_default */
  const char *kind;    /* "sgd": a rule and its arguments, "adam 0.9 0.99"; as
                        * sv_fit_options.optimiser */
  double momentum;     /* SV_USUAL: the rule's default */
  double weight_decay; /* SV_USUAL: the rule's default; of tensors with the role
                        * SV_WEIGHT */
  const char *decay;   /* "usual": the rule's; "coupled", "decoupled" */
  bool decay_all;      /* biases and scales decay too */
  double clip_value;   /* 0: off; else each element of a gradient is clipped to
                        * +-this */
  double clip_norm;    /* 0: off; else all gradients are scaled so that the root
                        * of the sum of their squares is at most this */
  const sv_freeze *frozen; /* parameters that are not updated; NULL: none */
} sv_optimiser_options;

SV_API sv_optimiser_options sv_optimiser_default(void);

/* Adds a record "<parameter>.<moment>" (role SV_RECORD) to the state for each
 * moment of each trained parameter, unless it exists (a resumed training). The
 * state must outlive the optimiser; `options` (may be NULL) is not needed after
 * the call. SV_INVALID if an option is out of range; SV_UNSUPPORTED names a
 * parameter that is not f32. Free *optimiser with sv_optimiser_free. */
SV_API SV_CHECKED sv_status
sv_optimiser_new(sv_optimiser **optimiser, sv_state *state,
                 const sv_optimiser_options *options);
SV_API void sv_optimiser_free(sv_optimiser *optimiser);

/* One step with the gradients of the plan's last backward pass. `step` is the
 * number of previous steps, `rate` the learning rate. SV_NUMERIC, naming the
 * parameter, with nothing changed, if a gradient is infinite or NaN. Parameters
 * without a gradient in the plan stay. The same gradients give the same bits
 * for any number of threads. */
SV_API SV_CHECKED sv_status sv_optimiser_step(sv_optimiser *optimiser,
                                              sv_plan *plan, int64_t step,
                                              double rate);

/* The defaults of a rule. */
typedef struct sv_usual {
  double rate, momentum, weight_decay;
} sv_usual;
SV_API SV_CHECKED sv_status sv_optimiser_usual(sv_usual *usual,
                                               const char *kind);

/* One training step on the plan's inputs, which the caller has filled: forward,
 * backward, sv_optimiser_step, sv_plan_commit. Operators such as dropout draw
 * the random values of `step`. *loss (may be NULL) is the weighted sum of the
 * losses before the update. SV_NUMERIC, with nothing changed, if it or a
 * gradient is infinite or NaN; the message names the node where that first
 * appeared. `plan` was compiled with SV_TRAIN for the optimiser's state. */
SV_API SV_CHECKED sv_status sv_train_step(sv_plan *plan,
                                          sv_optimiser *optimiser, int64_t step,
                                          double rate, double *loss);

/* ---- Schedules ---------------------------------------------------------- */

/* The learning rate as a function of the step. It does not change after
 * sv_schedule_new: any number of threads may use it. */
typedef struct sv_schedule sv_schedule;

typedef struct sv_schedule_options {
  size_t size;      /* of this struct; set by sv_schedule_default */
  const char *kind; /* "cosine"; as sv_fit_options.schedule */
  double rate;      /* 0.05: the max learning rate */
  double warm_up;   /* 0: number of epochs in which the rate rises to that of
                     * the schedule */
  int64_t steps;    /* 1: steps per epoch */
  int epochs;       /* 1: of the whole training */
} sv_schedule_options;

SV_API sv_schedule_options sv_schedule_default(void);

/* SV_INVALID if the kind is unknown (the message lists the valid ones) or an
 * option is out of range. `options` is not needed after the call. Free
 * *schedule with sv_schedule_free. */
SV_API SV_CHECKED sv_status sv_schedule_new(sv_schedule **schedule,
                                            const sv_schedule_options *options);
SV_API void sv_schedule_free(sv_schedule *schedule);

/* The effect of past validation losses on the learning rate, for the schedule
 * "plateau". Zeros before the first validation; store it to resume. */
typedef struct sv_plateau {
  int64_t seen; /* validations */
  int64_t bad;  /* validations in a row without improvement */
  int64_t cuts; /* reductions of the rate */
  double best;  /* the lowest loss */
} sv_plateau;

/* The rate of step 0, 1, ... `plateau` may be NULL: no validations yet. */
SV_API double sv_schedule_at(const sv_schedule *schedule,
                             const sv_plateau *plateau, int64_t step);

/* Call after an epoch with its validation loss. */
SV_API void sv_schedule_see(const sv_schedule *schedule, sv_plateau *plateau,
                            double loss);

#ifdef __cplusplus
}
#endif
#endif
