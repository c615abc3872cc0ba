/* Source of label smoothing: Szegedy et al., "Rethinking the Inception
 * Architecture for Computer Vision", CVPR 2016. */
#include "task/loss.h"

#include <svertka/layers.h>

#include <string.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "tensor/tensor.h"

static const char record[] = "svertka.train.class_weights";
enum { SCORES, LABEL, WEIGHTS };

/* The record of the state, and the value of the graph that reads it. */
static sv_status add_weights(sv_graph *graph, sv_state *state,
                             const float *weights, int classes, int *id) {
  sv_shape shape = sv_shape_of(1, classes);
  int slot = sv_state_find(state, record);
  if (slot < 0)
    SV_TRY(sv_state_add(state, record, SV_RECORD, SV_F32, &shape, NULL, &slot));
  sv_tensor *tensor = &state->slots[slot].tensor;
  if (tensor->dtype != SV_F32 || !sv_shape_equal(&tensor->shape, &shape))
    return sv_fail(SV_FORMAT, "'%s' is not of %d classes", record, classes);
  memcpy(tensor->data, weights, (size_t)classes * sizeof *weights);
  sv_state_touch(state);
  return sv_graph_add_value(graph, record, SV_VALUE_STATE, SV_CONSTANT, SV_F32,
                            &shape, id);
}

static void set_smoothing(sv_node *node, double smoothing) {
  const sv_attr *row = sv_attr_find(node->op, "smoothing");
  *(float *)((char *)node->attrs + row->offset) = (float)smoothing;
}

static sv_status make_room(sv_node *node) {
  int *in;
  if (node->in_count > WEIGHTS) return SV_OK;
  SV_TRY(sv_alloc_array(&in, WEIGHTS + 1, sizeof *in));
  memcpy(in, node->in, (size_t)node->in_count * sizeof *in);
  sv_free(node->in);
  node->in = in;
  node->in_count = WEIGHTS + 1;
  return SV_OK;
}

static sv_status set_weights(const sv_graph *graph, sv_node *node, int weights,
                             int classes) {
  const sv_shape *scores = &graph->values[node->in[SCORES]].shape;
  SV_TRY(make_room(node));
  if (node->in[WEIGHTS] && node->in[WEIGHTS] != weights)
    return sv_fail(SV_INVALID, "%s: already has class weights", node->name);
  if (scores->rank > 1 && scores->dim[1] > 0 && scores->dim[1] != classes)
    return sv_fail(SV_INVALID, "%s: has %lld classes, but the data have %d",
                   node->name, (long long)scores->dim[1], classes);
  node->in[WEIGHTS] = weights;
  return SV_OK;
}

/* The cross-entropy that a loss is; NULL: it is something else. */
static sv_node *cross_entropy_of(const sv_graph *graph,
                                 const sv_graph_output *output) {
  int producer = graph->values[output->value].producer;
  if (!output->is_loss || producer < 0) return NULL;
  sv_node *node = &graph->nodes[producer];
  return strcmp(node->op->name, "cross_entropy") == 0 ? node : NULL;
}

sv_status sv_loss_sum(double *loss, const sv_graph *graph, sv_plan *plan) {
  *loss = 0;
  for (int i = 0; i < graph->output_count; i++) {
    const sv_graph_output *output = &graph->outputs[i];
    sv_tensor value;
    if (!output->is_loss) continue;
    SV_TRY(sv_plan_value(plan, output->name, &value));
    *loss += output->weight * sv_tensor_get(&value, 0);
  }
  return SV_OK;
}

static sv_status adjust(sv_graph *graph, sv_state *state, double smoothing,
                        const float *weights, int classes) {
  int found = 0, id = 0;
  if (weights) SV_TRY(add_weights(graph, state, weights, classes, &id));
  for (int i = 0; i < graph->output_count; i++) {
    sv_node *node = cross_entropy_of(graph, &graph->outputs[i]);
    if (!node) continue;
    found++;
    if (smoothing > 0) set_smoothing(node, smoothing);
    if (weights) SV_TRY(set_weights(graph, node, id, classes));
  }
  if (found) return SV_OK;
  return sv_fail(
      SV_INVALID,
      "%s need a cross-entropy loss, which network '%s' does not have",
      weights ? "class weights" : "smoothed labels", graph->name);
}

sv_status sv_loss_adjust(sv_graph **changed, const sv_graph *graph,
                         sv_state *state, double smoothing,
                         const float *weights, int classes) {
  *changed = NULL;
  if (smoothing == 0 && !weights) return SV_OK;
  SV_TRY(sv_graph_copy(changed, graph));
  sv_status status = adjust(*changed, state, smoothing, weights, classes);
  if (status == SV_OK) return SV_OK;
  sv_graph_free(*changed);
  *changed = NULL;
  return status;
}
