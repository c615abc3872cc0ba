/* Analysis of the graph as the user built it: shapes, parameters,
 * multiply-accumulates, receptive fields. */
#ifndef SV_GRAPH_ANALYSIS_H
#define SV_GRAPH_ANALYSIS_H

#include "graph/fields.h"
#include "graph/graph.h"

/* One node. */
typedef struct sv_layer {
  const sv_node *node;
  sv_shape input;     /* of the first data input; rank -1: none */
  sv_shape output;    /* of its first output */
  int64_t parameters; /* trained elements, not counting those of earlier
                       * nodes */
  int64_t neurons;    /* elements of the output for one image */
  int64_t macs;       /* of the batch */
  int64_t bytes;      /* of its outputs, for the batch */
  int64_t connected;  /* parameters of a linear layer in the place of one with a
                       * window or weights: inputs * neurons + neurons; 0: not
                       * such a layer, -1: too many to count */
  bool weighted;      /* has a weight of its own: a "weight layer" */
  sv_field field;
} sv_layer;

typedef struct sv_analysis {
  sv_graph *graph;  /* the part that was analysed; nodes point into it */
  sv_layer *layers; /* in the order of the nodes */
  int count;
  int64_t parameters, macs, bytes;
  int weight_layers;
  sv_shape input;   /* of the first image input; rank -1: none */
  sv_shape *shapes; /* of the graph's values */
} sv_analysis;

/* Analyses a graph. A free first dimension becomes `batch`. `image`, unless
 * NULL, is the size of one image (C H W) and replaces the declared size of the
 * only image input. Only nodes that an output depends on are analysed; all
 * nodes if `training` or if there is no output. `state` (may be NULL) has the
 * constants from which shapes are computed. Free the result with
 * sv_analysis_free. */
sv_status sv_analyse(sv_analysis *analysis, const sv_graph *graph,
                     const sv_state *state, int64_t batch, const sv_ints *image,
                     bool training) SV_CHECKED;
void sv_analysis_free(sv_analysis *analysis);

/* The average distance between the receptive fields of neighbouring positions;
 * and the centre of the receptive field of position 0, which may lie between
 * two pixels. */
static inline double sv_receptive_step(const sv_receptive *s) {
  return (double)s->step / (double)s->per;
}
static inline double sv_receptive_centre(const sv_receptive *s) {
  return 0.5 * (double)(s->first + s->last);
}

#endif
