/* The builder's view of sizes that are free or computed. Parameters need shapes
 * while a network is built, so it is followed for one image of a usual size:
 * what is computed from sizes, a crop to another map's, is known for that. */
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "ops/op.h"

/* A free batch counts as 1, a free height or width as so much that windows and
 * poolings fit: no parameter of a network for any size depends on it. */
enum { FREE_SIZE = 256 };

sv_info sv_graph_sample(const sv_graph *graph, int id) {
  const sv_value_info *value = &graph->values[id];
  sv_info info = {
      .present = id != 0, .dtype = value->dtype, .shape = value->shape};
  for (int d = 0; d < info.shape.rank; d++)
    if (info.shape.dim[d] < 0) info.shape.dim[d] = d == 0 ? 1 : FREE_SIZE;
  return info;
}

/* ---- What inputs that stand for attributes hold ---- */

static bool is_computed(const sv_node *node, int i) {
  return node->in[i] && sv_op_in_attr(node->op, i);
}

/* Everything that these inputs are computed from. */
static sv_status run_samples(const sv_node *node, sv_graph *part,
                             sv_info *infos, sv_contents *contents) {
  int *roots, count = 0;
  SV_TRY(sv_alloc_array(&roots, (size_t)node->in_count, sizeof *roots));
  for (int i = 0; i < node->in_count; i++)
    if (is_computed(node, i)) roots[count++] = node->in[i];
  sv_status status = sv_graph_prune(part, roots, count);
  sv_free(roots);
  SV_TRY(status);
  for (int i = 1; i < part->value_count; i++)
    if (part->values[i].kind != SV_VALUE_NODE)
      infos[i] = sv_graph_sample(part, i);
  return sv_graph_infer(part, infos, contents);
}

/* What depends on numbers of the run stays unknown. */
sv_status sv_graph_sample_contents(const sv_graph *graph, const sv_node *node,
                                   sv_info *in, sv_contents *contents) {
  sv_graph *part;
  sv_info *infos;
  if (!sv_node_has_computed(node)) return SV_OK;
  SV_TRY(sv_graph_copy(&part, graph));
  sv_status status =
      sv_alloc_array(&infos, (size_t)part->value_count, sizeof *infos);
  if (status == SV_OK && run_samples(node, part, infos, contents) == SV_OK)
    for (int i = 0; i < node->in_count; i++)
      if (is_computed(node, i)) in[i].content = infos[node->in[i]].content;
  sv_free(infos);
  sv_graph_free(part);
  return status;
}

/* ---- Shapes behind them ---- */

void sv_graph_leave_open(const sv_node *node, const sv_info *in, sv_info *out) {
  for (int i = 0; i < node->out_count; i++) {
    out[i].dtype = in[0].dtype;
    out[i].shape = (sv_shape){.rank = -1};
  }
}

static sv_status infer_copy(const sv_graph *graph, sv_node *copy,
                            const sv_node *node, sv_info *infos, sv_info *out) {
  size_t count = (size_t)node->in_count;
  SV_TRY(sv_alloc_array(&copy->in, count, sizeof *copy->in));
  SV_TRY(sv_alloc(&copy->attrs, node->op->attrs_size));
  memcpy(copy->in, node->in, count * sizeof *copy->in);
  memcpy(copy->attrs, node->attrs, node->op->attrs_size);
  SV_TRY(sv_node_resolve(copy, graph, infos));
  return node->op->infer(copy, infos, out);
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
  sv_node copy = *node;
  copy.in = NULL;
  copy.attrs = NULL;
  sv_status status = infer_copy(graph, &copy, node, infos, out);
  sv_free(copy.attrs);
  sv_free(copy.in);
  sv_free(infos);
  return status;
}
