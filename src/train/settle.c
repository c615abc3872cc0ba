#include "train/settle.h"

#include <string.h>

#include "base/memory.h"
#include "op/attr_at.h"
#include "op/attrs.h"
#include "train/digest.h"

static bool is_ours(const sv_model *model) {
  return sv_model_meta(model, SV_DIGEST_NETWORK_KEY) != NULL;
}

/* ---- Training mode ---- */

static int leave_training_mode(sv_graph *graph) {
  int count = 0;
  for (int i = 0; i < graph->node_count; i++) {
    const sv_node *node = &graph->nodes[i];
    const sv_attr *row = sv_attr_find(node->op, "training");
    bool is = row && row->type == SV_ATTR_BOOL && *bool_at(node->attrs, row);
    if (is) *bool_at(node->attrs, row) = false;
    count += is;
  }
  return count;
}

/* ---- The batch ---- */

static void free_first(sv_value_info *value, int64_t batch) {
  if (value->shape.rank > 0 && value->shape.dim[0] == batch)
    value->shape.dim[0] = -1;
}

/* A shape that begins with the batch takes it from the input, which is data
 * that begins with it. */
static void free_reshape(const sv_graph *graph, sv_node *node, int64_t batch) {
  const sv_attr *row = sv_attr_find(node->op, "shape");
  const sv_attr *zero = sv_attr_find(node->op, "allow_zero");
  if (strcmp(node->op->name, "reshape") != 0) return;
  const sv_value_info *x = &graph->values[node->in[0]];
  sv_ints *shape = ints_at(node->attrs, row);
  bool batched =
      x->kind == SV_VALUE_NODE &&
      (x->shape.rank < 0 || (x->shape.rank > 0 && x->shape.dim[0] == batch));
  bool *nothing =
      bool_at(node->attrs, zero); /* whether 0 is a size of its own */
  for (int i = 0; i < shape->count; i++)
    batched = batched && !(*nothing && shape->at[i] == 0);
  if (!batched || shape->count < 2 || shape->at[0] != batch) return;
  shape->at[0] = 0;
  *nothing = false;
}

static int64_t free_batch(sv_graph *graph) {
  sv_value_info *input = &graph->values[sv_graph_data_input(graph)];
  int64_t batch =
      input->name && input->shape.rank == 4 ? input->shape.dim[0] : -1;
  if (batch < 1) return 0;
  for (int i = 0; i < graph->node_count; i++)
    free_reshape(graph, &graph->nodes[i], batch);
  free_first(input, batch);
  for (int i = 0; i < graph->output_count; i++)
    free_first(&graph->values[graph->outputs[i].value], batch);
  return batch;
}

sv_settled sv_model_settle(sv_model *model) {
  sv_settled settled = {0};
  if (is_ours(model)) return settled;
  settled.modes = leave_training_mode(model->graph);
  settled.batch = free_batch(model->graph);
  return settled;
}

/* ---- Folded batch normalisations ---- */

bool sv_model_may_be_folded(const sv_model *model, bool *certain) {
  const sv_graph *graph = model->graph;
  int convolutions = 0, norms = 0;
  *certain = sv_model_meta(model, "svertka.folded") != NULL;
  for (int i = 0; i < graph->node_count; i++) {
    const char *op = graph->nodes[i].op->name;
    convolutions += strcmp(op, "conv") == 0;
    norms += strstr(op, "norm") != NULL || strcmp(op, "lrn") == 0;
  }
  if (*certain) return true;
  return !is_ours(model) && convolutions > 1 && norms == 0;
}
