/* svertka train: from a network and labelled images to a model file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/train.h"
#include "init/init.h"
#include "train/digest.h"
#include "train/fit.h"

static const char UNREADABLE[] = "unreadable.csv";

/* ---- The model ---- */

/* "runs/lenet5-fashion-mnist". Names come from files: only plain letters. */
static sv_status name_folder(train *t) {
  const char *network = sv_graph_name(sv_model_graph(t->model));
  const char *data = sv_dataset_name(t->dataset);
  size_t size = strlen(network) + strlen(data) + 8;
  SV_TRY(sv_alloc(&t->folder, size));
  int start = snprintf(t->folder, size, "runs/");
  snprintf(t->folder + start, size - (size_t)start, "%s-%s", network, data);
  for (char *c = t->folder + start; *c; c++)
    if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
          (*c >= 'A' && *c <= 'Z') || *c == '-' || *c == '_'))
      *c = '-';
  t->fit.run = t->folder;
  return SV_OK;
}

bool train_holds_run(const char *folder) {
  char *path;
  if (sv_path_join(&path, folder, "last.onnx") != SV_OK) return false;
  bool found = sv_path_exists(path);
  sv_free(path);
  return found;
}

/* A resumed run leaves out what it left out before. */
static sv_status skip_bad(train *t, sv_dataset *dataset) {
  char *list = NULL;
  if (!t->fit.skip_bad || !dataset) return SV_OK;
  if (!t->resume) return cli_skip_bad(dataset, &t->skipped, t->fit.threads);
  SV_TRY(sv_path_join(&list, t->resume, UNREADABLE));
  sv_status status =
      cli_skip_listed(dataset, &t->skipped, list, t->fit.threads);
  sv_free(list);
  return status;
}

/* The test images too, if wanted: better missed now than after the training. */
static sv_status open_data(train *t, const char *data) {
  SV_TRY(sv_dataset_open(&t->dataset, data, SV_SPLIT_TRAIN));
  SV_TRY(train_check_classes(t));
  if (t->test) SV_TRY(sv_dataset_open(&t->unseen, data, SV_SPLIT_TEST));
  SV_TRY(skip_bad(t, t->dataset));
  return skip_bad(t, t->unseen);
}

sv_status train_write_skipped(const train *t) {
  char *path;
  if (!t->skipped.count || !sv_path_is_folder(t->fit.run)) return SV_OK;
  SV_TRY(sv_path_join(&path, t->fit.run, UNREADABLE));
  sv_status status = cli_skipped_write(&t->skipped, path);
  sv_free(path);
  return status;
}

static sv_status begin(train *t, const char *network, const char *data) {
  SV_TRY(open_data(t, data));
  SV_TRY(train_new_model(t, &t->model, network, t->fit.seed));
  SV_TRY(train_suit_head(t));
  SV_TRY(train_tell_tuning(t, network));
  train_tell_recipe(t, network);
  t->fit.network = network;
  t->fit.data = data;
  if (!t->fit.run) SV_TRY(name_folder(t));
  return cli_folders_apart("--out", t->fit.run, "DATA",
                           sv_dataset_path(t->dataset));
}

/* ---- Going on ---- */

static sv_status check_network(const train *t, const char *network) {
  sv_model *model = NULL;
  sv_status status = train_new_model(t, &model, network, t->fit.seed);
  if (status == SV_OK)
    status = sv_digest_check_network(t->model, sv_model_graph(model));
  sv_model_free(model);
  if (status == SV_OK || !t->fit.network) return status;
  return sv_fail_in(status, "%s, not %s", network, t->fit.network);
}

/* MODEL and DATA may be left out: the run knows them. */
static sv_status go_on(train *t, const char *network, const char *data) {
  if (!data) data = t->fit.data;
  if (!data)
    return sv_fail(SV_INVALID, "%s does not say what its data were: name them",
                   t->resume);
  SV_TRY(open_data(t, data));
  return network ? check_network(t, network) : SV_OK;
}

/* ---- What comes of it ---- */

/* The plan of a training step, instead of the training. */
static sv_status explain(train *t) {
  char *text;
  SV_TRY(sv_fit_explain(&text, t->model, t->dataset, &t->fit));
  cli_print_lines(text);
  sv_plan_text_free(text);
  return SV_OK;
}

sv_status train_score(const train *t, const char *run, double *loss,
                      double *top1) {
  char *path;
  sv_model *model = NULL;
  sv_metrics metrics;
  sv_eval_options options = sv_eval_default();
  options.threads = t->fit.threads;
  options.backend = t->fit.backend;
  options.exact = t->fit.exact;
  SV_TRY(sv_path_join(&path, run, "model.onnx"));
  sv_status status = sv_model_load(&model, path);
  if (status == SV_OK) status = sv_eval(&metrics, model, t->unseen, &options);
  if (status == SV_OK) {
    *loss = metrics.loss;
    *top1 = metrics.top1;
    sv_metrics_free(&metrics);
  }
  sv_model_free(model);
  sv_free(path);
  return status;
}

/* On the test images; NAN where they were not asked for. */
typedef struct score {
  double loss, top1;
} score;

static int print_json(const train *t, const sv_fit_result *r,
                      const score *test) {
  double rate = r->seconds > 0 ? (double)r->images / r->seconds : 0;
  json_t *object =
      json_pack("{s:o, s:i, s:b, s:i, s:I, s:o, s:o, s:f, s:f, s:f}", "run",
                cli_json_text(t->fit.run), "epochs", r->epochs, "stopped_early",
                r->stopped_early, "best_epoch", r->best_epoch, "held_out",
                (json_int_t)r->held_out, "loss", cli_json_number(r->loss),
                r->of_pixels && r->held_out > 0 ? "mean_iou" : "top1",
                cli_json_number(r->top1), "seconds", r->seconds,
                "images_per_second", rate, "waited_seconds", r->waited);
  json_object_set_new(object, "recipe", train_recipe_json(t));
  const char *augment = t->fit.augment.transforms;
  json_object_set_new(object, "augment",
                      augment ? cli_json_text(augment) : json_null());
  if (t->fit.skip_bad)
    json_object_set_new(object, "skipped", json_integer(t->skipped.count));
  if (t->test) {
    json_object_set_new(object, "test_loss", cli_json_number(test->loss));
    json_object_set_new(object, "test_top1", cli_json_number(test->top1));
  }
  return cli_print_json(object);
}

/* Worse than guessing, by far: ln(classes) is the loss of who knows nothing. */
static void tell_diverged(const train *t, const sv_fit_result *r) {
  double chance = log(sv_dataset_classes(t->dataset));
  if (r->loss <= 2 * chance + 1 || r->top1 > 0.5) return;
  cli_say(
      "the training diverged: its best loss is %.4g, guessing gives %.4g; try "
      "a lower --rate (--lr-find suggests one)",
      r->loss, chance);
}

/* Threads load ahead of the training, unless they are too slow. */
static void tell_waiting(const sv_fit_result *r) {
  double share = r->seconds > 0 ? r->waited / r->seconds : 0;
  if (share < 0.05 || r->waited < 1) return;
  cli_say(
      "%.0f%% of the time was spent waiting for images: loading them is slower "
      "than training ('svertka data speed' measures it)",
      100 * share);
}

static int print_result(const train *t, const sv_fit_result *r) {
  char time[CLI_TIME_TEXT], name[CLI_NAME_TEXT];
  score test = {0};
  if (t->test) {
    sv_status status = train_score(t, t->fit.run, &test.loss, &test.top1);
    if (status != SV_OK) return cli_fail(status);
  }
  tell_diverged(t, r);
  tell_waiting(r);
  if (t->json) return print_json(t, r, &test);
  bool iou = r->of_pixels && r->held_out > 0;
  printf("%s %.2f%% %s, loss %.4f (epoch %d of %d), after %s\n",
         r->held_out > 0 ? "validation" : "training", 100 * r->top1,
         iou            ? "mean IoU"
         : r->of_pixels ? "of the pixels"
                        : "top-1",
         r->loss, r->best_epoch, r->epochs, cli_duration(r->seconds, time));
  if (t->test)
    printf("test %.2f%% top-1, loss %.4f\n", 100 * test.top1, test.loss);
  printf(
      "%s/model.onnx  the model\n"
      "%s/log.csv     one row per epoch\n",
      cli_name(t->fit.run, name), name);
  if (t->skipped.count)
    printf("%s/unreadable.csv  %lld images that were skipped\n", name,
           (long long)t->skipped.count);
  if (t->fit.log_gradients)
    printf("%s/gradients.csv, %s/gradients.png  the norms of the gradients\n",
           name, name);
  return CLI_DONE;
}

/* What a resumed run has lost of its tables. */
static sv_status tell_lost(const train *t) {
  static const char *const names[] = {"log.csv", "gradients.csv"};
  sv_counters c;
  SV_TRY(sv_records_read(sv_model_state(t->model), &c));
  for (int i = 0; i < 1 + t->fit.log_gradients; i++) {
    int lost;
    SV_TRY(sv_run_rows_lost(t->fit.run, names[i], (int)c.epochs, &lost));
    if (lost > 0)
      cli_say(
          "%s/%s: the rows of %d of %d epochs are missing or damaged; resuming "
          "without them",
          t->fit.run, names[i], lost, (int)c.epochs);
  }
  return SV_OK;
}

static int run(train *t) {
  sv_fit_result result = {0};
  if (t->resume && tell_lost(t) != SV_OK) return cli_fail(SV_IO);
  train_tell(t);
  cli_catch_interrupt();
  sv_status status = sv_fit(t->model, t->dataset, &t->fit, &result);
  cli_progress_end(&t->bar);
  if (status == SV_OK) status = train_write_skipped(t);
  if (status == SV_OK && result.stopped_early)
    cli_say("stopped early: %d %s no better than epoch %d", t->fit.patience,
            t->fit.patience == 1 ? "epoch was" : "epochs in a row were",
            result.best_epoch);
  if (status == SV_OK) {
    status = train_draw_gradients(t);
    return status == SV_OK ? print_result(t, &result) : cli_fail(status);
  }
  int exit_status = cli_fail(status);
  if (status == SV_INTERRUPTED &&
      (train_draw_gradients(t) != SV_OK || train_write_skipped(t) != SV_OK))
    cli_fail(SV_IO);
  if (status == SV_INTERRUPTED)
    cli_say("saved; to resume: svertka train --resume %s", t->fit.run);
  else if (status == SV_IO && result.saved)
    cli_say(
        "the last checkpoint is intact; to resume: svertka train --resume %s",
        t->fit.run);
  else if (result.saved_epoch > 0 && result.saved_epoch == result.best_epoch)
    cli_say("the best weights so far are in %s/model.onnx", t->fit.run);
  else if (result.saved_epoch > 0)
    cli_say("the weights of epoch %d are in %s/model.onnx", result.saved_epoch,
            t->fit.run);
  return exit_status;
}

/* ---- The verb ---- */

/* A run's own options are what was not given again. */
static bool reopen(const cli_verb *verb, int argc, char **argv, train *t,
                   char ***operands, int *count, int *exit_status) {
  sv_status status = sv_fit_open(&t->model, &t->fit, t->resume);
  if (status != SV_OK) {
    *exit_status = cli_fail(status);
    if (status == SV_INVALID) train_mend(t->resume);
    return false;
  }
  if (!train_parse(verb, argc, argv, t, operands, count, exit_status))
    return false;
  if (strcmp(t->fit.run, t->resume) == 0 && !t->fit.overwrite) return true;
  *exit_status =
      cli_usage("--resume continues in the run's own folder: it excludes %s",
                t->fit.overwrite ? "--force" : "--out");
  return false;
}

/* False, and *exit_status, where options contradict each other. */
static bool check_options(const train *t, int *exit_status) {
  const char *other = t->json ? "json" : t->test ? "test" : NULL;
  const char *image = cli_image_given(&t->image);
  if (t->resume && image) {
    *exit_status = cli_usage(
        "--resume prepares images as the run does: it excludes --%s", image);
    return false;
  }
  if (t->explain && other) {
    *exit_status = cli_usage("--explain-plan excludes --%s", other);
    return false;
  }
  other = t->resume    ? "resume"
          : t->explain ? "explain-plan"
          : t->find    ? "lr-find"
                       : NULL;
  if (t->repeat > 1 && other) {
    *exit_status =
        cli_usage("--repeat starts new runs: it excludes --%s", other);
    return false;
  }
  sv_status status = sv_init_check(t->fit.init);
  if (status != SV_OK) {
    *exit_status = cli_fail(sv_fail_in(status, "--init"));
    return false;
  }
  return train_find_check(t, exit_status);
}

static int train_all(const cli_verb *verb, int argc, char **argv, train *t) {
  int exit_status, count;
  char **operands;
  if (!train_parse(verb, argc, argv, t, &operands, &count, &exit_status))
    return exit_status;
  if (!check_options(t, &exit_status)) return exit_status;
  if (t->resume &&
      !reopen(verb, argc, argv, t, &operands, &count, &exit_status))
    return exit_status;
  if (count != 2 && !(t->resume && count == 0))
    return cli_usage(t->resume ? "expected MODEL and DATA, or neither"
                               : "give MODEL and DATA");
  if (!t->resume &&
      !train_follow_recipe(verb, argc, argv, t, operands[0], &exit_status))
    return exit_status;
  const char *network = count ? operands[0] : NULL;
  const char *data = count ? operands[1] : NULL;
  if (t->repeat > 1) {
    sv_status status = begin(t, network, data);
    return status == SV_OK ? train_repeat(t, network) : cli_fail(status);
  }
  sv_status status =
      t->resume ? go_on(t, network, data) : begin(t, network, data);
  if (status != SV_OK) return cli_fail(status);
  if (t->explain) return cli_fail(explain(t));
  if (t->find) return train_find(t);
  if (!t->resume && !t->fit.overwrite && train_holds_run(t->fit.run))
    return cli_usage(
        "%s contains a run: --resume %s continues it, --force replaces it, "
        "--out chooses another folder",
        t->fit.run, t->fit.run);
  return run(t);
}

int cmd_train(const cli_verb *verb, int argc, char **argv) {
  train t = {.fit = sv_fit_default(), .range = sv_rate_default(), .repeat = 1};
  int exit_status = train_all(verb, argc, argv, &t);
  sv_dataset_free(t.dataset);
  sv_dataset_free(t.unseen);
  cli_skipped_free(&t.skipped);
  sv_model_free(t.model);
  sv_free(t.folder);
  return exit_status;
}
