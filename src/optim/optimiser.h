/* Optimisers: update parameters from clipped gradients by a rule
 * (svertka/optim.h). */
#ifndef SV_OPTIM_OPTIMISER_H
#define SV_OPTIM_OPTIMISER_H

#include <svertka/optim.h>

#include "graph/state.h"
#include "optim/freeze.h"

/* A record "<name of the slot>.<what>" with the layout of the slot, found or
 * created. */
sv_status sv_record_beside(sv_state *state, int slot, const char *what,
                           int *index) SV_CHECKED;

#endif
