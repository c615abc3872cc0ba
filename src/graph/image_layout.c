#include "graph/image_layout.h"

#include "base/memory.h"
#include "op/attr_at.h"
#include "op/attrs.h"

static bool is_order(const sv_ints *perm, int a, int b, int c, int d) {
  return perm->count == 4 && perm->at[0] == a && perm->at[1] == b &&
         perm->at[2] == c && perm->at[3] == d;
}

/* Windows and normalisations of channels are of N x C x H x W. */
static sv_channels of_maps(const sv_node *node) {
  bool maps =
      sv_attr_find(node->op, "kernel") || sv_attr_find(node->op, "epsilon");
  return maps ? SV_CHANNELS_FIRST : SV_CHANNELS_OPEN;
}

sv_channels sv_channels_before(const sv_node *node) {
  const sv_attr *perm = sv_attr_find(node->op, "perm");
  if (!perm) return of_maps(node);
  const sv_ints *order = ints_at(readable(node->attrs), perm);
  if (is_order(order, 0, 3, 1, 2)) return SV_CHANNELS_LAST;
  return is_order(order, 0, 2, 3, 1) ? SV_CHANNELS_FIRST : SV_CHANNELS_OPEN;
}

sv_channels sv_channels_after(const sv_node *node) {
  sv_channels before = sv_channels_before(node);
  if (before == SV_CHANNELS_OPEN || !sv_attr_find(node->op, "perm"))
    return before;
  return before == SV_CHANNELS_LAST ? SV_CHANNELS_FIRST : SV_CHANNELS_LAST;
}

/* It leaves dimensions where they are: a cast, a scale, a pad. */
static bool keeps_order(const sv_graph *graph, const sv_node *node) {
  const sv_shape *x = &graph->values[node->in[0]].shape;
  const sv_shape *y = &graph->values[node->out[0]].shape;
  return x->rank == y->rank && !sv_attr_find(node->op, "perm");
}

static sv_channels follow(const sv_graph *graph, int input, bool *reached) {
  reached[input] = true;
  for (int i = 0; i < graph->node_count; i++) {
    const sv_node *node = &graph->nodes[i];
    bool reads = false;
    for (int k = 0; k < node->in_count; k++)
      reads = reads || (node->in[k] && reached[node->in[k]]);
    if (!reads) continue;
    sv_channels found = sv_channels_before(node);
    if (found != SV_CHANNELS_OPEN) return found;
    if (node->out[0] && node->in[0] && keeps_order(graph, node))
      reached[node->out[0]] = true;
  }
  return SV_CHANNELS_OPEN;
}

static bool is_channels(int64_t size) { return size == 1 || size == 3; }

bool sv_graph_channels_last(const sv_graph *graph) {
  int input = sv_graph_data_input(graph);
  const sv_shape *x = &graph->values[input].shape;
  bool *reached;
  if (!input || x->rank != 4) return false;
  if (sv_alloc_array(&reached, (size_t)graph->value_count, sizeof *reached) !=
      SV_OK)
    return false;
  sv_channels found = follow(graph, input, reached);
  sv_free(reached);
  if (found != SV_CHANNELS_OPEN) return found == SV_CHANNELS_LAST;
  return is_channels(x->dim[3]) && !is_channels(x->dim[1]);
}
