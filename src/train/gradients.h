/* Gradient norms per layer: does the gradient reach the first layer?
 *
 * A layer is a node with trained parameters; a shared parameter counts for the
 * first node. The norm of a layer is the square root of the sum of squares of
 * its parameters' gradients, as computed by the backward pass: before clipping
 * and weight decay. */
#ifndef SV_TRAIN_GRADIENTS_H
#define SV_TRAIN_GRADIENTS_H

#include <svertka/plan.h>

#include "base/text.h"
#include "graph/state.h"

typedef struct sv_gradients sv_gradients;

/* The sums over the steps of an epoch are a record of the state, so that a
 * resumed training finds them. The graph and the state must outlive
 * *gradients. */
sv_status sv_gradients_new(sv_gradients **gradients, const sv_graph *graph,
                           sv_state *state) SV_CHECKED;
void sv_gradients_free(sv_gradients *gradients); /* accepts NULL */

/* Adds the gradients of a backward pass. */
sv_status sv_gradients_add(sv_gradients *gradients, sv_plan *plan) SV_CHECKED;

/* "epoch,conv1,linear1\n", and "3,0.25,0.125\n": means over the steps since
 * the last row. */
void sv_gradients_header(const sv_gradients *gradients, sv_text *text);
void sv_gradients_row(sv_gradients *gradients, int epoch, sv_text *text);

#endif
