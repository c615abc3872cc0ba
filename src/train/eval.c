#include <svertka/train.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "base/sized.h"
#include "data/reader.h"
#include "graph/model.h"
#include "task/classes_first.h"
#include "task/metrics.h"
#include "train/match_classes.h"
#include "train/runner.h"

sv_eval_options sv_eval_default(void) {
  return (sv_eval_options){
      .size = sizeof(sv_eval_options), .batch = 100, .crops = 1};
}

typedef struct eval_job {
  const sv_model *model;
  sv_model *first; /* the same, if its classes came last */
  const sv_dataset *dataset;
  const sv_eval_options *options;
  sv_preprocess preprocess;
  sv_samples samples;
  sv_runner runner;
  sv_loader *loader;
  sv_metrics *metrics;
  int64_t done;        /* samples */
  int64_t places;      /* labels of a sample */
  double *sums;        /* of the probabilities of a sample's crops */
  float *row;          /* their mean, as scores */
  int *class_of;       /* the model's class of each class of the data; NULL: the
                        * same */
  int64_t *relabelled; /* the labels of a batch as classes of the model */
} eval_job;

static sv_status check_crops(const eval_job *job) {
  int crops = job->options->crops;
  if (crops == 1) return SV_OK;
  if (crops != 5 && crops != 10)
    return sv_fail(SV_INVALID, "crops is %d, expected 1, 5 or 10", crops);
  if (sv_dataset_has_masks(job->dataset))
    return sv_fail(SV_INVALID,
                   "%d crops need one class per image, but %s has a class per "
                   "pixel",
                   crops, sv_dataset_name(job->dataset));
  if (job->preprocess.resize == SV_RESIZE_CROP) return SV_OK;
  return sv_fail(SV_INVALID,
                 "%d crops need resize crop, such as 'crop 0.875': the model "
                 "stretches images to its input",
                 crops);
}

/* Each sample once for each of its crops. */
static sv_status repeat_samples(eval_job *job) {
  int64_t crops = job->options->crops, count = job->samples.count, *at;
  if (crops == 1) return SV_OK;
  SV_TRY(sv_alloc_array(&at, (size_t)count, (size_t)crops * sizeof *at));
  for (int64_t i = 0; i < count * crops; i++)
    at[i] = job->samples.at[i / crops];
  sv_free(job->samples.at);
  job->samples = (sv_samples){at, count * crops};
  return SV_OK;
}

/* Replaces the classes of the data in a batch by those of the model. */
static void relabel(eval_job *job, sv_batch *batch) {
  if (!job->class_of) return;
  for (int64_t i = 0; i < batch->count * job->places; i++) {
    int64_t label = batch->labels[i];
    bool known = label >= 0 && label < job->dataset->classes;
    job->relabelled[i] = known ? job->class_of[label] : label;
  }
  batch->labels = job->relabelled;
}

static sv_status prepare(eval_job *job) {
  const sv_eval_options *o = job->options;
  SV_TRY(sv_preprocess_load(&job->preprocess, job->model));
  SV_TRY(sv_model_check_learned(job->model));
  SV_TRY(sv_match_classes(&job->class_of, job->dataset, &job->preprocess));
  SV_TRY(check_crops(job));
  SV_TRY(sv_samples_all(&job->samples, job->dataset));
  SV_TRY(repeat_samples(job));
  if (sv_dataset_has_masks(job->dataset))
    SV_TRY(sv_model_classes_first(&job->first, job->model));
  if (job->first) job->model = job->first;
  sv_plan_options options = sv_plan_default();
  options.batch = o->batch < job->samples.count || job->samples.count == 0
                      ? o->batch
                      : job->samples.count;
  options.threads = o->threads;
  options.backend = o->backend;
  options.exact = o->exact;
  options.choices = o->choices;
  options.tune = o->tune;
  SV_TRY(sv_runner_new(&job->runner, sv_model_graph(job->model),
                       sv_model_state(job->model), &job->preprocess, &options));
  int classes, labels = job->dataset->classes;
  const sv_preprocess *p = &job->preprocess;
  bool masks = sv_dataset_has_masks(job->dataset);
  job->places = masks ? (int64_t)p->height * p->width : 1;
  SV_TRY(sv_runner_check_data(&job->runner, job->dataset));
  SV_TRY(sv_runner_classes(&job->runner, &classes));
  if (labels > classes && !job->class_of)
    return sv_fail(SV_INVALID, "%s: has %d classes, but the model has %d",
                   job->dataset->path, labels, classes);
  if (p->classes && p->classes != classes)
    return sv_fail(
        SV_INVALID,
        "svertka.labels has %d names, but the network has %d classes",
        p->classes, classes);
  if (job->class_of)
    SV_TRY(
        sv_alloc_array(&job->relabelled,
                       (size_t)job->runner.options.batch * (size_t)job->places,
                       sizeof *job->relabelled));
  SV_TRY(sv_metrics_new(job->metrics, classes));
  SV_TRY(sv_alloc_array(&job->sums, (size_t)classes, sizeof *job->sums));
  SV_TRY(sv_alloc_array(&job->row, (size_t)classes, sizeof *job->row));
  job->metrics->independent = sv_runner_is_independent(&job->runner);
  sv_loader_setup loader = {.dataset = job->dataset,
                            .preprocess = &job->preprocess,
                            .batch = job->runner.options.batch,
                            .threads = SV_LOADER_AUTO,
                            .crops = o->crops > 1 ? o->crops : 0};
  SV_TRY(sv_loader_make(&job->loader, &loader));
  return sv_loader_start(job->loader, job->samples.at, job->samples.count, 0);
}

static void tell_verdicts(const eval_job *job, const sv_batch *batch,
                          const float *scores) {
  const sv_eval_options *o = job->options;
  int classes = job->metrics->classes;
  for (int64_t i = 0; o->verdict && i < batch->count; i++) {
    int64_t label = batch->labels[i];
    sv_told told = sv_told_by(scores + i * classes, classes, label,
                              job->metrics->independent);
    sv_verdict verdict = {.sample = batch->samples[i],
                          .label = (int)label,
                          .predicted = told.predicted,
                          .probability = (float)told.probability,
                          .truth = (float)told.truth};
    o->verdict(o->context, &verdict);
  }
}

/* The best class of each pixel. */
static sv_status tell_masks(const eval_job *job, const sv_batch *batch,
                            const float *scores) {
  const sv_eval_options *o = job->options;
  int classes = job->metrics->classes;
  int64_t places = job->places;
  if (!o->mask) return SV_OK;
  sv_image mask = {.width = job->preprocess.width,
                   .height = job->preprocess.height,
                   .channels = 1,
                   .stride = job->preprocess.width};
  uint8_t *pixels;
  if (classes > SV_NO_CLASS)
    return sv_fail(SV_UNSUPPORTED,
                   "masks of %d classes, at most %d are supported", classes,
                   SV_NO_CLASS);
  SV_TRY(sv_alloc(&pixels, (size_t)places));
  mask.pixels = pixels;
  sv_status status = SV_OK;
  for (int64_t i = 0; i < batch->count && status == SV_OK; i++) {
    for (int64_t k = 0; k < places; k++) {
      const float *s = scores + i * classes * places + k;
      int best = 0;
      for (int c = 1; c < classes; c++)
        if (s[c * places] > s[best * places]) best = c;
      pixels[k] = (uint8_t)best;
    }
    status = o->mask(o->context, batch->samples[i], &mask);
  }
  sv_free(pixels);
  return status;
}

/* Counts a batch and reports progress. */
static sv_status add(eval_job *job, const sv_batch *batch,
                     const float *scores) {
  if (job->places > 1) {
    sv_metrics_add_pixels(job->metrics, scores, batch->labels, batch->count,
                          job->places);
    return tell_masks(job, batch, scores);
  }
  sv_metrics_add(job->metrics, scores, batch->labels, batch->count);
  tell_verdicts(job, batch, scores);
  return SV_OK;
}

/* Adds the probabilities of a row to those of its sample's other crops. */
static void add_crop(eval_job *job, const float *scores) {
  int classes = job->metrics->classes, best = sv_highest_score(scores, classes);
  double all = 0;
  if (job->metrics->independent) {
    for (int c = 0; c < classes; c++) job->sums[c] += (double)scores[c];
    return;
  }
  for (int c = 0; c < classes; c++)
    all += exp((double)scores[c] - (double)scores[best]);
  for (int c = 0; c < classes; c++)
    job->sums[c] += exp((double)scores[c] - (double)scores[best]) / all;
}

/* Counts a sample once its last crop is done. */
static sv_status add_crops(eval_job *job, const sv_batch *batch,
                           const float *scores) {
  int classes = job->metrics->classes, crops = job->options->crops;
  for (int64_t i = 0; i < batch->count; i++) {
    int64_t crop = (batch->first + i) % crops;
    if (crop == 0) memset(job->sums, 0, (size_t)classes * sizeof *job->sums);
    add_crop(job, scores + i * classes);
    if (crop < crops - 1) continue;
    for (int c = 0; c < classes; c++) {
      double mean = job->sums[c] / crops;
      job->row[c] =
          (float)(job->metrics->independent ? mean
                                            : log(fmax(mean, (double)FLT_MIN)));
    }
    sv_batch sample = {
        .count = 1, .samples = batch->samples + i, .labels = batch->labels + i};
    SV_TRY(add(job, &sample, job->row));
  }
  return SV_OK;
}

static sv_status run(eval_job *job) {
  const sv_eval_options *o = job->options;
  int crops = o->crops;
  for (;;) {
    sv_batch batch;
    sv_plan *plan;
    sv_tensor scores;
    SV_TRY(sv_loader_next(job->loader, &batch));
    if (batch.count == 0) return SV_OK;
    relabel(job, &batch);
    SV_TRY(sv_runner_forward(&job->runner, &batch, 0, &plan, &scores));
    SV_TRY(sv_plan_check_numbers(plan, job->runner.scores));
    SV_TRY(crops > 1 ? add_crops(job, &batch, scores.data)
                     : add(job, &batch, scores.data));
    job->done += batch.count;
    bool go_on = !o->report || o->report(o->context, job->done / crops,
                                         job->samples.count / crops);
    if (!go_on || sv_stop_requested(o->stop))
      return sv_fail(SV_INTERRUPTED, "stopped after %lld samples",
                     (long long)job->done / crops);
  }
}

sv_status sv_eval(sv_metrics *metrics, const sv_model *model,
                  const sv_dataset *dataset, const sv_eval_options *options) {
  sv_eval_options own = sv_eval_default();
  eval_job job = {.model = model,
                  .dataset = dataset,
                  .options = &own,
                  .preprocess = sv_preprocess_default(),
                  .metrics = metrics};
  *metrics = (sv_metrics){0};
  sv_status status =
      sv_sized_take(&own, sizeof own, options, "sv_eval_options");
  if (status == SV_OK) status = prepare(&job);
  if (status == SV_OK) status = run(&job);
  if (status != SV_OK) sv_metrics_free(metrics);
  sv_loader_free(job.loader);
  sv_free(job.sums);
  sv_free(job.row);
  sv_runner_free(&job.runner);
  sv_model_free(job.first);
  sv_samples_free(&job.samples);
  sv_free(job.class_of);
  sv_free(job.relabelled);
  sv_preprocess_free(&job.preprocess);
  return status;
}
