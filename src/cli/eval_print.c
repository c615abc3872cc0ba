/* What `svertka eval` prints: tables, or JSON. */
#include <math.h>
#include <stdio.h>

#include "cli/eval.h"

enum { WIDEST_MATRIX = 20 };

static int64_t confused(const eval *e, int truth, int told) {
  return e->metrics.confusion[(int64_t)truth * e->metrics.classes + told];
}

/* ---- JSON ---- */

static json_t *json_shares(sv_class_metrics c) {
  return json_pack("{s:o, s:o, s:o}", "precision", cli_json_number(c.precision),
                   "recall", cli_json_number(c.recall), "f1",
                   cli_json_number(c.f1));
}

static json_t *json_class(const eval *e, int i) {
  char name[EVAL_NAME_TEXT];
  sv_class_metrics c = sv_metrics_of_class(&e->metrics, i);
  json_t *object =
      json_pack("{s:o}", "name", cli_json_text(eval_class(e, i, name)));
  json_object_update_new(object, json_shares(c));
  if (eval_of_pixels(e))
    json_object_set_new(object, "iou", cli_json_number(c.iou));
  json_object_set_new(object, "support", json_integer(c.support));
  return object;
}

static json_t *json_confusion(const eval *e) {
  json_t *rows = json_array();
  for (int i = 0; i < e->metrics.classes; i++) {
    json_t *row = json_array();
    for (int j = 0; j < e->metrics.classes; j++)
      json_array_append_new(row, json_integer(confused(e, i, j)));
    json_array_append_new(rows, row);
  }
  return rows;
}

static json_t *json_calibration(const sv_metrics *m) {
  json_t *bins = json_array();
  for (int b = 0; b < SV_CALIBRATION_BINS; b++) {
    const sv_calibration_bin *bin = &m->bins[b];
    double n = bin->samples ? (double)bin->samples : NAN;
    json_array_append_new(
        bins, json_pack("{s:f, s:f, s:I, s:o, s:o}", "from",
                        b / (double)SV_CALIBRATION_BINS, "to",
                        (b + 1) / (double)SV_CALIBRATION_BINS, "samples",
                        (json_int_t)bin->samples, "confidence",
                        cli_json_number(bin->confidence / n), "accuracy",
                        cli_json_number((double)bin->right / n)));
  }
  return bins;
}

static json_t *json_mistakes(const eval *e) {
  json_t *list = json_array();
  char is[EVAL_NAME_TEXT], told[EVAL_NAME_TEXT];
  for (int i = 0; i < e->mistakes.count; i++) {
    const sv_verdict *v = &e->mistakes.at[i];
    json_array_append_new(
        list,
        json_pack("{s:I, s:o, s:o, s:o, s:o}", "sample", (json_int_t)v->sample,
                  "label", cli_json_text(eval_class(e, v->label, is)),
                  "predicted", cli_json_text(eval_class(e, v->predicted, told)),
                  "probability", cli_json_number((double)v->probability),
                  "label_probability", cli_json_number((double)v->truth)));
  }
  return list;
}

static int print_json(const eval *e) {
  const sv_metrics *m = &e->metrics;
  char key[24];
  json_t *classes = json_array();
  for (int i = 0; i < m->classes; i++)
    json_array_append_new(classes, json_class(e, i));
  json_t *all =
      json_pack("{s:I, s:o, s:o, s:o}", "samples", (json_int_t)m->samples,
                "loss", cli_json_number(m->loss), "top1",
                cli_json_number(m->top1), "top5", cli_json_number(m->top5));
  if (e->skip_bad)
    json_object_set_new(all, "skipped", json_integer(e->skipped.count));
  snprintf(key, sizeof key, "top%d", e->top);
  if (e->top)
    json_object_set_new(all, key, cli_json_number(sv_metrics_top(m, e->top)));
  if (m->independent) json_object_set_new(all, "independent", json_true());
  if (e->options.crops > 1)
    json_object_set_new(all, "crops", json_integer(e->options.crops));
  if (eval_of_pixels(e)) {
    json_object_set_new(all, "pixel_accuracy", cli_json_number(m->top1));
    json_object_set_new(all, "mean_iou",
                        cli_json_number(sv_metrics_macro(m).iou));
  }
  json_object_set_new(all, "brier", cli_json_number(m->brier));
  json_object_set_new(all, "calibration_error",
                      cli_json_number(m->calibration_error));
  json_object_set_new(all, "macro", json_shares(sv_metrics_macro(m)));
  json_object_set_new(all, "weighted", json_shares(sv_metrics_weighted(m)));
  json_object_set_new(all, "per_class", classes);
  json_object_set_new(all, "confusion", json_confusion(e));
  json_object_set_new(all, "calibration", json_calibration(m));
  if (e->mistakes_most) json_object_set_new(all, "mistakes", json_mistakes(e));
  return cli_print_json(all);
}

/* ---- Tables ---- */

static void add_row(cli_table *t, const eval *e, const char *name,
                    sv_class_metrics c) {
  char number[CLI_NUMBER_TEXT];
  cli_cell(t, "%s", name);
  cli_cell(t, "%.4f", c.precision);
  cli_cell(t, "%.4f", c.recall);
  cli_cell(t, "%.4f", c.f1);
  if (eval_of_pixels(e)) cli_cell(t, "%.4f", c.iou);
  cli_cell(t, "%s", cli_number(c.support, number));
}

static void print_classes(const eval *e) {
  char name[EVAL_NAME_TEXT];
  cli_table *t =
      cli_table_new(eval_of_pixels(e) ? "Class|Precision|Recall|F1|IoU|Pixels"
                                      : "Class|Precision|Recall|F1|Support");
  for (int i = 0; i < e->metrics.classes; i++)
    add_row(t, e, eval_class(e, i, name), sv_metrics_of_class(&e->metrics, i));
  cli_table_rule(t);
  add_row(t, e, "Mean", sv_metrics_macro(&e->metrics));
  add_row(t, e, "Mean by support", sv_metrics_weighted(&e->metrics));
  cli_table_print(t);
}

/* Columns are numbered as the rows are; an empty cell is a zero. */
static void print_matrix(const eval *e) {
  int classes = e->metrics.classes;
  sv_text head = {0};
  char name[EVAL_NAME_TEXT];
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
    cli_cell(t, "%s", eval_class(e, i, name));
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

static void print_mistakes(const eval *e) {
  char is[EVAL_NAME_TEXT], told[EVAL_NAME_TEXT];
  if (!e->mistakes_most) return;
  cli_table *t = cli_table_new("Image|<True class|%|<Predicted|%");
  for (int i = 0; i < e->mistakes.count; i++) {
    const sv_verdict *v = &e->mistakes.at[i];
    cli_cell(t, "%lld", (long long)v->sample);
    cli_cell(t, "%s", eval_class(e, v->label, is));
    cli_cell(t, "%.2f", 100 * (double)v->truth);
    cli_cell(t, "%s", eval_class(e, v->predicted, told));
    cli_cell(t, "%.2f", 100 * (double)v->probability);
  }
  printf("\nThe most confident mistakes\n");
  cli_table_print(t);
}

int eval_print(const eval *e) {
  const sv_metrics *m = &e->metrics;
  char number[CLI_NUMBER_TEXT];
  if (e->json) return print_json(e);
  print_classes(e);
  putchar('\n');
  print_matrix(e);
  print_mistakes(e);
  if (eval_of_pixels(e))
    printf("\n%s pixels: accuracy %.2f%%, mean IoU %.4f",
           cli_number(m->samples, number), 100 * m->top1,
           sv_metrics_macro(m).iou);
  else if (e->options.crops > 1)
    printf("\n%s images, %d crops each: top-1 %.2f%%, top-5 %.2f%%",
           cli_number(m->samples, number), e->options.crops, 100 * m->top1,
           100 * m->top5);
  else
    printf("\n%s images: top-1 %.2f%%, top-5 %.2f%%",
           cli_number(m->samples, number), 100 * m->top1, 100 * m->top5);
  if (e->top)
    printf(", top-%d %.2f%%", e->top, 100 * sv_metrics_top(m, e->top));
  printf(", %s %.4f\nBrier score %.4f, calibration error %.4f\n",
         m->independent ? "binary cross-entropy" : "loss", m->loss, m->brier,
         m->calibration_error);
  eval_print_files(e);
  return CLI_DONE;
}
