/* Other sizes for a new classifier: its layers, what has numbers for each class
 * behind them, and the shapes of what they compute. */
#include "train/new_head.h"

#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "ops/attr_at.h"
#include "ops/attrs.h"

/* A tensor of the state gets other dimensions, once. */
static sv_status size_tensor(sv_new_head *c, int id, const sv_shape *shape) {
  sv_value_info *value = &c->graph->values[id];
  if (value->role == SV_CONSTANT)
    return sv_fail(SV_INVALID,
                   "'%s' has fixed numbers for %lld classes: it fits no %lld",
                   value->name, (long long)c->from, (long long)c->to);
  if (c->sized[id] && !sv_shape_equal(&value->shape, shape))
    return sv_fail(SV_INVALID, "'%s' is shared by unlike layers", value->name);
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

/* Every dimension of input i that counts classes. */
static sv_status size_each(sv_new_head *c, int at, int i) {
  const sv_node *node = &c->graph->nodes[at];
  sv_shape shape = c->graph->values[node->in[i]].shape;
  bool any = false;
  for (int d = 0; d < shape.rank; d++)
    if (shape.dim[d] == c->from) {
      shape.dim[d] = c->to;
      any = true;
    }
  if (!any) return SV_OK;
  SV_TRY(part_from_others(c, at, i));
  return size_tensor(c, node->in[i], &shape);
}

static void set_number(sv_node *node, const char *name, int64_t number) {
  const sv_attr *row = sv_attr_find(node->op, name);
  if (row && row->type == SV_ATTR_INT) *int_at(node->attrs, row) = number;
}

static sv_status size_groups(const sv_new_head *c, sv_node *node, sv_shape *w) {
  int64_t group = sv_head_groups(node);
  bool up = strcmp(node->op->name, "conv_transpose") == 0;
  bool alone = up && sv_head_enlarges(c, node) && group == c->from;
  if (alone) {
    set_number(node, "group", c->to);
    group = c->to;
  }
  if (c->to % group)
    return sv_fail(SV_INVALID,
                   "%s: %lld classes do not divide into %lld groups",
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
  if (sv_head_input(c, node, SV_HEAD_BIAS)->kind == SV_VALUE_STATE &&
      node->in_count > SV_HEAD_BIAS && node->in[SV_HEAD_BIAS])
    SV_TRY(size_each(c, at, SV_HEAD_BIAS));
  set_number(node, "features", c->to);
  set_number(node, "channels", c->to);
  return SV_OK;
}

/* A shape that was written down: N x classes. */
static void size_reshape(const sv_new_head *c, sv_node *node) {
  const sv_attr *row = sv_attr_find(node->op, "shape");
  if (strcmp(node->op->name, "reshape") != 0) return;
  sv_ints *shape = ints_at(node->attrs, row);
  if (shape->count > 1 && shape->at[1] == c->from) shape->at[1] = c->to;
}

/* Behind the layers: numbers for each class, and shapes. */
static sv_status size_follower(sv_new_head *c, int at) {
  sv_node *node = &c->graph->nodes[at];
  bool follows = false;
  for (int i = 0; i < node->in_count; i++)
    follows |= node->in[i] && c->sized[node->in[i]] &&
               c->graph->values[node->in[i]].kind == SV_VALUE_NODE;
  if (!follows) return SV_OK;
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && sv_head_input(c, node, i)->kind == SV_VALUE_STATE)
      SV_TRY(size_each(c, at, i));
  size_reshape(c, node);
  return SV_OK;
}

static void size_outputs(sv_new_head *c, const sv_node *node) {
  for (int i = 0; i < node->out_count; i++) {
    sv_value_info *value = &c->graph->values[node->out[i]];
    bool open = value->shape.rank < 0;
    if (!node->out[i] || value->role == SV_STATISTIC) continue;
    if (!open && (value->shape.rank < 2 || value->shape.dim[1] != c->from))
      continue;
    if (!open) value->shape.dim[1] = c->to;
    c->sized[node->out[i]] = true;
  }
}

static bool is_followed(const sv_new_head *c, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && c->sized[node->in[i]]) return true;
  return false;
}

sv_status sv_head_size(sv_new_head *c) {
  for (int i = 0; i < c->graph->node_count; i++) {
    const sv_node *node = &c->graph->nodes[i];
    sv_status status = c->tells[i] ? size_layer(c, i) : size_follower(c, i);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
    if (is_followed(c, node)) size_outputs(c, node);
  }
  return SV_OK;
}
