/* Averaged weights: an exponential moving average of all that is learned.
 *
 *   a = w after the first step, then a = e a + (1 - e) w
 *
 * of trained parameters w and of running statistics alike: the average is a
 * network of its own, judged and saved in the place of w, while the training
 * goes on with w.
 * Source: Polyak, Juditsky, "Acceleration of Stochastic Approximation by
 * Averaging", 1992; Tarvainen, Valpola, "Mean teachers are better role models",
 * NIPS 2017. */
#ifndef SV_TRAIN_AVERAGE_H
#define SV_TRAIN_AVERAGE_H

#include "graph/state.h"
#include "train/freeze.h"

typedef struct sv_average sv_average;

/* Puts a record "<name>.average" into the state beside all that is learned and
 * not frozen (NULL: nothing is), unless it is there already (a resumed
 * training). 0 < decay < 1. The state must outlive the average. */
sv_status sv_average_new(sv_average **average, sv_state *state, double decay,
                         const sv_freeze *frozen) SV_CHECKED;
void sv_average_free(sv_average *average);

/* These two do nothing where the average is NULL.
 *
 * Takes in what a step left; `step` counts those before it. */
sv_status sv_average_step(sv_average *average, int64_t step) SV_CHECKED;

/* Exchanges the state's numbers for their average, and back again. */
sv_status sv_average_swap(sv_average *average) SV_CHECKED;

#endif
