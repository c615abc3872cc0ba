/* The internals of a model. */
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
  bool random_allowed; /* sv_model_allow_random */
};

/* Metadata of a file: "true" if sv_model_is_random. In memory the state knows
 * it. */
#define SV_RANDOM_KEY "svertka.random-weights"

/* Takes ownership of graph and state; frees both on failure. */
sv_status sv_model_wrap(sv_model **model, sv_graph *graph,
                        sv_state *state) SV_CHECKED;

/* Copies to a derived model: metadata, and whether the weights are random. */
sv_status sv_model_inherit(sv_model *model, const sv_model *from) SV_CHECKED;

/* SV_INVALID if the weights are random and that is not allowed. */
sv_status sv_model_check_learned(const sv_model *model) SV_CHECKED;

#endif
