/* Reading a graph from a host program (svertka/inspect.h). */
#include <svertka/inspect.h>

#include <stdio.h>

#include "graph/graph.h"
#include "op/attrs.h"

/* ---- Values ---- */

static bool has_value(const sv_graph *graph, sv_value value) {
  return value.id > 0 && value.id < graph->value_count;
}

sv_value_desc sv_graph_describe(const sv_graph *graph, sv_value value) {
  sv_value_desc desc = {.producer = -1};
  if (!has_value(graph, value)) return desc;
  const sv_value_info *info = &graph->values[value.id];
  desc = (sv_value_desc){.name = info->name,
                         .kind = info->kind,
                         .role = info->role,
                         .dtype = info->dtype,
                         .shape = info->shape,
                         .init = info->init,
                         .producer = info->producer};
  for (int d = 0; d < SV_MAX_RANK; d++) desc.symbol[d] = info->symbol[d];
  return desc;
}

int sv_graph_value_count(const sv_graph *graph) {
  return graph->value_count - 1;
}

sv_value sv_graph_value_named(const sv_graph *graph, const char *name) {
  return (sv_value){sv_graph_find(graph, name)};
}

/* ---- Inputs and outputs ---- */

static bool is_input(const sv_graph *graph, int id) {
  return graph->values[id].kind == SV_VALUE_INPUT;
}

int sv_graph_input_count(const sv_graph *graph) {
  int count = 0;
  for (int id = 1; id < graph->value_count; id++) count += is_input(graph, id);
  return count;
}

sv_value sv_graph_input_at(const sv_graph *graph, int i) {
  for (int id = 1; id < graph->value_count && i >= 0; id++)
    if (is_input(graph, id) && i-- == 0) return (sv_value){id};
  return (sv_value){0};
}

sv_value sv_graph_image_input(const sv_graph *graph) {
  return (sv_value){sv_graph_data_input(graph)};
}

int sv_graph_output_count(const sv_graph *graph) { return graph->output_count; }

sv_output_desc sv_graph_output_at(const sv_graph *graph, int i) {
  if (i < 0 || i >= graph->output_count) return (sv_output_desc){0};
  const sv_graph_output *output = &graph->outputs[i];
  return (sv_output_desc){output->name,
                          {output->value},
                          output->is_loss,
                          output->is_loss ? output->weight : 0};
}

/* ---- Nodes ---- */

int sv_graph_node_count(const sv_graph *graph) { return graph->node_count; }

const sv_node *sv_graph_node(const sv_graph *graph, int i) {
  return i >= 0 && i < graph->node_count ? &graph->nodes[i] : NULL;
}

const char *sv_node_name(const sv_node *node) { return node->name; }

const sv_op *sv_node_op(const sv_node *node) { return node->op; }

int sv_node_input_count(const sv_node *node) { return node->in_count; }

sv_value sv_node_input(const sv_node *node, int i) {
  return (sv_value){i >= 0 && i < node->in_count ? node->in[i] : 0};
}

int sv_node_output_count(const sv_node *node) { return node->out_count; }

sv_value sv_node_output(const sv_node *node, int i) {
  return (sv_value){i >= 0 && i < node->out_count ? node->out[i] : 0};
}

const char *sv_node_attr(const sv_node *node, const char *name,
                         char text[SV_ATTR_TEXT]) {
  const sv_attr *row = sv_attr_find(node->op, name);
  sv_text value = {0};
  text[0] = '\0';
  if (row) sv_attr_print(&value, row, node->attrs);
  if (value.at) snprintf(text, SV_ATTR_TEXT, "%s", value.at);
  sv_text_clear(&value);
  return text;
}

bool sv_node_same(const sv_node *a, const sv_node *b) {
  return a->op == b->op && sv_attrs_equal(a->op, a->attrs, b->attrs);
}
