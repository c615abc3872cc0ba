/* Other sizes for a new classifier: its layers, what has numbers for each class
 * after them, and the shapes of what they compute. */
#include "task/new_head.h"

#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "op/attr_at.h"
#include "op/attrs.h"

/* A tensor of the state gets other dimensions, once. */
static sv_status size_tensor(sv_new_head *c, int id, const sv_shape *shape) {
  sv_value_info *value = &c->graph->values[id];
  if (value->role == SV_CONSTANT)
    return sv_fail(SV_INVALID,
                   "'%s' is a constant for %lld classes and does not fit %lld",
                   value->name, (long long)c->from, (long long)c->to);
  if (c->sized[id] && !sv_shape_equal(&value->shape, shape))
    return sv_fail(SV_INVALID, "'%s' is shared by layers of different kinds",
                   value->name);
  value->shape = *shape;
  c->sized[id] = true;
  return SV_OK;
}

/* Exporters write tensors of the same numbers once: a bias of zeros may be that
 * of another layer, too. Classifiers that share one go on sharing it. */
static bool is_elsewhere(const sv_new_head *c, int id, int at) {
  for (int i = 0; i < c->graph->node_count; i++)
    for (int k = 0; k < c->graph->nodes[i].in_count; k++)
      if (c->graph->nodes[i].in[k] == id && i != at &&
          !(c->tells[i] && c->tells[at]))
        return true;
  return false;
}

/* Input i of the node becomes a tensor of its own, if others read it. */
static sv_status part_from_others(sv_new_head *c, int at, int i) {
  sv_node *node = &c->graph->nodes[at];
  sv_value_info old = c->graph->values[node->in[i]];
  char stem[512], *name;
  int id;
  if (!is_elsewhere(c, node->in[i], at)) return SV_OK;
  snprintf(stem, sizeof stem, "%.400s.%s", node->name, sv_role_name(old.role));
  SV_TRY(sv_graph_fresh_name(c->graph, stem, &name));
  sv_status status = sv_graph_add_value(c->graph, name, SV_VALUE_STATE,
                                        old.role, old.dtype, &old.shape, &id);
  sv_free(name);
  SV_TRY(status);
  node->in[i] = id;
  return old.init ? sv_copy_text(&c->graph->values[id].init, old.init) : SV_OK;
}

/* Dimension d of input i, which counts classes. */
static sv_status size_input(sv_new_head *c, int at, int i, int d) {
  const sv_node *node = &c->graph->nodes[at];
  sv_shape shape = c->graph->values[node->in[i]].shape;
  if (d < 0 || d >= shape.rank || shape.dim[d] != c->from) return SV_OK;
  shape.dim[d] = c->to;
  SV_TRY(part_from_others(c, at, i));
  return size_tensor(c, c->graph->nodes[at].in[i], &shape);
}

static void set_number(sv_node *node, const char *name, int64_t number) {
  const sv_attr *row = sv_attr_find(node->op, name);
  if (row && row->type == SV_ATTR_INT) *int_at(node->attrs, row) = number;
}

static sv_status size_groups(const sv_new_head *c, sv_node *node, sv_shape *w) {
  int64_t group = sv_head_groups(node);
  bool up = node->op->layer == SV_LAYER_CONV_TRANSPOSE;
  bool alone = up && sv_head_enlarges(c, node) && group == c->from;
  if (alone) {
    set_number(node, "group", c->to);
    group = c->to;
  }
  if (c->to % group)
    return sv_fail(SV_INVALID,
                   "%s: %lld classes cannot be split into %lld groups",
                   node->name, (long long)c->to, (long long)group);
  if (sv_head_enlarges(c, node)) w->dim[0] = c->to;
  w->dim[up ? 1 : 0] = up ? c->to / group : c->to;
  return SV_OK;
}

static sv_status size_layer(sv_new_head *c, int at) {
  sv_node *node = &c->graph->nodes[at];
  sv_shape w = sv_head_input(c, node, SV_HEAD_WEIGHT)->shape;
  bool plain = sv_attr_find(node->op, "group") == NULL;
  if (plain)
    w.dim[sv_head_outputs(c, node)] = c->to;
  else
    SV_TRY(size_groups(c, node, &w));
  SV_TRY(part_from_others(c, at, SV_HEAD_WEIGHT));
  SV_TRY(size_tensor(c, node->in[SV_HEAD_WEIGHT], &w));
  const sv_value_info *b = sv_head_input(c, node, SV_HEAD_BIAS);
  if (b->kind == SV_VALUE_STATE && node->in_count > SV_HEAD_BIAS &&
      node->in[SV_HEAD_BIAS])
    SV_TRY(size_input(c, at, SV_HEAD_BIAS, b->shape.rank - 1));
  set_number(node, "features", c->to);
  set_number(node, "channels", c->to);
  return SV_OK;
}

/* A shape that was written down: N x classes. */
static void size_reshape(const sv_new_head *c, sv_node *node, int end) {
  const sv_attr *row = sv_attr_find(node->op, "shape");
  sv_ints *shape =
      row && row->type == SV_ATTR_INTS ? ints_at(node->attrs, row) : NULL;
  if (shape && end && end <= shape->count &&
      shape->at[shape->count - end] == c->from)
    shape->at[shape->count - end] = c->to;
}

/* Where an input has the dimension that counts classes, given that of the data:
 * a parameter of a layer with one for each channel is a list; else numpy's rule
 * aligns the last dimensions. */
static int place_in(const sv_node *node, int i, const sv_shape *shape,
                    int end) {
  bool pair = sv_op_in_port(node->op, i)->role == SV_DATA;
  return !pair && shape->rank == 1 ? 0 : shape->rank - end;
}

/* What follows the layers: numbers for each class, and shapes. */
static sv_status size_follower(sv_new_head *c, int at) {
  sv_node *node = &c->graph->nodes[at];
  int end = sv_head_follow(c, node), of = 0;
  for (int i = 0; i < node->in_count && !of; i++) of = c->ends[node->in[i]];
  for (int i = 0; i < node->in_count && of; i++) {
    const sv_value_info *in = sv_head_input(c, node, i);
    if (node->in[i] && in->kind == SV_VALUE_STATE &&
        sv_op_in_port(node->op, i)->role != SV_INDEX)
      SV_TRY(size_input(c, at, i, place_in(node, i, &in->shape, of)));
  }
  if (of) size_reshape(c, node, end);
  return SV_OK;
}

static int end_of_layer(const sv_new_head *c, const sv_node *node) {
  if (node->op->layer == SV_LAYER_PRODUCT) return 1;
  return sv_head_input(c, node, SV_HEAD_WEIGHT)->shape.rank - 1;
}

static void size_output(sv_new_head *c, const sv_node *node, int end) {
  sv_value_info *value = &c->graph->values[node->out[0]];
  c->ends[node->out[0]] = end;
  if (end && end <= value->shape.rank &&
      value->shape.dim[value->shape.rank - end] == c->from)
    value->shape.dim[value->shape.rank - end] = c->to;
}

sv_status sv_head_size(sv_new_head *c) {
  for (int i = 0; i < c->graph->node_count; i++) {
    const sv_node *node = &c->graph->nodes[i];
    int end = c->tells[i] ? end_of_layer(c, node) : sv_head_follow(c, node);
    sv_status status = c->tells[i] ? size_layer(c, i) : size_follower(c, i);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
    if (node->out[0]) size_output(c, &c->graph->nodes[i], end);
  }
  return SV_OK;
}
