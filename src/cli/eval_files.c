/* The files that `svertka eval` writes: a row or a picture of what was told. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/eval.h"
#include "data/image.h"

/* ---- While it runs ---- */

/* The next of `most` in equal steps over the data, whatever was told. */
static bool is_pictured(const eval *e, int64_t sample, int shown,
                        int64_t most) {
  int64_t count = sv_dataset_count(e->dataset);
  if (most > count) most = count;
  return shown < most && sample == shown * count / most;
}

static void add_class(eval *e, int class) {
  char name[EVAL_NAME_TEXT];
  sv_text_add(&e->rows, ",");
  sv_text_add_field(&e->rows, eval_class(e, class, name));
}

void eval_note(eval *e, const sv_verdict *v) {
  if (is_pictured(e, v->sample, e->shown_count, EVAL_PICTURED))
    e->shown[e->shown_count++] = *v;
  sv_mistakes_add(&e->mistakes, v);
  if (!e->csv) return;
  sv_text_add(&e->rows, "%lld", (long long)v->sample);
  add_class(e, v->label);
  add_class(e, v->predicted);
  sv_text_add(&e->rows, ",%.6f\n", (double)v->probability);
}

static sv_status write_mask(const eval *e, int64_t sample,
                            const sv_image *mask) {
  char name[40], *path;
  snprintf(name, sizeof name, "%06lld.png", (long long)sample);
  SV_TRY(sv_path_join(&path, e->masks, name));
  sv_status status = sv_mask_write(mask, path);
  sv_free(path);
  return status;
}

sv_status eval_note_mask(void *context, int64_t sample, const sv_image *mask) {
  eval *e = context;
  uint8_t *to;
  if (e->masks) SV_TRY(write_mask(e, sample, mask));
  if (!e->picture || !is_pictured(e, sample, e->told_count, EVAL_SCENES))
    return SV_OK;
  SV_TRY(sv_image_new(&e->told[e->told_count].mask, mask->width, mask->height,
                      1, &to));
  for (int y = 0; y < mask->height; y++, to += mask->width)
    memcpy(to, sv_image_row(mask, y), (size_t)mask->width);
  e->told[e->told_count++].sample = sample;
  return SV_OK;
}

void eval_free_masks(eval *e) {
  for (int i = 0; i < e->told_count; i++) sv_image_free(&e->told[i].mask);
  e->told_count = 0;
}

/* ---- Afterwards ---- */

static sv_status write_csv(eval *e) {
  char *text;
  SV_TRY(sv_text_take(&e->rows, &text));
  sv_status status = sv_file_write(e->csv, text, strlen(text));
  sv_free(text);
  return status;
}

/* "lenet5 on fashion-mnist" and what follows. */
enum { TITLE = 256 };
static void name_picture(const eval *e, const char *rest, char title[TITLE]) {
  snprintf(title, TITLE, "%s on %s%s", sv_graph_name(sv_model_graph(e->model)),
           sv_dataset_name(e->dataset), rest);
}

static sv_status fill_items(const eval *e, const sv_verdict *verdicts,
                            int count, sv_prediction *items,
                            char (*names)[2][EVAL_NAME_TEXT]) {
  for (int i = 0; i < count; i++) {
    const sv_verdict *v = &verdicts[i];
    items[i].label = eval_class(e, v->label, names[i][0]);
    items[i].predicted = eval_class(e, v->predicted, names[i][1]);
    items[i].probability = v->probability;
    SV_TRY(sv_dataset_image(e->dataset, v->sample, &items[i].image));
  }
  return SV_OK;
}

static sv_status draw_verdicts(const eval *e, const char *path,
                               const char *title, const sv_verdict *verdicts,
                               int count) {
  sv_prediction *items;
  char(*names)[2][EVAL_NAME_TEXT];
  SV_TRY(sv_alloc_array(&items, (size_t)count, sizeof *items));
  sv_status status = sv_alloc_array(&names, (size_t)count, sizeof *names);
  if (status == SV_OK) {
    status = fill_items(e, verdicts, count, items, names);
    if (status == SV_OK)
      status = sv_look_predictions(path, title, items, count);
    for (int i = 0; i < count; i++) sv_image_free(&items[i].image);
  }
  sv_free(names);
  sv_free(items);
  return status;
}

/* The names of all classes; free both. */
static sv_status name_classes(const eval *e, const char ***names,
                              char (**numbers)[EVAL_NAME_TEXT]) {
  size_t classes = (size_t)e->metrics.classes;
  *numbers = NULL;
  SV_TRY(sv_alloc_array(names, classes, sizeof **names));
  sv_status status = sv_alloc_array(numbers, classes, sizeof **numbers);
  for (size_t i = 0; i < classes && status == SV_OK; i++)
    (*names)[i] = eval_class(e, (int)i, (*numbers)[i]);
  return status;
}

static sv_status fill_scenes(const eval *e, sv_told_scene scenes[EVAL_SCENES]) {
  for (int i = 0; i < e->told_count; i++) {
    int64_t sample = e->told[i].sample;
    SV_TRY(sv_dataset_image(e->dataset, sample, &scenes[i].image));
    SV_TRY(sv_dataset_mask(e->dataset, sample, &scenes[i].truth));
    scenes[i].told = e->told[i].mask;
  }
  return SV_OK;
}

static sv_status write_scenes(const eval *e) {
  sv_told_scene scenes[EVAL_SCENES] = {0};
  const char **names = NULL;
  char(*numbers)[EVAL_NAME_TEXT];
  char title[TITLE], rest[80];
  snprintf(rest, sizeof rest, ": mean IoU %.3f, %.1f%% of the pixels correct",
           sv_metrics_macro(&e->metrics).iou, 100 * e->metrics.top1);
  name_picture(e, rest, title);
  sv_status status = name_classes(e, &names, &numbers);
  if (status == SV_OK) status = fill_scenes(e, scenes);
  if (status == SV_OK)
    status = sv_look_masks(e->picture, title, scenes, e->told_count, names,
                           e->metrics.classes);
  for (int i = 0; i < e->told_count; i++) {
    sv_image_free(&scenes[i].image);
    sv_image_free(&scenes[i].truth);
  }
  sv_free(numbers);
  sv_free(names);
  return status;
}

static sv_status write_picture(eval *e) {
  char title[TITLE], rest[80];
  if (eval_of_pixels(e)) return write_scenes(e);
  snprintf(rest, sizeof rest, ": top-1 %.2f%% of %lld images",
           100 * e->metrics.top1, (long long)e->metrics.samples);
  name_picture(e, rest, title);
  return draw_verdicts(e, e->picture, title, e->shown, e->shown_count);
}

static sv_status write_mistakes(eval *e) {
  char title[TITLE], rest[80];
  if (e->mistakes.count == 0) {
    cli_say("no mistakes: %s is not written", e->mistakes_picture);
    e->mistakes_picture = NULL;
    return SV_OK;
  }
  snprintf(rest, sizeof rest, ": the %d most confident mistakes",
           e->mistakes.count);
  name_picture(e, rest, title);
  return draw_verdicts(e, e->mistakes_picture, title, e->mistakes.at,
                       e->mistakes.count);
}

static sv_status write_matrix(eval *e) {
  const char **names = NULL;
  char(*numbers)[EVAL_NAME_TEXT];
  char title[TITLE];
  sv_status status = name_classes(e, &names, &numbers);
  name_picture(e, "", title);
  if (status == SV_OK)
    status = sv_look_confusion(e->matrix, title, e->metrics.confusion,
                               e->metrics.classes, names);
  sv_free(numbers);
  sv_free(names);
  return status;
}

static sv_status write_calibration(eval *e) {
  char title[TITLE];
  name_picture(e, "", title);
  return sv_look_calibration(e->calibration, title, &e->metrics);
}

static sv_status write_skipped(eval *e) {
  return cli_skipped_write(&e->skipped, e->skipped_list);
}

/* ---- All of them ---- */

static const struct file {
  const char *option, *holds;
  size_t path; /* of an eval */
  sv_status (*write)(eval *e);
} files[] = {
    {"--csv", "each image", offsetof(eval, csv), write_csv},
    {"--picture", "images with their predictions", offsetof(eval, picture),
     write_picture},
    {"--matrix", "the confusion matrix", offsetof(eval, matrix), write_matrix},
    {"--calibration", "accuracy against confidence",
     offsetof(eval, calibration), write_calibration},
    {"--mistakes-picture", "the most confident mistakes",
     offsetof(eval, mistakes_picture), write_mistakes},
    {"--skipped", "the images that were skipped", offsetof(eval, skipped_list),
     write_skipped},
};
enum { FILES = sizeof files / sizeof files[0] };

static const char *path_of(const eval *e, int i) {
  return *(const char *const *)((const char *)e + files[i].path);
}

sv_status eval_check_files(const eval *e, const char *model, const char *data) {
  for (int i = 0; i < FILES; i++) {
    SV_TRY(cli_apart(files[i].option, path_of(e, i), "MODEL", model));
    SV_TRY(cli_outside(files[i].option, path_of(e, i), "DATA", data));
    for (int j = 0; j < i; j++)
      SV_TRY(cli_apart(files[i].option, path_of(e, i), files[j].option,
                       path_of(e, j)));
  }
  return SV_OK;
}

sv_status eval_write_files(eval *e) {
  for (int i = 0; i < FILES; i++)
    if (path_of(e, i)) SV_TRY(files[i].write(e));
  return SV_OK;
}

void eval_print_files(const eval *e) {
  char name[CLI_NAME_TEXT];
  for (int i = 0; i < FILES; i++)
    if (path_of(e, i))
      printf("%s  %s\n", cli_name(path_of(e, i), name), files[i].holds);
}
