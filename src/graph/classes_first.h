/* A network of maps of scores whose classes come last. */
#ifndef SV_GRAPH_CLASSES_FIRST_H
#define SV_GRAPH_CLASSES_FIRST_H

#include "graph/model.h"

/* The scores are N x H x W x C, as networks of Keras and TensorFlow have them:
 * a Transpose brings them there, or a softmax is over the last dimension. */
bool sv_graph_classes_last(const sv_graph *graph, int scores);

/* Where they are, *turned = the same network with scores of N x C x H x W, a
 * Transpose after its end, without losses; NULL where they are that already.
 * Free with sv_model_free. */
sv_status sv_model_classes_first(sv_model **turned,
                                 const sv_model *model) SV_CHECKED;

#endif
