/* svertka train --repeat: the same training with several seeds. What one run
 * says of a recipe is partly luck; mean and deviation say how much. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/train.h"
#include "train/fit.h"

typedef struct row {
  uint64_t seed;
  char *folder;
  sv_fit_result result;
  bool trained; /* in this call */
  double test_loss, test_top1;
} row;

typedef struct series {
  train *t;
  const char *network, *folder;
  row *rows;
  int count;
} series;

/* ---- One of them ---- */

static sv_status name_folder(const series *s, row *r) {
  char name[32];
  snprintf(name, sizeof name, "seed-%llu", (unsigned long long)r->seed);
  return sv_path_join(&r->folder, s->folder, name);
}

/* A run that is over is taken as it is, one that was stopped goes on. */
static sv_status open_run(const series *s, row *r, sv_fit_options *options,
                          sv_model **model, bool *finished) {
  *finished = false;
  *model = NULL;
  if (options->overwrite || !train_holds_run(r->folder))
    return train_new_model(s->t, model, s->network, r->seed);
  SV_TRY(sv_fit_look(&r->result, finished, sv_model_graph(s->t->model),
                     s->t->dataset, options));
  if (*finished) return SV_OK;
  sv_fit_options own;
  SV_TRY(sv_fit_open(model, &own, r->folder));
  options->resume = true;
  return SV_OK;
}

static sv_status train_one(const series *s, row *r) {
  train *t = s->t;
  sv_model *model;
  bool finished;
  t->fit.seed = r->seed;
  t->fit.run = r->folder;
  sv_fit_options options = t->fit;
  SV_TRY(open_run(s, r, &options, &model, &finished));
  if (!finished) {
    cli_say("seed %llu, %lld of %d", (unsigned long long)r->seed,
            (long long)(r - s->rows) + 1, s->count);
    train_tell(t);
    options.report = t->fit.report;
    options.context = t->fit.context;
    sv_status status = sv_fit(model, t->dataset, &options, &r->result);
    cli_progress_end(&t->bar);
    sv_model_free(model);
    r->trained = true;
    SV_TRY(status);
    SV_TRY(train_write_skipped(t));
    SV_TRY(train_draw_gradients(t));
  }
  if (!t->test) return SV_OK;
  return train_score(t, r->folder, &r->test_loss, &r->test_top1);
}

/* ---- What they come to ---- */

typedef struct spread {
  double mean, deviation; /* of a sample: divided by count - 1 */
} spread;

static spread spread_of(const series *s, double (*number)(const row *)) {
  spread result = {0};
  double squares = 0;
  for (int i = 0; i < s->count; i++) result.mean += number(&s->rows[i]);
  result.mean /= s->count;
  for (int i = 0; i < s->count; i++)
    squares += pow(number(&s->rows[i]) - result.mean, 2);
  result.deviation = sqrt(squares / (s->count - 1));
  return result;
}

static double top1_of(const row *r) { return r->result.top1; }
static double test_of(const row *r) { return r->test_top1; }

static int print_json(const series *s) {
  json_t *runs = json_array();
  for (int i = 0; i < s->count; i++) {
    const row *r = &s->rows[i];
    json_t *run =
        json_pack("{s:I, s:o, s:i, s:o, s:o}", "seed", (json_int_t)r->seed,
                  "run", cli_json_text(r->folder), "best_epoch",
                  r->result.best_epoch, "loss", cli_json_number(r->result.loss),
                  "top1", cli_json_number(r->result.top1));
    if (s->t->test) {
      json_object_set_new(run, "test_loss", cli_json_number(r->test_loss));
      json_object_set_new(run, "test_top1", cli_json_number(r->test_top1));
    }
    json_array_append_new(runs, run);
  }
  spread top1 = spread_of(s, top1_of), test = spread_of(s, test_of);
  json_t *object = json_pack("{s:o, s:o, s:o}", "runs", runs, "top1_mean",
                             cli_json_number(top1.mean), "top1_deviation",
                             cli_json_number(top1.deviation));
  json_object_set_new(object, "recipe", train_recipe_json(s->t));
  if (s->t->test) {
    json_object_set_new(object, "test_top1_mean", cli_json_number(test.mean));
    json_object_set_new(object, "test_top1_deviation",
                        cli_json_number(test.deviation));
  }
  return cli_print_json(object);
}

static void put_spread(cli_table *table, const char *name, double top1,
                       double test, bool tested) {
  cli_cell(table, "%s", name);
  cli_cell(table, "%.2f%%", 100 * top1);
  if (tested) cli_cell(table, "%.2f%%", 100 * test);
}

static int print(const series *s) {
  bool tested = s->t->test;
  if (s->t->json) return print_json(s);
  char name[CLI_NAME_TEXT], time[CLI_TIME_TEXT], seed[24];
  const char *of = s->t->fit.validation > 0 ? "Validation" : "Training", *last;
  char columns[64];
  snprintf(columns, sizeof columns, "Seed|>%s|%s>Best epoch|>Time|<Folder", of,
           tested ? ">Test|" : "");
  cli_table *table = cli_table_new(columns);
  for (int i = 0; i < s->count; i++) {
    const row *r = &s->rows[i];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed);
    put_spread(table, seed, r->result.top1, r->test_top1, tested);
    last = r->trained ? cli_duration(r->result.seconds, time) : "before";
    cli_cell(table, "%d", r->result.best_epoch);
    cli_cell(table, "%s", last);
    cli_cell(table, "%s", cli_name(r->folder, name));
  }
  cli_table_rule(table);
  spread top1 = spread_of(s, top1_of), test = spread_of(s, test_of);
  put_spread(table, "mean", top1.mean, test.mean, tested);
  for (int i = 0; i < 3; i++) cli_cell(table, "%s", "");
  put_spread(table, "deviation", top1.deviation, test.deviation, tested);
  cli_table_print(table);
  return CLI_DONE;
}

/* ---- All of them ---- */

static sv_status train_each(series *s) {
  uint64_t first = s->t->fit.seed;
  for (int i = 0; i < s->count; i++) {
    s->rows[i].seed = first + (uint64_t)i;
    SV_TRY(name_folder(s, &s->rows[i]));
  }
  for (int i = 0; i < s->count; i++) SV_TRY(train_one(s, &s->rows[i]));
  return SV_OK;
}

int train_repeat(train *t, const char *network) {
  series s = {t, network, t->fit.run, NULL, t->repeat};
  if (t->fit.seed > UINT64_MAX - (uint64_t)(s.count - 1))
    return cli_usage("--seed %llu is too large for %d seeds",
                     (unsigned long long)t->fit.seed, s.count);
  if (train_holds_run(s.folder))
    return cli_usage("%s contains a single run: --out chooses another folder",
                     s.folder);
  cli_catch_interrupt();
  sv_status status = sv_alloc_array(&s.rows, (size_t)s.count, sizeof *s.rows);
  if (status == SV_OK) status = train_each(&s);
  int exit_status = status == SV_OK ? print(&s) : cli_fail(status);
  if (status == SV_INTERRUPTED)
    cli_say("saved; the same command%s resumes",
            t->fit.overwrite ? " without --force" : "");
  for (int i = 0; s.rows && i < s.count; i++) sv_free(s.rows[i].folder);
  sv_free(s.rows);
  return exit_status;
}
