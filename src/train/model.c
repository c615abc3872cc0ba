/* A model ready to train: a graph and an initialised state. Initialisers that
 * read files are combined with the files' format here. */
#include "graph/model.h"
#include "init/init.h"

sv_status sv_state_init_with(sv_state *state, const sv_graph *graph,
                             uint64_t seed, const char *init) {
  const sv_init_options options = {
      .seed = seed, .network = init, .read = sv_model_load};
  return sv_init_run(state, graph, &options);
}

sv_status sv_state_init(sv_state *state, const sv_graph *graph, uint64_t seed) {
  return sv_state_init_with(state, graph, seed, NULL);
}

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
