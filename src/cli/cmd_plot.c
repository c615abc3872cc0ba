/* svertka plot: the logs of several runs, drawn together. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_csv.h"

static const char about[] =
    "Draws one column of several CSV files, one line per file. RUN is a CSV "
    "file,\n"
    "or a run folder, whose log.csv is used.\n";

static const char examples[] =
    "svertka plot runs/xavier runs/poor --out curves.png\n"
    "svertka plot runs/xavier runs/poor -y train_loss --log --out loss.png\n";

/* What the columns of log.csv and gradients.csv are called in words. */
static const struct {
  const char *column, *words;
} words[] = {{"train_loss", "training loss"},
             {"train_top1", "training accuracy (top-1)"},
             {"val_loss", "validation loss"},
             {"val_top1", "validation accuracy (top-1)"},
             {"val_top5", "validation accuracy (top-5)"},
             {"val_f1", "validation F1 (mean over the classes)"},
             {"val_calibration_error", "validation calibration error"},
             {"val_iou", "validation IoU (mean over the classes)"},
             {"rate", "learning rate"},
             {"images_per_second", "images per second"},
             {NULL, NULL}};

static const char *in_words(const char *column) {
  for (int i = 0; words[i].column; i++)
    if (strcmp(words[i].column, column) == 0) return words[i].words;
  return column;
}

typedef struct plot {
  const char *x, *y, *out, *title;
  bool log;
  int count;
  char **runs;
  cli_csv *tables;
  sv_chart_line *lines;
} plot;

static sv_status read_run(plot *p, int i) {
  char *path;
  const char *run = p->runs[i];
  if (sv_path_is_folder(run))
    SV_TRY(sv_path_join(&path, run, "log.csv"));
  else
    SV_TRY(sv_copy_text(&path, run));
  sv_status status = cli_apart("--out", p->out, "RUN", path);
  if (status == SV_OK) status = cli_csv_read(&p->tables[i], path);
  sv_free(path);
  return status;
}

static sv_status fail_unknown(const char *run, const cli_csv *table,
                              const char *name) {
  sv_text names = {0};
  for (int i = 0; i < table->columns; i++)
    sv_text_add(&names, "%s%s", i ? ", " : "", table->names[i]);
  sv_status status = sv_fail(SV_INVALID, "%s has no column '%s'; it has: %s",
                             run, name, names.at ? names.at : "none");
  sv_text_clear(&names);
  return status;
}

static sv_status find(const plot *p, int i, const char *name,
                      const double **at) {
  int column = cli_csv_find(&p->tables[i], name);
  if (column < 0) return fail_unknown(p->runs[i], &p->tables[i], name);
  *at = cli_csv_column(&p->tables[i], column);
  return SV_OK;
}

static sv_status draw(plot *p) {
  for (int i = 0; i < p->count; i++) {
    SV_TRY(read_run(p, i));
    sv_chart_line *line = &p->lines[i];
    *line = (sv_chart_line){.name = p->runs[i], .count = p->tables[i].rows};
    SV_TRY(find(p, i, p->x, &line->x));
    SV_TRY(find(p, i, p->y, &line->y));
  }
  sv_chart chart = {.title = p->title ? p->title : in_words(p->y),
                    .x_label = in_words(p->x),
                    .y_label = p->title ? in_words(p->y) : NULL,
                    .log_y = p->log,
                    .lines = p->lines,
                    .count = p->count};
  return sv_look_chart(p->out, &chart);
}

static sv_status draw_all(plot *p) {
  size_t count = (size_t)p->count;
  SV_TRY(sv_alloc_array(&p->tables, count, sizeof *p->tables));
  sv_status status = sv_alloc_array(&p->lines, count, sizeof *p->lines);
  if (status == SV_OK) status = draw(p);
  for (int i = 0; i < p->count; i++) cli_csv_free(&p->tables[i]);
  sv_free(p->lines);
  sv_free(p->tables);
  return status;
}

int cmd_plot(const cli_verb *verb, int argc, char **argv) {
  plot p = {.x = "epoch", .y = "val_top1", .out = "plot.png"};
  const cli_option options[] = {
      {"out", 'o', CLI_TEXT, &p.out, 0, 0, NULL, "FILE", "the PNG to write"},
      {"y", 'y', CLI_TEXT, &p.y, 0, 0, NULL, "COLUMN", "the column to draw"},
      {"x", 'x', CLI_TEXT, &p.x, 0, 0, NULL, "COLUMN",
       "the column for the horizontal axis"},
      {"log", 0, CLI_FLAG, &p.log, 0, 0, NULL, NULL,
       "use a logarithmic vertical axis"},
      {"title", 0, CLI_TEXT, &p.title, 0, 0, NULL, "TEXT",
       "title of the plot (the column's name)"},
      {0}};
  const cli_page page = {verb, 1, -1, options, about, examples};
  int exit_status;
  if (!cli_parse(&page, argc, argv, &p.runs, &p.count, &exit_status))
    return exit_status;
  sv_status status = draw_all(&p);
  if (status != SV_OK) return cli_fail(status);
  char name[CLI_NAME_TEXT];
  printf("%s  %s over %s\n", cli_name(p.out, name), p.y, p.x);
  return CLI_DONE;
}
