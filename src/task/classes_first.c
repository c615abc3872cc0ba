/* The end of a network decides whether its classes come last; if so, a copy of
 * it gets one more node. */
#include "task/classes_first.h"

#include "base/memory.h"
#include "graph/answer.h"
#include "graph/image_layout.h"
#include "op/attrs.h"
#include "op/registry.h"

/* What a node says of the order of its result. */
static sv_channels made_in(const sv_graph *graph, const sv_node *node) {
  bool rows = node->op->effect == SV_EFFECT_SOFTMAX ||
              node->op->effect == SV_EFFECT_LOG_SOFTMAX;
  int rank = graph->values[node->out[0]].shape.rank;
  if (!rows) return sv_channels_after(node);
  int axis = (int)sv_attr_number(node, "axis");
  if (axis < 0) axis += rank;
  return axis == rank - 1 ? SV_CHANNELS_LAST
         : axis == 1      ? SV_CHANNELS_FIRST
                          : SV_CHANNELS_OPEN;
}

static sv_channels follow(const sv_graph *graph, int scores, bool *reached) {
  reached[scores] = true;
  for (int i = graph->values[scores].producer; i >= 0; i--) {
    const sv_node *node = &graph->nodes[i];
    if (!node->out[0] || !reached[node->out[0]]) continue;
    sv_channels found = made_in(graph, node);
    if (found != SV_CHANNELS_OPEN) return found;
    for (int k = 0; k < node->in_count; k++)
      if (node->in[k] && graph->values[node->in[k]].shape.rank == 4)
        reached[node->in[k]] = true;
  }
  return SV_CHANNELS_OPEN;
}

sv_status sv_graph_classes_last(bool *last, const sv_graph *graph, int scores) {
  bool *reached;
  *last = false;
  if (graph->values[scores].shape.rank != 4) return SV_OK;
  SV_TRY(sv_alloc_array(&reached, (size_t)graph->value_count, sizeof *reached));
  *last = follow(graph, scores, reached) == SV_CHANNELS_LAST;
  sv_free(reached);
  return SV_OK;
}

/* *turned = the scores, by one more node. */
static sv_status add_transpose(sv_graph *graph, int scores, int *turned) {
  const sv_entry *entry;
  const sv_value_info from = graph->values[scores];
  char *name;
  void *attrs;
  sv_shape shape = from.shape;
  for (int d = 1; d < 4; d++) shape.dim[d] = from.shape.dim[(d + 1) % 3 + 1];
  SV_TRY(sv_registry_require(&entry, "transpose"));
  SV_TRY(sv_graph_fresh_name(graph, from.name, &name));
  sv_status status = sv_graph_add_value(graph, name, SV_VALUE_NODE, SV_DATA,
                                        from.dtype, &shape, turned);
  sv_free(name);
  SV_TRY(status);
  SV_TRY(sv_alloc(&attrs, entry->op->attrs_size));
  sv_attrs_default(entry->op, attrs);
  status = sv_attrs_parse(entry->op, attrs, "perm=0x3x1x2");
  if (status == SV_OK)
    status = sv_graph_add_node(graph, entry->op, graph->values[*turned].name,
                               attrs, &scores, 1, turned, 1);
  sv_free(attrs);
  return status;
}

/* The map that a last Transpose moved, or one more node. */
static sv_status turn(sv_graph *graph, int scores) {
  int turned;
  const sv_node *last = &graph->nodes[graph->values[scores].producer];
  if (sv_channels_after(last) == SV_CHANNELS_LAST)
    turned = last->in[0];
  else
    SV_TRY(add_transpose(graph, scores, &turned));
  for (int i = 0; i < graph->output_count; i++) {
    sv_graph_output *o = &graph->outputs[i];
    if (o->value == scores && !o->is_loss) o->value = turned;
  }
  return SV_OK;
}

static sv_status make(sv_model **turned, const sv_model *model, int scores) {
  sv_graph *graph;
  sv_state *state = NULL;
  SV_TRY(sv_graph_copy(&graph, model->graph));
  sv_status status = turn(graph, scores);
  if (status == SV_OK) status = sv_state_copy(&state, model->state);
  if (status != SV_OK) {
    sv_graph_free(graph);
    return status;
  }
  SV_TRY(sv_model_wrap(turned, graph, state));
  status = sv_model_inherit(*turned, model);
  if (status == SV_OK) return SV_OK;
  sv_model_free(*turned);
  *turned = NULL;
  return status;
}

sv_status sv_model_classes_first(sv_model **turned, const sv_model *model) {
  int scores;
  bool last;
  *turned = NULL;
  SV_TRY(sv_graph_answer(model->graph, &scores));
  SV_TRY(sv_graph_classes_last(&last, model->graph, scores));
  return last ? make(turned, model, scores) : SV_OK;
}
