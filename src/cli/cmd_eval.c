/* svertka eval: how well a model file does on labelled images. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"

static const char about[] =
    "Runs MODEL on the images of DATA, prepared as the file says, and prints\n"
    "loss (mean cross-entropy), top-1, top-5, for each class\n"
    "  precision   of the images told as it, the share that are\n"
    "  recall      of its images, the share that was told\n"
    "  F1          their harmonic mean\n"
    "  support     its images\n"
    "and the confusion matrix: rows are the true classes, columns what the\n"
    "model says.\n";

static const char examples[] =
    "svertka eval runs/demo/model.onnx fashion-mnist\n"
    "svertka eval model.onnx fashion-mnist --json\n"
    "svertka eval model.onnx photos --csv told.csv --picture told.png\n";

enum { PICTURED = 40, WIDEST_MATRIX = 20 };

typedef struct eval {
  sv_eval_options options;
  int split;
  bool json;
  const char *csv, *picture, *matrix; /* files */
  sv_model *model;
  sv_dataset *dataset;
  sv_metrics metrics;
  sv_preprocess names; /* of the classes */
  sv_text rows;        /* of the csv */
  sv_verdict shown[PICTURED];
  int shown_count;
  cli_progress bar;
} eval;

/* What the model calls a class, else the data set, else its number. */
static const char *class_name(const eval *e, int i, char text[24]) {
  if (i < e->names.classes) return e->names.names[i];
  const char *name = sv_dataset_class_name(e->dataset, i);
  if (name) return name;
  snprintf(text, 24, "%d", i);
  return text;
}

/* ---- While it runs ---- */

/* In equal steps over the data, whatever was told. */
static bool is_pictured(const eval *e, int64_t sample) {
  int64_t count = sv_dataset_count(e->dataset);
  int64_t most = count < PICTURED ? count : PICTURED;
  return e->shown_count < most && sample == e->shown_count * count / most;
}

/* A field of a CSV file: in quotes where it must be. */
static void add_field(sv_text *text, const char *word) {
  if (!strpbrk(word, ",\"\n\r")) {
    sv_text_add(text, ",%s", word);
    return;
  }
  sv_text_add(text, ",\"");
  for (; *word; word++) sv_text_add(text, *word == '"' ? "\"\"" : "%c", *word);
  sv_text_add(text, "\"");
}

static void on_verdict(void *context, const sv_verdict *v) {
  eval *e = context;
  char name[24];
  if (is_pictured(e, v->sample)) e->shown[e->shown_count++] = *v;
  if (!e->csv) return;
  sv_text_add(&e->rows, "%lld", (long long)v->sample);
  add_field(&e->rows, class_name(e, v->label, name));
  add_field(&e->rows, class_name(e, v->predicted, name));
  sv_text_add(&e->rows, ",%.6f\n", (double)v->probability);
}

static bool on_progress(void *context, int64_t done, int64_t total) {
  eval *e = context;
  (void)total;
  cli_progress_at(&e->bar, done, NULL);
  return !cli_interrupted();
}

static sv_status run(eval *e) {
  e->options.verdict = on_verdict;
  e->options.report = on_progress;
  e->options.context = e;
  sv_text_add(&e->rows, "sample,label,predicted,probability\n");
  cli_catch_interrupt();
  cli_progress_start(&e->bar, "eval", "images", sv_dataset_count(e->dataset));
  sv_status status = sv_eval(&e->metrics, e->model, e->dataset, &e->options);
  cli_progress_end(&e->bar);
  return status;
}

/* ---- Files ---- */

static sv_status write_csv(eval *e) {
  char *text;
  SV_TRY(sv_text_take(&e->rows, &text));
  sv_status status = sv_file_write(e->csv, text, strlen(text));
  sv_free(text);
  return status;
}

static sv_status write_picture(const eval *e) {
  sv_prediction items[PICTURED] = {0};
  char numbers[2 * PICTURED][24], title[128];
  sv_status status = SV_OK;
  int count = 0;
  for (; count < e->shown_count && status == SV_OK; count++) {
    const sv_verdict *v = &e->shown[count];
    sv_prediction *item = &items[count];
    item->label = class_name(e, v->label, numbers[2 * count]);
    item->predicted = class_name(e, v->predicted, numbers[2 * count + 1]);
    item->probability = v->probability;
    status = sv_dataset_image(e->dataset, v->sample, &item->image);
  }
  snprintf(title, sizeof title, "%s on %s: top-1 %.2f%% of %lld images",
           sv_graph_name(sv_model_graph(e->model)), sv_dataset_name(e->dataset),
           100 * e->metrics.top1, (long long)e->metrics.samples);
  if (status == SV_OK)
    status = sv_look_predictions(e->picture, title, items, count);
  for (int i = 0; i < count; i++) sv_image_free(&items[i].image);
  return status;
}

static sv_status write_matrix(const eval *e) {
  const char **names;
  char(*numbers)[24];
  size_t classes = (size_t)e->metrics.classes;
  SV_TRY(sv_alloc_array(&names, classes, sizeof *names));
  sv_status status = sv_alloc_array(&numbers, classes, sizeof *numbers);
  for (size_t i = 0; i < classes && status == SV_OK; i++)
    names[i] = class_name(e, (int)i, numbers[i]);
  char title[128];
  snprintf(title, sizeof title, "%s on %s",
           sv_graph_name(sv_model_graph(e->model)),
           sv_dataset_name(e->dataset));
  if (status == SV_OK)
    status = sv_look_confusion(e->matrix, title, e->metrics.confusion,
                               e->metrics.classes, names);
  sv_free(numbers);
  sv_free(names);
  return status;
}

/* What is written is neither read nor written a second time. */
static sv_status check_outputs(const eval *e, const char *model,
                               const char *data) {
  const char *const names[] = {"--csv", "--picture", "--matrix"};
  const char *const paths[] = {e->csv, e->picture, e->matrix};
  for (int i = 0; i < 3; i++) {
    SV_TRY(cli_apart(names[i], paths[i], "MODEL", model));
    SV_TRY(cli_outside(names[i], paths[i], "DATA", data));
    for (int j = 0; j < i; j++)
      SV_TRY(cli_apart(names[i], paths[i], names[j], paths[j]));
  }
  return SV_OK;
}

static sv_status write_files(eval *e) {
  if (e->csv) SV_TRY(write_csv(e));
  if (e->picture) SV_TRY(write_picture(e));
  return e->matrix ? write_matrix(e) : SV_OK;
}

/* ---- Results ---- */

static int64_t confused(const eval *e, int truth, int told) {
  return e->metrics.confusion[(int64_t)truth * e->metrics.classes + told];
}

static json_t *json_class(const eval *e, int i) {
  char name[24];
  sv_class_metrics c = sv_metrics_of_class(&e->metrics, i);
  return json_pack("{s:s, s:f, s:f, s:f, s:I}", "name", class_name(e, i, name),
                   "precision", c.precision, "recall", c.recall, "f1", c.f1,
                   "support", (json_int_t)c.support);
}

static int print_json(const eval *e) {
  const sv_metrics *m = &e->metrics;
  json_t *per_class = json_array(), *confusion = json_array();
  for (int i = 0; i < m->classes; i++) {
    json_t *row = json_array();
    for (int j = 0; j < m->classes; j++)
      json_array_append_new(row, json_integer(confused(e, i, j)));
    json_array_append_new(confusion, row);
    json_array_append_new(per_class, json_class(e, i));
  }
  return cli_print_json(json_pack("{s:I, s:f, s:f, s:f, s:o, s:o}", "samples",
                                  (json_int_t)m->samples, "loss", m->loss,
                                  "top1", m->top1, "top5", m->top5, "per_class",
                                  per_class, "confusion", confusion));
}

static void print_classes(const eval *e) {
  char name[24], number[CLI_NUMBER_TEXT];
  cli_table *t = cli_table_new("Class|Precision|Recall|F1|Support");
  for (int i = 0; i < e->metrics.classes; i++) {
    sv_class_metrics c = sv_metrics_of_class(&e->metrics, i);
    cli_cell(t, "%s", class_name(e, i, name));
    cli_cell(t, "%.4f", c.precision);
    cli_cell(t, "%.4f", c.recall);
    cli_cell(t, "%.4f", c.f1);
    cli_cell(t, "%s", cli_number(c.support, number));
  }
  cli_table_print(t);
}

/* Columns are numbered as the rows are; an empty cell is a zero. */
static void print_matrix(const eval *e) {
  int classes = e->metrics.classes;
  sv_text head = {0};
  char name[24];
  if (classes > WIDEST_MATRIX) {
    printf("The confusion matrix of %d classes: see --json, --matrix.\n",
           classes);
    return;
  }
  sv_text_add(&head, "True class|<#");
  for (int i = 0; i < classes; i++) sv_text_add(&head, "|%d", i);
  cli_table *t = head.at ? cli_table_new(head.at) : NULL;
  sv_text_clear(&head);
  for (int i = 0; i < classes; i++) {
    cli_cell(t, "%s", class_name(e, i, name));
    cli_cell(t, "%d", i);
    for (int j = 0; j < classes; j++) {
      if (confused(e, i, j))
        cli_cell(t, "%lld", (long long)confused(e, i, j));
      else
        cli_cell(t, "%s", "");
    }
  }
  cli_table_print(t);
}

static int print_result(const eval *e) {
  const sv_metrics *m = &e->metrics;
  char number[CLI_NUMBER_TEXT];
  if (e->json) return print_json(e);
  print_classes(e);
  putchar('\n');
  print_matrix(e);
  printf("\n%s images: top-1 %.2f%%, top-5 %.2f%%, loss %.4f\n",
         cli_number(m->samples, number), 100 * m->top1, 100 * m->top5, m->loss);
  char name[CLI_NAME_TEXT];
  if (e->csv) printf("%s  each image\n", cli_name(e->csv, name));
  if (e->picture)
    printf("%s  images with what was told\n", cli_name(e->picture, name));
  if (e->matrix)
    printf("%s  the confusion matrix\n", cli_name(e->matrix, name));
  return CLI_DONE;
}

/* ---- The verb ---- */

static sv_status eval_all(eval *e, const char *model, const char *data) {
  SV_TRY(check_outputs(e, model, data));
  SV_TRY(cli_model(&e->model, model, NULL, 0));
  SV_TRY(sv_dataset_open(&e->dataset, data, (sv_split)e->split));
  e->names = sv_preprocess_default();
  SV_TRY(sv_preprocess_load(&e->names, e->model));
  SV_TRY(run(e));
  return write_files(e);
}

int cmd_eval(const cli_verb *verb, int argc, char **argv) {
  static const char *const splits[] = {"train", "test", NULL};
  eval e = {.options = sv_eval_default(), .split = SV_SPLIT_TEST};
  const cli_option options[] = {
      {"split", 's', CLI_CHOICE, &e.split, 0, 0, splits, "PART",
       "which images of DATA"},
      {"batch", 'b', CLI_INT, &e.options.batch, 1, 1e6, NULL, "N",
       "images at once"},
      {"csv", 0, CLI_TEXT, &e.csv, 0, 0, NULL, "FILE",
       "write each image's class, and what was told"},
      {"picture", 0, CLI_TEXT, &e.picture, 0, 0, NULL, "FILE",
       "write a PNG of images with what was told"},
      {"matrix", 0, CLI_TEXT, &e.matrix, 0, 0, NULL, "FILE",
       "write a PNG of the confusion matrix"},
      {"exact", 0, CLI_FLAG, &e.options.exact, 0, 0, NULL, NULL,
       "only algorithms that do not trade accuracy for speed"},
      CLI_THREADS_OPTION(&e.options.threads),
      CLI_BACKEND_OPTION(&e.options.backend),
      CLI_JSON_OPTION(&e.json),
      {0}};
  const cli_page page = {verb, 2, 2, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  sv_status status = eval_all(&e, operands[0], operands[1]);
  exit_status = status == SV_OK ? print_result(&e) : cli_fail(status);
  sv_metrics_free(&e.metrics);
  sv_preprocess_free(&e.names);
  sv_text_clear(&e.rows);
  sv_dataset_free(e.dataset);
  sv_model_free(e.model);
  return exit_status;
}
