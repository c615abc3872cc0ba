/* A network's end: where its scores are, the loss it is trained with, and
 * another classifier in the place of its own (new_head.c). */
#ifndef SV_TRAIN_HEAD_H
#define SV_TRAIN_HEAD_H

#include "graph/graph.h"

/* The value that softmax is applied to, where the first output is a softmax;
 * else that output. */
sv_status sv_head_scores(const sv_graph *graph, int *value) SV_CHECKED;

bool sv_head_has_loss(const sv_graph *graph);

/* There is a row of scores for each pixel of the image. */
bool sv_head_is_of_pixels(const sv_graph *graph);

/* A copy of a graph without losses that has the cross-entropy of its scores
 * and an input for the labels, one for each picture or each pixel of it. Free
 * with sv_graph_free. */
sv_status sv_head_attach(sv_graph **trained, const sv_graph *graph,
                         bool of_pixels) SV_CHECKED;

/* The layer that tells the classes, and how many; *layer is borrowed. */
sv_status sv_head_find(const sv_graph *graph, const char **layer,
                       int64_t *classes) SV_CHECKED;

/* A copy whose classifiers tell so many classes. *fresh has true for each value
 * of it that is of another size now; free it with sv_free. */
sv_status sv_head_renew(sv_graph **changed, bool **fresh, const sv_graph *graph,
                        int classes) SV_CHECKED;

#endif
