#include "graph/model.h"

#include <string.h>

#include "base/memory.h"
#include "graph/answer.h"

sv_status sv_model_wrap(sv_model **model, sv_graph *graph, sv_state *state) {
  sv_status status = sv_alloc(model, sizeof **model);
  if (status != SV_OK) {
    sv_graph_free(graph);
    sv_state_free(state);
    return status;
  }
  (*model)->graph = graph;
  (*model)->state = state;
  return SV_OK;
}

void sv_model_free(sv_model *model) {
  if (!model) return;
  sv_graph_free(model->graph);
  sv_state_free(model->state);
  for (int i = 0; i < model->meta_count; i++) {
    sv_free(model->meta[i].key);
    sv_free(model->meta[i].value);
  }
  sv_free(model->meta);
  sv_free(model);
}

const sv_graph *sv_model_graph(const sv_model *model) { return model->graph; }

sv_state *sv_model_state(const sv_model *model) { return model->state; }

static sv_meta *find_meta(const sv_model *model, const char *key) {
  for (int i = 0; i < model->meta_count; i++)
    if (strcmp(model->meta[i].key, key) == 0) return &model->meta[i];
  return NULL;
}

static sv_status add_meta(sv_model *model, const char *key, char *value) {
  SV_TRY(sv_grow(&model->meta, model->meta_count, &model->meta_capacity,
                 sizeof *model->meta));
  sv_meta *meta = &model->meta[model->meta_count];
  SV_TRY(sv_copy_text(&meta->key, key));
  meta->value = value;
  model->meta_count++;
  return SV_OK;
}

sv_status sv_model_set_meta(sv_model *model, const char *key,
                            const char *value) {
  char *copy;
  if (strcmp(key, SV_OUTPUT_KEY) == 0)
    SV_TRY(sv_graph_set_answer(model->graph, value));
  SV_TRY(sv_copy_text(&copy, value));
  sv_meta *meta = find_meta(model, key);
  if (meta) {
    sv_free(meta->value);
    meta->value = copy;
    return SV_OK;
  }
  sv_status status = add_meta(model, key, copy);
  if (status != SV_OK) sv_free(copy);
  return status;
}

const char *sv_model_meta(const sv_model *model, const char *key) {
  const sv_meta *meta = find_meta(model, key);
  return meta ? meta->value : NULL;
}

int sv_model_meta_count(const sv_model *model) { return model->meta_count; }

const char *sv_model_meta_key(const sv_model *model, int i) {
  return model->meta[i].key;
}

sv_status sv_model_inherit(sv_model *model, const sv_model *from) {
  for (int i = 0; i < from->meta_count; i++)
    SV_TRY(sv_model_set_meta(model, from->meta[i].key, from->meta[i].value));
  if (sv_model_is_random(from, NULL)) sv_state_mark_random(model->state, true);
  model->random_allowed = from->random_allowed;
  return SV_OK;
}

/* ---- Weights that nothing was learned with ---- */

bool sv_model_is_random(const sv_model *model, const char **tensor) {
  const char *found = sv_state_random(model->state);
  if (tensor) *tensor = found;
  return found != NULL;
}

void sv_model_allow_random(sv_model *model) { model->random_allowed = true; }

sv_status sv_model_check_learned(const sv_model *model) {
  const char *tensor;
  if (model->random_allowed || !sv_model_is_random(model, &tensor))
    return SV_OK;
  return sv_fail(SV_INVALID,
                 "the model's weights are random ('%.80s' was never trained): "
                 "train it first, or allow this with sv_model_allow_random",
                 tensor);
}
