/* svertka predict: classes of pictures, by a model file alone. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"

static const char about[] =
    "Prints the most probable classes of each image. A MODEL that 'svertka "
    "train'\n"
    "wrote contains the preparation of the images and the names of the "
    "classes; a\n"
    "model from another program needs the options below. IMAGE is a PNG, "
    "JPEG,\n"
    "WebP, GIF, TIFF or BMP of any size, grey or colour, or a folder of such\n"
    "files. An image that cannot be read is reported and skipped; the exit "
    "status\n"
    "is then 1.\n";

static const char examples[] =
    "svertka predict model.onnx shirt.png boot.jpg\n"
    "svertka predict model.onnx shirt.png --top 1 --json\n"
    "svertka predict model.onnx photos/ --csv scores.csv\n"
    "svertka predict resnet18.onnx cat.jpg --mean 0.485,0.456,0.406 \\\n"
    "    --deviation 0.229,0.224,0.225 --resize 'crop 0.875' --labels "
    "names.txt\n"
    "svertka predict fcn.onnx scene.png --mask mask.png\n";

typedef struct paths {
  char **at;
  int count, capacity;
} paths;

typedef struct predict {
  int top, threads;
  cli_reading reading;
  cli_image image;
  bool json;
  const char *csv;  /* "-": stdout */
  const char *mask; /* a picture of the classes of pixels */
  sv_model *model;
  sv_classifier *classifier;
  int classes;
  const float *probabilities; /* of the last picture */
  int *order;                 /* the `top` most probable classes */
  sv_writer *writer;
  json_t *list;
  int failed;
} predict;

/* ---- Which pictures ---- */

static sv_status add_path(paths *p, char *path) {
  sv_status status = sv_grow(&p->at, p->count, &p->capacity, sizeof *p->at);
  if (status != SV_OK)
    sv_free(path);
  else
    p->at[p->count++] = path;
  return status;
}

static void free_paths(paths *p) {
  for (int i = 0; i < p->count; i++) sv_free(p->at[i]);
  sv_free(p->at);
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* The images of a folder, sorted by name. */
static sv_status add_folder(paths *p, const char *folder) {
  struct dirent **entries;
  int before = p->count;
  int count = scandir(folder, &entries, is_visible, alphasort);
  if (count < 0) return sv_fail(SV_IO, "%s: cannot be read", folder);
  sv_status status = SV_OK;
  for (int i = 0; i < count; i++) {
    char *path = NULL;
    if (status == SV_OK)
      status = sv_path_join(&path, folder, entries[i]->d_name);
    if (path && !sv_path_is_folder(path) && sv_image_is_likely(path))
      status = add_path(p, path);
    else
      sv_free(path);
    free(entries[i]);
  }
  free(entries);
  if (status == SV_OK && p->count == before)
    status = sv_fail(SV_IO, "%s: holds no images", folder);
  return status;
}

static sv_status collect(paths *p, char **operands, int count) {
  for (int i = 0; i < count; i++) {
    char *path;
    if (sv_path_is_folder(operands[i])) {
      SV_TRY(add_folder(p, operands[i]));
      continue;
    }
    SV_TRY(sv_copy_text(&path, operands[i]));
    SV_TRY(add_path(p, path));
  }
  return SV_OK;
}

/* The table must be none of the files it is made from. */
static sv_status check_output(const predict *p, const char *model,
                              const paths *pictures) {
  if (!p->csv || strcmp(p->csv, "-") == 0) return SV_OK;
  SV_TRY(cli_apart("--csv", p->csv, "MODEL", model));
  for (int i = 0; i < pictures->count; i++)
    SV_TRY(cli_apart("--csv", p->csv, "IMAGE", pictures->at[i]));
  return SV_OK;
}

/* ---- One result ---- */

static void print_text(const predict *p, const char *path) {
  char name[CLI_NAME_TEXT];
  puts(cli_name(path, name));
  for (int i = 0; i < p->top; i++)
    printf("  %6.2f %%  %s\n", 100 * (double)p->probabilities[p->order[i]],
           cli_name(sv_classifier_label(p->classifier, p->order[i]), name));
}

static json_t *json_classes(const predict *p) {
  json_t *list = json_array();
  for (int i = 0; i < p->top; i++)
    json_array_append_new(
        list,
        json_pack(
            "{s:o, s:i, s:o}", "label",
            cli_json_text(sv_classifier_label(p->classifier, p->order[i])),
            "class", p->order[i], "probability",
            cli_json_number((double)p->probabilities[p->order[i]])));
  return list;
}

/* Ends the line and writes it. */
static sv_status put_line(predict *p, sv_text *line) {
  char *text;
  sv_text_add(line, "\n");
  SV_TRY(sv_text_take(line, &text));
  sv_status status = SV_OK;
  if (p->writer)
    status = sv_writer_put(p->writer, text, strlen(text));
  else
    fputs(text, stdout);
  sv_free(text);
  return status;
}

static sv_status put_heading(predict *p) {
  sv_text line = {0};
  sv_text_add(&line, "file,label,probability");
  for (int i = 0; i < p->classes; i++) {
    sv_text_add(&line, ",");
    sv_text_add_field(&line, sv_classifier_label(p->classifier, i));
  }
  return put_line(p, &line);
}

static sv_status put_row(predict *p, const char *path) {
  sv_text line = {0};
  int best = p->order[0];
  sv_text_add_field(&line, path);
  sv_text_add(&line, ",");
  sv_text_add_field(&line, sv_classifier_label(p->classifier, best));
  sv_text_add(&line, ",%.7g", (double)p->probabilities[best]);
  for (int i = 0; i < p->classes; i++)
    sv_text_add(&line, ",%.7g", (double)p->probabilities[i]);
  return put_line(p, &line);
}

/* ---- All of them ---- */

static sv_status classify(predict *p, const char *path) {
  sv_image image;
  SV_TRY(sv_image_read(&image, path));
  sv_status status =
      sv_classify_image(p->classifier, &image, &p->probabilities);
  sv_image_free(&image);
  if (status != SV_OK) return sv_fail_in(status, "%s", path);
  sv_classifier_top(p->classifier, p->top, p->order);
  return SV_OK;
}

/* A fault of the picture is told here; what is returned ends the work. */
static sv_status predict_one(predict *p, const char *path) {
  if (classify(p, path) != SV_OK) {
    p->failed++;
    cli_say("%s", sv_error());
    if (p->json)
      json_array_append_new(
          p->list, json_pack("{s:o, s:o}", "file", cli_json_text(path), "error",
                             cli_json_text(sv_error())));
    return SV_OK;
  }
  if (p->csv) return put_row(p, path);
  if (p->json)
    json_array_append_new(
        p->list, json_pack("{s:o, s:o}", "file", cli_json_text(path), "classes",
                           json_classes(p)));
  else
    print_text(p, path);
  return SV_OK;
}

static sv_status predict_all(predict *p, const paths *pictures) {
  cli_progress bar;
  sv_status status = p->csv ? put_heading(p) : SV_OK;
  cli_progress_start(&bar, "predict", "images", pictures->count);
  for (int i = 0; i < pictures->count && status == SV_OK; i++) {
    cli_progress_end(&bar); /* messages stand on lines of their own */
    status = predict_one(p, pictures->at[i]);
    if (status == SV_OK && cli_interrupted())
      status = sv_fail(SV_INTERRUPTED, "stopped after %d of %d images", i + 1,
                       pictures->count);
    if (p->writer) cli_progress_at(&bar, i + 1, NULL);
  }
  cli_progress_end(&bar);
  return status;
}

static sv_status start(predict *p, const char *model) {
  sv_status status = sv_classifier_new(&p->classifier, p->model, p->threads);
  if (status != SV_OK) return sv_fail_in(status, "%s", model);
  p->classes = sv_classifier_classes(p->classifier);
  if (p->top > p->classes) p->top = p->classes;
  SV_TRY(sv_alloc_array(&p->order, (size_t)p->classes, sizeof(int)));
  if (p->json) p->list = json_array();
  if (!p->csv || strcmp(p->csv, "-") == 0) return SV_OK;
  cli_catch_interrupt();
  return sv_writer_open(&p->writer, p->csv);
}

static sv_status finish(predict *p) {
  if (p->json && cli_print_json(json_pack(
                     "{s:s, s:O}", "scores",
                     sv_score_name(sv_classifier_scores(p->classifier)),
                     "images", p->list)) != 0)
    return sv_fail(SV_IO, "the result was not printed");
  if (!p->writer) return SV_OK;
  sv_writer *writer = p->writer;
  p->writer = NULL;
  return sv_writer_commit(writer);
}

static void clean(predict *p) {
  sv_writer_abandon(p->writer);
  json_decref(p->list);
  sv_free(p->order);
  sv_classifier_free(p->classifier);
  sv_model_free(p->model);
}

/* ---- A class for each pixel ---- */

static void print_shares(const predict *p, const sv_class_map *map,
                         const sv_image *mask) {
  int64_t count[256] = {0}, all = (int64_t)mask->width * mask->height;
  for (int64_t i = 0; i < all; i++) count[mask->pixels[i]]++;
  json_t *list = json_array();
  cli_table *t = p->json ? NULL : cli_table_new("Class|Pixels|%");
  for (int i = 0; i < map->classes; i++) {
    double share = (double)count[i] / (double)all;
    if (p->json) {
      json_array_append_new(
          list,
          json_pack("{s:o, s:I, s:f}", "class", cli_json_text(map->names[i]),
                    "pixels", (json_int_t)count[i], "share", share));
    } else if (count[i]) {
      cli_cell(t, "%s", map->names[i]);
      cli_cell(t, "%lld", (long long)count[i]);
      cli_cell(t, "%.2f", 100 * share);
    }
  }
  if (p->json)
    cli_print_json(json_pack("{s:O}", "classes", list));
  else
    cli_table_print(t);
  json_decref(list);
}

static sv_status predict_mask(predict *p, const char *model, const char *path) {
  sv_image image, mask = {0};
  sv_class_map map = {0};
  sv_class_map_options options = sv_class_map_default();
  options.threads = p->threads;
  SV_TRY(cli_apart("--mask", p->mask, "MODEL", model));
  SV_TRY(cli_apart("--mask", p->mask, "IMAGE", path));
  SV_TRY(cli_model_of_images(&p->model, model, &p->reading, &p->image));
  SV_TRY(cli_image_read(&image, p->model, path));
  sv_status status = sv_classify_map(&map, p->model, &image, &options);
  if (status == SV_OK && map.height == 1 && map.width == 1)
    status = sv_fail(SV_UNSUPPORTED,
                     "it predicts one class for the whole image; --mask needs "
                     "a network for semantic segmentation");
  if (status != SV_OK) status = sv_fail_in(status, "%s", model);
  if (status == SV_OK)
    status = sv_class_map_mask(&map, image.width, image.height, &mask);
  if (status == SV_OK) status = sv_mask_write(&mask, p->mask);
  if (status == SV_OK) print_shares(p, &map, &mask);
  sv_class_map_free(&map);
  sv_image_free(&mask);
  sv_image_free(&image);
  return status;
}

int cmd_predict(const cli_verb *verb, int argc, char **argv) {
  enum { TOP = 5 };
  predict p = {.top = TOP};
  const cli_option options[] = {
      {"top", 'k', CLI_INT, &p.top, 1, 1 << 24, NULL, "K",
       "number of classes to print"},
      {"csv", 0, CLI_TEXT, &p.csv, 0, 0, NULL, "FILE",
       "write one row per image with the probability of every class; -: to "
       "stdout"},
      {"mask", 0, CLI_TEXT, &p.mask, 0, 0, NULL, "FILE",
       "write the predicted class of each pixel of one image as a PNG whose "
       "pixel values are classes"},
      {"threads", 0, CLI_INT, &p.threads, 0, 1024, NULL, "N",
       "compute threads; 0: as many as are worthwhile for one image"},
      CLI_IMAGE_OPTIONS(&p.image),
      CLI_LABELS_OPTION(&p.image),
      CLI_EXTERNAL_OPTION(&p.reading.external),
      CLI_RANDOM_OPTION(&p.reading.random),
      CLI_JSON_OPTION(&p.json),
      {0}};
  const cli_page page = {verb, 2, -1, options, about, examples};
  int exit_status, count;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, &count, &exit_status))
    return exit_status;
  if (p.csv && p.json) return cli_usage("--csv excludes --json");
  if (p.mask && (count != 2 || p.csv || p.top != TOP))
    return cli_usage(
        "--mask needs exactly one image, and excludes --csv and --top");
  if (p.mask) {
    exit_status = cli_fail(predict_mask(&p, operands[0], operands[1]));
    clean(&p);
    return exit_status;
  }
  paths pictures = {0};
  sv_status status =
      cli_model_of_images(&p.model, operands[0], &p.reading, &p.image);
  if (status == SV_OK) status = collect(&pictures, operands + 1, count - 1);
  if (status == SV_OK) status = check_output(&p, operands[0], &pictures);
  if (status == SV_OK) status = start(&p, operands[0]);
  if (status == SV_OK) status = predict_all(&p, &pictures);
  if (status == SV_OK) status = finish(&p);
  exit_status = cli_fail(status);
  if (exit_status == CLI_DONE && p.failed) exit_status = CLI_FAILED;
  free_paths(&pictures);
  clean(&p);
  return exit_status;
}
