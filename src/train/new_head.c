/* A classifier for other classes in the place of the one that a network ends
 * in. From the scores back through what keeps classes apart (softmax, pooling,
 * flatten, sums of score maps, ...) lie the layers that tell them: linear
 * layers, products, convolutions. They, and what has numbers for each class
 * behind them, get other sizes and fresh numbers; all else stays. */
#include <string.h>

#include <svertka/layers.h>
#include <svertka/train.h>

#include "base/memory.h"
#include "graph/model.h"
#include "ops/attr_at.h"
#include "ops/attrs.h"
#include "train/head.h"
#include "train/init.h"

typedef struct change {
  sv_graph *graph;
  int64_t from, to; /* classes; from is 0 until the first layer is found */
  bool *seen;       /* per node: on the way from the scores to their layers */
  bool *tells;      /* per node: such a layer */
  bool *sized;      /* per value: a tensor of the state, or data of classes */
  int layer;        /* the first one found */
} change;

enum { DATA, WEIGHT, BIAS };

static const char *name_of(const sv_node *node) { return node->op->name; }

static bool is_one_of(const sv_node *node, const char *const *names) {
  while (*names && strcmp(name_of(node), *names) != 0) names++;
  return *names != NULL;
}

/* ---- From the scores to the layers that tell them ---- */

static bool keeps_classes(const sv_node *node) {
  static const char *const names[] = {"softmax",
                                      "log_softmax",
                                      "flatten",
                                      "reshape",
                                      "squeeze",
                                      "unsqueeze",
                                      "dropout",
                                      "avg_pool",
                                      "max_pool",
                                      "global_avg_pool",
                                      "global_max_pool",
                                      "reduce_mean",
                                      "reduce_max",
                                      "resize",
                                      "slice",
                                      "pad",
                                      "add",
                                      "sub",
                                      "sum",
                                      "mean",
                                      "max",
                                      "mul",
                                      "div",
                                      "batch_norm",
                                      "prelu",
                                      "cast",
                                      NULL};
  return node->op->ref.pointwise || is_one_of(node, names);
}

static const sv_value_info *input(const change *c, const sv_node *node, int i) {
  return &c->graph->values[i < node->in_count ? node->in[i] : 0];
}

/* Which dimension of its weight counts a layer's outputs; -1: it is no layer
 * with a weight. */
static int outputs_of(const change *c, const sv_node *node) {
  static const char *const layers[] = {"linear", "matmul", "conv",
                                       "conv_transpose", NULL};
  if (!is_one_of(node, layers) ||
      input(c, node, WEIGHT)->kind != SV_VALUE_STATE)
    return -1;
  if (strcmp(name_of(node), "matmul") == 0)
    return input(c, node, WEIGHT)->shape.rank - 1;
  if (strcmp(name_of(node), "linear") == 0)
    return ((const sv_linear_attrs *)node->attrs)->transpose_w ? 0 : 1;
  return strcmp(name_of(node), "conv") == 0 ? 0 : 1;
}

static int64_t group_of(const sv_node *node) {
  double group = sv_attr_number(node, "group");
  return group > 1 ? (int64_t)group : 1;
}

static int64_t told_by(const change *c, const sv_node *node) {
  const sv_shape *w = &input(c, node, WEIGHT)->shape;
  bool up = strcmp(name_of(node), "conv_transpose") == 0;
  return w->dim[outputs_of(c, node)] * (up ? group_of(node) : 1);
}

/* Maps of scores that are enlarged: as many in as out. */
static bool enlarges(const change *c, const sv_node *node) {
  return strcmp(name_of(node), "conv_transpose") == 0 &&
         input(c, node, WEIGHT)->shape.dim[0] == told_by(c, node);
}

static sv_status fail_end(const change *c, const sv_node *node) {
  return sv_fail(SV_INVALID,
                 "network '%s' ends in '%s' (%s), not in a linear layer or a "
                 "convolution that could be made anew for %lld classes",
                 c->graph->name, node->name, name_of(node), (long long)c->to);
}

static sv_status take_layer(change *c, int at) {
  const sv_node *node = &c->graph->nodes[at];
  int64_t classes = told_by(c, node);
  if (!c->from) {
    c->from = classes;
    c->layer = at;
  }
  if (classes != c->from)
    return sv_fail(SV_INVALID,
                   "%s tells %lld classes and %s %lld: no new classifier can "
                   "take the place of both",
                   c->graph->nodes[c->layer].name, (long long)c->from,
                   node->name, (long long)classes);
  c->tells[at] = true;
  return SV_OK;
}

static sv_status find_layers(change *c, int value) {
  int at = c->graph->values[value].producer;
  if (at < 0)
    return sv_fail(SV_INVALID, "network '%s': no layer computes its scores",
                   c->graph->name);
  const sv_node *node = &c->graph->nodes[at];
  if (c->seen[at]) return SV_OK;
  c->seen[at] = true;
  bool layer = outputs_of(c, node) >= 0;
  if (layer) SV_TRY(take_layer(c, at));
  if (layer && !enlarges(c, node)) return SV_OK;
  if (!layer && !keeps_classes(node)) return fail_end(c, node);
  for (int i = 0; i < node->in_count; i++) {
    const sv_value_info *from = &c->graph->values[node->in[i]];
    bool data = node->in[i] && from->kind != SV_VALUE_STATE &&
                sv_op_in_port(node->op, i)->role == SV_DATA &&
                !sv_op_in_attr(node->op, i);
    if (data) SV_TRY(find_layers(c, node->in[i]));
  }
  return SV_OK;
}

/* What the losses compare with labels, auxiliary classifiers among it. */
static sv_status find_in_losses(change *c) {
  const sv_graph *g = c->graph;
  for (int i = 0; i < g->output_count; i++) {
    int at = g->values[g->outputs[i].value].producer;
    bool loss = g->outputs[i].is_loss && at >= 0;
    if (loss && strcmp(name_of(&g->nodes[at]), "cross_entropy") == 0)
      SV_TRY(find_layers(c, g->nodes[at].in[DATA]));
  }
  return SV_OK;
}

/* ---- Other sizes ---- */

/* A tensor of the state gets other dimensions, once. */
static sv_status size_tensor(change *c, int id, const sv_shape *shape) {
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

/* Every dimension that counts classes, from dimension `first` on. */
static sv_status size_each(change *c, int id, int first) {
  sv_shape shape = c->graph->values[id].shape;
  bool any = false;
  for (int d = first; d < shape.rank; d++)
    if (shape.dim[d] == c->from) {
      shape.dim[d] = c->to;
      any = true;
    }
  return any ? size_tensor(c, id, &shape) : SV_OK;
}

static void set_number(sv_node *node, const char *name, int64_t number) {
  const sv_attr *row = sv_attr_find(node->op, name);
  if (row && row->type == SV_ATTR_INT) *int_at(node->attrs, row) = number;
}

static sv_status size_groups(const change *c, sv_node *node, sv_shape *w) {
  int64_t group = group_of(node);
  bool up = strcmp(name_of(node), "conv_transpose") == 0;
  bool alone = up && enlarges(c, node) && group == c->from;
  if (alone) {
    set_number(node, "group", c->to);
    group = c->to;
  }
  if (c->to % group)
    return sv_fail(SV_INVALID,
                   "%s: %lld classes do not divide into %lld groups",
                   node->name, (long long)c->to, (long long)group);
  if (enlarges(c, node)) w->dim[0] = c->to;
  w->dim[up ? 1 : 0] = up ? c->to / group : c->to;
  return SV_OK;
}

static sv_status size_layer(change *c, sv_node *node) {
  int weight = node->in[WEIGHT];
  sv_shape w = c->graph->values[weight].shape;
  bool plain = sv_attr_find(node->op, "group") == NULL;
  if (plain)
    w.dim[outputs_of(c, node)] = c->to;
  else
    SV_TRY(size_groups(c, node, &w));
  SV_TRY(size_tensor(c, weight, &w));
  if (input(c, node, BIAS)->kind == SV_VALUE_STATE && node->in_count > BIAS &&
      node->in[BIAS])
    SV_TRY(size_each(c, node->in[BIAS], 0));
  set_number(node, "features", c->to);
  set_number(node, "channels", c->to);
  return SV_OK;
}

/* A shape that was written down: N x classes. */
static void size_reshape(const change *c, sv_node *node) {
  const sv_attr *row = sv_attr_find(node->op, "shape");
  if (strcmp(name_of(node), "reshape") != 0) return;
  sv_ints *shape = ints_at(node->attrs, row);
  if (shape->count > 1 && shape->at[1] == c->from) shape->at[1] = c->to;
}

/* Behind the layers: numbers for each class, and shapes. */
static sv_status size_follower(change *c, sv_node *node) {
  bool follows = false;
  for (int i = 0; i < node->in_count; i++)
    follows |= node->in[i] && c->sized[node->in[i]] &&
               c->graph->values[node->in[i]].kind == SV_VALUE_NODE;
  if (!follows) return SV_OK;
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && input(c, node, i)->kind == SV_VALUE_STATE)
      SV_TRY(size_each(c, node->in[i], 0));
  size_reshape(c, node);
  return SV_OK;
}

static void size_outputs(change *c, const sv_node *node) {
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

static bool is_followed(const change *c, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && c->sized[node->in[i]]) return true;
  return false;
}

static sv_status size_all(change *c) {
  for (int i = 0; i < c->graph->node_count; i++) {
    sv_node *node = &c->graph->nodes[i];
    sv_status status =
        c->tells[i] ? size_layer(c, node) : size_follower(c, node);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
    if (is_followed(c, node)) size_outputs(c, node);
  }
  return SV_OK;
}

/* ---- The whole ---- */

static sv_status find_all(change *c) {
  int scores;
  size_t nodes = (size_t)c->graph->node_count;
  SV_TRY(sv_alloc_array(&c->seen, nodes, sizeof *c->seen));
  SV_TRY(sv_alloc_array(&c->tells, nodes, sizeof *c->tells));
  SV_TRY(sv_alloc_array(&c->sized, (size_t)c->graph->value_count,
                        sizeof *c->sized));
  SV_TRY(sv_head_scores(c->graph, &scores));
  SV_TRY(find_layers(c, scores));
  return find_in_losses(c);
}

static void release(change *c) {
  sv_free(c->seen);
  sv_free(c->tells);
  sv_free(c->sized);
}

sv_status sv_head_find(const sv_graph *graph, const char **layer,
                       int64_t *classes) {
  change c = {.graph = (sv_graph *)graph}; /* only read */
  sv_status status = find_all(&c);
  if (status == SV_OK) {
    *layer = graph->nodes[c.layer].name;
    *classes = c.from;
  }
  release(&c);
  return status;
}

sv_status sv_head_renew(sv_graph **changed, bool **fresh, const sv_graph *graph,
                        int classes) {
  change c = {.to = classes};
  *fresh = NULL;
  SV_TRY(sv_graph_copy(changed, graph));
  c.graph = *changed;
  sv_status status = find_all(&c);
  if (status == SV_OK) status = size_all(&c);
  if (status == SV_OK) {
    *fresh = c.sized;
    c.sized = NULL;
  } else {
    sv_graph_free(*changed);
    *changed = NULL;
  }
  release(&c);
  return status;
}

/* The new tensors in the places of the old ones. */
static sv_status fill(sv_model *model, const bool *fresh, uint64_t seed,
                      const char *init) {
  const sv_graph *graph = model->graph;
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (!fresh[i] || value->kind != SV_VALUE_STATE) continue;
    int slot = sv_state_find(model->state, value->name);
    if (slot < 0)
      return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
    SV_TRY(sv_state_resize(model->state, slot, &value->shape));
  }
  return sv_init_some(model->state, graph, seed, init, fresh);
}

sv_status sv_model_new_head(sv_model *model, int classes, uint64_t seed,
                            const char *init) {
  sv_graph *graph;
  bool *fresh;
  if (classes < 1)
    return sv_fail(SV_INVALID, "a head of %d classes, expected 1 or more",
                   classes);
  SV_TRY(sv_head_renew(&graph, &fresh, model->graph, classes));
  sv_graph_free(model->graph);
  model->graph = graph;
  sv_status status = fill(model, fresh, seed, init);
  sv_free(fresh);
  return status;
}
