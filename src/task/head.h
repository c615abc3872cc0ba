/* The end of a network: its scores, its loss, and replacing its classifier
 * (new_head.c). */
#ifndef SV_TASK_HEAD_H
#define SV_TASK_HEAD_H

#include "task/scores.h"

bool sv_head_has_loss(const sv_graph *graph);

/* True if there is a row of scores for each pixel of the image. */
bool sv_head_is_of_pixels(const sv_graph *graph);

/* Copies a graph without losses and adds the cross-entropy of its scores and an
 * input for the labels, one per image or one per pixel. The loss is computed
 * from logits; if the graph has only probabilities, from their logarithms, with
 * probabilities bounded below by 1e-7 as in Keras. SV_UNSUPPORTED for
 * independent probabilities. Free with sv_graph_free. */
sv_status sv_head_attach(sv_graph **trained, const sv_graph *graph,
                         const sv_scores *scores, bool of_pixels) SV_CHECKED;

/* The scores of a network if their values are not reported: treated as logits
 * if they are not recognised or have no loss. */
sv_status sv_head_any_scores(sv_scores *scores, const sv_graph *graph,
                             const sv_state *state) SV_CHECKED;

/* The layer that computes the class scores, and the number of classes; *layer
 * is borrowed. */
sv_status sv_head_find(const sv_graph *graph, const char **layer,
                       int64_t *classes) SV_CHECKED;

/* Copies a graph with classifiers for `classes` classes. (*fresh)[v] is true
 * for each value v whose size changed; free it with sv_free. */
sv_status sv_head_renew(sv_graph **changed, bool **fresh, const sv_graph *graph,
                        int classes) SV_CHECKED;

#endif
