#include "task/head.h"

#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "graph/answer.h"
#include "op/attrs.h"
#include "op/registry.h"

sv_status sv_head_any_scores(sv_scores *scores, const sv_graph *graph,
                             const sv_state *state) {
  sv_score_kind said = SV_SCORES_UNKNOWN;
  if (sv_scores_find(scores, graph, state, said, NULL) == SV_OK &&
      scores->read != SV_SCORES_INDEPENDENT)
    return SV_OK;
  return sv_scores_find(scores, graph, state, SV_SCORES_LOGITS, NULL);
}

bool sv_head_has_loss(const sv_graph *graph) {
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i].is_loss) return true;
  return false;
}

bool sv_head_is_of_pixels(const sv_graph *graph) {
  int scores, input = sv_graph_data_input(graph);
  if (!input || sv_graph_answer(graph, &scores) != SV_OK) return false;
  const sv_shape *x = &graph->values[input].shape;
  const sv_shape *y = &graph->values[scores].shape;
  const sv_shape usual = sv_graph_sample(graph, input).shape;
  if (x->rank != 4 || y->rank != 4) return false;
  for (int d = 2; d < 4; d++)
    if (y->dim[d] != x->dim[d] && y->dim[d] != usual.dim[d]) return false;
  return y->dim[2] != 1 || y->dim[3] != 1;
}

static sv_status add_value(sv_graph *graph, const char *stem,
                           sv_value_kind kind, sv_role role, sv_dtype dtype,
                           const sv_shape *shape, int *id) {
  char *name;
  if (!sv_graph_find(graph, stem))
    return sv_graph_add_value(graph, stem, kind, role, dtype, shape, id);
  SV_TRY(sv_graph_fresh_name(graph, stem, &name));
  sv_status status =
      sv_graph_add_value(graph, name, kind, role, dtype, shape, id);
  sv_free(name);
  return status;
}

static sv_status add_cross_entropy(sv_graph *graph, const int in[2], int out,
                                   bool of_pixels) {
  const sv_entry *entry;
  SV_TRY(sv_registry_require(&entry, "cross_entropy"));
  void *attrs;
  SV_TRY(sv_alloc(&attrs, entry->op->attrs_size));
  sv_attrs_default(entry->op, attrs);
  char text[32];
  snprintf(text, sizeof text, "ignore_index=%d", SV_NO_CLASS);
  sv_status status = of_pixels ? sv_attrs_parse(entry->op, attrs, text) : SV_OK;
  if (status == SV_OK)
    status = sv_graph_add_node(graph, entry->op, graph->values[out].name, attrs,
                               in, 2, &out, 1);
  sv_free(attrs);
  return status;
}

/* N x C x 1 x 1 is still a row of scores; larger maps are a network without its
 * end. What is not known before the plan, as behind an image of any size, is
 * left to it. */
static sv_status check_row(const sv_graph *graph, int scores) {
  sv_shape shape = graph->values[scores].shape;
  const sv_shape *image = &graph->values[sv_graph_data_input(graph)].shape;
  bool maps = false;
  for (int d = 1; d < image->rank; d++)
    if (image->dim[d] < 0) return SV_OK;
  for (int d = 2; d < shape.rank; d++) maps = maps || shape.dim[d] > 1;
  if (!maps) return SV_OK;
  for (int d = 1; d < shape.rank; d++) shape.dim[d - 1] = shape.dim[d];
  shape.rank--;
  return sv_fail(SV_INVALID,
                 "network '%s' ends in maps of %s instead of N x classes: add "
                 "flatten and linear",
                 graph->name, sv_shape_text(&shape, (char[SV_SHAPE_TEXT]){0}));
}

/* The output of a new node that computes as `attrs` say from one value. */
static sv_status add_node(sv_graph *graph, const char *op, const char *text,
                          int *value) {
  const sv_entry *entry;
  void *attrs;
  int in = *value;
  const sv_value_info from = graph->values[in];
  SV_TRY(sv_registry_require(&entry, op));
  SV_TRY(sv_alloc(&attrs, entry->op->attrs_size + 1));
  sv_attrs_default(entry->op, attrs);
  sv_status status = sv_attrs_parse(entry->op, attrs, text);
  if (status == SV_OK)
    status = add_value(graph, op, SV_VALUE_NODE, SV_DATA, from.dtype,
                       &from.shape, value);
  if (status == SV_OK)
    status = sv_graph_add_node(graph, entry->op, graph->values[*value].name,
                               attrs, &in, 1, value, 1);
  sv_free(attrs);
  return status;
}

/* The value of which softmax makes the network's probabilities. */
static sv_status find_logits(sv_graph *graph, const sv_scores *scores,
                             int *value) {
  *value = scores->value;
  if (scores->read == SV_SCORES_INDEPENDENT)
    return sv_fail(SV_UNSUPPORTED,
                   "network '%s' ends in independent probabilities (sigmoid), "
                   "but the loss is the cross-entropy of one class per image: "
                   "end it in logits or softmax",
                   graph->name);
  if (scores->read != SV_SCORES_PROBABILITIES) return SV_OK;
  SV_TRY(add_node(graph, "clip", "min=1e-7", value));
  return add_node(graph, "log", "", value);
}

/* N x C x 1 x 1 as N x C, which has one label for an image. */
static sv_status flatten_row(sv_graph *graph, int *scores) {
  const sv_shape *shape = &graph->values[*scores].shape;
  bool row = shape->rank > 2;
  for (int d = 2; d < shape->rank; d++) row = row && shape->dim[d] == 1;
  return row ? add_node(graph, "flatten", "", scores) : SV_OK;
}

static sv_status attach(sv_graph *graph, const sv_scores *found,
                        bool of_pixels) {
  int scores, label, loss;
  if (!of_pixels) SV_TRY(check_row(graph, found->value));
  SV_TRY(find_logits(graph, found, &scores));
  if (!of_pixels) SV_TRY(flatten_row(graph, &scores));
  sv_shape batch = sv_shape_of(1, -1), scalar = sv_shape_of(0);
  int input = sv_graph_data_input(graph);
  const sv_shape *image = &graph->values[input].shape;
  if (input) batch.dim[0] = image->dim[0];
  if (input && of_pixels && image->rank == 4)
    batch = (sv_shape){3, {image->dim[0], image->dim[2], image->dim[3]}};
  SV_TRY(add_value(graph, "label", SV_VALUE_INPUT, SV_LABEL, SV_I64, &batch,
                   &label));
  SV_TRY(add_value(graph, "cross_entropy", SV_VALUE_NODE, SV_DATA,
                   graph->values[scores].dtype, &scalar, &loss));
  SV_TRY(add_cross_entropy(graph, (int[]){scores, label}, loss, of_pixels));
  return sv_graph_add_output(graph, "loss", loss, true, 1);
}

sv_status sv_head_attach(sv_graph **trained, const sv_graph *graph,
                         const sv_scores *scores, bool of_pixels) {
  SV_TRY(sv_graph_copy(trained, graph));
  sv_status status = attach(*trained, scores, of_pixels);
  if (status != SV_OK) {
    sv_graph_free(*trained);
    *trained = NULL;
  }
  return status;
}
