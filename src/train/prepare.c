/* A training made ready: data, network, plans, optimiser; checked against what
 * a resumption finds. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/spare.h"
#include "base/thread.h"
#include "data/preprocess.h"
#include "graph/answer.h"
#include "plan/plan.h"
#include "task/classes_first.h"
#include "task/head.h"
#include "task/loss.h"
#include "train/class_weights.h"
#include "train/digest.h"
#include "train/fit.h"
#include "train/options.h"

/* ---- Data ---- */

/* The data's own validation set is used whole or not at all. */
static sv_status check_own_validation(const sv_fit_job *job) {
  double asked = job->options->validation;
  int64_t own = sv_dataset_held_out(job->dataset);
  if (!own || asked == 0 || asked == sv_fit_default().validation ||
      asked == (double)own)
    return SV_OK;
  return sv_fail(SV_INVALID,
                 "validation is %g, but %s has its own validation set of %lld "
                 "images; expected 0 to ignore it",
                 asked, sv_dataset_name(job->dataset), (long long)own);
}

static sv_status check_balance(const sv_fit_job *job) {
  if (!job->options->balance || !sv_dataset_has_masks(job->dataset))
    return SV_OK;
  return sv_fail(SV_INVALID,
                 "balance needs one class per image, but %s has a class per "
                 "pixel",
                 sv_dataset_name(job->dataset));
}

static sv_status split(sv_fit_job *job) {
  SV_TRY(check_balance(job));
  SV_TRY(check_own_validation(job));
  int64_t count = sv_dataset_count(job->dataset);
  double share = job->options->validation;
  if (share >= 1) share = share < (double)count ? share / (double)count : 1;
  if (share >= 1)
    return sv_fail(SV_INVALID,
                   "validation needs %g samples, but %s has only %lld",
                   job->options->validation, sv_dataset_name(job->dataset),
                   (long long)count);
  SV_TRY(sv_samples_hold_out(&job->train, &job->validation, job->dataset, share,
                             job->options->seed));
  double asked = floor(job->options->validation + 0.5);
  if (job->options->validation >= 1 && (double)job->validation.count < asked)
    return sv_fail(SV_INVALID,
                   "validation needs %g samples, but %s can spare only %lld: "
                   "training needs one of each class",
                   asked, sv_dataset_name(job->dataset),
                   (long long)job->validation.count);
  if (job->options->patience > 0 && job->validation.count == 0)
    return sv_fail(
        SV_INVALID,
        "patience is %d, but there is no validation set to measure improvement",
        job->options->patience);
  if (job->options->samples > 0)
    SV_TRY(sv_samples_draw(&job->train, job->dataset, job->options->samples,
                           job->options->seed));
  job->batch = job->options->batch;
  if (job->batch > job->train.count) job->batch = job->train.count;
  if (job->batch < 1)
    return sv_fail(SV_INVALID, "%s: no samples left to train on",
                   sv_dataset_name(job->dataset));
  job->steps = (job->train.count + job->batch - 1) / job->batch;
  return sv_alloc_array(&job->order, (size_t)job->train.count,
                        sizeof *job->order);
}

/* The size of the network's input; free dimensions follow the data. */
static sv_status input_size(const sv_fit_job *job, const sv_preprocess *p,
                            sv_shape *size) {
  const int64_t usual[] = {sv_dataset_channels(job->dataset),
                           sv_dataset_height(job->dataset),
                           sv_dataset_width(job->dataset)};
  int input = sv_graph_data_input(job->graph);
  const sv_shape *shape = &job->graph->values[input].shape;
  if (!input || shape->rank != 4)
    return sv_fail(SV_INVALID,
                   "network '%s' does not have exactly one input of N x C x H "
                   "x W or N x H x W x C",
                   job->graph->name);
  *size = (sv_shape){.rank = 3};
  for (int d = 1; d < 4; d++) {
    int part = sv_preprocess_part(p, d);
    size->dim[part] = shape->dim[d] < 0 ? usual[part] : shape->dim[d];
  }
  return SV_OK;
}

/* The parts of `standard` (mean 0, deviation 1) that are wanted. */
static sv_status normalise(const sv_fit_options *o, sv_preprocess *p) {
  static const struct {
    const char *name;
    bool centre, scale;
  } rows[] = {{"standard", true, true},
              {"centre", true, false},
              {"scale", false, true},
              {"none", false, false}};
  int i = 0;
  while (i < 4 && strcmp(rows[i].name, o->normalise) != 0) i++;
  if (i == 4)
    return sv_fail(SV_INVALID,
                   "unknown normalisation '%s'; expected one of: standard, "
                   "centre, scale, none",
                   o->normalise);
  for (int c = 0; c < p->channels; c++) {
    if (!rows[i].centre) p->mean[c] = 0;
    if (!rows[i].scale) p->deviation[c] = 1;
  }
  if (o->permute_pixels < 0) return SV_OK;
  return sv_preprocess_permute(p, (uint64_t)o->permute_pixels);
}

/* A model that has its own preprocessing keeps it. */
static sv_status check_own(const sv_fit_options *o) {
  bool usual = strcmp(o->normalise, "standard") == 0 && o->permute_pixels < 0;
  if (o->resume || usual) return SV_OK;
  return sv_fail(SV_INVALID,
                 "the model says how to prepare images: it excludes %s",
                 o->permute_pixels < 0 ? "normalise" : "permute-pixels");
}

/* Stated in the model's metadata, or recognised from the network. */
static sv_status find_layout(const sv_fit_job *job, sv_preprocess *p) {
  static const char key[] = "svertka.image.layout";
  const char *said = sv_model_meta(job->model, key);
  if (said) SV_TRY(sv_preprocess_set(p, key, said));
  sv_preprocess_find_layout(p, job->graph);
  return SV_OK;
}

/* How the model wants its pictures: as it says itself, else as the data are.
 * The classes are those of the data in any case. */
static sv_status fit_preprocess(sv_fit_job *job) {
  sv_shape size;
  sv_preprocess *p = &job->preprocess;
  const sv_model *model = job->model;
  *p = sv_preprocess_default();
  SV_TRY(find_layout(job, p));
  const sv_image_layout layout = p->layout;
  SV_TRY(input_size(job, p, &size));
  if (sv_model_meta(model, "svertka.image.size"))
    SV_TRY(sv_preprocess_name(p, job->dataset));
  else
    SV_TRY(sv_preprocess_match(p, job->dataset, &size));
  p->layout = layout;
  SV_TRY(sv_preprocess_take(p, model));
  if (!isnan(p->mean[0]) && !isnan(p->deviation[0])) {
    SV_TRY(check_own(job->options));
    return sv_preprocess_check(p);
  }
  SV_TRY(sv_preprocess_fit(p, job->dataset, &job->train));
  SV_TRY(normalise(job->options, p));
  return sv_preprocess_take(p, model);
}

/* The loss of pixels reads N x C x H x W. */
static sv_status check_order(const sv_fit_job *job) {
  int scores;
  bool last;
  if (!sv_dataset_has_masks(job->dataset) || sv_head_has_loss(job->graph) ||
      sv_graph_answer(job->graph, &scores) != SV_OK)
    return SV_OK;
  SV_TRY(sv_graph_classes_last(&last, job->graph, scores));
  if (!last) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "network '%s' ends in maps of N x H x W x C; training for "
                 "pixels needs N x C x H x W: leave out the Transpose at its "
                 "end (predict and eval take both)",
                 job->graph->name);
}

/* What the scores are goes into the metadata; without a loss of its own the
 * network is trained with their cross-entropy. */
static sv_status find_loss(sv_fit_job *job) {
  sv_preprocess *p = &job->preprocess;
  const sv_ints image = sv_preprocess_sizes(p);
  sv_scores scores;
  SV_TRY(check_order(job));
  SV_TRY(sv_scores_find(&scores, job->graph, sv_model_state(job->model),
                        p->scores, &image));
  p->scores = scores.kind;
  if (sv_head_has_loss(job->graph)) return SV_OK;
  SV_TRY(sv_head_attach(&job->own_graph, job->graph, &scores,
                        sv_dataset_has_masks(job->dataset)));
  job->graph = job->own_graph;
  return SV_OK;
}

static sv_status start_loader(sv_fit_job *job) {
  sv_loader_setup options = {.dataset = job->dataset,
                             .preprocess = &job->preprocess,
                             .batch = job->batch,
                             .threads = SV_LOADER_AUTO,
                             .augment = &job->augment};
  return sv_loader_make(&job->loader, &options);
}

/* ---- Network ---- */

/* The table of the resumed run, or an empty one. */
static sv_status find_choices(sv_fit_job *job) {
  const char *known = sv_model_meta(job->model, SV_CHOICES_KEY);
  if (!job->options->tune) return SV_OK;
  if (!known || !*known) return sv_choices_new(&job->choices);
  sv_status status = sv_choices_parse(&job->choices, known);
  return status == SV_OK ? SV_OK : sv_fail_in(status, SV_CHOICES_KEY);
}

static sv_status compile(sv_fit_job *job) {
  const sv_fit_options *o = job->options;
  sv_plan_options options = sv_plan_default();
  SV_TRY(find_choices(job));
  options.choices = job->choices;
  options.tune = o->tune;
  options.mode = SV_TRAIN;
  options.batch = job->batch;
  options.threads = o->threads;
  options.backend = o->backend;
  options.exact = o->exact;
  options.seed = o->seed;
  options.frozen = job->freeze.nodes;
  options.frozen_count = job->freeze.node_count;
  sv_state *state = sv_model_state(job->model);
  const sv_graph *graph = job->adjusted ? job->adjusted : job->graph;
  SV_TRY(sv_runner_new(&job->runner, graph, state, &job->preprocess, &options));
  sv_plan_idle(job->runner.plans[0]); /* while others are compiled */
  int64_t last = job->train.count % job->batch;
  if (last > 0) {
    sv_status status = sv_runner_expect(&job->runner, last);
    if (status != SV_OK)
      return sv_fail_in(status, "the last batch, of %lld", (long long)last);
  }
  if (job->validation.count == 0) return SV_OK;
  options.mode = SV_INFER;
  if (options.batch > job->validation.count)
    options.batch = job->validation.count;
  SV_TRY(sv_runner_new(&job->validator, job->graph, state, &job->preprocess,
                       &options));
  sv_plan_idle(job->validator.plans[0]);
  return SV_OK;
}

/* The network tells what the data have. Where it had no loss this is seen
 * before that of the data is run behind it. */
static sv_status check_told(const sv_fit_job *job) {
  const sv_fit_options *o = job->options;
  sv_plan_options options = sv_plan_default();
  sv_runner runner;
  if (!job->own_graph) return SV_OK;
  options.batch = 1;
  options.threads = o->threads;
  options.backend = o->backend;
  options.exact = o->exact;
  SV_TRY(sv_runner_new(&runner, sv_model_graph(job->model),
                       sv_model_state(job->model), &job->preprocess, &options));
  sv_status status = sv_runner_check_data(&runner, job->dataset);
  sv_runner_free(&runner);
  return status;
}

/* What is minimised may differ from the graph's losses, which are what is
 * saved: the options say how, and are saved too. */
static sv_status adjust_loss(sv_fit_job *job) {
  const sv_fit_options *o = job->options;
  int classes = sv_dataset_classes(job->dataset);
  float *weights;
  SV_TRY(sv_alloc_array(&weights, (size_t)classes, sizeof *weights));
  sv_status status = sv_class_weights(weights, classes, o->class_weights,
                                      job->dataset, &job->train);
  const sv_loss_change change = {
      .smoothing = o->label_smoothing,
      .weights = strcmp(o->class_weights, "off") == 0 ? NULL : weights,
      .classes = classes,
      .mixed = sv_augment_mixes(&job->augment)};
  if (status == SV_OK)
    status = sv_loss_adjust(&job->adjusted, job->graph,
                            sv_model_state(job->model), &change);
  sv_free(weights);
  return status;
}

static sv_status check_classes(sv_fit_job *job) {
  int classes, labels = sv_dataset_classes(job->dataset);
  SV_TRY(sv_runner_check_data(&job->runner, job->dataset));
  SV_TRY(sv_runner_classes(&job->runner, &classes));
  int asked = job->options->classes;
  if (asked && asked != labels)
    return sv_fail(SV_INVALID, "classes is %d, but %s has %d", asked,
                   sv_dataset_name(job->dataset), labels);
  bool pixels = sv_dataset_has_masks(job->dataset);
  job->places =
      pixels ? (int64_t)job->preprocess.height * job->preprocess.width : 1;
  job->run.of_pixels = pixels;
  if (classes != labels)
    return sv_fail(SV_INVALID, "network '%s' has %d classes, but %s has %d",
                   job->graph->name, classes, sv_dataset_name(job->dataset),
                   labels);
  SV_TRY(sv_metrics_new(&job->metrics, classes));
  job->metrics.independent = sv_runner_is_independent(&job->runner);
  return SV_OK;
}

/* ---- Beginning, or going on ---- */

bool sv_fit_out_of_patience(const sv_fit_options *options,
                            const sv_counters *c) {
  return options->patience > 0 && c->epochs < options->epochs &&
         c->epochs - c->best_epoch >= options->patience;
}

sv_status sv_fit_check_unfinished(const sv_fit_options *options,
                                  const sv_counters *c) {
  if (c->epochs >= options->epochs)
    return sv_fail(SV_INVALID,
                   "the run is finished: %lld of %d epochs; to continue "
                   "training, start a new run with its model.onnx as the model",
                   (long long)c->epochs, options->epochs);
  if (!sv_fit_out_of_patience(options, c)) return SV_OK;
  return sv_fail(SV_INVALID,
                 "the run is finished: it stopped early after epoch %lld of "
                 "%d; the best epoch was %lld",
                 (long long)c->epochs, options->epochs,
                 (long long)c->best_epoch);
}

static sv_status check_resumption(sv_fit_job *job) {
  sv_counters *c = &job->counters;
  SV_TRY(sv_records_read(sv_model_state(job->model), c));
  SV_TRY(sv_options_compare(job->options, job->model));
  SV_TRY(sv_digest_check_data(job->model, job->dataset));
  SV_TRY(sv_checkpoint_best(job->run.best, c, &job->behind));
  if (!job->behind) SV_TRY(sv_fit_check_unfinished(job->options, c));
  int64_t inside = c->step - c->epochs * job->steps;
  if (c->epochs < 0 || c->step < 0 || inside < 0 || inside > job->steps)
    return sv_fail(SV_FORMAT, "the run's counters contradict each other");
  return SV_OK;
}

static sv_status begin(sv_fit_job *job) {
  char digest[SV_DIGEST_TEXT];
  sv_model *model = job->model;
  if (job->options->resume) return check_resumption(job);
  SV_TRY(sv_state_drop(sv_model_state(model), SV_RECORD));
  SV_TRY(sv_preprocess_save(&job->preprocess, model));
  SV_TRY(sv_options_save(job->options, model));
  SV_TRY(sv_digest_network(model->graph, digest));
  SV_TRY(sv_model_set_meta(model, SV_DIGEST_NETWORK_KEY, digest));
  SV_TRY(sv_digest_data(job->dataset, digest));
  return sv_model_set_meta(model, SV_DIGEST_DATA_KEY, digest);
}

static sv_status make_optimiser(sv_fit_job *job) {
  const sv_fit_options *o = job->options;
  sv_state *state = sv_model_state(job->model);
  sv_optimiser_options options = {.size = sizeof(sv_optimiser_options),
                                  .kind = o->optimiser,
                                  .momentum = o->momentum,
                                  .weight_decay = o->weight_decay,
                                  .decay = o->decay,
                                  .decay_all = o->decay_all,
                                  .clip_value = o->clip_value,
                                  .clip_norm = o->clip_norm,
                                  .frozen = &job->freeze};
  SV_TRY(sv_optimiser_new(&job->optimiser, state, &options));
  if (o->log_gradients)
    SV_TRY(sv_gradients_new(&job->gradients, job->graph, state));
  if (o->ema == 0) return SV_OK;
  return sv_average_new(&job->average, state, o->ema, &job->freeze);
}

sv_status sv_fit_prepare(sv_fit_job *job) {
  const sv_fit_options *o = &job->resolved;
  SV_TRY(sv_options_resolve(&job->resolved, job->options));
  job->options = o;
  int threads = sv_threads_resolve(o->threads);
  SV_TRY(sv_spare_check(threads - 1));
  sv_team_begin(&job->outer, sv_team_size(threads));
  SV_TRY(sv_checkpoint_parse(&job->checkpoint, o->checkpoint));
  SV_TRY(sv_run_open(&job->run, o->run, o->overwrite, o->resume));
  SV_TRY(sv_augment_parse(&job->augment, &o->augment));
  SV_TRY(sv_augment_check(&job->augment, job->dataset));
  SV_TRY(sv_graph_check(sv_model_graph(job->model)));
  job->graph = sv_model_graph(job->model);
  SV_TRY(split(job));
  SV_TRY(fit_preprocess(job));
  SV_TRY(find_loss(job));
  SV_TRY(sv_freeze_until(&job->freeze, job->graph, o->freeze_until));
  SV_TRY(sv_schedule_parse(&job->schedule, o->schedule, o->rate, o->warm_up,
                           job->steps, o->epochs));
  SV_TRY(begin(job));
  SV_TRY(check_told(job));
  SV_TRY(adjust_loss(job));
  SV_TRY(compile(job));
  SV_TRY(check_classes(job));
  SV_TRY(make_optimiser(job));
  SV_TRY(sv_run_check(&job->run, job->model, job->graph));
  SV_TRY(start_loader(job));
  return sv_run_start(&job->run, o->resume, (int)job->counters.epochs);
}

void sv_fit_release(sv_fit_job *job) {
  sv_team_end(&job->outer);
  sv_loader_free(job->loader);
  sv_optimiser_free(job->optimiser);
  sv_average_free(job->average);
  sv_gradients_free(job->gradients);
  sv_runner_free(&job->runner);
  sv_runner_free(&job->validator);
  sv_choices_free(job->choices);
  sv_metrics_free(&job->metrics);
  sv_samples_free(&job->train);
  sv_samples_free(&job->validation);
  sv_preprocess_free(&job->preprocess);
  sv_state_free(job->best);
  sv_freeze_free(&job->freeze);
  sv_graph_free(job->own_graph);
  sv_graph_free(job->adjusted);
  sv_augment_free(&job->augment);
  sv_free(job->order);
  sv_run_close(&job->run);
}
