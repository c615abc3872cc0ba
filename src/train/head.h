/* A network's end: where its scores are, and the loss it is trained with. */
#ifndef SV_TRAIN_HEAD_H
#define SV_TRAIN_HEAD_H

#include "graph/graph.h"

/* The value that softmax is applied to, where the first output is a softmax;
 * else that output. */
sv_status sv_head_scores(const sv_graph *graph, int *value) SV_CHECKED;

bool sv_head_has_loss(const sv_graph *graph);

/* A copy of a graph without losses that has the cross-entropy of its scores
 * and an input for the labels, one for each picture or each pixel of it. Free
 * with sv_graph_free. */
sv_status sv_head_attach(sv_graph **trained, const sv_graph *graph,
                         bool of_pixels) SV_CHECKED;

#endif
