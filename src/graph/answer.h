/* Which output holds a network's scores. */
#ifndef SV_GRAPH_ANSWER_H
#define SV_GRAPH_ANSWER_H

#include "graph/graph.h"

/* Metadata, and --output: the name of that output. */
#define SV_OUTPUT_KEY "svertka.output"

/* The output's value: the only one that is no loss; of several, the one that
 * the metadata name. SV_INVALID lists them if nobody says which, or if none has
 * that name. */
sv_status sv_graph_answer(const sv_graph *graph, int *value) SV_CHECKED;

/* The metadata's text. */
sv_status sv_graph_set_answer(sv_graph *graph, const char *name) SV_CHECKED;

#endif
