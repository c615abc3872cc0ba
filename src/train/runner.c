#include "train/runner.h"

#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "data/preprocess.h"
#include "plan/plan.h"
#include "task/loss.h"
#include "tensor/tensor.h"

static sv_input_shape shape_of(const sv_runner *r, const char *name,
                               int64_t batch) {
  const sv_preprocess *p = r->preprocess;
  sv_input_shape given = {name, sv_shape_of(1, (int)batch)};
  if (strcmp(name, r->input) == 0)
    given.shape = sv_preprocess_shape(p, batch);
  else if (r->of_pixels)
    given.shape = sv_shape_of(3, (int)batch, p->height, p->width);
  return given;
}

static sv_status compile(const sv_runner *r, int64_t batch, sv_plan **plan) {
  sv_plan_options options = r->options;
  bool train = options.mode == SV_TRAIN;
  sv_input_shape shapes[3] = {shape_of(r, r->input, batch)};
  if (train) shapes[1] = shape_of(r, r->label, batch);
  if (train && r->mixed) shapes[2] = shape_of(r, SV_MIX_LABEL, batch);
  options.batch = batch;
  options.shapes = shapes;
  options.shape_count = 1 + train + (train && r->mixed);
  options.keep = r->keep;
  return sv_plan_new(plan, r->graph, r->state, &options);
}

static sv_status name_values(sv_runner *r) {
  const sv_graph *g = r->graph;
  const sv_preprocess *p = r->preprocess;
  const sv_ints image = sv_preprocess_sizes(p);
  sv_scores scores;
  int input = sv_graph_data_input(g), label = sv_graph_label_input(g);
  sv_dtype type = g->values[input].dtype;
  if (!input || (type != SV_F32 && type != SV_U8) ||
      g->values[input].shape.rank != 4)
    return sv_fail(SV_INVALID,
                   "network '%s' does not have exactly one f32 or u8 input of "
                   "N x C x H x W",
                   g->name);
  if (!label && r->options.mode == SV_TRAIN)
    return sv_fail(SV_INVALID,
                   "network '%s' does not have exactly one input of labels",
                   g->name);
  SV_TRY(sv_scores_find(&scores, g, r->state, p->scores, &image));
  r->input = g->values[input].name;
  r->label = label ? g->values[label].name : NULL;
  r->mixed = sv_graph_find(g, SV_MIX_LABEL) != 0;
  r->of_pixels = label && g->values[label].shape.rank == 3;
  r->scores = g->values[scores.value].name;
  r->read = scores.read;
  return SV_OK;
}

static sv_status list_kept(sv_runner *r) {
  int count = r->options.keep_count;
  SV_TRY(sv_alloc_array(&r->keep, (size_t)count + 1, sizeof *r->keep));
  for (int i = 0; i < count; i++) r->keep[i] = r->options.keep[i];
  r->keep[count] = r->scores;
  r->options.keep_count++;
  return SV_OK;
}

int64_t sv_runner_fixed(const sv_graph *graph) {
  const sv_value_info *input = &graph->values[sv_graph_data_input(graph)];
  bool fixed = input->name && input->shape.rank > 0 && input->shape.dim[0] > 0;
  return fixed ? input->shape.dim[0] : 0;
}

static sv_status start(sv_runner *r) {
  SV_TRY(sv_graph_check(r->graph));
  SV_TRY(name_values(r));
  r->fixed = sv_runner_fixed(r->graph);
  if (r->fixed) r->options.batch = r->fixed;
  SV_TRY(list_kept(r));
  return compile(r, r->options.batch, &r->plans[0]);
}

sv_status sv_runner_new(sv_runner *runner, const sv_graph *graph,
                        sv_state *state, const sv_preprocess *preprocess,
                        const sv_plan_options *options) {
  *runner = (sv_runner){.graph = graph,
                        .state = state,
                        .preprocess = preprocess,
                        .options = *options};
  sv_status status = start(runner);
  if (status != SV_OK) sv_runner_free(runner);
  return status;
}

void sv_runner_free(sv_runner *runner) {
  sv_plan_free(runner->plans[0]);
  sv_plan_free(runner->plans[1]);
  sv_free(runner->keep);
  sv_free(runner->rows);
  *runner = (sv_runner){0};
}

static bool fills_up(const sv_runner *r, int64_t count) {
  return r->fixed && r->options.mode == SV_INFER && count < r->fixed;
}

static sv_status plan_for(sv_runner *r, int64_t count, sv_plan **plan) {
  if (r->fixed && count > r->fixed)
    return sv_fail(
        SV_INVALID,
        "a batch of %lld, but network '%s' has a fixed batch of %lld",
        (long long)count, r->graph->name, (long long)r->fixed);
  if (fills_up(r, count)) count = r->fixed;
  int at = count != r->options.batch;
  if (r->used && r->used == r->plans[!at]) sv_plan_idle(r->used);
  *plan = r->used = r->plans[at];
  if (count == r->options.batch || (*plan && count == r->other)) return SV_OK;
  sv_plan_free(*plan);
  r->plans[1] = r->used = NULL;
  r->other = count;
  SV_TRY(compile(r, count, &r->plans[1]));
  r->used = *plan = r->plans[1];
  return SV_OK;
}

void sv_runner_idle(sv_runner *r) {
  if (r->used) sv_plan_idle(r->used);
  r->used = NULL;
}

sv_status sv_runner_expect(sv_runner *r, int64_t count) {
  sv_plan *plan = NULL;
  SV_TRY(plan_for(r, count, &plan));
  sv_plan_idle(plan);
  return SV_OK;
}

/* Missing rows are filled with the batch's first one. */
static sv_status copy_pixels(sv_plan *plan, const char *name,
                             const float *pixels, int64_t count) {
  sv_tensor x;
  SV_TRY(sv_plan_input(plan, name, &x));
  int64_t rows = x.shape.dim[0];
  size_t row = x.layout.bytes / (size_t)rows;
  sv_preprocess_give(&x, pixels, sv_shape_count(&x.shape) / rows * count);
  for (int64_t i = count; i < rows; i++)
    memcpy((char *)x.data + (size_t)i * row, x.data, row);
  return SV_OK;
}

static sv_status copy_labels(sv_plan *plan, const char *name,
                             const void *labels) {
  sv_tensor view;
  SV_TRY(sv_plan_input(plan, name, &view));
  memcpy(view.data, labels, view.layout.bytes);
  return SV_OK;
}

/* A batch without mixing repeats its own labels. */
static sv_status copy_mix(sv_plan *plan, const sv_batch *batch) {
  sv_tensor share;
  SV_TRY(copy_labels(plan, SV_MIX_LABEL,
                     batch->others ? batch->others : batch->labels));
  SV_TRY(sv_plan_input(plan, SV_MIX_SHARE, &share));
  sv_tensor_set(&share, 0, batch->others ? (double)batch->share : 1);
  return SV_OK;
}

void sv_runner_trim(const sv_runner *r, int64_t count, sv_tensor *value) {
  sv_shape *shape = &value->shape;
  if (fills_up(r, count) && shape->rank > 0 && shape->dim[0] == r->fixed)
    shape->dim[0] = count;
}

/* N x classes, with any number of dimensions of 1 behind, or a row of scores
 * for each pixel of the input. */
static sv_status check_scores(const sv_runner *r, const sv_tensor *scores,
                              int64_t rows) {
  const sv_shape *shape = &scores->shape;
  const sv_preprocess *p = r->preprocess;
  bool row = shape->rank >= 2 && shape->dim[0] == rows;
  for (int d = 2; row && d < shape->rank; d++) row = shape->dim[d] == 1;
  bool pixels = shape->rank == 4 && shape->dim[0] == rows &&
                shape->dim[2] == p->height && shape->dim[3] == p->width;
  if (scores->dtype == SV_F32 && (row || pixels) && shape->dim[1] > 0 &&
      shape->dim[1] < INT_MAX)
    return SV_OK;
  return sv_fail(SV_INVALID,
                 "network '%s' ends in %s, %s of %s for %lld images; expected "
                 "class scores per image or for each of %d x %d pixels",
                 r->graph->name, r->scores, sv_dtype_name(scores->dtype),
                 sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}),
                 (long long)rows, p->height, p->width);
}

/* Replaces other scores by logits. */
static sv_status make_logits(sv_runner *r, sv_tensor *scores) {
  sv_shape *shape = &scores->shape;
  int64_t channels = shape->dim[1], places = 1;
  int64_t classes = sv_scores_classes(r->read, channels);
  if (r->read == SV_SCORES_LOGITS) return SV_OK;
  for (int d = 2; d < shape->rank; d++) places *= shape->dim[d];
  size_t count = (size_t)(shape->dim[0] * classes * places);
  if (count > r->room) {
    sv_free(r->rows);
    r->room = 0;
    SV_TRY(sv_alloc_array(&r->rows, count, sizeof *r->rows));
    r->room = count;
  }
  for (int64_t i = 0; i < shape->dim[0]; i++)
    SV_TRY(sv_scores_logits(r->rows + i * classes * places,
                            (float *)scores->data + i * channels * places,
                            channels, places, r->read));
  shape->dim[1] = classes;
  scores->data = r->rows;
  return SV_OK;
}

sv_status sv_runner_forward(sv_runner *r, const sv_batch *batch, int64_t step,
                            sv_plan **plan, sv_tensor *scores) {
  SV_TRY(plan_for(r, batch->count, plan));
  SV_TRY(copy_pixels(*plan, r->input, batch->pixels, batch->count));
  if (r->options.mode == SV_TRAIN)
    SV_TRY(copy_labels(*plan, r->label, batch->labels));
  if (r->options.mode == SV_TRAIN && r->mixed) SV_TRY(copy_mix(*plan, batch));
  sv_plan_set_step(*plan, (uint64_t)step);
  SV_TRY(sv_plan_forward(*plan));
  SV_TRY(sv_plan_value(*plan, r->scores, scores));
  sv_runner_trim(r, batch->count, scores);
  SV_TRY(check_scores(r, scores, batch->count));
  return make_logits(r, scores);
}

bool sv_runner_is_independent(const sv_runner *r) {
  sv_tensor scores;
  return r->read == SV_SCORES_INDEPENDENT &&
         sv_plan_value(r->plans[0], r->scores, &scores) == SV_OK &&
         scores.shape.rank > 1 && scores.shape.dim[1] > 1;
}

sv_status sv_runner_classes(const sv_runner *r, int *classes) {
  sv_tensor scores;
  SV_TRY(sv_plan_value(r->plans[0], r->scores, &scores));
  SV_TRY(check_scores(r, &scores, r->options.batch));
  *classes = (int)sv_scores_classes(r->read, scores.shape.dim[1]);
  return SV_OK;
}

sv_status sv_runner_check_data(const sv_runner *r, const sv_dataset *dataset) {
  sv_tensor scores;
  SV_TRY(sv_plan_value(r->plans[0], r->scores, &scores));
  SV_TRY(check_scores(r, &scores, r->options.batch));
  bool masks = sv_dataset_has_masks(dataset);
  if ((scores.shape.rank == 4 &&
       scores.shape.dim[2] * scores.shape.dim[3] > 1) == masks)
    return SV_OK;
  return sv_fail(SV_INVALID,
                 masks ? "network '%s' classifies images, but %s is for "
                         "semantic segmentation, as are fcn and unet"
                       : "network '%s' is for semantic segmentation, but %s "
                         "has one class per image",
                 r->graph->name, sv_dataset_name(dataset));
}

sv_status sv_runner_loss(const sv_runner *r, sv_plan *plan, double *loss) {
  return sv_loss_sum(loss, r->graph, plan);
}
