/* Which values the file holds, what they are called there, their types. */
#include <string.h>

#include "base/memory.h"
#include "onnx/save.h"

/* Two sizes of everything that is free: what differs between them is free. */
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
    return sv_fail(
        SV_INVALID,
        "output '%s' has the same name as another value, which ONNX forbids",
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

/* What a free dimension is taken for: such that windows and poolings fit, each
 * dimension another size, dimensions of one name the same; and so far apart
 * that, however much smaller a map is, its sizes differ, too. */
static int64_t probe_size(const sv_graph *graph, int id, int d, bool many) {
  const char *name = graph->values[id].symbol[d];
  for (int i = 1; name && i < id; i++) {
    const sv_value_info *value = &graph->values[i];
    for (int k = 0; value->kind == SV_VALUE_INPUT && k < SV_MAX_RANK; k++)
      if (value->symbol[k] && strcmp(value->symbol[k], name) == 0)
        return probe_size(graph, i, k, many);
  }
  for (int k = 0; name && k < d; k++)
    if (graph->values[id].symbol[k] &&
        strcmp(graph->values[id].symbol[k], name) == 0)
      d = k;
  if (d == 0) return many ? MANY : FEW;
  return many ? 256 * (2 * d + 1) : 128 * d;
}

/* Without a shape for every input nothing is inferred, which is no fault. */
static sv_status probe(saver *s, bool many, sv_contents *contents,
                       sv_info **infos) {
  sv_graph *copy;
  size_t count = (size_t)s->graph->value_count;
  SV_TRY(sv_arena_take_array(&s->arena, infos, count, sizeof **infos));
  SV_TRY(sv_graph_copy(&copy, s->graph));
  for (int i = 1; i < copy->value_count; i++) {
    sv_value_info *value = &copy->values[i];
    for (int d = 0; value->kind == SV_VALUE_INPUT && d < value->shape.rank; d++)
      if (value->shape.dim[d] < 0)
        value->shape.dim[d] = probe_size(s->graph, i, d, many);
  }
  sv_status status = sv_graph_declared(copy, s->state, FEW, *infos);
  if (status == SV_OK) status = sv_graph_infer(copy, *infos, contents);
  sv_graph_free(copy);
  return status;
}

static void infer(saver *s) {
  sv_info *few, *many;
  sv_contents contents = {0};
  if (probe(s, false, &contents, &few) == SV_OK &&
      probe(s, true, &contents, &many) == SV_OK) {
    s->few = few;
    s->many = many;
  }
  for (int i = 1; s->few && i < s->graph->value_count; i++)
    few[i].content = many[i].content = NULL;
  sv_contents_free(&contents);
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

/* A size that equals a free dimension of an input in both inferences gets that
 * dimension's name; a dimension at the same position takes precedence. */
static sv_status size_symbol(saver *s, int d, int64_t few, int64_t many,
                             char **symbol) {
  *symbol = NULL;
  for (int turn = 0; turn < 2 && !*symbol; turn++)
    for (int i = 1; i < s->graph->value_count && !*symbol; i++) {
      const sv_value_info *value = &s->graph->values[i];
      for (int k = 0; k < value->shape.rank && !*symbol; k++)
        if (value->kind == SV_VALUE_INPUT && value->shape.dim[k] < 0 &&
            (turn || k == d) && s->few[i].shape.dim[k] == few &&
            s->many[i].shape.dim[k] == many)
          SV_TRY(symbol_of(s, value, k, symbol));
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

/* Nothing follows: the builder's sizes are those of a sample. */
static sv_status write_open(saver *s, int id, const char *name,
                            Onnx__ValueInfoProto **proto) {
  const sv_value_info *value = &s->graph->values[id];
  char *symbol[SV_MAX_RANK] = {NULL};
  sv_shape shape = {.rank = value->shape.rank};
  for (int d = 0; d < shape.rank; d++) shape.dim[d] = -1;
  return sv_onnx_type_write(proto, name, value->dtype, &shape, symbol,
                            &s->arena);
}

static sv_status write_type(saver *s, int id, const char *name,
                            Onnx__ValueInfoProto **proto) {
  if (s->graph->values[id].kind != SV_VALUE_NODE)
    return write_declared(s, id, name, proto);
  if (!s->few && !s->graph->opset) return write_open(s, id, name, proto);
  if (holds(s, id)) return write_declared(s, id, name, proto);
  sv_shape shape = s->few[id].shape;
  char *symbol[SV_MAX_RANK] = {NULL};
  for (int d = 0; d < shape.rank; d++) {
    int64_t few = shape.dim[d], many = s->many[id].shape.dim[d];
    if (few == many) continue;
    shape.dim[d] = -1;
    SV_TRY(size_symbol(s, d, few, many, &symbol[d]));
  }
  return sv_onnx_type_write(proto, name, s->few[id].dtype, &shape, symbol,
                            &s->arena);
}

/* ---- Inputs, outputs, state ---- */

static bool is_writable(const sv_tensor *tensor) {
  return tensor->layout.kind != SV_OPAQUE;
}

sv_status sv_save_state_tensor(saver *s, part *to, const char *name,
                               const sv_tensor *tensor, sv_dtype dtype) {
  Onnx__TensorProto *proto;
  blocked_tensor *blocked;
  sv_tensor rows = *tensor;
  rows.dtype = dtype;
  SV_TRY(sv_layout_plain(&rows.layout, dtype, &tensor->shape));
  SV_TRY(sv_onnx_tensor_write(&proto, name, &rows, &s->arena));
  SV_TRY(sv_save_add(&to->initialisers, proto));
  if (tensor->dtype == dtype &&
      sv_layout_is_plain(&tensor->layout, &tensor->shape))
    return SV_OK;
  if (!is_writable(tensor))
    return sv_fail(SV_UNSUPPORTED, "tensor '%s' is in a layout of a backend",
                   name);
  SV_TRY(sv_arena_take(&s->arena, &blocked, sizeof *blocked));
  *blocked = (blocked_tensor){tensor, dtype};
  return sv_save_add(&s->blocked, blocked);
}

static sv_status save_tensor(saver *s, part *to, int id) {
  const sv_value_info *value = &s->graph->values[id];
  int slot = sv_state_find(s->state, value->name);
  if (slot < 0)
    return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
  return sv_save_state_tensor(s, to, s->name[id], &s->state->slots[slot].tensor,
                              value->dtype);
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
  infer(s);
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
