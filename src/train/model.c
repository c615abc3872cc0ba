/* A model ready to train: a graph and an initialised state. */
#include "graph/model.h"

static sv_status initialised(sv_state **state, const sv_graph *graph,
                             uint64_t seed) {
  SV_TRY(sv_state_new(state, graph, SV_F32));
  sv_status status = sv_state_init(*state, graph, seed);
  if (status != SV_OK) sv_state_free(*state);
  return status;
}

sv_status sv_model_new(sv_model **model, sv_graph *graph, uint64_t seed) {
  *model = NULL;
  sv_state *state;
  sv_status status = initialised(&state, graph, seed);
  if (status != SV_OK) {
    sv_graph_free(graph);
    return status;
  }
  return sv_model_wrap(model, graph, state);
}
