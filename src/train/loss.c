/* Sources: Szegedy et al., "Rethinking the Inception Architecture for Computer
 * Vision", CVPR 2016 (smoothing); King, Zeng, "Logistic Regression in Rare
 * Events Data", Political Analysis 9, 2001 (weights by inverse frequency). */
#include "train/loss.h"

#include <svertka/layers.h>

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "ops/attrs.h"
#include "tensor/tensor.h"

/* ---- Class weights ---- */

static double no_weight(double count) {
  (void)count;
  return 1;
}

static double inverse(double count) { return 1 / count; }

static double inverse_root(double count) { return 1 / sqrt(count); }

static const struct rule {
  const char *name;
  double (*weight)(double count);
} rules[] = {{"off", no_weight}, {"sqrt", inverse_root}, {"inverse", inverse}};

static sv_status find_rule(const struct rule **rule, const char *name) {
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    *rule = &rules[i];
    if (strcmp(name, (*rule)->name) == 0) return SV_OK;
  }
  return sv_fail(SV_INVALID,
                 "class weights '%s', expected off, sqrt or inverse", name);
}

/* Of each class the samples, or their pixels. */
static sv_status count_labels(int64_t *counts, const sv_dataset *dataset,
                              const sv_samples *samples) {
  for (int64_t i = 0; i < samples->count; i++) {
    sv_image mask;
    if (!sv_dataset_has_masks(dataset)) {
      counts[sv_dataset_label(dataset, samples->at[i])]++;
      continue;
    }
    SV_TRY(sv_dataset_mask(dataset, samples->at[i], &mask));
    for (int k = 0; k < mask.width * mask.height; k++)
      if (mask.pixels[k] != SV_NO_CLASS) counts[mask.pixels[k]]++;
    sv_image_free(&mask);
  }
  return SV_OK;
}

sv_status sv_class_weights(float *weights, int classes, const char *name,
                           const sv_dataset *dataset,
                           const sv_samples *samples) {
  const struct rule *rule;
  int64_t *counts;
  double sum = 0, all = 0;
  SV_TRY(find_rule(&rule, name));
  SV_TRY(sv_alloc_array(&counts, (size_t)classes, sizeof *counts));
  /* Masks are files: they are not read for nothing. */
  bool wanted = rule->weight != no_weight || !sv_dataset_has_masks(dataset);
  sv_status status = wanted ? count_labels(counts, dataset, samples) : SV_OK;
  for (int c = 0; c < classes; c++) {
    all += (double)counts[c];
    if (counts[c]) sum += (double)counts[c] * rule->weight((double)counts[c]);
  }
  for (int c = 0; c < classes; c++) {
    double weight = counts[c] ? rule->weight((double)counts[c]) : 0;
    weights[c] = (float)(weight * all / sum);
  }
  sv_free(counts);
  return status;
}

/* ---- The graph ---- */

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
