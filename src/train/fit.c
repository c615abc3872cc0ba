/* The fit loop. What a step does depends on the counters alone: the order of an
 * epoch on seed and epoch, the rate on the step, so that a training that was
 * stopped anywhere goes on as if it had not been. */
#include "train/fit.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/number.h"
#include "task/metrics.h"
#include "train/options.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Reports ---- */

static sv_fit_progress progress_of(const sv_fit_job *job) {
  const sv_counters *c = &job->counters;
  double images = c->images ? (double)c->images : 1, time = now();
  double labels = images * (double)job->places;
  double spent = time - job->epoch_started;
  int64_t all = job->steps * job->options->epochs;
  int64_t here = c->step - job->first_step;
  return (sv_fit_progress){
      .epoch = (int)c->epochs + 1,
      .epochs = job->options->epochs,
      .step = c->step - c->epochs * job->steps,
      .steps = job->steps,
      .held_out = job->validation.count,
      .rate = sv_schedule_at(&job->schedule, &c->plateau,
                             c->step ? c->step - 1 : 0),
      .loss = c->loss_sum / images,
      .top1 = (double)c->top1_count / labels,
      .of_pixels = job->places > 1,
      .val_iou = NAN,
      .images_per_second = spent > 0 ? (double)job->epoch_images / spent : 0,
      .seconds_left =
          here ? (time - job->started) / (double)here * (double)(all - c->step)
               : 0};
}

static bool report(const sv_fit_job *job, const sv_fit_progress *progress) {
  const sv_fit_options *o = job->options;
  bool go_on = !o->report || o->report(o->context, progress);
  return go_on && !sv_stop_requested(o->stop);
}

static void fill_result(const sv_fit_job *job, sv_fit_result *result) {
  const sv_counters *c = &job->counters;
  *result =
      (sv_fit_result){.epochs = (int)c->epochs,
                      .stopped_early = sv_fit_out_of_patience(job->options, c),
                      .best_epoch = (int)c->best_epoch,
                      .loss = c->best_loss,
                      .top1 = c->best_top1,
                      .of_pixels = job->places > 1,
                      .held_out = job->validation.count,
                      .seconds = now() - job->started,
                      .images = job->images,
                      .waited = job->loader ? sv_loader_waited(job->loader) : 0,
                      .saved = job->saved,
                      .saved_epoch = (int)job->kept_epoch};
}

/* ---- A step ---- */

/* "infinite", or "not a number" */
static const char *fault_of(double number) {
  return isnan(number) ? "NaN" : "infinite";
}

sv_status sv_fit_step(sv_fit_job *job, const sv_batch *batch, double rate,
                      double *mean) {
  sv_counters *c = &job->counters;
  sv_plan *plan;
  sv_tensor scores;
  double loss;
  SV_TRY(sv_runner_forward(&job->runner, batch, c->step, &plan, &scores));
  SV_TRY(sv_runner_loss(&job->runner, plan, &loss));
  if (!isfinite(loss)) {
    sv_status status = sv_plan_check_numbers(plan, job->runner.scores);
    if (status != SV_OK)
      return sv_fail_in(status, "the loss is %s", fault_of(loss));
    return sv_fail(SV_NUMERIC, "the loss is %s", fault_of(loss));
  }
  int classes = job->metrics.classes;
  /* Of mixed labels, the one with the larger share counts. */
  const int64_t *labels =
      batch->others && batch->share < 0.5f ? batch->others : batch->labels;
  int64_t right =
      job->places > 1
          ? sv_count_pixels(scores.data, labels, batch->count, classes,
                            job->places)
          : sv_count_top1(scores.data, labels, batch->count, classes);
  SV_TRY(sv_plan_backward(plan));
  if (job->gradients) SV_TRY(sv_gradients_add(job->gradients, plan));
  SV_TRY(sv_optimiser_step(job->optimiser, plan, c->step, rate));
  SV_TRY(sv_plan_commit(plan));
  SV_TRY(sv_average_step(job->average, c->step));
  c->step++;
  c->images += batch->count;
  c->top1_count += right;
  c->loss_sum += loss * (double)batch->count;
  job->images += batch->count;
  job->epoch_images += batch->count;
  *mean = loss;
  return SV_OK;
}

/* Adds the epoch and the step, `after` steps after the last finished one. */
static sv_status fail_at(const sv_fit_job *job, int after, sv_status status) {
  const sv_counters *c = &job->counters;
  return sv_fail_in(status, "epoch %lld, step %lld", (long long)c->epochs + 1,
                    (long long)(c->step - c->epochs * job->steps + after));
}

static sv_status take_step(sv_fit_job *job) {
  sv_batch batch;
  SV_TRY(sv_loader_next(job->loader, &batch));
  const sv_counters *c = &job->counters;
  double loss, rate = sv_schedule_at(&job->schedule, &c->plateau, c->step);
  sv_status status = sv_fit_step(job, &batch, rate, &loss);
  return status == SV_NUMERIC ? fail_at(job, 1, status) : status;
}

/* ---- An epoch's end ---- */

static sv_status validate(sv_fit_job *job, sv_fit_progress *p, bool *go_on) {
  sv_metrics_clear(&job->metrics);
  p->validating = true;
  SV_TRY(sv_loader_vary(job->loader, NULL));
  SV_TRY(sv_loader_start(job->loader, job->validation.at, job->validation.count,
                         0));
  for (int64_t done = 0; done < job->validation.count && *go_on;) {
    sv_batch batch;
    sv_plan *plan;
    sv_tensor scores;
    SV_TRY(sv_loader_next(job->loader, &batch));
    SV_TRY(sv_runner_forward(&job->validator, &batch, 0, &plan, &scores));
    done += batch.count;
    if (job->places > 1)
      sv_metrics_add_pixels(&job->metrics, scores.data, batch.labels,
                            batch.count, job->places);
    else
      sv_metrics_add(&job->metrics, scores.data, batch.labels, batch.count);
    *go_on = report(job, p);
  }
  p->validating = false;
  sv_runner_idle(&job->validator);
  return SV_OK;
}

/* The figure that selects the best weights. */
static double score_of(const sv_fit_progress *p) {
  return isnan(p->val_iou) ? p->val_top1 : p->val_iou;
}

/* Records that this epoch is the best so far. model.onnx is saved after
 * last.onnx, which holds the same figures. */
static sv_status note_best(sv_fit_job *job, const sv_fit_progress *p) {
  char text[SV_NUMBER_TEXT];
  sv_model *model = job->model;
  job->counters.best_epoch = p->epoch;
  job->counters.best_loss = p->val_loss;
  job->counters.best_top1 = score_of(p);
  SV_TRY(sv_model_set_meta(model, SV_BEST_EPOCH_KEY,
                           sv_number_text(p->epoch, text)));
  SV_TRY(sv_model_set_meta(model, "svertka.train.best-loss",
                           sv_number_text(p->val_loss, text)));
  SV_TRY(sv_model_set_meta(model,
                           isnan(p->val_iou) ? "svertka.train.best-top1"
                                             : "svertka.train.best-mean-iou",
                           sv_number_text(score_of(p), text)));
  if (job->run.folder) return SV_OK;
  sv_state_free(job->best);
  return sv_state_copy(&job->best, sv_model_state(model));
}

static sv_status note_choices(sv_fit_job *job) {
  char *text;
  if (!job->choices) return SV_OK;
  SV_TRY(sv_choices_print(job->choices, &text));
  sv_status status = sv_model_set_meta(job->model, SV_CHOICES_KEY, text);
  sv_plan_text_free(text);
  return status;
}

static sv_status save_last(sv_fit_job *job) {
  if (!job->run.folder) return SV_OK;
  SV_TRY(note_choices(job));
  SV_TRY(sv_records_write(sv_model_state(job->model), &job->counters));
  SV_TRY(sv_run_save_last(&job->run, job->model, job->graph));
  job->saved = true;
  job->saved_step = job->counters.step;
  job->saved_time = now();
  return SV_OK;
}

/* Saves the weights that `score_weights` scored: their moving average, if one
 * is kept. */
static sv_status save_best(sv_fit_job *job) {
  SV_TRY(sv_average_swap(job->average));
  sv_status status = sv_run_save_best(&job->run, job->model);
  if (status == SV_OK && job->run.folder)
    job->kept_epoch = job->counters.best_epoch;
  sv_status back = sv_average_swap(job->average);
  return status == SV_OK ? back : status;
}

/* Between two steps. */
static sv_status save_inside(sv_fit_job *job) {
  sv_status status = sv_records_check_finite(sv_model_state(job->model));
  sv_runner_idle(&job->runner);
  return status == SV_OK ? save_last(job) : fail_at(job, 0, status);
}

static sv_status save_if_due(sv_fit_job *job) {
  int64_t steps = job->counters.step - job->saved_step;
  double seconds = now() - job->saved_time;
  return sv_checkpoint_due(&job->checkpoint, steps, seconds) ? save_inside(job)
                                                             : SV_OK;
}

/* Nothing is saved from which training could not continue. */
static sv_status check_numbers(const sv_fit_job *job,
                               const sv_fit_progress *p) {
  sv_status status = SV_OK;
  if (!isfinite(p->val_loss))
    status =
        sv_fail(SV_NUMERIC, "the validation loss is %s", fault_of(p->val_loss));
  if (status == SV_OK)
    status = sv_records_check_finite(sv_model_state(job->model));
  if (status == SV_OK) return SV_OK;
  return sv_fail_in(status, "epoch %d", p->epoch);
}

/* Validates the state and decides whether it is the best so far. */
static sv_status score_weights(sv_fit_job *job, sv_fit_progress *p,
                               bool *go_on) {
  const sv_counters *c = &job->counters;
  bool held_out = job->validation.count > 0;
  /* Neither validation nor a file, which copies the weights, meets them. */
  sv_runner_idle(&job->runner);
  if (held_out) SV_TRY(validate(job, p, go_on));
  if (!*go_on) return SV_OK;
  p->validated = true;
  p->val_loss = held_out ? job->metrics.loss : p->loss;
  p->val_top1 = held_out ? job->metrics.top1 : p->top1;
  p->val_top5 = held_out ? job->metrics.top5 : NAN;
  p->val_f1 = held_out ? sv_metrics_macro(&job->metrics).f1 : NAN;
  p->val_calibration = held_out ? job->metrics.calibration_error : NAN;
  SV_TRY(check_numbers(job, p));
  p->val_iou =
      held_out && job->places > 1 ? sv_metrics_macro(&job->metrics).iou : NAN;
  double score = score_of(p);
  p->best = !held_out || !c->best_epoch || score > c->best_top1 ||
            (score == c->best_top1 && p->val_loss < c->best_loss);
  return p->best ? note_best(job, p) : SV_OK;
}

/* The same with the moving average, if one is kept, in place of the weights. */
static sv_status validate_epoch(sv_fit_job *job, sv_fit_progress *p,
                                bool *go_on) {
  SV_TRY(sv_average_swap(job->average));
  sv_status status = score_weights(job, p, go_on);
  sv_status back = sv_average_swap(job->average);
  return status == SV_OK ? back : status;
}

static sv_status end_epoch(sv_fit_job *job, bool *go_on) {
  sv_counters *c = &job->counters;
  sv_fit_progress p = progress_of(job);
  /* A last.onnx of the new run must exist before the old run is removed. */
  if (job->run.replacing) SV_TRY(save_inside(job));
  SV_TRY(validate_epoch(job, &p, go_on));
  if (!*go_on) return save_inside(job);
  sv_schedule_see(&job->schedule, &c->plateau, p.val_loss);
  sv_fit_progress row = p;
  if (job->validation.count == 0) row.val_loss = row.val_top1 = NAN;
  SV_TRY(sv_run_row(&job->run, &row, c->step, now() - job->epoch_started));
  SV_TRY(sv_run_gradients(&job->run, job->gradients, p.epoch));
  c->epochs++;
  c->images = c->top1_count = 0;
  c->loss_sum = 0;
  SV_TRY(save_last(job));
  if (p.best) SV_TRY(save_best(job));
  *go_on = report(job, &p);
  return SV_OK;
}

/* ---- The whole ---- */

sv_status sv_fit_start_epoch(sv_fit_job *job, int64_t done) {
  const sv_fit_options *o = job->options;
  const sv_loader_change change = {
      .augment = job->augment.count > 0 ? &job->augment : NULL,
      .key = {o->seed, sv_hash_text("augment"), (uint64_t)job->counters.epochs},
      .repeats = o->balance};
  if (o->balance)
    SV_TRY(sv_samples_balance(&job->train, job->dataset, o->seed,
                              job->counters.epochs, job->order));
  else
    sv_samples_shuffle(&job->train, o->seed, job->counters.epochs, job->order);
  SV_TRY(sv_loader_vary(job->loader, &change));
  if (done >= job->steps) return SV_OK;
  return sv_loader_start(job->loader, job->order, job->train.count,
                         done * job->batch);
}

static sv_status run_epoch(sv_fit_job *job, bool *go_on) {
  sv_counters *c = &job->counters;
  int64_t done = c->step - c->epochs * job->steps;
  SV_TRY(sv_fit_start_epoch(job, done));
  job->epoch_started = now();
  job->epoch_images = 0;
  for (; done < job->steps && *go_on; done++) {
    SV_TRY(take_step(job));
    sv_fit_progress p = progress_of(job);
    *go_on = report(job, &p);
    if (*go_on && done + 1 < job->steps) SV_TRY(save_if_due(job));
  }
  return *go_on ? end_epoch(job, go_on) : save_inside(job);
}

/* Completes what a kill between last.onnx and model.onnx left undone. */
static sv_status mend(sv_fit_job *job) {
  if (!job->options->resume) return SV_OK;
  if (!job->counters.best_epoch) return sv_run_drop_best(&job->run);
  if (job->behind) return save_best(job);
  job->kept_epoch = job->counters.best_epoch;
  return SV_OK;
}

static bool is_over(const sv_fit_job *job) {
  return job->counters.epochs >= job->options->epochs ||
         sv_fit_out_of_patience(job->options, &job->counters);
}

static sv_status run_epochs(sv_fit_job *job) {
  sv_counters *c = &job->counters;
  bool go_on = true;
  SV_TRY(mend(job));
  job->saved = job->options->resume;
  job->first_step = job->saved_step = c->step;
  job->saved_time = now();
  while (!is_over(job) && go_on) SV_TRY(run_epoch(job, &go_on));
  if (is_over(job)) return SV_OK;
  return sv_fail(SV_INTERRUPTED, "stopped after step %lld of epoch %lld",
                 (long long)(c->step - c->epochs * job->steps),
                 (long long)c->epochs + 1);
}

/* Leaves the best weights so far in the model, whatever ended the training. */
static sv_status restore_best(sv_fit_job *job) {
  const sv_counters *c = &job->counters;
  sv_state *state = sv_model_state(job->model);
  bool current =
      c->best_epoch == c->epochs && c->step == c->epochs * job->steps;
  if (!c->best_epoch) return SV_OK;
  if (current) return sv_average_swap(job->average);
  if (job->best) return sv_records_restore(state, job->best);
  sv_model *best;
  SV_TRY(sv_model_load(&best, job->run.best));
  sv_status status = sv_records_restore(state, sv_model_state(best));
  sv_model_free(best);
  return status;
}

static sv_status end(sv_fit_job *job, sv_status status) {
  char message[1024];
  snprintf(message, sizeof message, "%s", sv_error());
  sv_status restored = restore_best(job);
  sv_status dropped = sv_state_drop(sv_model_state(job->model), SV_RECORD);
  if (restored == SV_OK) restored = dropped;
  return status == SV_OK ? restored : sv_fail_as(status, message);
}

sv_status sv_fit(sv_model *model, const sv_dataset *dataset,
                 const sv_fit_options *options, sv_fit_result *result) {
  const sv_fit_options usual = sv_fit_default();
  sv_fit_job job = {.model = model,
                    .dataset = dataset,
                    .options = options ? options : &usual,
                    .started = now()};
  sv_status status = sv_fit_prepare(&job);
  if (status == SV_OK) {
    status = run_epochs(&job);
    status = end(&job, status);
  }
  if (result) fill_result(&job, result);
  sv_fit_release(&job);
  return status;
}
