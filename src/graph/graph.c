/* The graph as data: values, nodes, outputs, names. */
#include "graph/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor.h"

sv_status sv_graph_new(sv_graph **graph, const char *name) {
  *graph = NULL;
  sv_graph *g;
  SV_TRY(sv_alloc(&g, sizeof *g));
  sv_status status = sv_copy_text(&g->name, name);
  if (status == SV_OK)
    status = sv_grow(&g->values, 0, &g->value_capacity, sizeof *g->values);
  if (status != SV_OK) {
    sv_graph_free(g);
    return status;
  }
  g->value_count = 1;
  g->values[0].producer = -1;
  *graph = g;
  return SV_OK;
}

static void free_node(sv_node *node) {
  sv_free(node->name);
  sv_free(node->attrs);
  sv_free(node->in);
  sv_free(node->out);
}

void sv_graph_free(sv_graph *graph) {
  if (!graph) return;
  for (int i = 0; i < graph->value_count; i++) {
    sv_value_info *value = &graph->values[i];
    sv_free(value->name);
    sv_free(value->init);
    for (int d = 0; d < SV_MAX_RANK; d++) sv_free(value->symbol[d]);
  }
  for (int i = 0; i < graph->node_count; i++) free_node(&graph->nodes[i]);
  for (int i = 0; i < graph->output_count; i++) sv_free(graph->outputs[i].name);
  for (int i = 0; i < graph->stem_count; i++) sv_free(graph->stems[i].stem);
  sv_free(graph->stems);
  sv_names_free(&graph->stem_names);
  sv_names_free(&graph->value_names);
  sv_names_free(&graph->node_names);
  sv_free(graph->values);
  sv_free(graph->nodes);
  sv_free(graph->outputs);
  sv_free(graph->name);
  sv_free(graph->answer);
  sv_free(graph->message);
  sv_free(graph->next_name);
  for (int i = 0; i < graph->init_count; i++) {
    sv_free(graph->inits[i].parameter);
    sv_free(graph->inits[i].text);
  }
  sv_free(graph->inits);
  sv_free(graph->usual_init);
  sv_free(graph->others);
  sv_free(graph->scope);
  sv_free(graph->scopes);
  sv_free(graph);
}

const char *sv_graph_name(const sv_graph *graph) { return graph->name; }

sv_status sv_graph_check(const sv_graph *graph) {
  if (graph->status == SV_OK) return SV_OK;
  return sv_fail_as(graph->status,
                    graph->message ? graph->message : "out of memory");
}

int sv_graph_find(const sv_graph *graph, const char *name) {
  int id = sv_names_get(&graph->value_names, name);
  return id < 0 ? 0 : id;
}

sv_status sv_graph_add_value(sv_graph *graph, const char *name,
                             sv_value_kind kind, sv_role role, sv_dtype dtype,
                             const sv_shape *shape, int *id) {
  sv_shape own = *shape; /* it may be another value's, and those move */
  if (sv_graph_find(graph, name))
    return sv_fail(SV_INVALID, "two values are named '%s'", name);
  if (!sv_shape_fits(&own))
    return sv_fail(SV_INVALID, "'%s': a shape of %s is too large", name,
                   sv_shape_text(&own, (char[SV_SHAPE_TEXT]){0}));
  SV_TRY(sv_grow(&graph->values, graph->value_count, &graph->value_capacity,
                 sizeof *graph->values));
  sv_value_info *value = &graph->values[graph->value_count];
  SV_TRY(sv_copy_text(&value->name, name));
  value->kind = kind;
  value->role = role;
  value->dtype = dtype;
  value->shape = own;
  value->producer = -1;
  *id = graph->value_count++;
  return sv_names_put(&graph->value_names, value->name, *id);
}

sv_status sv_graph_rename_value(sv_graph *graph, int id, const char *name) {
  sv_value_info *value = &graph->values[id];
  if (strcmp(value->name, name) == 0) return SV_OK;
  if (sv_graph_find(graph, name))
    return sv_fail(SV_INVALID, "two values are named '%s'", name);
  char *copy;
  SV_TRY(sv_copy_text(&copy, name));
  sv_names_drop(&graph->value_names, value->name);
  sv_free(value->name);
  value->name = copy;
  return sv_names_put(&graph->value_names, copy, id);
}

static sv_status copy_ids(int **copy, const int *ids, int count) {
  SV_TRY(sv_alloc_array(copy, (size_t)count, sizeof **copy));
  if (count) memcpy(*copy, ids, (size_t)count * sizeof **copy);
  return SV_OK;
}

static sv_status fill_node(sv_node *node, const sv_op *op, const char *name,
                           const void *attrs, const int *in, int in_count,
                           const int *out, int out_count) {
  node->op = op;
  node->in_count = in_count;
  node->out_count = out_count;
  SV_TRY(sv_copy_text(&node->name, name));
  SV_TRY(sv_alloc(&node->attrs, op->attrs_size));
  if (attrs && op->attrs_size) memcpy(node->attrs, attrs, op->attrs_size);
  SV_TRY(copy_ids(&node->in, in, in_count));
  return copy_ids(&node->out, out, out_count);
}

sv_status sv_graph_add_node(sv_graph *graph, const sv_op *op, const char *name,
                            const void *attrs, const int *in, int in_count,
                            const int *out, int out_count) {
  for (int i = 0; i < out_count; i++) {
    const sv_value_info *value = &graph->values[out[i]];
    if (out[i] && (value->kind != SV_VALUE_NODE || value->producer >= 0))
      return sv_fail(SV_INVALID,
                     "%s: its output '%s' is already computed elsewhere", name,
                     value->name);
  }
  SV_TRY(sv_grow(&graph->nodes, graph->node_count, &graph->node_capacity,
                 sizeof *graph->nodes));
  sv_node *node = &graph->nodes[graph->node_count];
  sv_status status =
      fill_node(node, op, name, attrs, in, in_count, out, out_count);
  if (status != SV_OK) {
    free_node(node);
    memset(node, 0, sizeof *node);
    return status;
  }
  for (int i = 0; i < out_count; i++) {
    if (!out[i]) continue;
    graph->values[out[i]].producer = graph->node_count;
    graph->values[out[i]].port = i;
  }
  return sv_names_put(&graph->node_names, node->name, graph->node_count++);
}

sv_status sv_graph_add_output(sv_graph *graph, const char *name, int value,
                              bool is_loss, double weight) {
  for (int i = 0; i < graph->output_count; i++)
    if (strcmp(graph->outputs[i].name, name) == 0)
      return sv_fail(SV_INVALID, "two outputs are named '%s'", name);
  SV_TRY(sv_grow(&graph->outputs, graph->output_count, &graph->output_capacity,
                 sizeof *graph->outputs));
  sv_graph_output *output = &graph->outputs[graph->output_count];
  SV_TRY(sv_copy_text(&output->name, name));
  output->value = value;
  output->is_loss = is_loss;
  output->weight = weight;
  graph->output_count++;
  return SV_OK;
}

static bool node_name_taken(const sv_graph *graph, const char *name) {
  return sv_names_get(&graph->node_names, name) >= 0 ||
         sv_graph_find(graph, name) != 0;
}

static sv_status find_stem(sv_graph *graph, const char *text, sv_stem **stem) {
  int at = sv_names_get(&graph->stem_names, text);
  if (at >= 0) {
    *stem = &graph->stems[at];
    return SV_OK;
  }
  SV_TRY(sv_grow(&graph->stems, graph->stem_count, &graph->stem_capacity,
                 sizeof *graph->stems));
  *stem = &graph->stems[graph->stem_count];
  SV_TRY(sv_copy_text(&(*stem)->stem, text));
  return sv_names_put(&graph->stem_names, (*stem)->stem, graph->stem_count++);
}

sv_status sv_graph_fresh_name(sv_graph *graph, const char *text, char **name) {
  sv_stem *stem;
  SV_TRY(find_stem(graph, text, &stem));
  size_t length = strlen(text) + 16;
  SV_TRY(sv_alloc(name, length));
  do snprintf(*name, length, "%s%d", text, ++stem->last);
  while (node_name_taken(graph, *name));
  return SV_OK;
}

static sv_status copy_optional(char **copy, const char *text) {
  return text ? sv_copy_text(copy, text) : SV_OK;
}

static sv_status copy_values(sv_graph *to, const sv_graph *from) {
  for (int i = 1, id; i < from->value_count; i++) {
    const sv_value_info *v = &from->values[i];
    SV_TRY(sv_graph_add_value(to, v->name, v->kind, v->role, v->dtype,
                              &v->shape, &id));
    SV_TRY(copy_optional(&to->values[id].init, v->init));
    for (int d = 0; d < SV_MAX_RANK; d++)
      SV_TRY(copy_optional(&to->values[id].symbol[d], v->symbol[d]));
  }
  return SV_OK;
}

static sv_status copy_into(sv_graph *to, const sv_graph *from) {
  to->opset = from->opset;
  SV_TRY(copy_optional(&to->answer, from->answer));
  SV_TRY(copy_values(to, from));
  for (int i = 0; i < from->node_count; i++) {
    const sv_node *n = &from->nodes[i];
    SV_TRY(sv_graph_add_node(to, n->op, n->name, n->attrs, n->in, n->in_count,
                             n->out, n->out_count));
  }
  for (int i = 0; i < from->output_count; i++) {
    const sv_graph_output *o = &from->outputs[i];
    SV_TRY(sv_graph_add_output(to, o->name, o->value, o->is_loss, o->weight));
  }
  return SV_OK;
}

sv_status sv_graph_copy(sv_graph **copy, const sv_graph *graph) {
  *copy = NULL;
  SV_TRY(sv_graph_check(graph));
  sv_graph *fresh;
  SV_TRY(sv_graph_new(&fresh, graph->name));
  sv_status status = copy_into(fresh, graph);
  if (status != SV_OK) {
    sv_graph_free(fresh);
    return status;
  }
  *copy = fresh;
  return SV_OK;
}

static sv_status index_nodes(sv_graph *graph) {
  sv_names_free(&graph->node_names);
  for (int i = 0; i < graph->node_count; i++)
    SV_TRY(sv_names_put(&graph->node_names, graph->nodes[i].name, i));
  return SV_OK;
}

void sv_graph_mark_sources(const sv_graph *graph, bool *nodes) {
  for (int n = graph->node_count - 1; n >= 0; n--)
    for (int i = 0; nodes[n] && i < graph->nodes[n].in_count; i++) {
      int source = graph->values[graph->nodes[n].in[i]].producer;
      if (graph->nodes[n].in[i] && source >= 0) nodes[source] = true;
    }
}

sv_status sv_graph_prune(sv_graph *graph, const int *roots, int count) {
  bool *keep;
  SV_TRY(sv_alloc_array(&keep, (size_t)graph->node_count, sizeof *keep));
  for (int i = 0; i < count; i++) {
    int producer = graph->values[roots[i]].producer;
    if (roots[i] && producer >= 0) keep[producer] = true;
  }
  sv_graph_mark_sources(graph, keep);
  int kept = 0;
  for (int i = 0; i < graph->value_count; i++) graph->values[i].producer = -1;
  for (int i = 0; i < graph->node_count; i++) {
    if (!keep[i]) {
      free_node(&graph->nodes[i]);
      continue;
    }
    graph->nodes[kept] = graph->nodes[i];
    for (int k = 0; k < graph->nodes[kept].out_count; k++)
      if (graph->nodes[kept].out[k])
        graph->values[graph->nodes[kept].out[k]].producer = kept;
    kept++;
  }
  if (kept < graph->node_count)
    memset(graph->nodes + kept, 0,
           (size_t)(graph->node_count - kept) * sizeof *graph->nodes);
  graph->node_count = kept;
  sv_free(keep);
  return index_nodes(graph);
}

static int only_input(const sv_graph *graph, sv_role role) {
  int found = 0;
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind != SV_VALUE_INPUT || value->role != role) continue;
    if (found) return 0;
    found = i;
  }
  return found;
}

int sv_graph_data_input(const sv_graph *graph) {
  return only_input(graph, SV_DATA);
}

int sv_graph_label_input(const sv_graph *graph) {
  return only_input(graph, SV_LABEL);
}
