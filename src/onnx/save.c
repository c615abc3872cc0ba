/* A model as an ONNX file. */
#include "onnx/save.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "graph/model.h"
#include "onnx/attrs.h"
#include "onnx/checksum.h"

sv_status sv_save_add(message_list *list, void *message) {
  SV_TRY(sv_grow(&list->at, list->count, &list->capacity, sizeof *list->at));
  list->at[list->count++] = message;
  return SV_OK;
}

sv_status sv_save_own_tensor(saver *s, part *to, const char *name,
                             sv_tensor *tensor) {
  Onnx__TensorProto *proto;
  sv_status status = sv_save_add(&s->copies, tensor);
  if (status != SV_OK) {
    sv_tensor_free(tensor);
    return status;
  }
  SV_TRY(sv_onnx_tensor_write(&proto, name, tensor, &s->arena));
  return sv_save_add(&to->initialisers, proto);
}

/* ---- The two graphs ---- */

static sv_status save_main(saver *s) {
  for (int i = 0; i < s->graph->node_count; i++) {
    const sv_node *node = &s->graph->nodes[i];
    if (!s->reaches[i]) continue;
    sv_status status = sv_save_node(s, &s->main, node);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  return SV_OK;
}

/* Losses and what only they need; and operators that the main part has in
 * pieces, as they are. */
static sv_status save_algorithm(saver *s) {
  for (int i = 0; i < s->graph->node_count; i++) {
    const sv_node *node = &s->graph->nodes[i];
    bool known = sv_save_is_plain(s, s->graph, node);
    sv_status status = SV_OK;
    if (s->trains[i] && known)
      status = sv_save_node(s, &s->algorithm, node);
    else if (s->trains[i])
      status = sv_save_own_node(s, &s->algorithm, node, s->name, "");
    else if (s->reaches[i] && !known)
      status = sv_save_own_node(s, &s->algorithm, node, s->name, SV_ONNX_AS);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  return SV_OK;
}

static sv_status save_weights(saver *s) {
  for (int i = 0; i < s->graph->output_count; i++) {
    const sv_graph_output *output = &s->graph->outputs[i];
    sv_tensor *number;
    char *name;
    if (!output->is_loss) continue;
    SV_TRY(sv_arena_text(&s->arena, &name, SV_ONNX_WEIGHT "%s", output->name));
    SV_TRY(sv_tensor_new(&number, SV_F64, &(sv_shape){.rank = 0}));
    sv_tensor_set(number, 0, output->weight);
    SV_TRY(sv_save_own_tensor(s, &s->algorithm, name, number));
  }
  return SV_OK;
}

/* What of the state is no value of the graph: it is the training's. */
static sv_status save_records(saver *s) {
  for (int i = 0; i < s->state->count; i++) {
    const sv_slot *slot = &s->state->slots[i];
    if (slot->role != SV_RECORD) continue;
    SV_TRY(sv_save_state_tensor(s, &s->algorithm, slot->name, &slot->tensor,
                                slot->tensor.dtype));
  }
  return SV_OK;
}

/* ---- The head of the file ---- */

static sv_status add_text(saver *s, Onnx__ModelProto *m, const char *prefix,
                          const char *key, const char *value) {
  Onnx__StringStringEntryProto *entry;
  SV_TRY(sv_arena_take(&s->arena, &entry, sizeof *entry));
  onnx__string_string_entry_proto__init(entry);
  SV_TRY(sv_arena_text(&s->arena, &entry->key, "%s%s", prefix, key));
  SV_TRY(sv_arena_text(&s->arena, &entry->value, "%s", value));
  m->metadata_props[m->n_metadata_props++] = entry;
  return SV_OK;
}

/* Roles that a reader of the file would take for others. */
static sv_status add_roles(saver *s, Onnx__ModelProto *m) {
  for (int i = 1; i < s->graph->value_count; i++) {
    const sv_value_info *value = &s->graph->values[i];
    if (value->kind != SV_VALUE_STATE || !(s->read[i] || s->trained[i]))
      continue;
    int seen = sv_names_get(&s->roles, s->name[i]);
    if ((int)value->role == (seen < 0 ? (int)SV_CONSTANT : seen)) continue;
    SV_TRY(add_text(s, m, SV_ONNX_ROLE, s->name[i], sv_role_name(value->role)));
  }
  for (int i = 0; i < s->fixed.count; i++)
    if (sv_names_get(&s->roles, s->fixed.at[i]) >= 0)
      SV_TRY(add_text(s, m, SV_ONNX_ROLE, s->fixed.at[i],
                      sv_role_name(SV_CONSTANT)));
  return SV_OK;
}

static sv_status add_metadata(saver *s, const sv_model *model,
                              Onnx__ModelProto *m) {
  size_t most = (size_t)model->meta_count + (size_t)s->graph->value_count +
                (size_t)s->fixed.count + 1;
  SV_TRY(sv_arena_take_array(&s->arena, &m->metadata_props, most,
                             sizeof *m->metadata_props));
  for (int i = 0; i < model->meta_count; i++)
    if (strcmp(model->meta[i].key, SV_RANDOM_KEY) != 0)
      SV_TRY(add_text(s, m, "", model->meta[i].key, model->meta[i].value));
  if (sv_model_is_random(model, NULL))
    SV_TRY(add_text(s, m, "", SV_RANDOM_KEY, "true"));
  return add_roles(s, m);
}

static sv_status new_graph(saver *s, const char *name, part *from,
                           Onnx__GraphProto **graph) {
  SV_TRY(sv_arena_take(&s->arena, graph, sizeof **graph));
  onnx__graph_proto__init(*graph);
  SV_TRY(sv_arena_text(&s->arena, &(*graph)->name, "%s",
                       name[0] ? name : SV_ONNX_GRAPH));
  (*graph)->node = (Onnx__NodeProto **)from->nodes.at;
  (*graph)->n_node = (size_t)from->nodes.count;
  (*graph)->initializer = (Onnx__TensorProto **)from->initialisers.at;
  (*graph)->n_initializer = (size_t)from->initialisers.count;
  (*graph)->input = (Onnx__ValueInfoProto **)from->inputs.at;
  (*graph)->n_input = (size_t)from->inputs.count;
  (*graph)->output = (Onnx__ValueInfoProto **)from->outputs.at;
  (*graph)->n_output = (size_t)from->outputs.count;
  return SV_OK;
}

static sv_status add_training(saver *s, Onnx__ModelProto *m) {
  Onnx__TrainingInfoProto *info;
  SV_TRY(sv_arena_take(&s->arena, &info, sizeof *info));
  onnx__training_info_proto__init(info);
  SV_TRY(new_graph(s, "training", &s->algorithm, &info->algorithm));
  SV_TRY(sv_arena_take(&s->arena, &m->training_info, sizeof info));
  m->training_info[m->n_training_info++] = info;
  return SV_OK;
}

static sv_status add_opset(saver *s, Onnx__ModelProto *m) {
  Onnx__OperatorSetIdProto *set;
  SV_TRY(sv_arena_take(&s->arena, &set, sizeof *set));
  SV_TRY(sv_arena_take(&s->arena, &m->opset_import, sizeof set));
  onnx__operator_set_id_proto__init(set);
  SV_TRY(sv_arena_text(&s->arena, &set->domain, "%s", ""));
  set->has_version = true;
  set->version = s->opset;
  m->opset_import[m->n_opset_import++] = set;
  return SV_OK;
}

static sv_status make_graphs(saver *s, Onnx__ModelProto *m) {
  SV_TRY(sv_save_reach(s));
  SV_TRY(sv_save_names(s));
  SV_TRY(sv_save_values(s));
  SV_TRY(save_main(s));
  SV_TRY(sv_save_outputs(s, false));
  if (!s->main.outputs.count)
    return sv_fail(SV_INVALID, "the graph has no output to save");
  SV_TRY(new_graph(s, s->graph->name, &s->main, &m->graph));
  if (!s->training) return SV_OK;
  SV_TRY(save_algorithm(s));
  SV_TRY(sv_save_outputs(s, true));
  SV_TRY(save_weights(s));
  SV_TRY(save_records(s));
  return add_training(s, m);
}

/* ---- What could not be read again ---- */

static sv_status check_count(size_t count, const char *what, int most) {
  if (count <= (size_t)most) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "%zu %s in one file, at most %d are supported",
                 count, what, most);
}

static sv_status check_name(const char *name) {
  size_t length = strlen(name);
  if (length <= SV_ONNX_LONGEST_NAME) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "'%.80s...': a name of %zu bytes, at most %d are supported",
                 name, length, SV_ONNX_LONGEST_NAME);
}

static sv_status check_part(const part *p, size_t *nodes, size_t *values) {
  *nodes += (size_t)p->nodes.count;
  *values += (size_t)p->initialisers.count + (size_t)p->inputs.count;
  for (int i = 0; i < p->nodes.count; i++) {
    const Onnx__NodeProto *node = p->nodes.at[i];
    *values += node->n_output;
    SV_TRY(check_name(node->name));
    for (size_t k = 0; k < node->n_output; k++)
      SV_TRY(check_name(node->output[k]));
  }
  for (int i = 0; i < p->initialisers.count; i++)
    SV_TRY(check_name(((Onnx__TensorProto *)p->initialisers.at[i])->name));
  for (int i = 0; i < p->inputs.count; i++)
    SV_TRY(check_name(((Onnx__ValueInfoProto *)p->inputs.at[i])->name));
  return check_count((size_t)p->outputs.count, "outputs", SV_ONNX_MOST_OUTPUTS);
}

static sv_status check_limits(const saver *s, const sv_model *model) {
  size_t nodes = 0, values = 0;
  SV_TRY(check_part(&s->main, &nodes, &values));
  SV_TRY(check_part(&s->algorithm, &nodes, &values));
  SV_TRY(check_count(nodes, "nodes", SV_ONNX_MOST_NODES));
  SV_TRY(check_count(values, "tensors", SV_ONNX_MOST_VALUES));
  int metadata = model->meta_count + sv_model_is_random(model, NULL);
  return check_count((size_t)metadata, "entries of metadata",
                     SV_ONNX_MOST_METADATA);
}

static sv_status make_message(saver *s, const sv_model *model, int ir,
                              Onnx__ModelProto *m) {
  onnx__model_proto__init(m);
  SV_TRY(make_graphs(s, m));
  SV_TRY(check_limits(s, model));
  m->has_ir_version = true;
  m->ir_version = ir;
  SV_TRY(sv_arena_text(&s->arena, &m->producer_name, SV_ONNX_PRODUCER));
  SV_TRY(sv_arena_text(&s->arena, &m->producer_version, SV_VERSION));
  SV_TRY(add_opset(s, m));
  return add_metadata(s, model, m);
}

/* ---- To the disk ---- */

typedef struct stream {
  ProtobufCBuffer base; /* what protobuf-c writes to */
  sv_writer *writer;
  sv_status status;
  uint32_t checksum;           /* of everything so far */
  const message_list *blocked; /* sorted */
  size_t count;
  unsigned char bytes[1 << 16];
} stream;

static void flush(stream *to) {
  if (to->status == SV_OK)
    to->status = sv_writer_put(to->writer, to->bytes, to->count);
  to->count = 0;
}

static void put(stream *to, size_t size, const uint8_t *bytes) {
  to->checksum = sv_checksum_add(to->checksum, bytes, size);
  if (to->count + size > sizeof to->bytes) flush(to);
  if (size <= sizeof to->bytes) {
    memcpy(to->bytes + to->count, bytes, size);
    to->count += size;
  } else if (to->status == SV_OK) {
    to->status = sv_writer_put(to->writer, bytes, size);
  }
}

static int by_data(const void *a, const void *b) {
  const blocked_tensor *p = *(void *const *)a, *q = *(void *const *)b;
  uintptr_t x = (uintptr_t)p->tensor->data, y = (uintptr_t)q->tensor->data;
  return x < y ? -1 : x > y;
}

/* The tensor whose elements begin here and are not in rows; NULL: none. */
static const blocked_tensor *find_blocked(const message_list *list,
                                          const uint8_t *bytes) {
  const sv_tensor tensor = {.data = (void *)(uintptr_t)bytes};
  const blocked_tensor wanted = {.tensor = &tensor}, *key = &wanted;
  if (!list->count) return NULL;
  void *const *found =
      bsearch(&key, list->at, (size_t)list->count, sizeof *list->at, by_data);
  return found ? *found : NULL;
}

static sv_status put_rows(stream *to, const blocked_tensor *blocked) {
  sv_tensor *rows;
  SV_TRY(sv_tensor_new(&rows, blocked->dtype, &blocked->tensor->shape));
  sv_status status = sv_tensor_copy(rows, blocked->tensor);
  if (status == SV_OK) put(to, rows->layout.bytes, rows->data);
  sv_tensor_free(rows);
  return status;
}

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes) {
  stream *to = (stream *)(void *)buffer;
  const blocked_tensor *blocked = find_blocked(to->blocked, bytes);
  if (!blocked)
    put(to, size, bytes);
  else if (to->status == SV_OK)
    to->status = put_rows(to, blocked);
}

/* After a message of `size` bytes. */
static void append_checksum(stream *to, size_t size) {
  unsigned char entry[SV_CHECKSUM_ENTRY];
  append(&to->base, sv_checksum_entry(entry, to->checksum, size), entry);
}

static sv_status check_size(const Onnx__ModelProto *m) {
  size_t size = onnx__model_proto__get_packed_size(m);
  if (size <= INT32_MAX - SV_CHECKSUM_ENTRY) return SV_OK;
  return sv_fail(
      SV_UNSUPPORTED,
      "%zu bytes are too many for one ONNX file, which holds at most %d", size,
      INT32_MAX);
}

static sv_status write_message(const Onnx__ModelProto *m,
                               const message_list *blocked, const char *path) {
  size_t size = onnx__model_proto__get_packed_size(m);
  stream *to;
  SV_TRY(sv_alloc(&to, sizeof *to));
  to->base.append = append;
  to->blocked = blocked;
  if (blocked->count)
    qsort(blocked->at, (size_t)blocked->count, sizeof *blocked->at, by_data);
  sv_status status = sv_writer_open(&to->writer, path);
  if (status == SV_OK) {
    onnx__model_proto__pack_to_buffer(m, &to->base);
    append_checksum(to, size);
    flush(to);
    status = to->status;
    if (status == SV_OK)
      status = sv_writer_commit(to->writer);
    else
      sv_writer_abandon(to->writer);
  }
  sv_free(to);
  return status;
}

static void free_part(part *p) {
  sv_free(p->nodes.at);
  sv_free(p->initialisers.at);
  sv_free(p->inputs.at);
  sv_free(p->outputs.at);
}

static void free_saver(saver *s) {
  for (int i = 0; i < s->copies.count; i++) sv_tensor_free(s->copies.at[i]);
  sv_free(s->copies.at);
  sv_free(s->blocked.at);
  sv_free(s->fixed.at);
  free_part(&s->main);
  free_part(&s->algorithm);
  sv_names_free(&s->taken);
  sv_names_free(&s->roles);
  sv_arena_free(&s->arena);
}

/* What is written, the first that can say it. */
static const struct {
  int opset, ir;
} versions[] = {{17, 8}, {SV_ONNX_WRITTEN, 9}};
enum { VERSION_COUNT = sizeof versions / sizeof versions[0] };

/* NULL path: all but the writing. */
static sv_status save_version(const sv_model *model, const char *path,
                              bool training, int version) {
  saver s = {.graph = model->graph,
             .state = model->state,
             .training = training,
             .opset = versions[version].opset};
  Onnx__ModelProto m;
  sv_status status = make_message(&s, model, versions[version].ir, &m);
  if (status == SV_OK) status = check_size(&m);
  if (status != SV_OK)
    status = sv_fail_in(status, "%s", path ? path : "it cannot be saved");
  else if (path)
    status = write_message(&m, &s.blocked, path);
  free_saver(&s);
  return status;
}

static sv_status save(const sv_model *model, const char *path,
                      const sv_onnx_save_options *options) {
  bool training = options && options->training;
  SV_TRY(sv_graph_check(model->graph));
  sv_status status = SV_UNSUPPORTED;
  for (int i = 0; i < VERSION_COUNT && status == SV_UNSUPPORTED; i++)
    status = save_version(model, path, training, i);
  return status;
}

sv_status sv_onnx_save(const sv_model *model, const char *path,
                       const sv_onnx_save_options *options) {
  return save(model, path, options);
}

sv_status sv_onnx_save_check(const sv_model *model,
                             const sv_onnx_save_options *options) {
  return save(model, NULL, options);
}

sv_status sv_model_save(const sv_model *model, const char *path) {
  return sv_onnx_save(model, path, NULL);
}
