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
  bool random_allowed; /* sv_model_allow_random */
};

/* Of a file: "true" where sv_model_is_random. In a model the state knows it. */
#define SV_RANDOM_KEY "svertka.random-weights"

/* Takes over graph and state; frees both if it fails. */
sv_status sv_model_wrap(sv_model **model, sv_graph *graph,
                        sv_state *state) SV_CHECKED;

/* What a model made from another one is told of it: metadata, and whether its
 * weights are random. */
sv_status sv_model_inherit(sv_model *model, const sv_model *from) SV_CHECKED;

/* SV_INVALID if the model is random and that is not allowed. */
sv_status sv_model_check_learned(const sv_model *model) SV_CHECKED;

#endif
