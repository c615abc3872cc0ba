/* Optimisers: gradients, clipped, change parameters by a rule. */
#ifndef SV_TRAIN_OPTIMISER_H
#define SV_TRAIN_OPTIMISER_H

#include <svertka/plan.h>

#include "graph/state.h"
#include "train/freeze.h"

typedef struct sv_optimiser sv_optimiser;

/* Zeros are defaults: sgd without momentum, decay and clipping. */
typedef struct sv_optimiser_options {
  const char *kind; /* a rule and its numbers: "adam 0.9 0.99"; NULL: "sgd" */
  double momentum;
  double weight_decay; /* of tensors with the role WEIGHT */
  const char *decay;   /* "coupled", "decoupled"; NULL, "usual": the rule's */
  bool decay_all;      /* biases and scales decay too */
  double clip_value;   /* each number of a gradient is cut to +-this; 0: no */
  double clip_norm;    /* then all gradients are scaled so that the root of the
                        * sum of their squares is at most this; 0: no */
  const sv_freeze *frozen; /* these are no parameters; NULL: none */
} sv_optimiser_options;

/* Puts a record "<parameter>.<moment>" into the state for each moment of each
 * trained parameter, unless it is there already (a resumed training). The
 * state must outlive the optimiser. */
sv_status sv_optimiser_new(sv_optimiser **optimiser, sv_state *state,
                           const sv_optimiser_options *options) SV_CHECKED;
void sv_optimiser_free(sv_optimiser *optimiser);

/* One step with the gradients of the plan's last backward pass; `step` counts
 * those before it. A gradient that is infinite or not a number is SV_NUMERIC,
 * names the parameter, and nothing has changed. Parameters that the plan has no
 * gradient of stay. The same gradients give the same bits, whatever the number
 * of threads. */
sv_status sv_optimiser_step(sv_optimiser *optimiser, sv_plan *plan,
                            int64_t step, double rate) SV_CHECKED;

/* What a rule usually has. */
typedef struct sv_usual {
  double rate, momentum, weight_decay;
} sv_usual;
sv_status sv_optimiser_usual(sv_usual *usual, const char *kind) SV_CHECKED;

/* A record "<name of the slot>.<what>" that lies as the slot does, found or
 * made. */
sv_status sv_record_beside(sv_state *state, int slot, const char *what,
                           int *index) SV_CHECKED;

#endif
