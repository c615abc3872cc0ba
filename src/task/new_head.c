/* A classifier for other classes in the place of the one that a network ends
 * in. From the scores back through what keeps classes apart (softmax, pooling,
 * flatten, sums of score maps, ...) lie the layers that tell them: linear
 * layers, products, convolutions. They, and what has numbers for each class
 * behind them, get other sizes and fresh numbers; all else stays. */
#include <string.h>

#include <svertka/layers.h>
#include <svertka/task.h>

#include "base/memory.h"
#include "graph/answer.h"
#include "graph/model.h"
#include "init/init.h"
#include "op/attrs.h"
#include "task/head.h"
#include "task/new_head.h"

static const char *name_of(const sv_node *node) { return node->op->name; }

static bool is_one_of(const sv_node *node, const char *const *names) {
  while (*names && strcmp(name_of(node), *names) != 0) names++;
  return *names != NULL;
}

/* ---- From the scores to the layers that tell them ---- */

static bool keeps_classes(const sv_node *node) {
  static const char *const names[] = {"softmax",
                                      "log_softmax",
                                      "avg_pool",
                                      "max_pool",
                                      "global_avg_pool",
                                      "global_max_pool",
                                      "reduce_mean",
                                      "reduce_max",
                                      "reduce_sum",
                                      "resize",
                                      "slice",
                                      "pad",
                                      "add",
                                      "sub",
                                      "sum",
                                      "mean",
                                      "max",
                                      "min",
                                      "mul",
                                      "div",
                                      "batch_norm",
                                      "prelu",
                                      NULL};
  const sv_reference *ref = &node->op->ref;
  return ref->moves || ref->pointwise || is_one_of(node, names);
}

int sv_head_outputs(const sv_new_head *c, const sv_node *node) {
  static const char *const layers[] = {"linear", "matmul", "conv",
                                       "conv_transpose", NULL};
  if (!is_one_of(node, layers) ||
      sv_head_input(c, node, SV_HEAD_WEIGHT)->kind != SV_VALUE_STATE)
    return -1;
  if (strcmp(name_of(node), "matmul") == 0)
    return sv_head_input(c, node, SV_HEAD_WEIGHT)->shape.rank - 1;
  if (strcmp(name_of(node), "linear") == 0)
    return ((const sv_linear_attrs *)node->attrs)->transpose_w ? 0 : 1;
  return strcmp(name_of(node), "conv") == 0 ? 0 : 1;
}

int64_t sv_head_groups(const sv_node *node) {
  double group = sv_attr_number(node, "group");
  return group > 1 ? (int64_t)group : 1;
}

static int64_t told_by(const sv_new_head *c, const sv_node *node) {
  const sv_shape *w = &sv_head_input(c, node, SV_HEAD_WEIGHT)->shape;
  bool up = strcmp(name_of(node), "conv_transpose") == 0;
  return w->dim[sv_head_outputs(c, node)] * (up ? sv_head_groups(node) : 1);
}

bool sv_head_enlarges(const sv_new_head *c, const sv_node *node) {
  return strcmp(name_of(node), "conv_transpose") == 0 &&
         sv_head_input(c, node, SV_HEAD_WEIGHT)->shape.dim[0] ==
             told_by(c, node);
}

static sv_status fail_end(const sv_new_head *c, const sv_node *node) {
  return sv_fail(SV_INVALID,
                 "network '%s' ends in '%s' (%s), not in a linear layer or "
                 "convolution that could be replaced for %lld classes",
                 c->graph->name, node->name, name_of(node), (long long)c->to);
}

static sv_status take_layer(sv_new_head *c, int at) {
  const sv_node *node = &c->graph->nodes[at];
  int64_t classes = told_by(c, node);
  if (!c->from) {
    c->from = classes;
    c->layer = at;
  }
  if (classes != c->from)
    return sv_fail(SV_INVALID,
                   "%s has %lld classes and %s %lld: one new classifier cannot "
                   "replace both",
                   c->graph->nodes[c->layer].name, (long long)c->from,
                   node->name, (long long)classes);
  c->tells[at] = true;
  return SV_OK;
}

static sv_status find_layers(sv_new_head *c, int value) {
  int at = c->graph->values[value].producer;
  if (at < 0)
    return sv_fail(SV_INVALID, "network '%s': no layer computes its scores",
                   c->graph->name);
  const sv_node *node = &c->graph->nodes[at];
  if (c->seen[at]) return SV_OK;
  c->seen[at] = true;
  bool layer = sv_head_outputs(c, node) >= 0;
  if (layer) SV_TRY(take_layer(c, at));
  if (layer && !sv_head_enlarges(c, node)) return SV_OK;
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
static sv_status find_in_losses(sv_new_head *c) {
  const sv_graph *g = c->graph;
  for (int i = 0; i < g->output_count; i++) {
    int at = g->values[g->outputs[i].value].producer;
    bool loss = g->outputs[i].is_loss && at >= 0;
    if (loss && strcmp(name_of(&g->nodes[at]), "cross_entropy") == 0)
      SV_TRY(find_layers(c, g->nodes[at].in[SV_HEAD_DATA]));
  }
  return SV_OK;
}

/* ---- The whole ---- */

static sv_status find_all(sv_new_head *c) {
  int scores;
  size_t nodes = (size_t)c->graph->node_count;
  SV_TRY(sv_alloc_array(&c->seen, nodes, sizeof *c->seen));
  SV_TRY(sv_alloc_array(&c->tells, nodes, sizeof *c->tells));
  size_t most = (size_t)c->graph->value_count; /* and new tensors */
  for (int i = 0; i < c->graph->node_count; i++)
    most += (size_t)c->graph->nodes[i].in_count;
  SV_TRY(sv_alloc_array(&c->sized, most, sizeof *c->sized));
  SV_TRY(sv_alloc_array(&c->ends, most, sizeof *c->ends));
  SV_TRY(sv_graph_answer(c->graph, &scores));
  SV_TRY(find_layers(c, scores));
  return find_in_losses(c);
}

static void release(sv_new_head *c) {
  sv_free(c->seen);
  sv_free(c->tells);
  sv_free(c->sized);
  sv_free(c->ends);
}

sv_status sv_head_find(const sv_graph *graph, const char **layer,
                       int64_t *classes) {
  sv_new_head c = {.graph = (sv_graph *)graph}; /* only read */
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
  sv_new_head c = {.to = classes};
  *fresh = NULL;
  SV_TRY(sv_graph_copy(changed, graph));
  c.graph = *changed;
  sv_status status = find_all(&c);
  if (status == SV_OK) status = sv_head_size(&c);
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
    if (slot >= 0)
      SV_TRY(sv_state_resize(model->state, slot, &value->shape));
    else
      SV_TRY(sv_state_add(model->state, value->name, value->role, value->dtype,
                          &value->shape, NULL, &slot));
  }
  const sv_init_options options = {
      .seed = seed, .network = init, .which = fresh, .read = sv_model_load};
  return sv_init_run(model->state, graph, &options);
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
