/* A network's losses: what the options make of them, smoothing and class
 * weights, and their sum. */
#ifndef SV_TRAIN_LOSS_H
#define SV_TRAIN_LOSS_H

#include <svertka/plan.h>

#include "data/loader.h"
#include "graph/graph.h"
#include "graph/state.h"

/* The weight of each class from n samples, n_c of them in class c:
 *   "off"      1
 *   "sqrt"     a / sqrt(n_c)
 *   "inverse"  a / n_c
 * with a such that the mean over the samples is 1; 0 for a class without any.
 * SV_INVALID for another rule. */
sv_status sv_class_weights(float *weights, int classes, const char *rule,
                           const sv_dataset *dataset,
                           const sv_samples *samples) SV_CHECKED;

/* A copy of the graph whose cross-entropies that are losses smooth their labels
 * and weigh the classes; NULL where there is nothing to change (smoothing 0,
 * weights NULL). The weights become a record of the state, which goes when the
 * training's records do. SV_INVALID if no loss is a cross-entropy, or one
 * has class weights already. Free *changed with sv_graph_free. */
sv_status sv_loss_adjust(sv_graph **changed, const sv_graph *graph,
                         sv_state *state, double smoothing,
                         const float *weights, int classes) SV_CHECKED;

/* All losses of the graph with their weights, after a forward pass. */
sv_status sv_loss_sum(double *loss, const sv_graph *graph,
                      sv_plan *plan) SV_CHECKED;

#endif
