/* Shapes and types through the whole graph. */
#include "base/memory.h"
#include "graph/graph.h"

/* Most nodes have a handful of ports; concatenations have more. */
enum { FEW = 16 };

static sv_status infer_node(const sv_graph *graph, const sv_node *node,
                            sv_info *infos) {
  sv_info few[FEW], *all = few;
  int count = node->in_count + node->out_count;
  if (count > FEW) SV_TRY(sv_alloc_array(&all, (size_t)count, sizeof *all));
  sv_info *in = all, *out = all + node->in_count;
  for (int i = 0; i < node->in_count; i++)
    in[i] = node->in[i] ? infos[node->in[i]] : (sv_info){0};
  for (int i = 0; i < node->out_count; i++)
    out[i] = (sv_info){.present = node->out[i] != 0};
  sv_status status = SV_OK;
  for (int i = 0; i < node->in_count && status == SV_OK; i++)
    if (node->in[i] && !in[i].present)
      status = sv_fail(SV_INVALID, "the shape of '%s' is not known",
                       graph->values[node->in[i]].name);
  if (status == SV_OK) status = node->op->infer(node, in, out);
  for (int i = 0; i < node->out_count && status == SV_OK; i++) {
    if (!node->out[i]) continue;
    infos[node->out[i]] = out[i];
    infos[node->out[i]].present = true;
    if (sv_shape_count(&out[i].shape) < 0)
      status = sv_fail(SV_NO_MEMORY, "its output of %s is too large",
                       sv_shape_text(&out[i].shape, (char[SV_SHAPE_TEXT]){0}));
  }
  if (all != few) sv_free(all);
  return status == SV_OK ? SV_OK : sv_fail_in(status, "%s", node->name);
}

sv_status sv_graph_infer(const sv_graph *graph, sv_info *infos) {
  for (int i = 0; i < graph->node_count; i++)
    SV_TRY(infer_node(graph, &graph->nodes[i], infos));
  return SV_OK;
}

sv_status sv_graph_declared(const sv_graph *graph, int64_t batch,
                            sv_info *infos) {
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind == SV_VALUE_NODE) continue;
    sv_info *info = &infos[i];
    *info = (sv_info){
        .present = true, .dtype = value->dtype, .shape = value->shape};
    for (int d = 0; d < info->shape.rank; d++) {
      if (info->shape.dim[d] >= 0) continue;
      if (d > 0)
        return sv_fail(SV_INVALID,
                       "input '%s': dimension %d is free, a size "
                       "for it is needed",
                       value->name, d);
      info->shape.dim[d] = batch;
    }
  }
  return SV_OK;
}
