/* Sources of label smoothing: Szegedy et al., "Rethinking the Inception
 * Architecture for Computer Vision", CVPR 2016; of mixed labels: Zhang et al.,
 * "mixup: Beyond Empirical Risk Minimization", ICLR 2018. */
#include "task/loss.h"

#include <svertka/layers.h>

#include <string.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "op/registry.h"
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
  return node->op->effect == SV_EFFECT_CROSS_ENTROPY ? node : NULL;
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

/* ---- Mixed labels ---- */

/* The inputs of the graph that say how labels are mixed. */
typedef struct mix {
  int label, share; /* 0: not added yet */
} mix;

static sv_status add_mix_inputs(sv_graph *graph, const sv_node *node, mix *m) {
  const sv_value_info label = graph->values[node->in[LABEL]];
  const sv_shape scalar = sv_shape_of(0);
  if (m->label) return SV_OK;
  SV_TRY(sv_graph_add_value(graph, SV_MIX_SHARE, SV_VALUE_INPUT, SV_CONSTANT,
                            SV_F32, &scalar, &m->share));
  return sv_graph_add_value(graph, SV_MIX_LABEL, SV_VALUE_INPUT, SV_INDEX,
                            label.dtype, &label.shape, &m->label);
}

/* *out = the scalar output of a new node. */
static sv_status add_scalar(sv_graph *graph, const char *op, const void *attrs,
                            const int *in, int in_count, int *out) {
  const sv_entry *entry;
  const sv_shape scalar = sv_shape_of(0);
  char *name;
  SV_TRY(sv_registry_require(&entry, op));
  SV_TRY(sv_graph_fresh_name(graph, op, &name));
  sv_status status =
      sv_graph_add_value(graph, name, SV_VALUE_NODE, SV_DATA,
                         graph->values[in[0]].dtype, &scalar, out);
  if (status == SV_OK)
    status =
        sv_graph_add_node(graph, entry->op, name, attrs, in, in_count, out, 1);
  sv_free(name);
  return status;
}

/* loss = other + share (own - other), `other` being that of the other label. */
static sv_status mix_loss(sv_graph *graph, int output, mix *m) {
  int own = graph->outputs[output].value;
  const sv_node *node = cross_entropy_of(graph, &graph->outputs[output]);
  SV_TRY(add_mix_inputs(graph, node, m));
  node = cross_entropy_of(graph, &graph->outputs[output]);
  int in[WEIGHTS + 1] = {0}, count = node->in_count, other, part;
  memcpy(in, node->in, (size_t)count * sizeof *in);
  in[LABEL] = m->label;
  SV_TRY(add_scalar(graph, "cross_entropy", node->attrs, in, count, &other));
  SV_TRY(add_scalar(graph, "sub", NULL, (int[]){own, other}, 2, &part));
  SV_TRY(add_scalar(graph, "mul", NULL, (int[]){part, m->share}, 2, &part));
  return add_scalar(graph, "add", NULL, (int[]){other, part}, 2,
                    &graph->outputs[output].value);
}

/* ---- All of it ---- */

static sv_status adjust_node(sv_graph *graph, sv_node *node,
                             const sv_loss_change *c, int weights) {
  if (c->smoothing > 0) set_smoothing(node, c->smoothing);
  return c->weights ? set_weights(graph, node, weights, c->classes) : SV_OK;
}

static sv_status adjust(sv_graph *graph, sv_state *state,
                        const sv_loss_change *c) {
  int found = 0, weights = 0;
  mix m = {0};
  if (c->weights)
    SV_TRY(add_weights(graph, state, c->weights, c->classes, &weights));
  for (int i = 0; i < graph->output_count; i++) {
    sv_node *node = cross_entropy_of(graph, &graph->outputs[i]);
    if (!node) continue;
    found++;
    SV_TRY(adjust_node(graph, node, c, weights));
    if (c->mixed) SV_TRY(mix_loss(graph, i, &m));
  }
  if (found) return SV_OK;
  return sv_fail(
      SV_INVALID,
      "%s need a cross-entropy loss, which network '%s' does not have",
      c->mixed     ? "mixed labels"
      : c->weights ? "class weights"
                   : "smoothed labels",
      graph->name);
}

sv_status sv_loss_adjust(sv_graph **changed, const sv_graph *graph,
                         sv_state *state, const sv_loss_change *change) {
  *changed = NULL;
  if (change->smoothing == 0 && !change->weights && !change->mixed)
    return SV_OK;
  SV_TRY(sv_graph_copy(changed, graph));
  sv_status status = adjust(*changed, state, change);
  if (status == SV_OK) return SV_OK;
  sv_graph_free(*changed);
  *changed = NULL;
  return status;
}
