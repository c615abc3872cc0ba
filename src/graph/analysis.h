/* Analysis of the graph as the user built it (svertka/analysis.h), for code
 * that reads its members. */
#ifndef SV_GRAPH_ANALYSIS_H
#define SV_GRAPH_ANALYSIS_H

#include <svertka/analysis.h>

#include "graph/fields.h"
#include "graph/graph.h"

struct sv_analysis {
  sv_graph *graph;  /* the part that was analysed; nodes point into it */
  sv_layer *layers; /* in the order of the nodes */
  int count;
  int64_t parameters, macs, bytes;
  int weight_layers;
  sv_shape input;   /* of the first image input; rank -1: none */
  sv_shape *shapes; /* of the graph's values */
};

/* Analyses a graph. A free first dimension becomes `batch`. `image`, unless
 * NULL, is the size of one image (C H W) and replaces the declared size of the
 * only image input. Only nodes that an output depends on are analysed; all
 * nodes if `training` or if there is no output. `state` (may be NULL) has the
 * constants from which shapes are computed. Clear the result with
 * sv_analysis_clear. */
sv_status sv_analyse(sv_analysis *analysis, const sv_graph *graph,
                     const sv_state *state, int64_t batch, const sv_ints *image,
                     bool training) SV_CHECKED;
void sv_analysis_clear(sv_analysis *analysis);

#endif
