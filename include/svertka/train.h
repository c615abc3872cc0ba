/* Training and judging: the fit loop, its run folder, metrics.
 *
 *     sv_fit_options options = sv_fit_default();
 *     options.epochs = 5;
 *     sv_fit_result result;
 *     sv_status status = sv_fit(model, dataset, &options, &result);
 */
#ifndef SVERTKA_TRAIN_H
#define SVERTKA_TRAIN_H

#include <svertka/data.h>
#include <svertka/plan.h>
#include <svertka/zoo.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Metrics: one definition each, for validation and for eval ---------- */

/* Of the samples that were told with a confidence (the highest probability)
 * above b / SV_CALIBRATION_BINS and up to (b + 1) / SV_CALIBRATION_BINS. */
enum { SV_CALIBRATION_BINS = 15 };
typedef struct sv_calibration_bin {
  int64_t samples, right; /* right: told as their class */
  double confidence;      /* sum over them */
} sv_calibration_bin;

/* Over all samples added so far. scores are what softmax is applied to, s; p
 * its result; y is the true class. Where they are independent, s are the
 * probabilities p themselves, and loss is the mean over samples and classes of
 * the binary cross-entropy, -log p_y and -log(1 - p_j) of the other classes. A
 * sample's rank is the number of classes that score higher than y; of equal
 * ones those before y count, and a number that is none counts as higher than
 * any. */
typedef struct sv_metrics {
  int classes;
  int64_t samples;
  bool independent;         /* set it before samples are added; false */
  double loss;              /* mean of log sum_j e^(s_j) - s_y */
  double top1, top5;        /* share of samples with rank 0, rank below 5 */
  double brier;             /* mean of sum_j (p_j - [j = y])^2, 0 to 2 */
  double calibration_error; /* mean over all samples of the distance of their
                             * bin's share of right ones from its mean
                             * confidence: Guo, Pleiss, Sun, Weinberger, "On
                             * Calibration of Modern Neural Networks", 2017 */
  int64_t *confusion;       /* classes x classes; the row is the true class, the
                             * column the one of the highest score */
  int64_t *ranks;           /* classes: samples of rank 0, 1, ... */
  sv_calibration_bin bins[SV_CALIBRATION_BINS];
  double loss_sum, brier_sum;
  int64_t top1_count;
  float *row; /* classes: room for the scores of a pixel */
} sv_metrics;

/* Zeros. Free with sv_metrics_free, which empties it. */
SV_API SV_CHECKED sv_status sv_metrics_new(sv_metrics *metrics, int classes);
SV_API void sv_metrics_free(sv_metrics *metrics);
/* Back to no samples. */
SV_API void sv_metrics_clear(sv_metrics *metrics);

/* scores: count x classes, row-major; labels: count, each 0 <= y < classes. */
SV_API void sv_metrics_add(sv_metrics *metrics, const float *scores,
                           const int64_t *labels, int64_t count);

/* The same of pixels, each a sample: scores count x classes x places, labels
 * count x places; those that are SV_NO_CLASS do not count. */
SV_API void sv_metrics_add_pixels(sv_metrics *metrics, const float *scores,
                                  const int64_t *labels, int64_t count,
                                  int64_t places);

/* Share of samples with a rank below k; k beyond the classes is as all. */
SV_API double sv_metrics_top(const sv_metrics *metrics, int k);

/* Of one class: with t the samples of this class that were told as it,
 *   precision = t / told as it, recall = t / support,
 *   f1 = 2 t / (told as it + support),
 *   iou = t / (told as it + support - t); 0 where the divisor is 0.
 * Of pixels the last is the intersection over the union, and its plain mean the
 * mean IU of Long, Shelhamer, Darrell, CVPR 2015. */
typedef struct sv_class_metrics {
  double precision, recall, f1, iou;
  int64_t support; /* samples of this class */
} sv_class_metrics;
SV_API sv_class_metrics sv_metrics_of_class(const sv_metrics *metrics, int c);

/* Means over the classes that have a sample or were told of one: all alike;
 * each by its support. Their support is the number of samples. */
SV_API sv_class_metrics sv_metrics_macro(const sv_metrics *metrics);
SV_API sv_class_metrics sv_metrics_weighted(const sv_metrics *metrics);

/* ---- Judging a model ---------------------------------------------------- */

/* What the model says of one sample. */
typedef struct sv_verdict {
  int64_t sample; /* of the data set */
  int label, predicted;
  float probability; /* of `predicted` */
  float truth;       /* of `label` */
} sv_verdict;

/* The most confident mistakes: of the verdicts given so far those that are
 * wrong, with the highest probabilities, falling; of equal ones the first. */
typedef struct sv_mistakes {
  sv_verdict *at;
  int count, most;
} sv_mistakes;

/* Keeps up to `most` (0 or more). Free with sv_mistakes_free. */
SV_API SV_CHECKED sv_status sv_mistakes_new(sv_mistakes *mistakes, int most);
SV_API void sv_mistakes_free(sv_mistakes *mistakes);
SV_API void sv_mistakes_add(sv_mistakes *mistakes, const sv_verdict *verdict);

typedef struct sv_eval_options {
  int batch;           /* 100 */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
  bool exact;
  /* Called for each sample, in order. May be NULL. */
  void (*verdict)(void *context, const sv_verdict *verdict);
  /* Of data with a class for each pixel, instead of verdict: what the model
   * says of the sample's picture, as large as its input. Not SV_OK ends the
   * work. May be NULL. */
  sv_status (*mask)(void *context, int64_t sample, const sv_image *mask);
  /* Called after each batch; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
} sv_eval_options;

SV_API sv_eval_options sv_eval_default(void);

/* Runs every sample of the data set through the model, preprocessed as the
 * model's metadata say. What the output is, logits or probabilities, is what
 * sv_model_scores says; logits below a softmax are read where they lie as the
 * output does. Where the data have a class for each pixel, it is such a row for
 * each, and pixels are the samples. The caller frees *metrics with
 * sv_metrics_free unless this fails. SV_INVALID if the model's weights are
 * random (sv_model_is_random).
 * The model is only read. */
SV_API SV_CHECKED sv_status sv_eval(sv_metrics *metrics, const sv_model *model,
                                    const sv_dataset *dataset,
                                    const sv_eval_options *options);

/* ---- What the units of a network do ------------------------------------- */

/* Of a node's output over all samples. A unit is a channel, all its places
 * together, or a number where there are no places. */
typedef struct sv_units_row {
  const char *name, *op; /* of the node; borrowed from the model */
  int64_t units;
  bool saturates; /* relu, sigmoid, tanh and their like: off and dead hold */
  double off;     /* share of values that let no gradient through: 0 after relu;
                   * beyond 0.95 of saturation after tanh (|y| >= 0.95), sigmoid
                   * (y <= 0.025 or y >= 0.975) */
  int64_t dead;   /* units that are off everywhere in every sample */
  /* Share of values y that a shift of the picture leaves: the new value y' at
   * the same place has |y' - y| <= tolerance max(|y|, |y'|). What is 0 in both
   * pictures, background and what is off, does not count. */
  double unchanged;
} sv_units_row;

typedef struct sv_units {
  sv_units_row *rows; /* a row for each node on the way to the scores */
  int count;
  int64_t samples;
  double same_class; /* share of samples told as before the shift */
} sv_units;

typedef struct sv_units_options {
  int samples;         /* 1000: of each class its share; 0: all */
  int shift;           /* 0: none; else so many pixels to the right (below 0: to
                        * the left), the edge repeated */
  double tolerance;    /* 0.05 */
  int batch;           /* 20 */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
  uint64_t seed;       /* 1: which samples */
  /* Called after each batch; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
} sv_units_options;

SV_API sv_units_options sv_units_default(void);

/* Runs samples through the model, prepared as its metadata say, and looks at
 * every value on the way. A shift of permuted pixels is refused, and so
 * are random weights (sv_model_is_random). The caller
 * frees *units with sv_units_free unless this fails; the model must outlive
 * it and is only read. */
SV_API SV_CHECKED sv_status sv_units_measure(sv_units *units,
                                             const sv_model *model,
                                             const sv_dataset *dataset,
                                             const sv_units_options *options);
SV_API void sv_units_free(sv_units *units);

/* ---- Training ----------------------------------------------------------- */

typedef struct sv_fit_progress {
  int epoch, epochs;         /* of 1 .. epochs */
  int64_t step, steps;       /* done in this epoch, and their number */
  double rate;               /* learning rate of the last step */
  double loss, top1;         /* means over the epoch's samples so far */
  double images_per_second;  /* of this epoch's training so far */
  double seconds_left;       /* of the whole training, estimated */
  int64_t held_out;          /* samples to validate on */
  bool validating;           /* all steps are done; held-out samples are run */
  bool validated;            /* the epoch is over; what follows holds */
  double val_loss, val_top1; /* of training where none is held out */
  double val_top5, val_f1, val_calibration; /* f1 as sv_metrics_macro has it,
                                             * the calibration error; NAN where
                                             * none is held out */
  bool of_pixels; /* the data have a class for each pixel: samples of top-1 and
                   * loss are pixels, and val_iou, the mean over the classes,
                   * chooses the best weights; else it is NAN */
  double val_iou;
  bool best; /* the best so far: these weights are kept */
} sv_fit_progress;

/* Of a number: what the optimiser usually has. */
enum { SV_USUAL = -1 };

typedef struct sv_fit_options {
  int epochs;            /* 10: passes over the training samples */
  int batch;             /* 64: samples a step; an epoch's last may have less */
  double rate;           /* SV_USUAL (sgd 0.05, adam 0.001): the highest */
  const char *schedule;  /* "cosine [WARM-UP EPOCHS] [MIN FACTOR]"; also
                          * "constant", "step EPOCHS [FACTOR]", "multistep
                          * FACTOR EPOCH...", "exponential FACTOR",
                          * "onecycle [SHARE OF RISE] [FIRST DIVISOR]
                          * [LAST DIVISOR]", "plateau [FACTOR] [PATIENCE
                          * EPOCHS] [MIN FACTOR]"; docs/training.md */
  double warm_up;        /* 0: epochs in which the rate rises to the schedule's;
                          * not with a schedule that rises by itself */
  int patience;          /* 0: never; else the training ends after so many
                          * epochs in a row without better weights */
  const char *optimiser; /* "sgd"; also "nesterov", "rmsprop [ALPHA] [EPS]",
                          * "rmsprop_centred [ALPHA] [EPS]",
                          * "adam [BETA1] [BETA2] [EPS]", "adamw" likewise,
                          * "lars [TRUST]" */
  double momentum;       /* SV_USUAL (0.9; of rmsprop 0) */
  double weight_decay;   /* SV_USUAL (0.0005; adamw 0.01, adam, rmsprop 0): of
                          * tensors with the role WEIGHT */
  const char *decay;     /* "usual"; "coupled": into the gradient, "decoupled":
                          * of the weight itself, as adamw has it */
  bool decay_all;        /* apply weight decay to biases and scales too */
  double clip_value;     /* 0: no; each number of a gradient is cut to +-this */
  double clip_norm;      /* 0: no; then all gradients are scaled so that their
                          * common norm is at most this */
  double ema;            /* 0: no; e of the average a = e a + (1 - e) w that is
                          * judged and saved in the place of the weights w */
  const char *init;      /* "usual": how the weights were drawn, for the
                          * metadata; sv_fit draws none */
  int classes;           /* 0: the model's; else it got a new head of so many
                          * (sv_model_new_head), which the data must have: for the
                          * metadata, sv_fit makes none */
  /* Fine-tuning: this layer and all that it is computed from stay as they are.
   * No gradient is computed there; optimiser, decay, average and running
   * statistics leave it alone; it runs as at inference, so that its batch
   * normalisations use their running statistics and its dropouts do nothing. A
   * node's name, or a block's: the beginning of names up to a dot or slash;
   * where nodes have no such names, tensors'. NULL: all is trained. */
  const char *freeze_until;
  /* Of the losses that are cross-entropies. Label smoothing (0): the share of
   * the target that all classes have alike. Class weights ("off"; "sqrt",
   * "inverse"): what a class counts is the inverse of its frequency or the root
   * of that, the mean over the training samples being 1. Validation's loss is
   * the plain cross-entropy in any case. */
  double label_smoothing;
  const char *class_weights;
  double validation;  /* 0.1: held out from training to choose the best
                       * weights; below 1 a share, else a number of samples;
                       * 0: none, and the last weights are the best */
  sv_augment augment; /* nothing: of the pictures trained on */
  int samples;        /* 0: train on all that are not held out; else on so
                       * many of them, of each class its share */
  /* Of a model that does not say yet how its pictures are prepared. Pixels:
   * "standard": mean 0 and deviation 1; "centre", "scale": only the one or the
   * other; "none": 0 to 1. permute_pixels: -1: not; else the seed of an order
   * that the pixels of every picture are put into. */
  const char *normalise;
  int permute_pixels;
  bool log_gradients;  /* write gradients.csv */
  uint64_t seed;       /* 1: of split, shuffle and random operators */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
  bool exact;
  const char *run; /* a run folder to write; NULL: nothing is written */
  bool overwrite;  /* a folder that holds a run already may be replaced */
  bool resume;     /* set by sv_fit_open: go on where the run stopped */
  const char *checkpoint; /* "5m": how often last.onnx is saved inside an epoch;
                           * a time in s, m or h, or a number of steps; "0":
                           * never. No bit of what is trained depends on it,
                           * and no file holds it */
  const char *network; /* what the model and the data are called by who asked */
  const char *data;    /* for them: kept in the metadata. May be NULL */
  /* Called after each step, after each batch of a validation, and after each
   * epoch. False stops after this step, as Ctrl-C does; a validation that is
   * under way is done again when the run is resumed. May be NULL. Whoever
   * catches signals to decide that gives their handlers a stack of their own
   * (sigaltstack, SA_ONSTACK): oneDNN borrows the stack pointer. */
  bool (*report)(void *context, const sv_fit_progress *progress);
  void *context;
} sv_fit_options;

SV_API sv_fit_options sv_fit_default(void);

/* What the recipe of a zoo network says, in the place of the usual options;
 * nothing where it is NULL. What the caller wants otherwise is set after it:
 *     options = sv_fit_default();
 *     sv_fit_follow(&options, sv_zoo_recipe_of("lenet5_1998"));
 * A rate belongs to its optimiser: with another one, leave both out. */
SV_API void sv_fit_follow(sv_fit_options *options, const sv_zoo_recipe *recipe);

typedef struct sv_fit_result {
  int epochs;         /* finished, those before a resumption too */
  bool stopped_early; /* by options.patience */
  int best_epoch;     /* whose weights the model holds; 0: none yet */
  double loss, top1;  /* of validation after it; of training if none is held
                       * out. Of pixels that are held out top1 is the mean IoU
                       */
  bool of_pixels;
  int64_t held_out; /* samples validated on */
  double seconds;   /* of this call */
  int64_t images;   /* trained on in this call */
  bool saved;       /* the run folder holds what a resumption needs */
  int saved_epoch;  /* whose weights its model.onnx holds; 0: none yet */
} sv_fit_result;

/* Fine-tuning: a classifier for so many classes in the place of the model's own
 * (and of its auxiliary ones). It is the last linear layer or convolution
 * before the scores; it keeps its name, all other numbers stay, and it is drawn
 * anew by the seed and `init`: as sv_state_init_with, NULL: by its own text, or
 * as is usual at its place. SV_INVALID, with the model as it was, if the
 * network does not end in such a layer; after any other failure it may only be
 * freed. Nobody else may use the model meanwhile, and plans of it are to be
 * made anew. */
SV_API SV_CHECKED sv_status sv_model_new_head(sv_model *model, int classes,
                                              uint64_t seed, const char *init);

/* Trains the model on a training split: minimises its losses, or, if its graph
 * has none, the cross-entropy of its output. Afterwards the model holds the
 * weights (with ema: their average) with the highest top-1 on the held-out
 * samples (of equal ones, the lowest loss), whatever ended the training, and
 * its metadata say how pictures are preprocessed and how it was trained. A run
 * folder gets
 *   log.csv        a row for each epoch
 *   gradients.csv  if options->log_gradients: the norm of the gradient of all
 *                  of a layer's parameters together, its mean over the steps of
 *                  the epoch; a column for each layer, a row for each epoch
 *   last.onnx      all that a resumption needs, after each epoch, inside one
 *                  as often as options->checkpoint says, and when stopped
 *   previous.onnx  the last.onnx before it, where the file system has links
 *   model.onnx     the best weights, after each epoch that improves them
 * at an epoch's end in this order; each is replaced whole or not at all, and a
 * resumption sets right what a kill between two of them left.
 *
 * Errors: SV_INTERRUPTED after `report` returned false, all being saved;
 * SV_NUMERIC if a loss or gradient becomes infinite or not a number, naming
 * epoch and step, before weights change and before anything is saved;
 * SV_INVALID for a folder that holds a run, options out of bounds, a data set
 * that does not fit; SV_IO for a folder that another training writes to, and
 * for a file that cannot be written: what was saved before it is whole. A run
 * that is replaced stays whole until the new one saves something. result (may
 * be NULL) is filled in any case. The same model, data, options (threads among
 * them), build and machine give the same bits, interrupted and resumed or not.
 */
SV_API SV_CHECKED sv_status sv_fit(sv_model *model, const sv_dataset *dataset,
                                   const sv_fit_options *options,
                                   sv_fit_result *result);

/* Reads what a run folder's last.onnx holds: the model as it stood, and the
 * options, whose texts are borrowed from the model (options->run from the
 * caller). Give both to sv_fit to go on; threads, backend and callbacks may be
 * changed, any other change is an error there. Says so if the run is finished,
 * or if the file of its best weights is missing (SV_IO) or another's.
 * The caller frees *model. */
SV_API SV_CHECKED sv_status sv_fit_open(sv_model **model,
                                        sv_fit_options *options,
                                        const char *run);

#ifdef __cplusplus
}
#endif
#endif
