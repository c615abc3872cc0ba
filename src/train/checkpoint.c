/* Checkpoints: when they are due, and going on from one.
 *
 * At the end of an epoch three files change, one after the other: log.csv gets
 * its row, last.onnx is the epoch's commit, model.onnx follows if the epoch was
 * the best. A kill between two of them leaves
 *   a row too many:       a resumption drops it;
 *   model.onnx behind:    its weights are those of last.onnx, which is at the
 *                         end of the best epoch: it is written again.
 * So after any kill last.onnx alone says what was done. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "onnx/onnx.h"
#include "train/digest.h"
#include "train/fit.h"
#include "train/options.h"

/* ---- When ---- */

static const struct unit {
  const char *name;
  double seconds;
} units[] = {{"s", 1}, {"m", 60}, {"h", 3600}};

/* "5m", "90 s", "200": a time, or a number of steps. */
sv_status sv_checkpoint_parse(sv_checkpoint *when, const char *text) {
  char *end;
  if (!text) text = "";
  double number = sv_number_read(text, &end);
  bool right = end != text && number >= 0 && number <= 1e9;
  *when = (sv_checkpoint){0};
  end += strspn(end, " ");
  if (right && !*end && number == floor(number)) {
    when->steps = (int64_t)number;
    return SV_OK;
  }
  for (int i = 0; right && i < 3; i++) {
    if (strcmp(end, units[i].name) != 0) continue;
    when->seconds = number * units[i].seconds;
    return SV_OK;
  }
  return sv_fail(SV_INVALID,
                 "checkpoint-every '%s': expected a time such as 90s, 5m or "
                 "2h, or a number of steps",
                 text);
}

bool sv_checkpoint_due(const sv_checkpoint *when, int64_t steps,
                       double seconds) {
  return (when->steps > 0 && steps >= when->steps) ||
         (when->seconds > 0 && seconds >= when->seconds);
}

/* ---- The best weights ---- */

/* The epoch whose weights model.onnx holds. */
static sv_status kept_epoch(const char *path, const sv_counters *c,
                            int64_t *epoch) {
  sv_model *model;
  char *end;
  *epoch = 0;
  if (!sv_path_exists(path))
    return sv_fail(SV_IO,
                   "%s: is missing; it contained the best weights of the run, "
                   "from epoch %lld",
                   path, (long long)c->best_epoch);
  SV_TRY(sv_model_load(&model, path));
  const char *text = sv_model_meta(model, SV_BEST_EPOCH_KEY);
  double number = text ? sv_number_read(text, &end) : 0;
  if (number > 0 && number < 1e9) *epoch = (int64_t)number;
  sv_model_free(model);
  return SV_OK;
}

sv_status sv_checkpoint_best(const char *path, const sv_counters *c,
                             bool *behind) {
  int64_t epoch;
  *behind = false;
  if (!c->best_epoch) return SV_OK;
  sv_status status = kept_epoch(path, c, &epoch);
  /* Ahead: previous.onnx took the place of last.onnx, and training comes to
   * that epoch again. */
  if (status == SV_OK && epoch >= c->best_epoch) return SV_OK;
  *behind = c->best_epoch == c->epochs && !c->images;
  if (*behind || status != SV_OK) return *behind ? SV_OK : status;
  return sv_fail(SV_INVALID,
                 "%s: contains the weights of epoch %lld, but the best epoch "
                 "of the run is %lld",
                 path, (long long)epoch, (long long)c->best_epoch);
}

/* ---- Going on ---- */

/* If last.onnx cannot be used, previous.onnx may be. */
static sv_status hint(sv_status status, const char *run) {
  char message[1024], *path;
  snprintf(message, sizeof message, "%s", sv_error());
  SV_TRY(sv_path_join(&path, run, "previous.onnx"));
  if (sv_path_exists(path))
    status = sv_fail(status,
                     "%s; %s is the checkpoint before it: rename it to "
                     "last.onnx to resume from it",
                     message, path);
  else
    status = sv_fail_as(status, message);
  sv_free(path);
  return status;
}

static sv_status load_last(sv_model **model, sv_fit_options *options,
                           const char *run) {
  char *path;
  SV_TRY(sv_path_join(&path, run, "last.onnx"));
  sv_status status = SV_OK;
  if (!sv_path_exists(path))
    status = sv_fail(SV_INVALID, "%s: contains no saved training", path);
  const sv_onnx_load_options training = {.training = true};
  if (status == SV_OK) status = sv_onnx_load(model, path, &training);
  if (status == SV_INVALID || status == SV_FORMAT) status = hint(status, run);
  if (status == SV_OK) {
    status = sv_options_load(options, *model);
    if (status != SV_OK) status = sv_fail_in(status, "%s", path);
  }
  sv_free(path);
  return status;
}

/* A run is finished only when the best weights are in their file. */
static sv_status check_best(bool *behind, const char *run,
                            const sv_counters *c) {
  char *path;
  SV_TRY(sv_path_join(&path, run, "model.onnx"));
  sv_status status = sv_checkpoint_best(path, c, behind);
  sv_free(path);
  return status;
}

static sv_status check_run(const char *run, const sv_counters *c,
                           const sv_fit_options *options) {
  bool behind;
  SV_TRY(check_best(&behind, run, c));
  sv_status status = behind ? SV_OK : sv_fit_check_unfinished(options, c);
  return status == SV_OK ? SV_OK : sv_fail_in(status, "%s", run);
}

/* The results of a run so far. */
static sv_status look(sv_fit_result *result, bool *finished,
                      const sv_model *model, const sv_fit_options *options) {
  sv_counters c;
  sv_fit_options resolved;
  bool behind;
  SV_TRY(sv_records_read(sv_model_state(model), &c));
  SV_TRY(sv_options_resolve(&resolved, options));
  SV_TRY(sv_options_compare(&resolved, model));
  SV_TRY(check_best(&behind, options->run, &c));
  *finished = !behind && sv_fit_check_unfinished(&resolved, &c) != SV_OK;
  *result =
      (sv_fit_result){.epochs = (int)c.epochs,
                      .stopped_early = sv_fit_out_of_patience(&resolved, &c),
                      .best_epoch = (int)c.best_epoch,
                      .loss = c.best_loss,
                      .top1 = c.best_top1};
  return SV_OK;
}

sv_status sv_fit_look(sv_fit_result *result, bool *finished,
                      const sv_graph *network, const sv_dataset *dataset,
                      const sv_fit_options *options) {
  sv_model *model;
  sv_fit_options own;
  SV_TRY(load_last(&model, &own, options->run));
  sv_status status = sv_digest_check_network(model, network);
  if (status == SV_OK) status = sv_digest_check_data(model, dataset);
  if (status == SV_OK) status = look(result, finished, model, options);
  if (status != SV_OK) status = sv_fail_in(status, "%s", options->run);
  sv_model_free(model);
  return status;
}

sv_status sv_fit_open(sv_model **model, sv_fit_options *options,
                      const char *run) {
  *model = NULL;
  sv_counters c;
  sv_status status = load_last(model, options, run);
  if (status == SV_OK) status = sv_records_read(sv_model_state(*model), &c);
  if (status == SV_OK) status = check_run(run, &c, options);
  if (status != SV_OK) {
    sv_model_free(*model);
    *model = NULL;
    return status;
  }
  options->run = run;
  options->resume = true;
  return SV_OK;
}
