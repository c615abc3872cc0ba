/* svertka heatmap: what a classifier says everywhere in a picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/cli.h"

static const char about[] =
    "Slides a classifier over an image that is larger than its training "
    "images.\n"
    "The classifier is made fully convolutional first, as 'svertka convert\n"
    "--fully-convolutional' does. Printed are the positions with the highest\n"
    "probability: class, probability and the centre of the window in pixels. "
    "If\n"
    "two windows of the same class overlap by more than half, only the more\n"
    "probable one is printed. A network for semantic segmentation is drawn\n"
    "without this step.\n"
    "A model from another program needs --mean and --deviation.\n"
    "A classifier without a class for the background predicts some class with\n"
    "confidence everywhere.\n";

static const char examples[] =
    "svertka heatmap model.onnx street.png --out map.png\n"
    "svertka heatmap model.onnx street.png --class Bag --out bags.png\n"
    "svertka heatmap model.onnx street.png --scale 0.5 --json\n";

typedef struct spot {
  int class, y, x;
  float probability;
} spot;

typedef struct heatmap {
  sv_class_map_options options;
  cli_reading reading;
  cli_image prepared;
  const char *class, *out;
  int chosen, top;
  bool json;
  sv_model *model;
  sv_image image;
  sv_class_map map;
  spot *spots;
  int count; /* that are told */
} heatmap;

/* ---- The surest positions ---- */

static int by_probability(const void *a, const void *b) {
  const spot *x = a, *y = b;
  if (x->probability != y->probability)
    return x->probability > y->probability ? -1 : 1;
  return x->y != y->y ? x->y - y->y : x->x - y->x;
}

static bool overlaps(const heatmap *h, const spot *a, const spot *b) {
  double down = abs(a->y - b->y) * h->map.stride[0];
  double right = abs(a->x - b->x) * h->map.stride[1];
  return a->class == b->class && down < h->map.window[0] / 2 &&
         right < h->map.window[1] / 2;
}

/* The first `top` of them that do not lie over a surer one come to the front.
 */
static sv_status find_spots(heatmap *h) {
  const sv_class_map *m = &h->map;
  size_t all = (size_t)m->height * (size_t)m->width, i = 0;
  SV_TRY(sv_alloc_array(&h->spots, all, sizeof *h->spots));
  for (int y = 0; y < m->height; y++)
    for (int x = 0; x < m->width; x++, i++) {
      int class = h->chosen >= 0 ? h->chosen : sv_class_map_best(m, y, x);
      h->spots[i] = (spot){class, y, x, sv_class_map_at(m, class, y, x)};
    }
  qsort(h->spots, all, sizeof *h->spots, by_probability);
  for (i = 0; i < all && h->count < h->top; i++) {
    bool free_place = true;
    for (int k = 0; k < h->count; k++)
      free_place = free_place && !overlaps(h, &h->spots[k], &h->spots[i]);
    if (free_place) h->spots[h->count++] = h->spots[i];
  }
  return SV_OK;
}

/* A class by its name, or else its number. */
static sv_status find_class(heatmap *h) {
  char *end;
  h->chosen = -1;
  if (!h->class) return SV_OK;
  for (int i = 0; i < h->map.classes; i++)
    if (strcmp(h->map.names[i], h->class) == 0) {
      h->chosen = i;
      return SV_OK;
    }
  long number = strtol(h->class, &end, 10);
  if (end == h->class || *end || number < 0 || number >= h->map.classes)
    return sv_fail(SV_INVALID,
                   "--class: '%s' is neither a class of the model nor a number "
                   "from 0 to %d",
                   h->class, h->map.classes - 1);
  h->chosen = (int)number;
  return SV_OK;
}

/* ---- Results ---- */

static double centre(const heatmap *h, int axis, int position) {
  return h->map.first[axis] + position * h->map.stride[axis];
}

static int print_json(const heatmap *h) {
  const sv_class_map *m = &h->map;
  json_t *list = json_array();
  for (int i = 0; i < h->count; i++) {
    const spot *s = &h->spots[i];
    json_array_append_new(
        list, json_pack("{s:o, s:o, s:f, s:f}", "class",
                        cli_json_text(m->names[s->class]), "probability",
                        cli_json_number((double)s->probability), "x",
                        centre(h, 1, s->x), "y", centre(h, 0, s->y)));
  }
  return cli_print_json(json_pack(
      "{s:[i, i], s:i, s:[i, i], s:[f, f], s:[f, f], s:[f, f], s:o}", "image",
      h->image.height, h->image.width, "classes", m->classes, "map", m->height,
      m->width, "stride", m->stride[0], m->stride[1], "first", m->first[0],
      m->first[1], "window", m->window[0], m->window[1], "positions", list));
}

static int print_table(const heatmap *h) {
  const sv_class_map *m = &h->map;
  printf(
      "%d x %d positions, %.4g x %.4g pixels apart, windows of %.4g x %.4g\n",
      m->width, m->height, m->stride[1], m->stride[0], m->window[1],
      m->window[0]);
  cli_table *t = cli_table_new("Class|>%|>x|>y");
  for (int i = 0; i < h->count; i++) {
    const spot *s = &h->spots[i];
    cli_cell(t, "%s", m->names[s->class]);
    cli_cell(t, "%.2f", 100 * (double)s->probability);
    cli_cell(t, "%.0f", centre(h, 1, s->x));
    cli_cell(t, "%.0f", centre(h, 0, s->y));
  }
  cli_table_print(t);
  return CLI_DONE;
}

/* ---- The verb ---- */

static sv_status write_picture(const heatmap *h, const char *path) {
  char title[256];
  const char *name = strrchr(path, '/');
  if (!h->out) return SV_OK;
  snprintf(title, sizeof title, "%s of %s",
           h->chosen >= 0 ? h->map.names[h->chosen] : "Classes",
           name ? name + 1 : path);
  return sv_look_class_map(h->out, title, &h->image, &h->map, h->chosen);
}

static sv_status run(heatmap *h, const char *model, const char *path) {
  SV_TRY(cli_apart("--out", h->out, "MODEL", model));
  SV_TRY(cli_apart("--out", h->out, "IMAGE", path));
  SV_TRY(cli_model_of_images(&h->model, model, &h->reading, &h->prepared));
  SV_TRY(cli_image_read(&h->image, h->model, path));
  sv_status status = sv_classify_map(&h->map, h->model, &h->image, &h->options);
  if (status != SV_OK) return sv_fail_in(status, "%s", model);
  SV_TRY(find_class(h));
  SV_TRY(find_spots(h));
  return write_picture(h, path);
}

int cmd_heatmap(const cli_verb *verb, int argc, char **argv) {
  heatmap h = {.options = sv_class_map_default(), .top = 10};
  const cli_option options[] = {
      {"out", 'o', CLI_TEXT, &h.out, 0, 0, NULL, "FILE",
       "write a PNG of the map drawn over the image"},
      {"class", 'c', CLI_TEXT, &h.class, 0, 0, NULL, "NAME",
       "show only this class, given by name or number"},
      {"top", 'k', CLI_INT, &h.top, 1, 1000, NULL, "K",
       "number of positions to print"},
      {"scale", 0, CLI_REAL, &h.options.scale, 0.01, 100, NULL, "F",
       "scale the image by this factor first"},
      CLI_THREADS_OPTION(&h.options.threads),
      CLI_BACKEND_OPTION(&h.options.backend),
      CLI_IMAGE_OPTIONS(&h.prepared),
      CLI_LABELS_OPTION(&h.prepared),
      CLI_EXTERNAL_OPTION(&h.reading.external),
      CLI_RANDOM_OPTION(&h.reading.random),
      CLI_JSON_OPTION(&h.json),
      {0}};
  const cli_page page = {verb, 2, 2, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  sv_status status = run(&h, operands[0], operands[1]);
  exit_status = status != SV_OK ? cli_fail(status)
                : h.json        ? print_json(&h)
                                : print_table(&h);
  sv_free(h.spots);
  sv_class_map_free(&h.map);
  sv_image_free(&h.image);
  sv_model_free(h.model);
  return exit_status;
}
