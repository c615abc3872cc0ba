/* Attributes that are computed: the shape of a reshape as exporters write it.
 */
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "op/attrs.h"

bool sv_node_has_computed(const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && sv_op_in_attr(node->op, i)) return true;
  return false;
}

static sv_status not_known(const sv_node *node, const sv_graph *graph, int i) {
  return sv_fail(SV_UNSUPPORTED,
                 "its %s, '%s', depends on values known only at run time; "
                 "expected a value computed from shapes and constants",
                 sv_op_in_port(node->op, i)->name,
                 graph->values[node->in[i]].name);
}

sv_status sv_node_resolve(sv_node *node, const sv_graph *graph, sv_info *in) {
  for (int i = 0; i < node->in_count; i++) {
    const sv_attr *row = node->in[i] ? sv_op_in_attr(node->op, i) : NULL;
    if (!row) continue;
    if (!in[i].content) return not_known(node, graph, i);
    SV_TRY(sv_attr_set(row, node->attrs, in[i].content));
    node->in[i] = 0;
    in[i] = (sv_info){0};
  }
  if (node->op->settle)
    SV_TRY(node->op->settle(node->attrs, in, node->in_count));
  return sv_attrs_check(node->op, node->attrs);
}

sv_status sv_node_resolved(sv_node *copy, const sv_node *node,
                           const sv_graph *graph, sv_info *in) {
  size_t ids = (size_t)node->in_count * sizeof *node->in;
  *copy = *node;
  copy->in = NULL;
  copy->attrs = NULL;
  SV_TRY(sv_alloc(&copy->in, ids));
  SV_TRY(sv_alloc(&copy->attrs, node->op->attrs_size));
  memcpy(copy->in, node->in, ids);
  memcpy(copy->attrs, node->attrs, node->op->attrs_size);
  return sv_node_resolve(copy, graph, in);
}

void sv_node_resolved_free(sv_node *copy) {
  sv_free(copy->attrs);
  sv_free(copy->in);
}

sv_status sv_graph_resolve(sv_graph *graph, const sv_info *infos) {
  for (int i = 0; i < graph->node_count; i++) {
    sv_node *node = &graph->nodes[i];
    sv_info *in;
    if (!sv_node_has_computed(node)) continue;
    SV_TRY(sv_alloc_array(&in, (size_t)node->in_count, sizeof *in));
    for (int k = 0; k < node->in_count; k++)
      if (node->in[k]) in[k] = infos[node->in[k]];
    sv_status status = sv_node_resolve(node, graph, in);
    sv_free(in);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  return SV_OK;
}
