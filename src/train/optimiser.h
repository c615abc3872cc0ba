/* Optimisers: rows of a table, each an update of a stretch of numbers. */
#ifndef SV_TRAIN_OPTIMISER_H
#define SV_TRAIN_OPTIMISER_H

#include <svertka/plan.h>

#include "graph/state.h"

enum { SV_MAX_MOMENTS = 2 };

typedef struct sv_optimiser sv_optimiser;

typedef struct sv_optimiser_options {
  const char *kind; /* "sgd", "nesterov" */
  double momentum;
  double weight_decay; /* of tensors with the role WEIGHT */
} sv_optimiser_options;

/* Puts a record "<parameter>.<moment>" into the state for each moment of each
 * trained parameter, unless it is there already (a resumed training). The
 * state must outlive the optimiser. */
sv_status sv_optimiser_new(sv_optimiser **optimiser, sv_state *state,
                           const sv_optimiser_options *options) SV_CHECKED;
void sv_optimiser_free(sv_optimiser *optimiser);

/* One step with the gradients of the plan's last backward pass. A gradient
 * that is infinite or not a number is SV_NUMERIC, names the parameter, and
 * nothing has changed. Parameters that the plan has no gradient of stay. */
sv_status sv_optimiser_step(sv_optimiser *optimiser, sv_plan *plan,
                            double rate) SV_CHECKED;

/* Numbers that are all finite:. */
bool sv_is_finite(const float *x, int64_t count);

#endif
