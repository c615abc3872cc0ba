/* A network of the zoo with the weights of torchvision's. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "graph/model.h"
#include "init/init.h"
#include "op/attrs.h"
#include "zoo/safetensors.h"
#include "zoo/weights.h"

typedef struct import {
  const char *path;
  sv_zoo_choice choice;
  sv_safetensors *file;
  bool *used; /* the file's tensors */
  sv_model *model;
} import;

static sv_status take_tensor(import *m, const char *name, const char *theirs) {
  sv_state *state = sv_model_state(m->model);
  int at = sv_safetensors_find(m->file, theirs);
  char found[SV_SHAPE_TEXT], wanted[SV_SHAPE_TEXT];
  sv_tensor *tensor;
  if (at < 0)
    return sv_fail(SV_INVALID, "%s: no tensor '%s', which %s needs", m->path,
                   theirs, m->choice.name);
  const sv_saved *saved = sv_safetensors_at(m->file, at);
  m->used[at] = true;
  SV_TRY(sv_state_get(state, name, &tensor));
  sv_status status = SV_OK;
  if (!sv_shape_equal(&saved->shape, &tensor->shape))
    status = sv_fail(SV_INVALID, "%s: %s is %s, but %s needs %s", m->path,
                     theirs, sv_shape_text(&saved->shape, found),
                     m->choice.name, sv_shape_text(&tensor->shape, wanted));
  if (status == SV_OK) {
    status = sv_saved_read(saved, tensor->data);
    if (status != SV_OK) status = sv_fail_in(status, "%s", m->path);
  }
  if (status == SV_OK) status = sv_state_set(state, name, tensor);
  sv_tensor_free(tensor);
  return status;
}

/* PyTorch's counter of steps, which has no meaning here. */
static bool is_counter(const sv_saved *saved) {
  static const char ending[] = ".num_batches_tracked";
  size_t length = strlen(saved->name), tail = sizeof ending - 1;
  return length > tail && saved->count == 1 &&
         strcmp(saved->name + length - tail, ending) == 0;
}

static sv_status check_used(const import *m) {
  int64_t left = 0;
  const sv_saved *first = NULL;
  for (int i = 0; i < sv_safetensors_count(m->file); i++) {
    const sv_saved *saved = sv_safetensors_at(m->file, i);
    if (m->used[i] || is_counter(saved)) continue;
    if (left++ == 0) first = saved;
  }
  if (!left) return SV_OK;
  return sv_fail(SV_INVALID, "%s: %s has no tensor '%s'%s", m->path,
                 m->choice.name, first->name,
                 left > 1 ? ", nor some others of the file" : "");
}

static sv_status take_all(import *m) {
  const sv_state *state = sv_model_state(m->model);
  for (int i = 0; i < sv_state_count(state); i++) {
    char *theirs;
    if (!sv_is_learned(state, i)) continue;
    const char *name = sv_state_name(state, i);
    SV_TRY(sv_torch_tensor(&theirs, &m->choice, name));
    sv_status status = take_tensor(m, name, theirs);
    sv_free(theirs);
    SV_TRY(status);
  }
  return check_used(m);
}

/* Weights are often passed on without the auxiliary classifiers: then the
 * network has none, unless they are asked for. */
static sv_status settle_auxiliary(import *m, const char *text) {
  const sv_architecture *a = m->choice.architecture;
  const sv_attr *row = sv_attr_find(&a->table, "auxiliary");
  if (!row || strstr(text, "auxiliary=")) return SV_OK;
  bool found = false;
  for (int i = 0; i < sv_safetensors_count(m->file) && !found; i++)
    found = strncasecmp(sv_safetensors_at(m->file, i)->name, "aux", 3) == 0;
  *(bool *)((char *)m->choice.values + row->offset) = found;
  return SV_OK;
}

/* ---- How images are prepared ---- */

/* What torchvision's first weights of a network were trained with, where it is
 * not a crop of 224 of 256 pixels, bilinear. Source: torchvision.models, the
 * transforms of IMAGENET1K_V1. */
static const struct {
  const char *name, *resize;
  bool halves; /* mean and deviation 0.5 */
} prepared[] = {
    {"googlenet", "crop 0.875", true},
    {"inception_v3", "crop 0.8742690", true}, /* 299 of 342 */
    {"efficientnet_b0", "crop 0.875 bicubic", false},
    {"efficientnet_b1", "crop 0.9375 bicubic", false},
    {"efficientnet_b2", "crop bicubic", false},
    {"efficientnet_b3", "crop 0.9375 bicubic", false},
    {"efficientnet_b4", "crop 0.9895833 bicubic", false},
    {"efficientnet_b5", "crop bicubic", false},
    {"efficientnet_b6", "crop bicubic", false},
    {"efficientnet_b7", "crop bicubic", false},
    {"efficientnet", "crop 0.875 bicubic", false},
    {"fcn_resnet50", "stretch", false},
    {"fcn_resnet101", "stretch", false},
    {"fcn_resnet", "stretch", false},
};

static sv_status set_preparation(sv_model *model, const char *name) {
  const char *resize = "crop 0.875";
  bool halves = false;
  for (size_t i = 0; i < sizeof prepared / sizeof prepared[0]; i++)
    if (strcmp(prepared[i].name, name) == 0) {
      resize = prepared[i].resize;
      halves = prepared[i].halves;
    }
  SV_TRY(sv_model_set_meta(model, "svertka.image.resize", resize));
  SV_TRY(sv_model_set_meta(model, "svertka.image.order", "rgb"));
  SV_TRY(sv_model_set_meta(model, "svertka.image.mean",
                           halves ? "0.5,0.5,0.5" : "0.485,0.456,0.406"));
  return sv_model_set_meta(model, "svertka.image.deviation",
                           halves ? "0.5,0.5,0.5" : "0.229,0.224,0.225");
}

/* Takes the graph. Its parameters are all replaced. */
static sv_status make_model(sv_model **model, sv_graph *graph) {
  const sv_init_options options = {.seed = 1};
  sv_state *state;
  sv_status status = sv_state_new(&state, graph, SV_F32);
  if (status == SV_OK) {
    status = sv_init_run(state, graph, &options);
    if (status == SV_OK) return sv_model_wrap(model, graph, state);
    sv_state_free(state);
  }
  sv_graph_free(graph);
  return status;
}

static sv_status import_all(import *m, const char *text) {
  sv_graph *graph;
  SV_TRY(sv_torch_choose(&m->choice, text));
  SV_TRY(sv_safetensors_open(&m->file, m->path));
  SV_TRY(sv_alloc(&m->used, (size_t)sv_safetensors_count(m->file)));
  SV_TRY(settle_auxiliary(m, text));
  SV_TRY(sv_zoo_build_choice(&graph, &m->choice));
  SV_TRY(make_model(&m->model, graph));
  SV_TRY(take_all(m));
  SV_TRY(set_preparation(m->model, m->choice.name));
  return sv_model_set_meta(m->model, SV_ZOO_KEY, text);
}

sv_status sv_zoo_import(sv_model **model, const char *text, const char *path) {
import m = {.path = path };
  *model = NULL;
  sv_status status = import_all(&m, text);
  sv_free(m.choice.values);
  sv_free(m.used);
  sv_safetensors_close(m.file);
  if (status == SV_OK)
    *model = m.model;
  else
    sv_model_free(m.model);
  return status;
}
