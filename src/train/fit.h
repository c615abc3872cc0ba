/* A training in progress: prepare.c sets it up, fit.c runs it. */
#ifndef SV_TRAIN_FIT_H
#define SV_TRAIN_FIT_H

#include <svertka/train.h>

#include "base/thread.h"
#include "graph/model.h"
#include "optim/average.h"
#include "optim/freeze.h"
#include "optim/optimiser.h"
#include "optim/schedule.h"
#include "train/run.h"
#include "train/runner.h"

/* What is needed to resume besides weights and moments. Saved as two records of
 * the state. */
typedef struct sv_counters {
  int64_t step;   /* done in all epochs */
  int64_t epochs; /* epochs done, including validation */
  int64_t images; /* in this epoch so far; also the next two */
  int64_t top1_count;
  int64_t best_epoch; /* 0: none yet */
  double loss_sum;
  double best_loss, best_top1;
  sv_plateau plateau;
} sv_counters;

/* How often to save within an epoch; a 0 disables that limit. */
typedef struct sv_checkpoint {
  int64_t steps;
  double seconds;
} sv_checkpoint;

typedef struct sv_fit_job {
  sv_model *model;
  const sv_dataset *dataset;
  const sv_fit_options *options; /* the caller's, then `resolved` */
  sv_fit_options resolved;
  sv_graph *own_graph;   /* the model's graph with a loss added, if it has
                          * none */
  const sv_graph *graph; /* the graph that is trained and saved */
  sv_freeze freeze;      /* its parts that are not trained */
  sv_graph *adjusted;    /* with the losses that are minimised, if they
                          * differ */
  sv_preprocess preprocess;
  sv_samples train, validation;
  sv_augment_list augment; /* of the training samples */
  int64_t *order;          /* of this epoch */
  int64_t batch, steps;    /* samples per step, steps per epoch */
  int64_t places;          /* labels per sample */
  sv_loader *loader;
  sv_choices *choices;         /* NULL: kernels are chosen by the rules */
  sv_runner runner, validator; /* training, validation */
  sv_optimiser *optimiser;
  sv_average *average; /* NULL: no average */
  sv_schedule schedule;
  sv_metrics metrics; /* of the validation */
  sv_counters counters;
  sv_state *best;          /* best weights, if there is no run folder */
  sv_gradients *gradients; /* NULL: not requested */
  sv_run run;
  sv_team outer; /* the caller's settings during the job */
  bool behind;   /* model.onnx is outdated: the best weights are those of
                  * last.onnx */
  sv_checkpoint checkpoint;
  int64_t
      kept_epoch; /* epoch of the weights in model.onnx; 0: none of this run */
  bool saved;     /* last.onnx belongs to this training; saved at: */
  int64_t saved_step;
  double saved_time;
  /* Of this call. */
  double started, epoch_started; /* seconds */
  int64_t images, epoch_images, first_step;
} sv_fit_job;

/* Checks everything before anything is written. */
sv_status sv_fit_prepare(sv_fit_job *job) SV_CHECKED;
void sv_fit_release(sv_fit_job *job);

/* Writes the plan of a training step, as sv_plan_explain does, without training
 * or writing files. Free *text with sv_plan_text_free. */
sv_status sv_fit_explain(char **text, sv_model *model,
                         const sv_dataset *dataset,
                         const sv_fit_options *options) SV_CHECKED;

/* True if options->patience epochs in a row were no better than the best
 * one. */
bool sv_fit_out_of_patience(const sv_fit_options *options,
                            const sv_counters *c);
/* SV_INVALID if the training is finished. */
sv_status sv_fit_check_unfinished(const sv_fit_options *options,
                                  const sv_counters *c) SV_CHECKED;

/* Reads the progress of the run in the folder options->run and whether it is
 * finished. SV_INVALID if it was started with another network, other data or
 * options that change the training. */
sv_status sv_fit_look(sv_fit_result *result, bool *finished,
                      const sv_graph *network, const sv_dataset *dataset,
                      const sv_fit_options *options) SV_CHECKED;

/* Starts the loader at step `done` of the epoch counters.epochs, with that
 * epoch's shuffled and augmented training samples. */
sv_status sv_fit_start_epoch(sv_fit_job *job, int64_t done) SV_CHECKED;

/* One training step at this learning rate: forward, backward, update. *loss is
 * the training objective of the batch before the step. SV_NUMERIC, with nothing
 * changed, if it or a gradient is not finite. */
sv_status sv_fit_step(sv_fit_job *job, const sv_batch *batch, double rate,
                      double *loss) SV_CHECKED;

/* ---- checkpoint.c ---- */

sv_status sv_checkpoint_parse(sv_checkpoint *when, const char *text) SV_CHECKED;
/* True if a checkpoint is due after this number of steps or seconds since the
 * last one. */
bool sv_checkpoint_due(const sv_checkpoint *when, int64_t steps,
                       double seconds);

/* *behind: model.onnx at `path` does not have the best weights, but the
 * checkpoint of these counters does. Fails if neither file has them. */
sv_status sv_checkpoint_best(const char *path, const sv_counters *c,
                             bool *behind) SV_CHECKED;

/* Metadata key of the epoch whose weights model.onnx holds. */
#define SV_BEST_EPOCH_KEY "svertka.train.best-epoch"
/* And of the kernels that --tune chose. */
#define SV_CHOICES_KEY "svertka.train.choices"

/* ---- records.c ---- */

/* Writes and reads the counters in the state; reading fails if there are
 * none. */
sv_status sv_records_write(sv_state *state, const sv_counters *c) SV_CHECKED;
sv_status sv_records_read(const sv_state *state, sv_counters *c) SV_CHECKED;
/* Checks that all trained parameters and statistics of the state are finite. */
sv_status sv_records_check_finite(const sv_state *state) SV_CHECKED;
/* Overwrites all tensors but records with those of the same names in `from`.
 * Tensors that `from` lacks stay: a model file has no auxiliary classifiers. */
sv_status sv_records_restore(sv_state *state, const sv_state *from) SV_CHECKED;

#endif
