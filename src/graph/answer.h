/* The output that holds a network's scores. */
#ifndef SV_GRAPH_ANSWER_H
#define SV_GRAPH_ANSWER_H

#include <svertka/model.h>

#include "graph/graph.h"

/* The value of that output: the only output that is not a loss; of several, the
 * one named in the metadata. SV_INVALID lists the outputs if the metadata name
 * none or an unknown one. */
sv_status sv_graph_answer(const sv_graph *graph, int *value) SV_CHECKED;

/* Sets the name from the metadata. */
sv_status sv_graph_set_answer(sv_graph *graph, const char *name) SV_CHECKED;

#endif
