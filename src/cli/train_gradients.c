/* The picture of gradients.csv: a line for each epoch over the layers. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli_csv.h"
#include "cli/train.h"

enum { NAME = 24 };

static sv_status draw(const train *t, const cli_csv *csv, const char *path,
                      sv_chart_line *lines, char (*names)[NAME], double *y) {
  int layers = csv->columns - 1;
  for (int r = 0; r < csv->rows; r++) {
    double *row = y + (size_t)r * (size_t)layers;
    for (int i = 0; i < layers; i++) row[i] = cli_csv_column(csv, i + 1)[r];
    snprintf(names[r], NAME, "epoch %.0f", cli_csv_column(csv, 0)[r]);
    lines[r] = (sv_chart_line){.name = names[r], .y = row, .count = layers};
  }
  sv_chart chart = {
      .title = sv_graph_name(sv_model_graph(t->model)),
      .below = "norm of each layer's gradient, from the input to the output",
      .y_label = "norm of the gradient, mean over an epoch",
      .log_y = true,
      .x_names = (const char *const *)csv->names + 1,
      .x_name_count = layers,
      .in_order = true,
      .lines = lines,
      .count = csv->rows};
  return sv_look_chart(path, &chart);
}

/* Dead networks have none. */
static bool has_gradients(const cli_csv *csv) {
  for (int c = 1; c < csv->columns; c++)
    for (int r = 0; r < csv->rows; r++)
      if (cli_csv_column(csv, c)[r] > 0) return true;
  return false;
}

static sv_status draw_file(const train *t, const char *table,
                           const char *path) {
  cli_csv csv;
  double *y = NULL;
  sv_chart_line *lines = NULL;
  char(*names)[NAME] = NULL;
  SV_TRY(cli_csv_read(&csv, table));
  size_t rows = (size_t)csv.rows;
  sv_status status = sv_alloc_array(&lines, rows, sizeof *lines);
  if (status == SV_OK) status = sv_alloc_array(&names, rows, sizeof *names);
  if (status == SV_OK)
    status = sv_alloc_array(&y, rows * (size_t)csv.columns, sizeof *y);
  if (status == SV_OK && has_gradients(&csv))
    status = draw(t, &csv, path, lines, names, y);
  sv_free(y);
  sv_free(names);
  sv_free(lines);
  cli_csv_free(&csv);
  return status;
}

sv_status train_draw_gradients(const train *t) {
  char *table, *path;
  if (!t->fit.log_gradients) return SV_OK;
  SV_TRY(sv_path_join(&table, t->fit.run, "gradients.csv"));
  sv_status status = sv_path_join(&path, t->fit.run, "gradients.png");
  if (status == SV_OK) {
    if (sv_path_exists(table)) status = draw_file(t, table, path);
    sv_free(path);
  }
  sv_free(table);
  return status;
}

/* Of another time than the table, or not there. */
static bool is_behind(const char *picture, const char *table) {
  struct stat drawn, rows;
  if (stat(table, &rows) != 0) return false;
  if (stat(picture, &drawn) != 0) return true;
  return drawn.st_mtim.tv_sec < rows.st_mtim.tv_sec ||
         (drawn.st_mtim.tv_sec == rows.st_mtim.tv_sec &&
          drawn.st_mtim.tv_nsec < rows.st_mtim.tv_nsec);
}

static sv_status mend(const char *run, const char *picture, const char *table,
                      const char *best) {
  train t = {.fit = {.run = run, .log_gradients = true}};
  sv_writer_sweep(picture);
  if (!is_behind(picture, table)) return SV_OK;
  SV_TRY(sv_model_load(&t.model, best));
  sv_status status = train_draw_gradients(&t);
  sv_model_free(t.model);
  if (status == SV_OK && sv_path_exists(picture))
    cli_say("%s: drawn now, since the training was interrupted before",
            picture);
  return status;
}

void train_mend(const char *run) {
  static const char *const names[] = {"gradients.png", "gradients.csv",
                                      "model.onnx"};
  char *paths[3] = {NULL};
  sv_status status = SV_OK;
  for (int i = 0; i < 3 && status == SV_OK; i++)
    status = sv_path_join(&paths[i], run, names[i]);
  if (status == SV_OK) status = mend(run, paths[0], paths[1], paths[2]);
  if (status != SV_OK) cli_fail(status);
  for (int i = 0; i < 3; i++) sv_free(paths[i]);
}
