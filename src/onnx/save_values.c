/* Which values the file holds, what they are called there, their types. */
#include <string.h>

#include "base/memory.h"
#include "onnx/save.h"

/* Two sizes of the batch: what differs between them is the batch. */
enum { FEW = 2, MANY = 3 };

/* ---- What is reached ---- */

static void mark(const saver *s, bool *nodes, bool *values, bool losses) {
  for (int i = 0; i < s->graph->output_count; i++)
    if (s->graph->outputs[i].is_loss == losses)
      values[s->graph->outputs[i].value] = true;
  for (int i = s->graph->node_count - 1; i >= 0; i--) {
    const sv_node *node = &s->graph->nodes[i];
    for (int k = 0; k < node->out_count; k++)
      nodes[i] |= node->out[k] && values[node->out[k]];
    for (int k = 0; nodes[i] && k < node->in_count; k++)
      values[node->in[k]] = true;
  }
}

/* Inputs that no node reads are the main part's, too. */
static void keep_idle_inputs(const saver *s) {
  bool *busy = s->trained; /* not filled in yet */
  for (int i = 0; i < s->graph->node_count; i++)
    for (int k = 0; k < s->graph->nodes[i].in_count; k++)
      busy[s->graph->nodes[i].in[k]] = true;
  for (int i = 1; i < s->graph->value_count; i++) {
    if (s->graph->values[i].kind == SV_VALUE_INPUT && !busy[i])
      s->read[i] = true;
    busy[i] = false;
  }
  busy[0] = false;
}

sv_status sv_save_reach(saver *s) {
  size_t nodes = (size_t)s->graph->node_count;
  size_t values = (size_t)s->graph->value_count;
  SV_TRY(sv_arena_take_array(&s->arena, &s->reaches, nodes, sizeof(bool)));
  SV_TRY(sv_arena_take_array(&s->arena, &s->trains, nodes, sizeof(bool)));
  SV_TRY(sv_arena_take_array(&s->arena, &s->read, values, sizeof(bool)));
  SV_TRY(sv_arena_take_array(&s->arena, &s->trained, values, sizeof(bool)));
  keep_idle_inputs(s);
  mark(s, s->reaches, s->read, false);
  if (s->training) mark(s, s->trains, s->trained, true);
  for (size_t i = 0; i < nodes; i++) s->trains[i] &= !s->reaches[i];
  for (size_t i = 0; i < values; i++) s->trained[i] &= !s->read[i];
  return SV_OK;
}

/* ---- Names ---- */

sv_status sv_save_name(saver *s, char **name, const char *stem) {
  SV_TRY(sv_arena_text(&s->arena, name, "%s", stem));
  for (int i = 2; sv_names_get(&s->taken, *name) >= 0; i++)
    SV_TRY(sv_arena_text(&s->arena, name, "%s_%d", stem, i));
  return sv_names_put(&s->taken, *name, 0);
}

static bool is_saved(const saver *s, int id) {
  return s->read[id] || s->trained[id];
}

/* Inputs and state keep their names; a computed value that is an output gets
 * the output's, since ONNX knows no other; the rest follow. */
static sv_status name_given(saver *s) {
  for (int i = 1; i < s->graph->value_count; i++) {
    const sv_value_info *value = &s->graph->values[i];
    if (value->kind == SV_VALUE_NODE || !is_saved(s, i)) continue;
    SV_TRY(sv_save_name(s, &s->name[i], value->name));
  }
  return SV_OK;
}

/* What the training adds to the state shares the names. */
static sv_status name_records(saver *s) {
  for (int i = 0; s->training && i < s->state->count; i++)
    if (s->state->slots[i].role == SV_RECORD)
      SV_TRY(sv_names_put(&s->taken, s->state->slots[i].name, 0));
  return SV_OK;
}

static sv_status name_output(saver *s, const sv_graph_output *output) {
  char **name = &s->name[output->value];
  if (*name && strcmp(*name, output->name) == 0) return SV_OK;
  if (sv_names_get(&s->taken, output->name) >= 0)
    return sv_fail(SV_INVALID,
                   "output '%s' has the name of another value, which ONNX does "
                   "not allow",
                   output->name);
  SV_TRY(sv_names_put(&s->taken, output->name, 0));
  return *name ? SV_OK : sv_arena_text(&s->arena, name, "%s", output->name);
}

static sv_status name_outputs(saver *s, bool losses) {
  for (int i = 0; i < s->graph->output_count; i++)
    if (s->graph->outputs[i].is_loss == losses)
      SV_TRY(name_output(s, &s->graph->outputs[i]));
  return SV_OK;
}

sv_status sv_save_names(saver *s) {
  SV_TRY(sv_arena_take_array(&s->arena, &s->name, (size_t)s->graph->value_count,
                             sizeof *s->name));
  SV_TRY(name_given(s));
  SV_TRY(name_records(s));
  SV_TRY(name_outputs(s, false));
  if (s->training) SV_TRY(name_outputs(s, true));
  for (int i = 1; i < s->graph->value_count; i++)
    if (is_saved(s, i) && !s->name[i])
      SV_TRY(sv_save_name(s, &s->name[i], s->graph->values[i].name));
  /* Values that no one reads: optional outputs of nodes that are written. */
  for (int i = 1; i < s->graph->value_count; i++) {
    const sv_value_info *value = &s->graph->values[i];
    if (value->kind == SV_VALUE_NODE && !s->name[i])
      SV_TRY(sv_save_name(s, &s->name[i], value->name));
  }
  return SV_OK;
}

/* ---- Shapes ---- */

/* Without a shape for every input nothing is inferred, which is no fault. */
static sv_status infer(saver *s) {
  size_t count = (size_t)s->graph->value_count;
  sv_info *few, *many;
  sv_contents contents = {0};
  SV_TRY(sv_arena_take_array(&s->arena, &few, count, sizeof *few));
  SV_TRY(sv_arena_take_array(&s->arena, &many, count, sizeof *many));
  if (sv_graph_declared(s->graph, s->state, FEW, few) == SV_OK &&
      sv_graph_infer(s->graph, few, &contents) == SV_OK &&
      sv_graph_declared(s->graph, s->state, MANY, many) == SV_OK &&
      sv_graph_infer(s->graph, many, &contents) == SV_OK) {
    s->few = few;
    s->many = many;
  }
  sv_contents_free(&contents);
  return SV_OK;
}

/* The free dimensions of a graph made here are batches, called N; a loaded one
 * has the names of its file. */
static sv_status symbol_of(saver *s, const sv_value_info *value, int d,
                           char **symbol) {
  *symbol = NULL;
  if (value->symbol[d])
    return sv_arena_text(&s->arena, symbol, "%s", value->symbol[d]);
  if (d == 0 && !s->graph->opset) return sv_arena_text(&s->arena, symbol, "N");
  return SV_OK;
}

static sv_status batch_symbol(saver *s, char **symbol) {
  *symbol = NULL;
  for (int i = 1; i < s->graph->value_count && !*symbol; i++) {
    const sv_value_info *value = &s->graph->values[i];
    if (value->kind == SV_VALUE_INPUT && value->shape.rank > 0 &&
        value->shape.dim[0] < 0)
      SV_TRY(symbol_of(s, value, 0, symbol));
  }
  return SV_OK;
}

/* What the graph says of a value does not contradict what follows from it. */
static bool holds(const saver *s, int id) {
  const sv_shape *said = &s->graph->values[id].shape;
  if (!s->few) return true;
  const sv_shape *few = &s->few[id].shape, *many = &s->many[id].shape;
  if (said->rank != few->rank) return false;
  for (int d = 0; d < said->rank; d++)
    if (said->dim[d] >= 0 &&
        (said->dim[d] != few->dim[d] || said->dim[d] != many->dim[d]))
      return false;
  return true;
}

static sv_status write_declared(saver *s, int id, const char *name,
                                Onnx__ValueInfoProto **proto) {
  const sv_value_info *value = &s->graph->values[id];
  sv_dtype dtype = s->few ? s->few[id].dtype : value->dtype;
  char *symbol[SV_MAX_RANK] = {NULL};
  for (int d = 0; d < value->shape.rank; d++)
    if (value->shape.dim[d] < 0) SV_TRY(symbol_of(s, value, d, &symbol[d]));
  return sv_onnx_type_write(proto, name, dtype, &value->shape, symbol,
                            &s->arena);
}

static sv_status write_type(saver *s, int id, const char *name,
                            Onnx__ValueInfoProto **proto) {
  if (s->graph->values[id].kind != SV_VALUE_NODE || holds(s, id))
    return write_declared(s, id, name, proto);
  sv_shape shape = s->few[id].shape;
  char *batch, *symbol[SV_MAX_RANK] = {NULL};
  SV_TRY(batch_symbol(s, &batch));
  for (int d = 0; d < shape.rank; d++) {
    int64_t few = shape.dim[d], many = s->many[id].shape.dim[d];
    if (few == many) continue;
    shape.dim[d] = -1;
    if (few == FEW && many == MANY) symbol[d] = batch;
  }
  return sv_onnx_type_write(proto, name, s->few[id].dtype, &shape, symbol,
                            &s->arena);
}

/* ---- Inputs, outputs, state ---- */

static sv_status save_tensor(saver *s, part *to, int id) {
  const sv_value_info *value = &s->graph->values[id];
  int slot = sv_state_find(s->state, value->name);
  if (slot < 0)
    return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
  const sv_tensor *tensor = &s->state->slots[slot].tensor;
  Onnx__TensorProto *proto;
  if (tensor->dtype == value->dtype &&
      sv_layout_is_plain(&tensor->layout, &tensor->shape)) {
    SV_TRY(sv_onnx_tensor_write(&proto, s->name[id], tensor, &s->arena));
    return sv_save_add(&to->initialisers, proto);
  }
  sv_tensor *copy;
  SV_TRY(sv_tensor_new(&copy, value->dtype, &tensor->shape));
  sv_status status = sv_tensor_copy(copy, tensor);
  if (status == SV_OK) return sv_save_own_tensor(s, to, s->name[id], copy);
  sv_tensor_free(copy);
  return sv_fail_in(status, "tensor '%s'", value->name);
}

static sv_status save_value(saver *s, part *to, int id) {
  Onnx__ValueInfoProto *proto;
  switch (s->graph->values[id].kind) {
    case SV_VALUE_STATE: return save_tensor(s, to, id);
    case SV_VALUE_NODE: return SV_OK;
    case SV_VALUE_INPUT: break;
  }
  SV_TRY(write_type(s, id, s->name[id], &proto));
  return sv_save_add(&to->inputs, proto);
}

static sv_status save_output(saver *s, const sv_graph_output *output) {
  part *to = output->is_loss ? &s->algorithm : &s->main;
  const char *name = s->name[output->value];
  Onnx__ValueInfoProto *proto;
  if (strcmp(name, output->name) != 0)
    SV_TRY(sv_save_identity(s, to, name, output->name));
  SV_TRY(write_type(s, output->value, output->name, &proto));
  return sv_save_add(&to->outputs, proto);
}

sv_status sv_save_values(saver *s) {
  SV_TRY(infer(s));
  for (int i = 1; i < s->graph->value_count; i++) {
    if (s->read[i]) SV_TRY(save_value(s, &s->main, i));
    if (s->trained[i]) SV_TRY(save_value(s, &s->algorithm, i));
  }
  return SV_OK;
}

sv_status sv_save_outputs(saver *s, bool losses) {
  for (int i = 0; i < s->graph->output_count; i++)
    if (s->graph->outputs[i].is_loss == losses)
      SV_TRY(save_output(s, &s->graph->outputs[i]));
  return SV_OK;
}
