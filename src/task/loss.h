/* The losses of a network: label smoothing, class weights, and their sum. */
#ifndef SV_TASK_LOSS_H
#define SV_TASK_LOSS_H

#include <svertka/plan.h>

#include "graph/graph.h"
#include "graph/state.h"

/* Copies the graph and adds label smoothing and class weights to the
 * cross-entropies that are losses; NULL if there is nothing to change
 * (smoothing 0, weights NULL). The weights become a record of the state, which
 * is removed with the training's records. SV_INVALID if no loss is a
 * cross-entropy or one already has class weights. Free *changed with
 * sv_graph_free. */
sv_status sv_loss_adjust(sv_graph **changed, const sv_graph *graph,
                         sv_state *state, double smoothing,
                         const float *weights, int classes) SV_CHECKED;

/* The weighted sum of all losses of the graph, after a forward pass. */
sv_status sv_loss_sum(double *loss, const sv_graph *graph,
                      sv_plan *plan) SV_CHECKED;

#endif
