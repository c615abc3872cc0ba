/* Optimisers: update parameters from clipped gradients by a rule. */
#ifndef SV_OPTIM_OPTIMISER_H
#define SV_OPTIM_OPTIMISER_H

#include <svertka/plan.h>

#include "graph/state.h"
#include "optim/freeze.h"

typedef struct sv_optimiser sv_optimiser;

/* Zeros are the defaults: sgd without momentum, weight decay or clipping. */
typedef struct sv_optimiser_options {
  const char *kind; /* a rule and its arguments: "adam 0.9 0.99"; NULL: "sgd" */
  double momentum;
  double weight_decay; /* of tensors with the role WEIGHT */
  const char *decay;   /* "coupled", "decoupled"; NULL, "usual": the rule's */
  bool decay_all;      /* biases and scales decay too */
  double clip_value;   /* each element of a gradient is clipped to +-this; 0:
                        * off */
  double clip_norm;    /* then all gradients are scaled so that the root of the
                        * sum of their squares is at most this; 0: off */
  const sv_freeze *frozen; /* parameters that are not updated; NULL: none */
} sv_optimiser_options;

/* Adds a record "<parameter>.<moment>" to the state for each moment of each
 * trained parameter, unless it exists (a resumed training). The state must
 * outlive the optimiser. */
sv_status sv_optimiser_new(sv_optimiser **optimiser, sv_state *state,
                           const sv_optimiser_options *options) SV_CHECKED;
void sv_optimiser_free(sv_optimiser *optimiser);

/* One step with the gradients of the plan's last backward pass; `step` is the
 * number of previous steps. SV_NUMERIC, naming the parameter, with nothing
 * changed, if a gradient is infinite or NaN. Parameters without a gradient in
 * the plan stay. The same gradients give the same bits for any number of
 * threads. */
sv_status sv_optimiser_step(sv_optimiser *optimiser, sv_plan *plan,
                            int64_t step, double rate) SV_CHECKED;

/* The defaults of a rule. */
typedef struct sv_usual {
  double rate, momentum, weight_decay;
} sv_usual;
sv_status sv_optimiser_usual(sv_usual *usual, const char *kind) SV_CHECKED;

/* A record "<name of the slot>.<what>" with the layout of the slot, found or
 * created. */
sv_status sv_record_beside(sv_state *state, int slot, const char *what,
                           int *index) SV_CHECKED;

#endif
