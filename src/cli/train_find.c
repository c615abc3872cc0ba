/* svertka train --lr-find: the range test, as text, table and picture. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/train.h"

/* ---- Options that would be ignored ---- */

static const char *ignored_by_find(const train *t) {
  const sv_fit_options usual = sv_fit_default(), *f = &t->fit;
  if (t->resume) return "resume";
  if (t->explain) return "explain-plan";
  if (t->test) return "test";
  if (f->run) return "out";
  if (f->overwrite && !t->plot && !t->csv) return "force";
  if (f->rate != usual.rate) return "rate";
  if (strcmp(f->schedule, usual.schedule) != 0) return "schedule";
  if (f->warm_up != usual.warm_up) return "warm-up";
  if (f->epochs != usual.epochs) return "epochs";
  if (f->patience != usual.patience) return "patience";
  if (f->ema != usual.ema) return "ema";
  if (f->log_gradients) return "log-gradients";
  if (strcmp(f->checkpoint, usual.checkpoint) != 0) return "checkpoint-every";
  return NULL;
}

static const char *needs_find(const train *t) {
  const sv_rate_options usual = sv_rate_default();
  if (t->plot) return "plot";
  if (t->csv) return "csv";
  if (t->range.from != usual.from) return "lr-from";
  if (t->range.to != usual.to) return "lr-to";
  if (t->range.steps != usual.steps) return "lr-steps";
  return NULL;
}

bool train_find_check(const train *t, int *exit_status) {
  const char *option = t->find ? ignored_by_find(t) : needs_find(t);
  if (!option) return true;
  *exit_status = t->find ? cli_usage("--lr-find excludes --%s", option)
                         : cli_usage("--%s needs --lr-find", option);
  return false;
}

static sv_status check_file(const train *t, const char *option,
                            const char *path) {
  if (!path || t->fit.overwrite || !sv_path_exists(path)) return SV_OK;
  return sv_fail(SV_INVALID, "%s %s: the file exists; --force replaces it",
                 option, path);
}

static sv_status check_files(const train *t) {
  SV_TRY(check_file(t, "--plot", t->plot));
  SV_TRY(check_file(t, "--csv", t->csv));
  SV_TRY(cli_apart("--csv", t->csv, "--plot", t->plot));
  const char *outputs[][2] = {{"--plot", t->plot}, {"--csv", t->csv}};
  for (int i = 0; i < 2; i++) {
    SV_TRY(cli_apart(outputs[i][0], outputs[i][1], "MODEL", t->fit.network));
    SV_TRY(cli_outside(outputs[i][0], outputs[i][1], "DATA", t->fit.data));
  }
  return SV_OK;
}

/* ---- What comes of it ---- */

/* Three digits are more than a rate needs. */
static const char *rate_text(double rate, char text[CLI_NUMBER_TEXT]) {
  snprintf(text, CLI_NUMBER_TEXT, "%.2g", rate);
  return text;
}

static sv_status write_csv(const train *t, const sv_rate_curve *c) {
  sv_text text = {0};
  char *all, rate[SV_NUMBER_TEXT], loss[SV_NUMBER_TEXT], mean[SV_NUMBER_TEXT];
  if (!t->csv) return SV_OK;
  sv_text_add(&text, "step,rate,loss,smoothed\n");
  for (int i = 0; i < c->count; i++)
    sv_text_add(&text, "%d,%s,%s,%s\n", i + 1,
                sv_number_text(c->points[i].rate, rate),
                sv_number_text(c->points[i].loss, loss),
                sv_number_text(c->points[i].smoothed, mean));
  SV_TRY(sv_text_take(&text, &all));
  sv_status status = sv_file_write(t->csv, all, strlen(all));
  sv_free(all);
  return status;
}

/* A loss of a diverged step would press the rest of the curve flat. */
static double highest_drawn(const sv_rate_curve *c) {
  double start = c->points[0].smoothed, low = c->points[c->lowest].smoothed;
  return start + 0.6 * fabs(start - low) + 0.02 * fabs(start);
}

static sv_status draw(const train *t, const sv_rate_curve *c) {
  enum { LOSS, SMOOTHED, MARK, LINES };
  double *numbers;
  size_t count = (size_t)c->count;
  char rate[CLI_NUMBER_TEXT], mark_name[64], below[128];
  if (!t->plot) return SV_OK;
  SV_TRY(sv_alloc_array(&numbers, 3 * count, sizeof *numbers));
  double *x = numbers, *loss = x + count, *smoothed = loss + count;
  double top = highest_drawn(c), bottom = INFINITY;
  for (int i = 0; i < c->count; i++) {
    const sv_rate_point *p = &c->points[i];
    x[i] = p->rate;
    loss[i] = p->loss <= top ? p->loss : NAN;
    smoothed[i] = p->smoothed <= top ? p->smoothed : NAN;
    bottom = fmin(bottom, p->loss);
  }
  const double at[] = {c->suggested, c->suggested}, ends[] = {bottom, top};
  snprintf(mark_name, sizeof mark_name, "suggested: %s",
           rate_text(c->suggested, rate));
  snprintf(below, sizeof below, "batches of %d, %s", t->fit.batch,
           t->fit.optimiser);
  const sv_chart_line lines[LINES] = {
      [LOSS] = {"loss of a batch", x, loss, c->count},
      [SMOOTHED] = {"smoothed", x, smoothed, c->count},
      [MARK] = {mark_name, at, ends, 2}};
  const sv_chart chart = {.title = "Range test of the learning rate",
                          .below = below,
                          .x_label = "learning rate",
                          .y_label = "loss",
                          .log_x = true,
                          .lines = lines,
                          .count = c->suggested > 0 ? LINES : MARK};
  sv_status status = sv_look_chart(t->plot, &chart);
  sv_free(numbers);
  return status;
}

static json_t *json_point(const sv_rate_point *p) {
  return json_pack("{s:f, s:o, s:o}", "rate", p->rate, "loss",
                   cli_json_number(p->loss), "smoothed",
                   cli_json_number(p->smoothed));
}

static int print_json(const sv_rate_curve *c) {
  json_t *points = json_array();
  for (int i = 0; i < c->count; i++)
    json_array_append_new(points, json_point(&c->points[i]));
  json_t *suggested = c->suggested > 0 ? json_real(c->suggested) : json_null();
  return cli_print_json(
      json_pack("{s:o, s:o, s:o, s:b, s:i, s:o}", "suggested", suggested,
                "lowest", json_point(&c->points[c->lowest]), "steepest",
                json_point(&c->points[c->steepest]), "diverged", c->diverged,
                "steps", c->count, "points", points));
}

static int print(const train *t, const sv_rate_curve *c) {
  char suggested[CLI_NUMBER_TEXT], low[CLI_NUMBER_TEXT], steep[CLI_NUMBER_TEXT],
      name[CLI_NAME_TEXT];
  const sv_rate_point *lowest = &c->points[c->lowest];
  int exit_status = CLI_DONE;
  if (t->json) {
    exit_status = print_json(c);
  } else if (c->suggested > 0) {
    printf(
        "suggested rate %s: a tenth of %s, where the loss is lowest (%.3f)\n"
        "it falls most steeply at %s\n",
        rate_text(c->suggested, suggested), rate_text(lowest->rate, low),
        lowest->smoothed, rate_text(c->points[c->steepest].rate, steep));
    if (t->plot) printf("%s  plot of the losses\n", cli_name(t->plot, name));
    if (t->csv) printf("%s  table of the losses\n", cli_name(t->csv, name));
  }
  if (c->suggested > 0) return exit_status;
  cli_say("no rate from %g to %g reduces the loss in %d steps",
          c->points[0].rate, c->points[c->count - 1].rate, c->count);
  return CLI_FAILED;
}

/* ---- The whole ---- */

static bool on_step(void *context, int done, int steps) {
  train *t = context;
  if (done == 1) cli_progress_start(&t->bar, "range test", "steps", steps);
  cli_progress_at(&t->bar, done, NULL);
  return !cli_interrupted();
}

int train_find(train *t) {
  sv_rate_curve curve = {0};
  sv_status status = check_files(t);
  t->range.report = on_step;
  t->range.context = t;
  cli_catch_interrupt();
  if (status == SV_OK)
    status = sv_rate_find(&curve, t->model, t->dataset, &t->fit, &t->range);
  cli_progress_end(&t->bar);
  if (status == SV_OK) status = write_csv(t, &curve);
  if (status == SV_OK) status = draw(t, &curve);
  int exit_status = status == SV_OK ? print(t, &curve) : cli_fail(status);
  sv_rate_curve_free(&curve);
  return exit_status;
}
