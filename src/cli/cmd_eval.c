/* svertka eval: how well a model file does on labelled images. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/eval.h"

static const char about[] =
    "Evaluates MODEL on the images of DATA. The images are prepared as "
    "MODEL's\n"
    "metadata says; a model from another program needs --mean and "
    "--deviation.\n"
    "Printed for each class:\n"
    "  precision   share of the images predicted as this class that belong\n"
    "              to it\n"
    "  recall      share of this class's images that were found\n"
    "  F1          harmonic mean of precision and recall\n"
    "  support     number of images of this class\n"
    "and the means of these, plain and weighted by support. Then the "
    "confusion\n"
    "matrix (rows: true class; columns: predicted class), and over all "
    "images:\n"
    "  top-k       share of the images whose class is among the k most\n"
    "              probable\n"
    "  loss        mean cross-entropy\n"
    "  Brier score\n"
    "              mean squared distance between the predicted probabilities\n"
    "              and the true class\n"
    "  calibration error\n"
    "              mean difference between confidence and accuracy in 15 "
    "bins;\n"
    "              of the images predicted with a confidence of 80%, 80% "
    "should\n"
    "              be correct\n"
    "For semantic segmentation (DATA with a class per pixel) all of these "
    "count\n"
    "pixels, and IoU is the intersection over union of the true and the\n"
    "predicted pixels.\n";

static const char examples[] =
    "svertka eval runs/demo/model.onnx fashion-mnist\n"
    "svertka eval model.onnx fashion-mnist --json\n"
    "svertka eval runs/cats photos --csv predicted.csv --picture some.png\n"
    "svertka eval runs/cats photos --mistakes 10 --calibration c.png\n"
    "svertka eval fcn.onnx scenes --masks predicted --picture some.png\n";

const char *eval_class(const eval *e, int i, char text[EVAL_NAME_TEXT]) {
  if (i < e->names.classes) return e->names.names[i];
  const char *name = sv_dataset_class_name(e->dataset, i);
  if (name) return name;
  snprintf(text, EVAL_NAME_TEXT, "%d", i);
  return text;
}

static void on_verdict(void *context, const sv_verdict *v) {
  eval_note(context, v);
}

static bool on_progress(void *context, int64_t done, int64_t total) {
  eval *e = context;
  (void)total;
  cli_progress_at(&e->bar, done, NULL);
  return !cli_interrupted();
}

static sv_status run(eval *e) {
  e->options.verdict = on_verdict;
  if (eval_of_pixels(e)) e->options.mask = eval_note_mask;
  e->options.report = on_progress;
  e->options.context = e;
  sv_text_add(&e->rows, "sample,label,predicted,probability\n");
  SV_TRY(cli_tune_begin(&e->tuning));
  e->options.choices = e->tuning.choices;
  e->options.tune = e->tuning.tune;
  cli_catch_interrupt();
  cli_progress_start(&e->bar, "eval", "images", sv_dataset_count(e->dataset));
  sv_status status = sv_eval(&e->metrics, e->model, e->dataset, &e->options);
  cli_progress_end(&e->bar);
  cli_tune_end(&e->tuning);
  return status;
}

/* ---- The verb ---- */

/* As many as one picture shows, where it is not said. */
static sv_status make_mistakes(eval *e) {
  int most = e->mistakes_most;
  if (!most && e->mistakes_picture) most = EVAL_PICTURED;
  return sv_mistakes_new(&e->mistakes, most);
}

bool eval_of_pixels(const eval *e) { return sv_dataset_has_masks(e->dataset); }

/* Image-level and pixel-level options exclude each other. */
static sv_status check_masks(const eval *e) {
  bool pixels = eval_of_pixels(e);
  if (pixels && (e->csv || e->mistakes_most || e->mistakes_picture))
    return sv_fail(SV_INVALID,
                   "%s is for semantic segmentation: use --masks and --picture "
                   "instead of --csv and --mistakes",
                   sv_dataset_name(e->dataset));
  if (!pixels && e->masks)
    return sv_fail(SV_INVALID,
                   "--masks needs data for semantic segmentation; %s has one "
                   "class per image",
                   sv_dataset_name(e->dataset));
  return e->masks ? sv_folder_make(e->masks) : SV_OK;
}

static sv_status eval_all(eval *e, const char *model, const char *data) {
  SV_TRY(eval_check_files(e, model, data));
  SV_TRY(cli_model_of_images(&e->model, model, &e->reading, &e->image));
  SV_TRY(sv_dataset_open(&e->dataset, data, (sv_split)e->split));
  e->names = sv_preprocess_default();
  SV_TRY(sv_preprocess_load(&e->names, e->model));
  SV_TRY(check_masks(e));
  SV_TRY(make_mistakes(e));
  if (e->skip_bad)
    SV_TRY(cli_skip_bad(e->dataset, &e->skipped, e->options.threads));
  SV_TRY(run(e));
  return eval_write_files(e);
}

int cmd_eval(const cli_verb *verb, int argc, char **argv) {
  static const char *const splits[] = {"train", "test", NULL};
  eval e = {.options = sv_eval_default(), .split = SV_SPLIT_TEST};
  const cli_option options[] = {
      {"split", 's', CLI_CHOICE, &e.split, 0, 0, splits, "PART",
       "which images of DATA to use"},
      {"batch", 'b', CLI_INT, &e.options.batch, 1, 1e6, NULL, "N",
       "images per batch"},
      {"crops", 0, CLI_INT, &e.options.crops, 1, 10, NULL, "N",
       "average the probabilities of N parts of each image: 5, the corners and "
       "the centre, or 10, also mirrored; needs --resize crop"},
      {"csv", 0, CLI_TEXT, &e.csv, 0, 0, NULL, "FILE",
       "write the true and the predicted class of each image"},
      {"picture", 0, CLI_TEXT, &e.picture, 0, 0, NULL, "FILE",
       "write a PNG of some images with their predictions"},
      {"masks", 0, CLI_TEXT, &e.masks, 0, 0, NULL, "FOLDER",
       "write the predicted classes of each image's pixels, one PNG per image"},
      {"matrix", 0, CLI_TEXT, &e.matrix, 0, 0, NULL, "FILE",
       "write a PNG of the confusion matrix"},
      {"calibration", 0, CLI_TEXT, &e.calibration, 0, 0, NULL, "FILE",
       "write a PNG of accuracy against confidence"},
      {"mistakes", 0, CLI_INT, &e.mistakes_most, 1, 4096, NULL, "N",
       "list the most confident mistakes"},
      {"mistakes-picture", 0, CLI_TEXT, &e.mistakes_picture, 0, 0, NULL, "FILE",
       "write a PNG of the most confident mistakes: as many as --mistakes "
       "says, or 40"},
      {"top", 0, CLI_INT, &e.top, 1, 1e6, NULL, "K",
       "also print top-K accuracy"},
      CLI_SKIP_BAD_OPTION(&e.skip_bad),
      {"skipped", 0, CLI_TEXT, &e.skipped_list, 0, 0, NULL, "FILE",
       "write the images that --skip-bad left out as CSV"},
      {"exact", 0, CLI_FLAG, &e.options.exact, 0, 0, NULL, NULL,
       "use only direct algorithms, node by node: without it results may "
       "differ by rounding"},
      CLI_TUNE_OPTION(&e.tuning.tune),
      CLI_THREADS_OPTION(&e.options.threads),
      CLI_BACKEND_OPTION(&e.options.backend),
      CLI_IMAGE_OPTIONS(&e.image),
      CLI_LABELS_OPTION(&e.image),
      CLI_EXTERNAL_OPTION(&e.reading.external),
      CLI_RANDOM_OPTION(&e.reading.random),
      CLI_JSON_OPTION(&e.json),
      {0}};
  const cli_page page = {verb, 2, 2, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  if (e.skipped_list && !e.skip_bad)
    return cli_usage("--skipped needs --skip-bad");
  sv_status status = eval_all(&e, operands[0], operands[1]);
  exit_status = status == SV_OK ? eval_print(&e) : cli_fail(status);
  sv_metrics_free(&e.metrics);
  sv_mistakes_free(&e.mistakes);
  eval_free_masks(&e);
  sv_preprocess_free(&e.names);
  sv_text_clear(&e.rows);
  cli_skipped_free(&e.skipped);
  sv_dataset_free(e.dataset);
  sv_model_free(e.model);
  return exit_status;
}
