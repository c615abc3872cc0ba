/* A network's end: where its scores are, the loss it is trained with, and
 * another classifier in the place of its own (new_head.c). */
#ifndef SV_TRAIN_HEAD_H
#define SV_TRAIN_HEAD_H

#include "graph/scores.h"

bool sv_head_has_loss(const sv_graph *graph);

/* There is a row of scores for each pixel of the image. */
bool sv_head_is_of_pixels(const sv_graph *graph);

/* A copy of a graph without losses that has the cross-entropy of its scores
 * and an input for the labels, one for each picture or each pixel of it: of
 * logits, or of the logarithms of probabilities with no logits below them, from
 * 1e-7 up, as Keras does. SV_UNSUPPORTED for independent probabilities. Free
 * with sv_graph_free. */
sv_status sv_head_attach(sv_graph **trained, const sv_graph *graph,
                         const sv_scores *scores, bool of_pixels) SV_CHECKED;

/* The scores of a network whose numbers nobody is told: logits, where they are
 * not recognised or have no loss. */
sv_status sv_head_any_scores(sv_scores *scores, const sv_graph *graph,
                             const sv_state *state) SV_CHECKED;

/* The layer that tells the classes, and how many; *layer is borrowed. */
sv_status sv_head_find(const sv_graph *graph, const char **layer,
                       int64_t *classes) SV_CHECKED;

/* A copy whose classifiers tell so many classes. *fresh has true for each value
 * of it that is of another size now; free it with sv_free. */
sv_status sv_head_renew(sv_graph **changed, bool **fresh, const sv_graph *graph,
                        int classes) SV_CHECKED;

#endif
