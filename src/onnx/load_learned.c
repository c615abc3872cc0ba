/* Which initialisers are learned where no port says so. ONNX writes a linear
 * layer also as a product and a sum, MatMul and Add, whose inputs are data:
 *
 *   an initialiser that is multiplied and accumulated is a weight,
 *   one that is added to what a weight made is a bias.
 *
 * A Constant stays one, a single number too. Files of our own say what their
 * tensors are. */
#include <string.h>

#include "onnx/load.h"

/* Two inputs, both data, as matrix products and sums have them. */
static bool is_pair(const sv_node *node) {
  const sv_port *in = node->op->in;
  return node->in_count == 2 && !sv_op_is_variadic(node->op) &&
         sv_op_in_count(node->op) == 2 && in[0].role == SV_DATA &&
         in[1].role == SV_DATA && node->op->ref.backward_data;
}

/* Its cost is in multiply-accumulates; to move elements costs nothing. */
static bool is_product(const sv_node *node) {
  return is_pair(node) && node->op->cost;
}

/* Its gradients depend on no input. */
static bool is_sum(const sv_node *node) {
  return is_pair(node) && !node->op->cost && !node->op->ref.data_reads_in;
}

static bool is_open(const loader *l, int id) {
  const sv_value_info *value = &l->graph->values[id];
  if (value->kind != SV_VALUE_STATE || value->role != SV_CONSTANT ||
      value->dtype != SV_F32 || sv_shape_count(&value->shape) < 2)
    return false;
  const source *s = &l->sources[sv_names_get(&l->names, value->name)];
  return s->initialiser && !s->has_role;
}

static bool has_weight(const loader *l, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && l->graph->values[node->in[i]].role == SV_WEIGHT)
      return true;
  return false;
}

static void look_at(const loader *l, const sv_node *node, bool *weighted) {
  sv_value_info *values = l->graph->values;
  for (int i = 0; is_pair(node) && i < 2; i++) {
    int id = node->in[i], other = node->in[1 - i];
    if (!is_open(l, id) || values[other].kind == SV_VALUE_STATE) continue;
    if (is_product(node)) values[id].role = SV_WEIGHT;
    if (is_sum(node) && weighted[other]) values[id].role = SV_BIAS;
  }
  for (int i = 0; i < node->out_count; i++)
    weighted[node->out[i]] = has_weight(l, node);
}

sv_status sv_load_learned(loader *l) {
  const char *producer = l->proto->producer_name;
  bool *weighted;
  if (producer && strcmp(producer, SV_ONNX_PRODUCER) == 0) return SV_OK;
  SV_TRY(sv_arena_take_array(&l->arena, &weighted,
                             (size_t)l->graph->value_count, sizeof *weighted));
  for (int i = 0; i < l->graph->node_count; i++)
    look_at(l, &l->graph->nodes[i], weighted);
  return SV_OK;
}
