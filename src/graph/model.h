/* The model's insides. */
#ifndef SV_GRAPH_MODEL_H
#define SV_GRAPH_MODEL_H

#include <svertka/model.h>

#include "graph/graph.h"
#include "graph/state.h"

typedef struct sv_meta {
  char *key, *value;
} sv_meta;

struct sv_model {
  sv_graph *graph;
  sv_state *state;
  sv_meta *meta;
  int meta_count, meta_capacity;
};

/* Takes over graph and state; frees both if it fails. */
sv_status sv_model_wrap(sv_model **model, sv_graph *graph,
                        sv_state *state) SV_CHECKED;

#endif
