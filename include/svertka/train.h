/* Training and evaluation: the training loop and its run folder.
 *
 *     sv_fit_options options = sv_fit_default();
 *     options.epochs = 5;
 *     sv_fit_result result;
 *     sv_status status = sv_fit(model, dataset, &options, &result); */
#ifndef SVERTKA_TRAIN_H
#define SVERTKA_TRAIN_H

#include <svertka/data.h>
#include <svertka/optim.h>
#include <svertka/task.h>
#include <svertka/zoo.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Evaluation --------------------------------------------------------- */

/* The prediction for one sample. */
typedef struct sv_verdict {
  int64_t sample; /* index in the data set */
  int label, predicted;
  float probability; /* probability of `predicted` */
  float truth;       /* probability of `label` */
} sv_verdict;

/* The most confident mistakes: the wrong predictions with the highest
 * probabilities among those added, in decreasing order; of equal ones the
 * first. */
typedef struct sv_mistakes {
  sv_verdict *at;
  int count, most;
} sv_mistakes;

/* Keeps up to `most` mistakes (0 or more). Free with sv_mistakes_free. */
SV_API SV_CHECKED sv_status sv_mistakes_new(sv_mistakes *mistakes, int most);
SV_API void sv_mistakes_free(sv_mistakes *mistakes);
SV_API void sv_mistakes_add(sv_mistakes *mistakes, const sv_verdict *verdict);

typedef struct sv_eval_options {
  size_t size;         /* of this struct; set by sv_eval_default */
  int batch;           /* 100 */
  int crops;           /* 1: the centre of each image; 5: also the corners; 10:
                        * the same also mirrored. The probabilities of the crops
                        * are averaged. Needs SV_RESIZE_CROP and one class per
                        * image */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
  bool exact;
  sv_choices *choices; /* as sv_plan_options */
  bool tune;
  /* Called for each sample, in order. May be NULL. */
  void (*verdict)(void *context, const sv_verdict *verdict);
  /* For data with masks, in the place of `verdict`: the predicted mask of a
   * sample's image, as large as the model's input. A status other than SV_OK
   * ends the evaluation. May be NULL. */
  sv_status (*mask)(void *context, int64_t sample, const sv_image *mask);
  /* Called after each batch; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
  const sv_stop *stop; /* NULL: none; a request has the effect of `report`
                        * returning false */
} sv_eval_options;

SV_API sv_eval_options sv_eval_default(void);

/* Evaluates the model on all samples of the data set, preprocessed as the
 * model's metadata say. Classes that the model and the data set both name are
 * matched by their names: the data set may have fewer classes, or another
 * order; labels in *metrics and verdicts are those of the model. SV_INVALID
 * names a class that the model does not have. sv_model_scores decides whether
 * the output is logits or probabilities. If a softmax follows the logits, the
 * logits are read directly; they have the layout of the output. For data with
 * masks each pixel has a row of scores and counts as a sample. The caller frees
 * *metrics with sv_metrics_free unless the call fails. SV_INVALID if the
 * model's weights are random (sv_model_is_random). The model is only read. */
SV_API SV_CHECKED sv_status sv_eval(sv_metrics *metrics, const sv_model *model,
                                    const sv_dataset *dataset,
                                    const sv_eval_options *options);

/* ---- Statistics of units ------------------------------------------------ */

/* Statistics of a node's output over all samples. A unit is a channel with all
 * its positions, or a single element if there are no positions. */
typedef struct sv_units_row {
  const char *name, *op; /* of the node; borrowed from the model */
  int64_t units;
  bool saturates; /* relu, sigmoid, tanh etc.: `off` and `dead` are valid */
  double off;     /* share of values with (almost) no gradient: 0 after relu;
                   * beyond 0.95 of saturation after tanh (|y| >= 0.95) and
                   * sigmoid (y <= 0.025 or y >= 0.975) */
  int64_t dead;   /* units that are off at all positions in all samples */
  /* Share of values y that are stable under a shift of the image: the new value
   * y' at the same position has |y' - y| <= tolerance max(|y|, |y'|). Values
   * that are 0 in both images, such as background and inactive units, are
   * ignored. */
  double unchanged;
} sv_units_row;

typedef struct sv_units {
  sv_units_row *rows; /* a row for each node that the scores depend on */
  int count;
  int64_t samples;
  double same_class; /* share of samples that keep their predicted class */
} sv_units;

typedef struct sv_units_options {
  size_t size;      /* of this struct; set by sv_units_default */
  int samples;      /* 1000: in proportion to the classes; 0: all */
  int shift;        /* 0: none; else pixels to the right (negative: left), with
                     * the edge repeated */
  double tolerance; /* 0.05 */
  int batch;        /* 20 */
  int threads;      /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
  uint64_t seed;       /* 1: selects the samples */
  /* Called after each batch; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int64_t done, int64_t total);
  void *context;
  const sv_stop *stop; /* NULL: none; a request has the effect of `report`
                        * returning false */
} sv_units_options;

SV_API sv_units_options sv_units_default(void);

/* Runs samples through the model, preprocessed as its metadata say, and
 * computes the statistics of every node that the scores depend on. SV_INVALID
 * for a shift of permuted pixels and for random weights (sv_model_is_random).
 * The caller frees *units with sv_units_free unless the call fails. The model
 * must outlive *units and is only read. */
SV_API SV_CHECKED sv_status sv_units_measure(sv_units *units,
                                             const sv_model *model,
                                             const sv_dataset *dataset,
                                             const sv_units_options *options);
SV_API void sv_units_free(sv_units *units);

/* ---- Training ----------------------------------------------------------- */

typedef struct sv_fit_progress {
  int epoch, epochs;         /* the current epoch, 1 .. epochs, and the number
                              * of epochs */
  int64_t step, steps;       /* steps done in this epoch, and steps per epoch */
  double rate;               /* learning rate of the last step */
  double loss, top1;         /* means over the epoch's samples so far */
  double images_per_second;  /* in this epoch's training so far */
  double seconds_left;       /* estimate for the whole training */
  int64_t held_out;          /* number of validation samples */
  bool validating;           /* training steps of the epoch are done; validation
                              * is running */
  bool validated;            /* the epoch is over; members below are valid */
  double val_loss, val_top1; /* of training if nothing is held out */
  double val_top5, val_f1, val_calibration; /* macro f1 (sv_metrics_macro) and
                                             * the calibration error; NAN if
                                             * nothing is held out */
  bool of_pixels; /* the data have masks: loss and top-1 are per pixel, and the
                   * best weights are chosen by val_iou, the mean IoU over the
                   * classes; otherwise val_iou is NAN */
  double val_iou;
  bool best; /* the best epoch so far: its weights are kept */
} sv_fit_progress;

typedef struct sv_fit_options {
  size_t size;           /* of this struct; set by sv_fit_default */
  int epochs;            /* 10: passes over the training samples */
  int batch;             /* 64: samples per step; an epoch's last step may have
                          * fewer */
  double rate;           /* max learning rate; SV_USUAL: sgd 0.05, adam 0.001 */
  const char *schedule;  /* "cosine [WARM-UP EPOCHS] [MIN FACTOR]"; also
                          * "constant", "step EPOCHS [FACTOR]", "multistep
                          * FACTOR EPOCH...", "exponential FACTOR",
                          * "onecycle [SHARE OF RISE] [FIRST DIVISOR]
                          * [LAST DIVISOR]", "plateau [FACTOR] [PATIENCE
                          * EPOCHS] [MIN FACTOR]"; docs/training.md */
  double warm_up;        /* 0: number of epochs in which the rate rises to that
                          * of the schedule; not with a schedule that has its
                          * own rise */
  int patience;          /* 0: off; else early stopping: training ends after
                          * this number of epochs in a row without better
                          * weights */
  const char *optimiser; /* "sgd"; also "nesterov", "rmsprop [ALPHA] [EPS]",
                          * "rmsprop_centred [ALPHA] [EPS]",
                          * "adam [BETA1] [BETA2] [EPS]", "adamw" likewise,
                          * "lars [TRUST]" */
  double momentum;       /* SV_USUAL: 0.9; rmsprop 0 */
  double weight_decay;   /* SV_USUAL: 0.0005; adamw 0.01; adam, rmsprop 0. For
                          * tensors with the role SV_WEIGHT */
  const char *decay;     /* "usual"; "coupled": added to the gradient;
                          * "decoupled": applied to the weight directly, the
                          * default of adamw */
  bool decay_all;        /* apply weight decay to biases and scales too */
  double clip_value;     /* 0: off; else each element of a gradient is clipped
                          * to +-this */
  double clip_norm;      /* 0: off; else all gradients are scaled so that their
                          * common norm is at most this */
  double ema;            /* 0: off; else the factor e of the moving average of
                          * the weights w, a = e a + (1 - e) w; the average is
                          * validated and saved in the place of w */
  const char *init;      /* "usual": how the weights were initialised; only for
                          * the metadata, sv_fit does not initialise */
  int classes;           /* 0: the model's; else the number of classes of its
                          * new head (sv_model_new_head), which the data must
                          * have; only for the metadata, sv_fit makes no head */
  /* Fine-tuning: freezes this layer and all layers that it depends on. No
   * gradients are computed for them. The optimiser, weight decay and the
   * average do not change them, and their running statistics are not updated.
   * They run as in inference: batch normalisations use their running
   * statistics, and dropouts do nothing. The string is the name of a node or a
   * block; a block's name is the beginning of node names up to a dot or slash.
   * If nodes have no such names, tensor names are used. NULL: nothing is
   * frozen. */
  const char *freeze_until;
  /* For cross-entropy losses. Label smoothing (0): the part of the target that
   * is spread evenly over all classes. Class weights ("off"; "sqrt",
   * "inverse"): each class is weighted by the inverse of its frequency or the
   * square root of that; their mean over the training samples is 1. The
   * validation loss is always the plain cross-entropy. */
  double label_smoothing;
  const char *class_weights;
  double validation;  /* 0.1: held out from training to choose the best weights;
                       * below 1 a share, else a number of samples; 0: nothing
                       * is held out, and the last weights are the best */
  sv_augment augment; /* default none; augmentation of training images */
  bool balance;       /* each epoch has an equal number of samples of each class
                       * (sv_samples_balance); not for semantic segmentation */
  int samples;        /* 0: train on all samples that are not held out; else on
                       * this number of them, in proportion to the classes */
  /* For a model without preprocessing in its metadata. `normalise` is
   * "standard": mean 0 and deviation 1; "centre": mean 0 only; "scale":
   * deviation 1 only; "none": pixels from 0 to 1. permute_pixels is -1: off;
   * else the seed of a permutation of the pixels of all images. */
  const char *normalise;
  int permute_pixels;
  bool log_gradients;  /* write gradients.csv */
  uint64_t seed;       /* 1: seed of split, shuffle and random operators */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
  bool exact;
  bool tune; /* time the kernels of each layer and use the fastest; they are
              * kept in last.onnx, so that a resumed run uses the same */
  const char *run; /* the run folder to write; NULL: nothing is written */
  bool overwrite;  /* allow replacing the run in an existing folder */
  bool resume;     /* set by sv_fit_open: resume the run */
  const char *checkpoint; /* "5m": how often last.onnx is saved within an epoch:
                           * a time in s, m or h, or a number of steps; "0":
                           * never. It has no effect on the results, and no file
                           * stores it */
  const char *network;    /* names of the model and the data as the caller calls
                           * them */
  const char *data;       /* stored in the metadata. Both may be NULL */
  bool skip_bad; /* stored in the metadata, for the program that resumes the
                  * run: it used sv_dataset_skip_unreadable on the data */
  /* Called after each step, after each batch of a validation, and after each
   * epoch. If it returns false, training stops after this step, as with Ctrl-C;
   * a validation that was interrupted is repeated when the run is resumed. May
   * be NULL. Signal handlers of the caller need a stack of their own
   * (sigaltstack, SA_ONSTACK): oneDNN uses the stack pointer for other
   * purposes. */
  bool (*report)(void *context, const sv_fit_progress *progress);
  void *context;
  const sv_stop *stop; /* NULL: none; a request has the effect of `report`
                        * returning false */
} sv_fit_options;

SV_API sv_fit_options sv_fit_default(void);

/* Replaces the default options by those of a zoo network's recipe. NULL changes
 * nothing. Set other options afterwards:
 *     options = sv_fit_default();
 *     sv_fit_follow(&options, sv_zoo_recipe_of("lenet5_1998"));
 * The learning rate belongs to the recipe's optimiser; to use another
 * optimiser, replace both. */
SV_API void sv_fit_follow(sv_fit_options *options, const sv_zoo_recipe *recipe);

typedef struct sv_fit_result {
  int epochs;         /* epochs finished, including those before a resumption */
  bool stopped_early; /* by options.patience */
  int best_epoch;     /* the epoch whose weights the model holds; 0: none yet */
  double loss, top1;  /* validation loss and top-1 after that epoch; those of
                       * training if nothing is held out. For pixels top1 is the
                       * mean IoU if samples are held out */
  bool of_pixels;
  int64_t held_out; /* number of validation samples */
  double seconds;   /* duration of this call */
  int64_t images;   /* images trained on in this call */
  double waited;    /* seconds of this call that were spent waiting for images;
                     * all of their loading, if it is too short for a thread */
  bool saved;       /* the run folder holds all files needed to resume */
  int saved_epoch;  /* epoch of the weights in its model.onnx; 0: none */
} sv_fit_result;

/* Trains the model on a training split. It minimises the model's losses or, if
 * the graph has none, the cross-entropy of its output. Afterwards the model
 * holds the best weights (with ema: their average), whatever ended the
 * training: those with the highest top-1 on the held-out samples, of equal ones
 * those with the lowest loss. Its metadata describe the preprocessing and the
 * training. The run folder gets
 *   log.csv        a row for each epoch
 *   gradients.csv  if options->log_gradients: the norm of the gradient over
 *                  all parameters of a layer, averaged over the steps of the
 *                  epoch; a column for each layer, a row for each epoch
 *   last.onnx      all data needed to resume: after each epoch, within an
 *                  epoch as set by options->checkpoint, and when stopped
 *   previous.onnx  the previous last.onnx, if the file system has links
 *   model.onnx     the best weights, after each epoch that improves them
 * The files are written at the end of an epoch in this order. Each file is
 * replaced completely or not at all; if a run is killed between two of them,
 * resuming repairs the folder.
 *
 * Errors:
 * - SV_INTERRUPTED: `report` returned false; everything is saved.
 * - SV_NUMERIC: a loss or gradient became infinite or NaN. The message names
 *   epoch and step; the weights are not changed, nothing is saved.
 * - SV_INVALID: the folder holds a run, an option is out of range, or the data
 *   set does not fit the model.
 * - SV_IO: another training writes to the folder, or a file cannot be written.
 *   Files saved before are complete.
 * A run that is replaced stays complete until the new run saves its first file.
 * result (may be NULL) is always filled in. The same model, data, options
 * (including threads), build and machine give the same bits, whether the run is
 * interrupted and resumed or not. */
SV_API SV_CHECKED sv_status sv_fit(sv_model *model, const sv_dataset *dataset,
                                   const sv_fit_options *options,
                                   sv_fit_result *result);

/* Opens a run folder to resume it: reads from last.onnx the model as it was and
 * the options. Pass both to sv_fit. The strings of the options are borrowed
 * from the model; options->run is the caller's `run`. Threads, backend and
 * callbacks may be changed; any other change is an error in sv_fit. It is an
 * error if the run is finished, or if the file of its best weights is missing
 * (SV_IO) or belongs to another run. The caller frees *model. */
SV_API SV_CHECKED sv_status sv_fit_open(sv_model **model,
                                        sv_fit_options *options,
                                        const char *run);

#ifdef __cplusplus
}
#endif
#endif
