/* Networks whose score maps have the classes in the last dimension. */
#ifndef SV_TASK_CLASSES_FIRST_H
#define SV_TASK_CLASSES_FIRST_H

#include "graph/model.h"

/* *last = true if the scores are N x H x W x C, as in Keras and TensorFlow: a
 * Transpose produces that order, or a softmax is over the last dimension. */
sv_status sv_graph_classes_last(bool *last, const sv_graph *graph,
                                int scores) SV_CHECKED;

/* If they are, *turned = the same network with scores of N x C x H x W: a
 * Transpose is added at the end, and losses are removed. NULL if they are N x C
 * x H x W already. Free with sv_model_free. */
sv_status sv_model_classes_first(sv_model **turned,
                                 const sv_model *model) SV_CHECKED;

#endif
