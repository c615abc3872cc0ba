/* Averaged weights: an exponential moving average (EMA) of the trained
 * parameters w and the running statistics.
 *
 *   a = w after the first step, then a = e a + (1 - e) w
 *
 * The average is a network of its own. It is validated and saved in the place
 * of w, while the training continues with w. Source: Polyak, Juditsky,
 * "Acceleration of Stochastic Approximation by Averaging", 1992; Tarvainen,
 * Valpola, "Mean teachers are better role models", NIPS 2017. */
#ifndef SV_OPTIM_AVERAGE_H
#define SV_OPTIM_AVERAGE_H

#include "graph/state.h"
#include "optim/freeze.h"

typedef struct sv_average sv_average;

/* Adds a record "<name>.average" to the state for each parameter and statistic
 * that is not frozen (NULL: none is), unless it exists (a resumed training). 0
 * < decay < 1. The state must outlive the average. */
sv_status sv_average_new(sv_average **average, sv_state *state, double decay,
                         const sv_freeze *frozen) SV_CHECKED;
void sv_average_free(sv_average *average);

/* The next two functions do nothing if the average is NULL.
 *
 * Updates the average after a step; `step` is the number of previous steps. */
sv_status sv_average_step(sv_average *average, int64_t step) SV_CHECKED;

/* Swaps the state's values and their average; a second call swaps them back. */
sv_status sv_average_swap(sv_average *average) SV_CHECKED;

#endif
