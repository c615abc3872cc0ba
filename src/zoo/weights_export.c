/* The weights of a model with torchvision's names. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "graph/model.h"
#include "op/attrs.h"
#include "zoo/safetensors.h"
#include "zoo/weights.h"

typedef struct export {
  const sv_model *model;
  sv_zoo_choice choice;
  sv_to_save *saved;
  sv_tensor **tensors; /* of the saved ones */
  int count, room, tensor_count, tensor_room;
}
export;

static sv_status add(export *e, char *name, const sv_tensor *tensor) {
  sv_status status = sv_grow(&e->saved, e->count, &e->room, sizeof *e->saved);
  if (status != SV_OK) {
    sv_free(name);
    return status;
  }
  e->saved[e->count++] =
      (sv_to_save){.name = name,
                   .shape = tensor ? tensor->shape : (sv_shape){0},
                   .values = tensor ? tensor->data : NULL};
  return SV_OK;
}

/* PyTorch counts the steps of each batch norm, and wants the number. */
static sv_status add_counter(export *e, const char *variance) {
  static const char ending[] = "running_var";
  size_t length = strlen(variance) - (sizeof ending - 1);
  sv_text text = {0};
  char *name;
  sv_text_add(&text, "%.*snum_batches_tracked", (int)length, variance);
  SV_TRY(sv_text_take(&text, &name));
  return add(e, name, NULL);
}

static sv_status add_tensor(export *e, const char *ours) {
  char *name;
  sv_tensor *tensor;
  SV_TRY(sv_grow(&e->tensors, e->tensor_count, &e->tensor_room,
                 sizeof *e->tensors));
  SV_TRY(sv_state_get(sv_model_state(e->model), ours, &tensor));
  e->tensors[e->tensor_count++] = tensor;
  if (tensor->dtype != SV_F32)
    return sv_fail(SV_UNSUPPORTED, "%s is of type %s, expected f32", ours,
                   sv_dtype_name(tensor->dtype));
  SV_TRY(sv_torch_tensor(&name, &e->choice, ours));
  SV_TRY(add(e, name, tensor));
  const char *port = strrchr(ours, '.');
  return port && strcmp(port, ".var") == 0 ? add_counter(e, name) : SV_OK;
}

static int find(const sv_state *state, const char *name) {
  int i = sv_state_count(state) - 1;
  while (i >= 0 && strcmp(sv_state_name(state, i), name) != 0) i--;
  return i;
}

/* The model has the layers of the network, all of them and no others; an
 * exported model does not have the auxiliary classifiers. */
static sv_status check_layers(const export *e, const sv_state *whole) {
  const sv_state *own = sv_model_state(e->model);
  for (int i = 0; i < sv_state_count(own); i++)
    if (sv_is_learned(own, i) && find(whole, sv_state_name(own, i)) < 0)
      return sv_fail(SV_INVALID,
                     "the model has the tensor '%s', but %s has not",
                     sv_state_name(own, i), e->choice.name);
  for (int i = 0; i < sv_state_count(whole); i++)
    if (sv_is_learned(whole, i) && find(own, sv_state_name(whole, i)) < 0)
      return sv_fail(SV_INVALID,
                     "%s has the tensor '%s', but the model has not",
                     e->choice.name, sv_state_name(whole, i));
  return SV_OK;
}

/* Builds the network without what the model cannot have. */
static sv_status check(export *e) {
  const sv_attr *row =
      sv_attr_find(&e->choice.architecture->table, "auxiliary");
  bool *auxiliary =
      row ? (bool *)((char *)e->choice.values + row->offset) : NULL;
  sv_graph *graph;
  sv_state *state;
  if (auxiliary && *auxiliary) {
    const sv_state *own = sv_model_state(e->model);
    bool found = false;
    for (int i = 0; i < sv_state_count(own) && !found; i++)
      found = strncasecmp(sv_state_name(own, i), "aux", 3) == 0;
    *auxiliary = found;
  }
  SV_TRY(sv_zoo_build_choice(&graph, &e->choice));
  sv_status status = sv_state_new(&state, graph, SV_F32);
  sv_graph_free(graph);
  SV_TRY(status);
  status = check_layers(e, state);
  sv_state_free(state);
  return status;
}

static sv_status export_all(export *e, const char *text, const char *path) {
  const sv_state *state = sv_model_state(e->model);
  if (!text) text = sv_model_meta(e->model, SV_ZOO_KEY);
  if (!text) text = sv_model_meta(e->model, "svertka.train.network");
  if (!text)
    return sv_fail(SV_INVALID,
                   "the model does not say which network of the zoo it is");
  SV_TRY(sv_torch_choose(&e->choice, text));
  SV_TRY(check(e));
  for (int i = 0; i < sv_state_count(state); i++)
    if (sv_is_learned(state, i)) SV_TRY(add_tensor(e, sv_state_name(state, i)));
  return sv_safetensors_write(path, e->saved, e->count);
}

sv_status sv_zoo_export(const sv_model *model, const char *text,
                        const char *path) {
  export e = {.model = model};
  sv_status status = export_all(&e, text, path);
  for (int i = 0; i < e.count; i++) sv_free((char *)e.saved[i].name);
  for (int i = 0; i < e.tensor_count; i++) sv_tensor_free(e.tensors[i]);
  sv_free(e.saved);
  sv_free(e.tensors);
  sv_free(e.choice.values);
  return status;
}
