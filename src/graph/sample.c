/* The builder's view of sizes that are free or computed. Parameters need shapes
 * while a network is built, so it is followed for one image of a usual size:
 * what is computed from sizes, a crop to another map's, is known for that. */
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "op/op.h"
#include "tensor/tensor.h"

/* A free batch counts as 1, a free height or width as so much that windows and
 * poolings fit. No parameter of a network for any size may depend on it: shapes
 * are followed for another size, too, as far as they are not computed. */
enum { FREE_SIZE = 256, OTHER_SIZE = 352 };

static sv_shape filled(const sv_shape *shape, int64_t size) {
  sv_shape full = *shape;
  for (int d = 0; d < full.rank; d++)
    if (full.dim[d] < 0) full.dim[d] = d == 0 ? 1 : size;
  return full;
}

sv_info sv_graph_sample(const sv_graph *graph, int id) {
  const sv_value_info *value = &graph->values[id];
  sv_info info = {.present = id != 0,
                  .dtype = value->dtype,
                  .shape = filled(&value->shape, FREE_SIZE)};
  if (!sv_shape_fits(&info.shape)) info.shape = filled(&value->shape, 1);
  return info;
}

/* ---- Another size ---- */

/* Rank -1: it was not followed. */
static sv_info sample_other(const sv_graph *graph, int id) {
  const sv_value_info *value = &graph->values[id];
  sv_info info = {.present = id != 0,
                  .dtype = value->dtype,
                  .shape = filled(&value->shape, OTHER_SIZE)};
  if (value->kind != SV_VALUE_NODE) return info;
  info.shape = (sv_shape){.rank = -1};
  if (id < graph->other_count) info.shape = graph->others[id];
  return info;
}

/* *known: all that is there was followed. */
static sv_status sample_others(const sv_graph *graph, const sv_node *node,
                               sv_info **in, bool *known) {
  *known = true;
  SV_TRY(sv_alloc_array(in, (size_t)node->in_count, sizeof **in));
  for (int i = 0; i < node->in_count; i++) {
    (*in)[i] = sample_other(graph, node->in[i]);
    *known = *known && (!(*in)[i].present || (*in)[i].shape.rank >= 0);
  }
  return SV_OK;
}

sv_status sv_graph_check_size(const sv_graph *graph, const sv_node *node,
                              int port, const sv_shape *shape) {
  sv_info *in;
  sv_shape other = *shape;
  bool known;
  if (!graph->any_size) return SV_OK;
  SV_TRY(sample_others(graph, node, &in, &known));
  bool same = !known || node->op->parameter(node, in, port, &other) != SV_OK ||
              sv_shape_equal(&other, shape);
  sv_free(in);
  if (same) return SV_OK;
  return sv_fail(
      SV_INVALID,
      "the size of its %s depends on the image size, which is free: give the "
      "input a fixed size, or put global_avg_pool before it",
      sv_role_name(sv_op_in_port(node->op, port)->role));
}

static void note_others(sv_graph *graph, const sv_node *node,
                        const sv_info *out) {
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) graph->others[node->out[i]] = out[i].shape;
}

sv_status sv_graph_follow(sv_graph *graph, const sv_node *node) {
  sv_info *in, *out;
  bool known;
  if (!graph->any_size || sv_node_has_computed(node)) return SV_OK;
  for (; graph->other_count < graph->value_count; graph->other_count++) {
    SV_TRY(sv_grow(&graph->others, graph->other_count, &graph->other_capacity,
                   sizeof *graph->others));
    graph->others[graph->other_count] = (sv_shape){.rank = -1};
  }
  SV_TRY(sample_others(graph, node, &in, &known));
  sv_status status = sv_alloc_array(&out, (size_t)node->out_count, sizeof *out);
  if (status == SV_OK) {
    for (int i = 0; i < node->out_count; i++)
      out[i].present = node->out[i] != 0;
    if (known && node->op->infer(node, in, out) == SV_OK)
      note_others(graph, node, out);
    sv_free(out);
  }
  sv_free(in);
  return status;
}

/* ---- What inputs that stand for attributes hold ---- */

static bool is_computed(const sv_node *node, int i) {
  return node->in[i] && sv_op_in_attr(node->op, i);
}

/* The graph with those nodes alone that these inputs are computed from; what it
 * has is the graph's, but for the list. */
static sv_status take_part(const sv_graph *graph, const sv_node *node,
                           sv_graph *part) {
  bool *needed;
  *part = *graph;
  part->nodes = NULL;
  SV_TRY(sv_alloc_array(&needed, (size_t)graph->value_count, sizeof *needed));
  sv_status status = sv_alloc_array(&part->nodes, (size_t)graph->node_count,
                                    sizeof *part->nodes);
  int first = graph->node_count;
  for (int i = 0; i < node->in_count; i++)
    if (is_computed(node, i)) needed[node->in[i]] = true;
  for (int i = graph->node_count - 1; i >= 0 && status == SV_OK; i--) {
    const sv_node *n = &graph->nodes[i];
    bool wanted = false;
    for (int k = 0; k < n->out_count; k++)
      wanted |= n->out[k] && needed[n->out[k]];
    for (int k = 0; wanted && k < n->in_count; k++) needed[n->in[k]] = true;
    if (wanted) part->nodes[--first] = *n;
  }
  part->node_count = graph->node_count - first;
  if (part->node_count)
    memmove(part->nodes, part->nodes + first,
            (size_t)part->node_count * sizeof *part->nodes);
  sv_free(needed);
  return status;
}

static sv_status run_samples(const sv_graph *part, sv_info *infos,
                             sv_contents *contents) {
  for (int i = 1; i < part->value_count; i++)
    if (part->values[i].kind != SV_VALUE_NODE)
      infos[i] = sv_graph_sample(part, i);
  return sv_graph_infer(part, infos, contents);
}

/* What depends on numbers of the run stays unknown. */
sv_status sv_graph_sample_contents(const sv_graph *graph, const sv_node *node,
                                   sv_info *in, sv_contents *contents) {
  sv_graph part;
  sv_info *infos = NULL;
  if (!sv_node_has_computed(node)) return SV_OK;
  sv_status status = take_part(graph, node, &part);
  if (status == SV_OK)
    status = sv_alloc_array(&infos, (size_t)part.value_count, sizeof *infos);
  if (status == SV_OK && run_samples(&part, infos, contents) == SV_OK)
    for (int i = 0; i < node->in_count; i++)
      if (is_computed(node, i)) in[i].content = infos[node->in[i]].content;
  sv_free(infos);
  sv_free(part.nodes);
  return status;
}

/* ---- Shapes behind them ---- */

void sv_graph_leave_open(const sv_node *node, const sv_info *in, sv_info *out) {
  for (int i = 0; i < node->out_count; i++) {
    out[i].dtype = in[0].dtype;
    out[i].shape = (sv_shape){.rank = -1};
  }
}

sv_status sv_graph_infer_computed(const sv_graph *graph, const sv_node *node,
                                  const sv_info *in, sv_info *out) {
  size_t count = (size_t)node->in_count;
  sv_info *infos;
  for (size_t i = 0; i < count; i++) {
    bool open = in[i].present && in[i].shape.rank < 0;
    if (!open && (!is_computed(node, (int)i) || in[i].content)) continue;
    sv_graph_leave_open(node, in, out);
    return SV_OK;
  }
  SV_TRY(sv_alloc_array(&infos, count, sizeof *infos));
  memcpy(infos, in, count * sizeof *infos);
  sv_node copy;
  sv_status status = sv_node_resolved(&copy, node, graph, infos);
  if (status == SV_OK) status = node->op->infer(&copy, infos, out);
  sv_node_resolved_free(&copy);
  sv_free(infos);
  return status;
}
