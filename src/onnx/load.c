/* An ONNX file as a model. */
#include "onnx/load.h"

#include <stdio.h>
#include <string.h>

#include "base/kind.h"
#include "base/memory.h"
#include "graph/model.h"
#include "onnx/checksum.h"

/* Protocol Buffers' own limit. */
static const size_t largest_file = INT32_MAX;

enum { PART = 1 << 20 }; /* elements of a tensor that are read at once */

/* ---- The head of the file ---- */

static sv_status find_opset(loader *l) {
  const Onnx__ModelProto *m = l->proto;
  for (size_t i = 0; i < m->n_opset_import; i++) {
    const Onnx__OperatorSetIdProto *set = m->opset_import[i];
    const char *domain = set->domain ? set->domain : "";
    if (domain[0] && strcmp(domain, "ai.onnx") != 0) continue;
    /* Tools that join models list it once for each of them. */
    if (l->opset && l->opset != set->version)
      return sv_fail(SV_FORMAT, "declares both opset %lld and opset %lld",
                     (long long)l->opset, (long long)set->version);
    l->opset = set->version;
    if (l->opset < 1)
      return sv_fail(SV_FORMAT, "opset %lld", (long long)l->opset);
  }
  if (l->opset > SV_ONNX_NEWEST_OPSET)
    return sv_fail(SV_UNSUPPORTED, "opset %lld, the newest known is %d",
                   (long long)l->opset, SV_ONNX_NEWEST_OPSET);
  return SV_OK;
}

static sv_status read_head(loader *l) {
  const Onnx__ModelProto *m = l->proto;
  if (!m->has_ir_version && !m->graph)
    return sv_fail(SV_FORMAT, "not an ONNX file: it has no graph");
  if (!m->graph) return sv_fail(SV_FORMAT, "has no graph");
  SV_TRY(find_opset(l));
  if (!m->graph->n_output) return sv_fail(SV_FORMAT, "has no output");
  if (l->options.training && m->n_training_info > 1)
    return sv_fail(SV_UNSUPPORTED,
                   "has %zu training_info entries, one is supported",
                   m->n_training_info);
  if (l->options.training && m->n_training_info)
    l->algorithm = m->training_info[0]->algorithm;
  return SV_OK;
}

/* ---- Outputs, numbers, texts ---- */

static sv_status loss_weight(loader *l, const char *loss, double *weight) {
  char *name;
  sv_tensor *number;
  SV_TRY(sv_arena_text(&l->arena, &name, SV_ONNX_WEIGHT "%s", loss));
  int at = sv_names_get(&l->names, name);
  if (at < 0 || !l->sources[at].tensor)
    return sv_fail(SV_FORMAT, "the loss " SV_NAME " has no weight", loss);
  SV_TRY(sv_onnx_tensor_new(l->sources[at].tensor, &number));
  bool one = number->dtype == SV_F64 && sv_shape_count(&number->shape) == 1;
  if (one) *weight = sv_tensor_get(number, 0);
  sv_tensor_free(number);
  if (one) return SV_OK;
  return sv_fail(SV_FORMAT,
                 "the weight of the loss " SV_NAME " is not a number", loss);
}

/* Where an If or a sequence hands on a tensor that a node makes, the tensor is
 * called as the output is: the output is the name that a user knows, and the
 * one under which the model is saved. */
static sv_status name_output(loader *l, const char *name, int value) {
  const sv_graph *graph = l->graph;
  bool named = sv_graph_find(graph, name) != 0 ||
               graph->values[value].kind != SV_VALUE_NODE;
  for (int i = 0; i < graph->output_count; i++)
    named = named || graph->outputs[i].value == value;
  return named ? SV_OK : sv_graph_rename_value(l->graph, value, name);
}

static sv_status add_outputs(loader *l, const Onnx__GraphProto *graph) {
  if (graph && graph->n_output > SV_ONNX_MOST_OUTPUTS)
    return sv_fail(SV_UNSUPPORTED, "%zu outputs, at most %d are supported",
                   graph->n_output, SV_ONNX_MOST_OUTPUTS);
  for (size_t i = 0; graph && i < graph->n_output; i++) {
    const char *name = graph->output[i]->name;
    bool loss = graph == l->algorithm;
    double weight = 0;
    source *from;
    SV_TRY(sv_load_find(l, name, &from));
    if (loss) SV_TRY(loss_weight(l, name, &weight));
    SV_TRY(name_output(l, name, from->value));
    SV_TRY(sv_graph_add_output(l->graph, name, from->value, loss, weight));
  }
  return SV_OK;
}

/* What the algorithm has and no node reads: moments, counters. */
static bool is_record(const source *s) {
  return s->algorithm && s->kind == SOURCE_TENSOR && !s->used &&
         strncmp(s->name, SV_ONNX_WEIGHT, strlen(SV_ONNX_WEIGHT)) != 0;
}

/* Before the state is made: nothing of a file is refused after that. */
static sv_status check_records(loader *l) {
  for (int i = 0; i < l->source_count; i++) {
    const source *s = &l->sources[i];
    sv_dtype dtype;
    sv_shape shape;
    if (!is_record(s)) continue;
    sv_status status = sv_onnx_tensor_check(s->tensor, &dtype, &shape);
    if (status != SV_OK) return sv_fail_in(status, "tensor " SV_NAME, s->name);
    SV_TRY(sv_load_charge_slot(l, s->name));
  }
  return SV_OK;
}

static sv_status add_record(loader *l, const source *s) {
  sv_dtype dtype;
  sv_shape shape;
  int index;
  SV_TRY(sv_onnx_tensor_check(s->tensor, &dtype, &shape));
  SV_TRY(
      sv_state_add(l->state, s->name, SV_RECORD, dtype, &shape, NULL, &index));
  sv_onnx_tensor_read(s->tensor, &l->state->slots[index].tensor);
  return SV_OK;
}

/* What was read is let go of at once: a large file needs no more memory than
 * what is made of it. */
static void read_parts(const source *s, sv_tensor *slot, size_t count) {
  const ProtobufCBinaryData *raw = &s->tensor->raw_data;
  size_t size = count ? raw->len / count : 0; /* of an element */
  for (size_t first = 0, part; first < count; first += part) {
    part = count - first < PART ? count - first : PART;
    sv_onnx_tensor_read_part(s->tensor, slot, first, part);
    if (s->map && s->tensor->has_raw_data)
      sv_map_release(s->map, raw->data + first * size, part * size);
  }
}

/* The state's slots are in the order of the graph's values. */
static void fill_slot(const source *s, sv_tensor *slot) {
  int64_t count = sv_shape_count(&slot->shape);
  if (s->tensor) {
    read_parts(s, slot, (size_t)count);
    return;
  }
  if (slot->dtype == s->known->dtype)
    memcpy(slot->data, s->known->data, slot->layout.bytes);
  else
    for (int64_t i = 0; i < count; i++)
      sv_tensor_set(slot, i, sv_tensor_get(s->known, i));
}

static sv_status fill_state(loader *l) {
  SV_TRY(sv_state_new(&l->state, l->graph, SV_F32));
  int slot = 0;
  for (int i = 1; i < l->graph->value_count; i++) {
    const sv_value_info *value = &l->graph->values[i];
    if (value->kind != SV_VALUE_STATE) continue;
    const source *s = &l->sources[sv_names_get(&l->names, value->name)];
    fill_slot(s, &l->state->slots[slot++].tensor);
  }
  for (int i = 0; i < l->source_count; i++) {
    const source *s = &l->sources[i];
    if (!is_record(s)) continue;
    sv_status status = add_record(l, s);
    if (status != SV_OK) return sv_fail_in(status, "tensor " SV_NAME, s->name);
  }
  sv_state_touch(l->state);
  return SV_OK;
}

/* The key of metadata for the user; NULL for the reader's own. */
static const char *key_of(const loader *l, size_t i) {
  const char *key = l->proto->metadata_props[i]->key;
  if (!key) return "";
  if (strcmp(key, SV_ONNX_CHECKSUM) == 0) return NULL;
  return strncmp(key, SV_ONNX_ROLE, strlen(SV_ONNX_ROLE)) == 0 ? NULL : key;
}

static sv_status check_meta(const loader *l) {
  sv_names seen = {0};
  sv_status status = SV_OK;
  for (size_t i = 0; i < l->proto->n_metadata_props && status == SV_OK; i++) {
    const char *key = key_of(l, i);
    if (!key) continue;
    if (sv_names_get(&seen, key) >= 0)
      status = sv_fail(SV_FORMAT, "metadata " SV_NAME " are given twice", key);
    else if (seen.count == SV_ONNX_MOST_METADATA)
      status = sv_fail(SV_UNSUPPORTED, "more than %d metadata entries",
                       SV_ONNX_MOST_METADATA);
    else
      status = sv_names_put(&seen, key, 0);
  }
  sv_names_free(&seen);
  return status;
}

static sv_status read_random(sv_model *model, const char *value) {
  if (strcmp(value, "true") != 0)
    return sv_fail(SV_FORMAT, SV_RANDOM_KEY ": \"%.80s\", expected true",
                   value);
  sv_state_mark_random(model->state, true);
  return SV_OK;
}

static sv_status read_meta(const loader *l, sv_model *model) {
  for (size_t i = 0; i < l->proto->n_metadata_props; i++) {
    const char *key = key_of(l, i), *value = l->proto->metadata_props[i]->value;
    if (!key) continue;
    if (strcmp(key, SV_RANDOM_KEY) == 0)
      SV_TRY(read_random(model, value ? value : ""));
    else
      SV_TRY(sv_model_set_meta(model, key, value ? value : ""));
  }
  return SV_OK;
}

/* ---- All of it ---- */

static sv_status build(loader *l) {
  const char *name = l->proto->graph->name;
  if (!name || !name[0]) name = SV_ONNX_GRAPH;
  SV_TRY(sv_load_names(l));
  SV_TRY(sv_load_order(l));
  SV_TRY(sv_load_constants(l));
  SV_TRY(sv_load_roles(l));
  SV_TRY(sv_graph_new(&l->graph, name));
  l->graph->opset = l->opset;
  SV_TRY(sv_load_values(l));
  SV_TRY(sv_load_nodes(l));
  SV_TRY(sv_load_learned(l));
  SV_TRY(add_outputs(l, l->proto->graph));
  SV_TRY(add_outputs(l, l->algorithm));
  SV_TRY(check_meta(l));
  SV_TRY(check_records(l));
  return fill_state(l);
}

static sv_status read_model(loader *l, const void *bytes, size_t size,
                            sv_model **model) {
  SV_TRY(sv_checksum_check(bytes, size, l->map));
  SV_TRY(sv_wire_read(&l->proto, &onnx__model_proto__descriptor, bytes, size,
                      &l->arena));
  SV_TRY(read_head(l));
  SV_TRY(build(l));
  sv_graph *graph = l->graph;
  sv_state *state = l->state;
  l->graph = NULL;
  l->state = NULL;
  SV_TRY(sv_model_wrap(model, graph, state));
  return read_meta(l, *model);
}

static void free_loader(loader *l) {
  sv_graph_free(l->graph);
  sv_state_free(l->state);
  sv_names_free(&l->names);
  sv_names_free(&l->external_names);
  for (scope *s = l->scopes; s; s = s->next) sv_names_free(&s->own);
  for (int i = 0; i < l->external_count; i++)
    sv_map_close(&l->externals[i]->map);
  sv_free(l->externals);
  sv_free(l->folder);
  sv_free(l->sources);
  sv_free(l->steps);
  sv_contents_free(&l->computed);
  sv_arena_free(&l->arena);
}

/* Frees the loader. */
static sv_status load(loader *l, sv_model **model, const char *name,
                      const void *bytes, size_t size) {
  *model = NULL;
  sv_load_allow(l, size);
  sv_status status = read_model(l, bytes, size, model);
  free_loader(l);
  if (status == SV_OK) return SV_OK;
  sv_model_free(*model);
  *model = NULL;
  /* Only where it could not be read: it may well be none of the others. */
  const sv_kind *kind = sv_kind_of(bytes, size);
  if (kind && kind != &sv_kind_onnx)
    return sv_kind_fail(name, kind, "an ONNX file", true);
  return sv_fail_in(status, "%s", name);
}

sv_status sv_onnx_load_memory(sv_model **model, const char *name,
                              const void *bytes, size_t size,
                              const sv_onnx_load_options *options) {
  loader l = {0};
  if (options) l.options = *options;
  return load(&l, model, name, bytes, size);
}

/* "folder/" of a path, "./" if it has none. */
static sv_status folder_of(char **folder, const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return sv_copy_text(folder, "./");
  SV_TRY(sv_copy_text(folder, path));
  (*folder)[slash - path + 1] = '\0';
  return SV_OK;
}

sv_status sv_onnx_load(sv_model **model, const char *path,
                       const sv_onnx_load_options *options) {
  sv_map map;
  loader l = {.map = &map};
  *model = NULL;
  if (options) l.options = *options;
  SV_TRY(sv_map_open(&map, path, largest_file));
  sv_status status =
      l.options.external_data ? folder_of(&l.folder, path) : SV_OK;
  if (status == SV_OK) status = load(&l, model, path, map.bytes, map.size);
  sv_map_close(&map);
  return status;
}

sv_status sv_model_load(sv_model **model, const char *path) {
  return sv_onnx_load(model, path, NULL);
}

sv_status sv_model_load_external(sv_model **model, const char *path) {
  const sv_onnx_load_options options = {.external_data = true};
  return sv_onnx_load(model, path, &options);
}

sv_status sv_model_load_memory(sv_model **model, const void *bytes,
                               size_t size) {
  return sv_onnx_load_memory(model, "model in memory", bytes, size, NULL);
}
