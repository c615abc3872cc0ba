/* Pixels in, probabilities out. */
#include <svertka/classify.h>

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "data/preprocess.h"
#include "graph/answer.h"
#include "graph/graph.h"
#include "graph/model.h"
#include "task/scores.h"
#include "tensor/tensor.h"

struct sv_classifier {
  sv_plan *plan;
  sv_preprocess preprocess; /* with a name for every class */
  sv_tensor image;          /* the plan's input, 1 x C x H x W */
  float *pixels;            /* of one */
  char *output;             /* its value's name */
  float *probabilities;
  int64_t channels; /* scores in a row of the output */
  int classes;
  sv_score_kind kind; /* of the output */
};

/* ---- What the model has to be ---- */

static sv_status find_output(sv_classifier *c, const sv_model *model) {
  const sv_graph *graph = sv_model_graph(model);
  const sv_preprocess *p = &c->preprocess;
  sv_ints image = sv_preprocess_sizes(p);
  sv_scores scores;
  SV_TRY(
      sv_scores_find(&scores, graph, sv_model_state(model), p->scores, &image));
  c->kind = scores.kind;
  if (!c->kind) return sv_scores_refuse(graph, scores.output);
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i].value == scores.output)
      return sv_copy_text(&c->output, graph->outputs[i].name);
  return SV_OK;
}

static sv_status compile(sv_classifier *c, const sv_model *model,
                         const sv_value_info *input, int threads) {
  const sv_preprocess *p = &c->preprocess;
  /* A batch that the network fixes is the same image over and over. */
  bool fixed = input->shape.rank > 0 && input->shape.dim[0] > 0;
  sv_shape size = sv_preprocess_shape(p, fixed ? input->shape.dim[0] : 1);
  sv_input_shape free_size = {input->name, size};
  sv_plan_options options = sv_plan_default();
  if (input->shape.rank != 4)
    return sv_fail(SV_INVALID, "input '%s' has %d dimensions, expected N C H W",
                   input->name, input->shape.rank);
  options.threads = threads;
  for (int d = 1; d < 4; d++)
    if (input->shape.dim[d] < 0) options.shapes = &free_size;
  options.shape_count = options.shapes != NULL;
  SV_TRY(sv_plan_new(&c->plan, sv_model_graph(model), sv_model_state(model),
                     &options));
  SV_TRY(sv_plan_input(c->plan, input->name, &c->image));
  char wanted[SV_SHAPE_TEXT], found[SV_SHAPE_TEXT];
  if (sv_shape_equal(&c->image.shape, &size) &&
      (c->image.dtype == SV_F32 || c->image.dtype == SV_U8))
    return sv_alloc_array(&c->pixels, (size_t)sv_shape_count(&size),
                          sizeof *c->pixels);
  return sv_fail(SV_INVALID,
                 "input '%s' is %s of %s, but the metadata say %s of f32",
                 input->name, sv_shape_text(&c->image.shape, found),
                 sv_dtype_name(c->image.dtype), sv_shape_text(&size, wanted));
}

static sv_status count_classes(sv_classifier *c) {
  sv_tensor output;
  SV_TRY(sv_plan_value(c->plan, c->output, &output));
  int64_t count = sv_shape_count(&output.shape);
  int64_t rows = c->image.shape.dim[0];
  bool row = output.shape.rank > 0 && output.shape.dim[0] == rows;
  if (row) count /= rows;
  int longer = 0; /* dimensions of more than one, as in 1 x 10 x 1 x 1 */
  for (int d = 1; d < output.shape.rank; d++) longer += output.shape.dim[d] > 1;
  if (!row || longer > 1 || count < 1 || count > INT32_MAX ||
      output.dtype != SV_F32)
    return sv_fail(SV_INVALID, "output '%s' is %s, expected N x classes",
                   c->output,
                   sv_shape_text(&output.shape, (char[SV_SHAPE_TEXT]){0}));
  c->channels = count;
  count = sv_scores_classes(c->kind, count);
  c->classes = (int)count;
  if (count == 1)
    return sv_fail(SV_INVALID,
                   "output '%s' is a single value per image, expected one "
                   "value per class, or a single probability with --scores "
                   "independent (" SV_SCORES_KEY ")",
                   c->output);
  return sv_alloc_array(&c->probabilities, (size_t)count, sizeof(float));
}

/* Classes without names are called by their numbers. */
static sv_status name_classes(sv_classifier *c) {
  sv_preprocess *p = &c->preprocess;
  if (p->classes && p->classes != c->classes)
    return sv_fail(
        SV_INVALID,
        "output '%s' has %d classes, but svertka.labels has %d names",
        c->output, c->classes, p->classes);
  if (p->classes) return SV_OK;
  SV_TRY(sv_alloc_array(&p->names, (size_t)c->classes, sizeof *p->names));
  for (; p->classes < c->classes; p->classes++) {
    char number[16];
    snprintf(number, sizeof number, "%d", p->classes);
    SV_TRY(sv_copy_text(&p->names[p->classes], number));
  }
  return SV_OK;
}

static sv_status make(sv_classifier *c, const sv_model *model, int threads) {
  const sv_graph *graph = sv_model_graph(model);
  SV_TRY(sv_preprocess_load(&c->preprocess, model));
  int input = sv_graph_data_input(graph);
  if (!input)
    return sv_fail(SV_INVALID,
                   "the model '%s' does not have exactly one image input",
                   sv_graph_name(graph));
  SV_TRY(find_output(c, model));
  SV_TRY(sv_model_check_learned(model));
  SV_TRY(compile(c, model, &graph->values[input], threads));
  SV_TRY(count_classes(c));
  return name_classes(c);
}

sv_status sv_classifier_new(sv_classifier **classifier, const sv_model *model,
                            int threads) {
  *classifier = NULL;
  sv_classifier *c;
  SV_TRY(sv_alloc(&c, sizeof *c));
  c->preprocess = sv_preprocess_default();
  sv_status status = make(c, model, threads);
  if (status != SV_OK) {
    sv_classifier_free(c);
    return status;
  }
  *classifier = c;
  return SV_OK;
}

void sv_classifier_free(sv_classifier *classifier) {
  if (!classifier) return;
  sv_plan_free(classifier->plan);
  sv_preprocess_free(&classifier->preprocess);
  sv_free(classifier->output);
  sv_free(classifier->probabilities);
  sv_free(classifier->pixels);
  sv_free(classifier);
}

int sv_classifier_classes(const sv_classifier *classifier) {
  return classifier->classes;
}

sv_score_kind sv_classifier_scores(const sv_classifier *classifier) {
  return classifier->kind;
}

const char *sv_classifier_label(const sv_classifier *classifier, int i) {
  if (i < 0 || i >= classifier->classes) return NULL;
  return classifier->preprocess.names[i];
}

const sv_preprocess *sv_classifier_preprocess(const sv_classifier *classifier) {
  return &classifier->preprocess;
}

/* ---- One image ---- */

sv_status sv_classify_image(sv_classifier *classifier, const sv_image *image,
                            const float **probabilities) {
  sv_classifier *c = classifier;
  int64_t count = sv_shape_count(&c->image.shape) / c->image.shape.dim[0];
  SV_TRY(sv_preprocess_pixels(&c->preprocess, image, c->pixels));
  sv_preprocess_give(&c->image, c->pixels, count);
  sv_tensor_repeat_row(&c->image);
  SV_TRY(sv_plan_forward(c->plan));
  sv_tensor output;
  SV_TRY(sv_plan_check_numbers(c->plan, c->output));
  SV_TRY(sv_plan_value(c->plan, c->output, &output));
  SV_TRY(sv_scores_probabilities(c->probabilities, output.data, c->channels, 1,
                                 c->kind));
  for (int i = 0; i < c->classes; i++)
    if (!isfinite(c->probabilities[i]))
      return sv_fail(SV_NUMERIC, "the probability of '%s' is NaN",
                     c->preprocess.names[i]);
  *probabilities = c->probabilities;
  return SV_OK;
}

sv_status sv_classify_pixels(sv_classifier *classifier, const uint8_t *pixels,
                             int width, int height, int channels,
                             ptrdiff_t row_stride,
                             const float **probabilities) {
  sv_image image = {.width = width,
                    .height = height,
                    .channels = channels,
                    .stride = row_stride,
                    .pixels = pixels};
  return sv_classify_image(classifier, &image, probabilities);
}

/* Each time the most probable one that comes after the last: less probable, or
 * equally so and of a higher index. */
void sv_classifier_top(const sv_classifier *classifier, int k, int *top) {
  const float *p = classifier->probabilities;
  for (int n = 0; n < k; n++) {
    int last = n ? top[n - 1] : -1, best = -1;
    for (int i = 0; i < classifier->classes; i++) {
      bool after = last < 0 || p[i] < p[last] || (p[i] == p[last] && i > last);
      if (after && (best < 0 || p[i] > p[best])) best = i;
    }
    top[n] = best;
  }
}
