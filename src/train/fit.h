/* A training under way: what prepare.c makes and fit.c runs. */
#ifndef SV_TRAIN_FIT_H
#define SV_TRAIN_FIT_H

#include <svertka/train.h>

#include "base/thread.h"
#include "graph/model.h"
#include "train/average.h"
#include "train/freeze.h"
#include "train/optimiser.h"
#include "train/run.h"
#include "train/runner.h"
#include "train/schedule.h"

/* What a resumption must know besides weights and moments; two records of the
 * state, saved with it. */
typedef struct sv_counters {
  int64_t step;   /* done in all epochs */
  int64_t epochs; /* done, validation too */
  int64_t images; /* of this epoch so far, as the next two */
  int64_t top1_count;
  int64_t best_epoch; /* 0: none yet */
  double loss_sum;
  double best_loss, best_top1;
  sv_plateau plateau;
} sv_counters;

/* How often to save inside an epoch; 0: for no number of them. */
typedef struct sv_checkpoint {
  int64_t steps;
  double seconds;
} sv_checkpoint;

typedef struct sv_fit_job {
  sv_model *model;
  const sv_dataset *dataset;
  const sv_fit_options *options; /* the caller's, then `resolved` */
  sv_fit_options resolved;
  sv_graph *own_graph;   /* the model's with a loss, if it has none itself */
  const sv_graph *graph; /* what is trained and saved */
  sv_freeze freeze;      /* of it, what is not trained */
  sv_graph *adjusted;    /* with the losses that are minimised, if others */
  sv_preprocess preprocess;
  sv_samples train, validation;
  int64_t *order;       /* of this epoch */
  int64_t batch, steps; /* samples a step, steps an epoch */
  int64_t places;       /* labels of a sample */
  sv_loader *loader;
  sv_runner runner, validator; /* training, validation */
  sv_optimiser *optimiser;
  sv_average *average; /* NULL: none is kept */
  sv_schedule schedule;
  sv_metrics metrics; /* of the validation */
  sv_counters counters;
  sv_state *best;          /* weights; where no run folder keeps them */
  sv_gradients *gradients; /* NULL: not asked for */
  sv_run run;
  sv_team outer; /* the caller's, while the job lasts */
  bool behind;   /* model.onnx, whose weights are those of last.onnx */
  sv_checkpoint checkpoint;
  int64_t
      kept_epoch; /* whose weights model.onnx holds; 0: none of this run's */
  bool saved;     /* last.onnx is of this training; when it was: */
  int64_t saved_step;
  double saved_time;
  /* Of this call. */
  double started, epoch_started; /* seconds */
  int64_t images, epoch_images, first_step;
} sv_fit_job;

/* Everything that can be wrong is found here, before anything is written. */
sv_status sv_fit_prepare(sv_fit_job *job) SV_CHECKED;
void sv_fit_release(sv_fit_job *job);

/* The plan of a training step as sv_plan_explain tells it; nothing is written
 * or trained. Free *text with sv_plan_text_free. */
sv_status sv_fit_explain(char **text, sv_model *model,
                         const sv_dataset *dataset,
                         const sv_fit_options *options) SV_CHECKED;

/* So many epochs in a row were no better than the best one. */
bool sv_fit_out_of_patience(const sv_fit_options *options,
                            const sv_counters *c);
/* SV_INVALID if nothing is left to do. */
sv_status sv_fit_check_unfinished(const sv_fit_options *options,
                                  const sv_counters *c) SV_CHECKED;

/* How far the run in the folder options->run came, and whether it is over.
 * SV_INVALID if it was begun with another network, other data or options of
 * another meaning. */
sv_status sv_fit_look(sv_fit_result *result, bool *finished,
                      const sv_graph *network, const sv_dataset *dataset,
                      const sv_fit_options *options) SV_CHECKED;

/* The loader begins with step `done` of an epoch, which is counters.epochs:
 * training samples as this epoch has them, shuffled and varied. */
sv_status sv_fit_start_epoch(sv_fit_job *job, int64_t done) SV_CHECKED;

/* Forward, backward, update: one step at this rate. *loss is what is minimised,
 * of this batch before the step; SV_NUMERIC, with nothing changed, if it or a
 * gradient is no finite number. */
sv_status sv_fit_step(sv_fit_job *job, const sv_batch *batch, double rate,
                      double *loss) SV_CHECKED;

/* ---- checkpoint.c ---- */

sv_status sv_checkpoint_parse(sv_checkpoint *when, const char *text) SV_CHECKED;
/* After so many steps and seconds since the last one. */
bool sv_checkpoint_due(const sv_checkpoint *when, int64_t steps,
                       double seconds);

/* Whether model.onnx at `path` lacks the best weights, and the counters' own
 * checkpoint has them. Fails if neither file has. */
sv_status sv_checkpoint_best(const char *path, const sv_counters *c,
                             bool *behind) SV_CHECKED;

/* The metadata's key for the epoch whose weights model.onnx holds. */
#define SV_BEST_EPOCH_KEY "svertka.train.best-epoch"

/* ---- records.c ---- */

/* Counters to and from the state; reading fails where there are none. */
sv_status sv_records_write(sv_state *state, const sv_counters *c) SV_CHECKED;
sv_status sv_records_read(const sv_state *state, sv_counters *c) SV_CHECKED;
/* Every trained number and statistic of the state. */
sv_status sv_records_check_finite(const sv_state *state) SV_CHECKED;
/* Overwrites all but records with those of the same names in `from`. What that
 * lacks stays: a model file has no auxiliary classifiers. */
sv_status sv_records_restore(sv_state *state, const sv_state *from) SV_CHECKED;

#endif
