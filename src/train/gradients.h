/* How strong the gradient is in each layer: does it reach the first one?
 *
 * A layer is a node with trained parameters; where nodes share one, it counts
 * in the first. Its norm is the root of the sum of squares of its parameters'
 * gradients, as backward leaves them: neither clipped nor decayed. */
#ifndef SV_TRAIN_GRADIENTS_H
#define SV_TRAIN_GRADIENTS_H

#include <svertka/plan.h>

#include "base/text.h"
#include "graph/state.h"

typedef struct sv_gradients sv_gradients;

/* The sums over the steps of an epoch are a record of the state, which a
 * resumption finds. The graph and the state must outlive it. */
sv_status sv_gradients_new(sv_gradients **gradients, const sv_graph *graph,
                           sv_state *state) SV_CHECKED;
void sv_gradients_free(sv_gradients *gradients); /* takes NULL */

/* After a backward pass. */
sv_status sv_gradients_add(sv_gradients *gradients, sv_plan *plan) SV_CHECKED;

/* "epoch,conv1,linear1\n", and "3,0.25,0.125\n": means over the steps since
 * the last row. */
void sv_gradients_header(const sv_gradients *gradients, sv_text *text);
void sv_gradients_row(sv_gradients *gradients, int epoch, sv_text *text);

#endif
