/* What a network needs and sees, by counting on the graph as the user made it:
 * shapes, parameters, multiply-accumulates, receptive fields. */
#ifndef SV_GRAPH_ANALYSIS_H
#define SV_GRAPH_ANALYSIS_H

#include "graph/fields.h"
#include "graph/graph.h"

/* One node. */
typedef struct sv_layer {
  const sv_node *node;
  sv_shape input;     /* of its first input that is data; rank -1: none */
  sv_shape output;    /* of its first output */
  int64_t parameters; /* trained numbers that no earlier node has */
  int64_t neurons;    /* elements of the output for one image */
  int64_t macs;       /* of the batch */
  int64_t bytes;      /* of its outputs, for the batch */
  int64_t connected;  /* parameters of a linear layer in the place of one with a
                         window or weights: inputs * neurons + neurons; 0: it is
                         none of these, -1: too many to count */
  bool weighted;      /* has a weight of its own: a "weight layer" */
  sv_field field;
} sv_layer;

typedef struct sv_analysis {
  sv_graph *graph;  /* the part that was looked at; nodes point into it */
  sv_layer *layers; /* in the order of the nodes */
  int count;
  int64_t parameters, macs, bytes;
  int weight_layers;
  sv_shape input;   /* of the first image input; rank -1: there is none */
  sv_shape *shapes; /* of the graph's values */
} sv_analysis;

/* A free first dimension becomes `batch`; `image`, unless NULL, is the size of
 * one image (C H W) and replaces what the only image input declares. Looks at
 * what reaches an output or, if `training` or where there is no output, at all
 * of it. `state` (may be NULL) knows the constants that shapes are computed
 * from. Free the result with sv_analysis_free. */
sv_status sv_analyse(sv_analysis *analysis, const sv_graph *graph,
                     const sv_state *state, int64_t batch, const sv_ints *image,
                     bool training) SV_CHECKED;
void sv_analysis_free(sv_analysis *analysis);

/* How far what one position sees lies from what the one before it does, on
 * average; and the centre of what position 0 sees, which may lie between two
 * pixels. */
static inline double sv_receptive_step(const sv_receptive *s) {
  return (double)s->step / (double)s->per;
}
static inline double sv_receptive_centre(const sv_receptive *s) {
  return 0.5 * (double)(s->first + s->last);
}

#endif
