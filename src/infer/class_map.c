/* A picture in, a map of classes out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <svertka/classify.h>

#include "base/memory.h"
#include "data/image.h"
#include "data/preprocess.h"
#include "graph/analysis.h"
#include "graph/answer.h"
#include "graph/model.h"
#include "rewrite/channels_first.h"
#include "task/classes_first.h"
#include "task/scores.h"
#include "tensor/tensor.h"

sv_class_map_options sv_class_map_default(void) {
  return (sv_class_map_options){.scale = 1};
}

typedef struct slider {
  const sv_model *model; /* that is run */
  sv_model *own;         /* the same, if it had to be made */
  sv_model *first;       /* the given one, if its classes come last */
  sv_model *turned;      /* that one, if its channels come last */
  const sv_class_map_options *options;
  const sv_image *image;
  sv_preprocess p;
  sv_scores scores; /* of the model that was given */
  sv_class_map *map;
} slider;

/* ---- The network ---- */

static const sv_value_info *input_of(const sv_model *model) {
  return &model->graph->values[sv_graph_data_input(model->graph)];
}

static sv_ints size_of(const sv_preprocess *p) {
  return (sv_ints){3, {p->channels, p->height, p->width}};
}

/* A row of classes slides, maps of them are taken as they are. */
static sv_status choose_model(slider *s) {
  sv_analysis a;
  sv_ints size = size_of(&s->p);
  if (input_of(s->model)->shape.rank != 4)
    return sv_fail(SV_INVALID,
                   "the model '%s' does not have exactly one input of N C H W",
                   s->model->graph->name);
  if (s->p.layout == SV_IMAGE_NHWC) {
    SV_TRY(sv_model_channels_first(&s->turned, s->model, &size));
    s->model = s->turned;
    s->p.layout = SV_IMAGE_NCHW;
  }
  SV_TRY(sv_analyse(&a, s->model->graph, s->model->state, 1, &size, false));
  sv_shape end = a.layers[a.count - 1].output;
  sv_analysis_clear(&a);
  bool map = end.rank == 4 && (end.dim[2] > 1 || end.dim[3] > 1);
  bool free_size = input_of(s->model)->shape.dim[2] < 0;
  if (map || (end.rank == 4 && free_size)) return SV_OK;
  SV_TRY(sv_model_convolve(&s->own, s->model, &size));
  s->model = s->own;
  return SV_OK;
}

/* The picture's own size, where the network takes any. */
static sv_status choose_size(slider *s) {
  const sv_shape *declared = &input_of(s->model)->shape;
  const sv_image *image = s->image;
  double height = image->height * s->options->scale;
  double width = image->width * s->options->scale;
  if (s->p.pixels)
    return sv_fail(SV_INVALID,
                   "the model was trained on permuted pixels: it cannot slide "
                   "over an image");
  if (declared->dim[2] >= 0 && declared->dim[3] >= 0) return SV_OK;
  if (!(height >= 1 && width >= 1 && height <= SV_IMAGE_SIDE &&
        width <= SV_IMAGE_SIDE))
    return sv_fail(
        SV_INVALID,
        "an image of %dx%d scaled by %g does not have sides of 1 to %d pixels",
        image->width, image->height, s->options->scale, SV_IMAGE_SIDE);
  if (s->own && (height < s->p.height - s->p.pad_top - s->p.pad_bottom ||
                 width < s->p.width - s->p.pad_left - s->p.pad_right))
    return sv_fail(
        SV_INVALID,
        "the image is %.0fx%.0f, smaller than the network's window of %dx%d",
        width, height, s->p.width, s->p.height);
  /* What was padded for training may be short of a window. */
  int high = (int)lround(height), wide = (int)lround(width);
  s->p.pad_top = s->p.pad_bottom =
      high < s->p.height ? (s->p.height - high + 1) / 2 : 0;
  s->p.pad_left = s->p.pad_right =
      wide < s->p.width ? (s->p.width - wide + 1) / 2 : 0;
  s->p.height = high + 2 * s->p.pad_top;
  s->p.width = wide + 2 * s->p.pad_left;
  s->p.resize = SV_RESIZE_STRETCH;
  return SV_OK;
}

/* ---- Where its positions lie ---- */

static sv_status measure(slider *s) {
  sv_analysis a;
  sv_class_map *map = s->map;
  const sv_preprocess *p = &s->p;
  sv_ints size = size_of(p);
  SV_TRY(sv_analyse(&a, s->model->graph, s->model->state, 1, &size, false));
  const sv_field *field = &a.layers[a.count - 1].field;
  const int input[] = {p->height, p->width}, pad[] = {p->pad_top, p->pad_left};
  const int count[] = {map->height, map->width};
  const double larger[] = {
      (double)s->image->height / (p->height - p->pad_top - p->pad_bottom),
      (double)s->image->width / (p->width - p->pad_left - p->pad_right)};
  for (int d = 0; d < 2; d++) {
    const sv_receptive *axis = &field->axis[d];
    /* Of enlarged maps: positions in equal steps over the input. */
    double stride = (double)input[d] / count[d];
    double centre = (stride - 1) / 2, window = input[d];
    if (!field->whole && axis->per == 1) {
      stride = (double)axis->step;
      centre = sv_receptive_centre(axis);
      window = (double)axis->size;
    }
    map->stride[d] = stride * larger[d];
    map->first[d] = (centre - pad[d] + 0.5) * larger[d] - 0.5;
    map->window[d] = window * larger[d];
  }
  sv_analysis_clear(&a);
  return SV_OK;
}

static sv_status name_classes(slider *s) {
  sv_class_map *map = s->map;
  const sv_preprocess *p = &s->p;
  if (p->classes && p->classes != map->classes)
    return sv_fail(
        SV_INVALID,
        "svertka.labels has %d names, but the network has %d classes",
        p->classes, map->classes);
  SV_TRY(sv_alloc_array(&map->names, (size_t)map->classes, sizeof *map->names));
  for (int i = 0; i < map->classes; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    SV_TRY(sv_copy_text(&map->names[i], p->classes ? p->names[i] : number));
  }
  return SV_OK;
}

/* ---- A run ---- */

static sv_status take_output(slider *s, sv_plan *plan,
                             const sv_graph_output *output) {
  sv_class_map *map = s->map;
  sv_tensor y;
  SV_TRY(sv_plan_check_numbers(plan, output->name));
  SV_TRY(sv_plan_value(plan, output->name, &y));
  const sv_shape *shape = &y.shape;
  if (shape->rank != 4 || shape->dim[1] < 1 || shape->dim[1] > INT32_MAX ||
      y.dtype != SV_F32)
    return sv_fail(SV_INVALID, "output '%s' is %s, expected maps of classes",
                   output->name,
                   sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}));
  map->classes = (int)sv_scores_classes(s->scores.kind, shape->dim[1]);
  map->height = (int)shape->dim[2];
  map->width = (int)shape->dim[3];
  if (map->classes == 1)
    return sv_fail(SV_INVALID,
                   "output '%s' is a single value per position, expected one "
                   "value per class, or a single probability with --scores "
                   "independent (" SV_SCORES_KEY ")",
                   output->name);
  int64_t places = (int64_t)map->height * map->width;
  size_t count = (size_t)map->classes * (size_t)places;
  SV_TRY(sv_alloc_array(&map->probabilities, count, sizeof(float)));
  SV_TRY(sv_scores_probabilities(map->probabilities, y.data, shape->dim[1],
                                 places, s->scores.kind));
  for (size_t i = 0; i < count; i++)
    if (!isfinite(map->probabilities[i]))
      return sv_fail(SV_NUMERIC, "a probability is NaN");
  return SV_OK;
}

static sv_status run_plan(slider *s, sv_plan *plan) {
  const sv_graph *g = s->model->graph;
  sv_tensor x;
  SV_TRY(sv_plan_input(plan, input_of(s->model)->name, &x));
  int64_t count = sv_shape_count(&x.shape) / x.shape.dim[0];
  float *pixels;
  SV_TRY(sv_alloc_array(&pixels, (size_t)count, sizeof *pixels));
  sv_status status = sv_preprocess_pixels(&s->p, s->image, pixels);
  if (status == SV_OK) sv_preprocess_give(&x, pixels, count);
  sv_free(pixels);
  SV_TRY(status);
  sv_tensor_repeat_row(&x);
  SV_TRY(sv_plan_forward(plan));
  int answer;
  SV_TRY(sv_graph_answer(g, &answer));
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].value == answer)
      return take_output(s, plan, &g->outputs[i]);
  return sv_fail(SV_INVALID, "the model '%s' has no output", g->name);
}

static sv_status run(slider *s) {
  sv_plan *plan;
  sv_plan_options options = sv_plan_default();
  const sv_value_info *input = input_of(s->model);
  int64_t batch = input->shape.dim[0] > 0 ? input->shape.dim[0] : 1;
  sv_input_shape shape = {input->name, sv_preprocess_shape(&s->p, batch)};
  options.shapes = &shape;
  options.shape_count = 1;
  options.threads = s->options->threads;
  options.backend = s->options->backend;
  SV_TRY(sv_plan_new(&plan, s->model->graph, s->model->state, &options));
  sv_status status = run_plan(s, plan);
  sv_plan_free(plan);
  return status;
}

static sv_status find_scores(slider *s) {
  const sv_ints size = sv_preprocess_sizes(&s->p);
  const sv_graph *graph = s->model->graph;
  SV_TRY(
      sv_scores_find(&s->scores, graph, s->model->state, s->p.scores, &size));
  return s->scores.kind ? SV_OK : sv_scores_refuse(graph, s->scores.output);
}

static sv_status classify(slider *s) {
  SV_TRY(sv_image_check(s->image));
  SV_TRY(sv_preprocess_load(&s->p, s->model));
  SV_TRY(sv_model_classes_first(&s->first, s->model));
  if (s->first) s->model = s->first;
  SV_TRY(find_scores(s));
  SV_TRY(sv_model_check_learned(s->model));
  SV_TRY(choose_model(s));
  SV_TRY(choose_size(s));
  SV_TRY(run(s));
  SV_TRY(measure(s));
  return name_classes(s);
}

sv_status sv_classify_map(sv_class_map *map, const sv_model *model,
                          const sv_image *image,
                          const sv_class_map_options *options) {
  const sv_class_map_options usual = sv_class_map_default();
  slider s = {.model = model,
              .image = image,
              .options = options ? options : &usual,
              .p = sv_preprocess_default(),
              .map = map};
  *map = (sv_class_map){0};
  sv_status status = classify(&s);
  if (status != SV_OK) sv_class_map_free(map);
  sv_preprocess_free(&s.p);
  sv_model_free(s.own);
  sv_model_free(s.turned);
  sv_model_free(s.first);
  return status;
}

void sv_class_map_free(sv_class_map *map) {
  for (int i = 0; map->names && i < map->classes; i++) sv_free(map->names[i]);
  sv_free(map->names);
  sv_free(map->probabilities);
  *map = (sv_class_map){0};
}

/* ---- What it says ---- */

float sv_class_map_at(const sv_class_map *map, int c, int y, int x) {
  return map->probabilities[((int64_t)c * map->height + y) * map->width + x];
}

int sv_class_map_best(const sv_class_map *map, int y, int x) {
  int best = 0;
  for (int c = 1; c < map->classes; c++)
    if (sv_class_map_at(map, c, y, x) > sv_class_map_at(map, best, y, x))
      best = c;
  return best;
}

/* The position that is nearest to a pixel. */
static int nearest(const sv_class_map *map, int axis, int pixel) {
  int count = axis == 0 ? map->height : map->width;
  double at = floor((pixel - map->first[axis]) / map->stride[axis] + 0.5);
  return at < 0 ? 0 : at >= count ? count - 1 : (int)at;
}

sv_status sv_class_map_mask(const sv_class_map *map, int width, int height,
                            sv_image *mask) {
  uint8_t *to;
  *mask = (sv_image){0};
  if (map->classes > 255)
    return sv_fail(SV_UNSUPPORTED,
                   "a mask of %d classes, at most 255 are supported",
                   map->classes);
  SV_TRY(sv_image_new(mask, width, height, 1, &to));
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      *to++ = (uint8_t)sv_class_map_best(map, nearest(map, 0, y),
                                         nearest(map, 1, x));
  return SV_OK;
}
