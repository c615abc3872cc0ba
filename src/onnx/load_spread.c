/* How a node's second input was spread over its first before numpy's rule came
 * in opset 7: its dimensions lay along those of the first from `axis` on, or
 * along the last ones; and PRelu's slopes along the channels. With ones behind
 * them they do so now.
 * Source: https://onnx.ai/onnx/operators/onnx__Add.html, version 6 */
#include <string.h>

#include "onnx/attrs.h"
#include "onnx/load.h"

enum { NUMPY_SINCE = 7 };

static const Onnx__AttributeProto *find(const Onnx__NodeProto *node,
                                        const char *name) {
  for (size_t i = 0; i < node->n_attribute; i++)
    if (node->attribute[i]->name && strcmp(node->attribute[i]->name, name) == 0)
      return node->attribute[i];
  return NULL;
}

bool sv_onnx_spreads(const Onnx__NodeProto *node, int64_t opset) {
  return opset < NUMPY_SINCE && find(node, "broadcast");
}

/* A parameter that this operator would make in another shape. */
static sv_status shape_parameter(const sv_node *node, const sv_info *in,
                                 sv_shape *own) {
  sv_shape made = {.rank = -1};
  if (!node->op->parameter || own->rank != 1 || in[0].shape.rank < 1)
    return SV_OK;
  SV_TRY(node->op->parameter(node, in, 1, &made));
  if (made.rank > 1 && sv_shape_count(&made) == own->dim[0]) *own = made;
  return SV_OK;
}

static sv_status shape_second(sv_value_info *second, int rank, int64_t begin) {
  sv_shape *own = &second->shape;
  bool known = rank >= 0 && own->rank >= 0;
  if (known && begin < 0) begin += rank;
  if (known && (sv_shape_count(own) == 1 || begin == rank - own->rank))
    return SV_OK;
  if (!known || second->kind != SV_VALUE_STATE)
    return sv_fail(
        SV_UNSUPPORTED,
        "its input " SV_NAME
        " is broadcast from dimension %lld on, expected a constant there",
        second->name, (long long)begin);
  if (begin < 0 || begin > rank - own->rank)
    return sv_fail(SV_FORMAT,
                   "its input " SV_NAME
                   " cannot be broadcast from dimension %lld on",
                   second->name, (long long)begin);
  while (begin + own->rank < rank) own->dim[own->rank++] = 1;
  return SV_OK;
}

sv_status sv_load_spread(loader *l, const step *s, void *attrs, int *in,
                         int in_count) {
  if (s->own || l->opset >= NUMPY_SINCE || in_count < 2 || !in[1]) return SV_OK;
  sv_value_info *second = &l->graph->values[in[1]];
  const sv_info known[2] = {sv_graph_sample(l->graph, in[0]),
                            sv_graph_sample(l->graph, in[1])};
  const Onnx__AttributeProto *axis = find(s->proto, "axis");
  if (axis && sv_onnx_spreads(s->proto, l->opset))
    return shape_second(second, known[0].shape.rank, axis->i);
  if (second->kind != SV_VALUE_STATE) return SV_OK;
  const sv_node node = {
      .op = s->op, .attrs = attrs, .in = in, .in_count = in_count};
  return shape_parameter(&node, known, &second->shape);
}
