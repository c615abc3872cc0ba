/* The task of a network: metrics of its predictions, and classifiers for other
 * classes. */
#ifndef SVERTKA_TASK_H
#define SVERTKA_TASK_H

#include <svertka/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Metrics, the same for validation and evaluation -------------------- */

/* Bin b of the calibration error holds the samples whose confidence, the
 * highest probability, is above b / SV_CALIBRATION_BINS and at most (b + 1) /
 * SV_CALIBRATION_BINS. */
enum { SV_CALIBRATION_BINS = 15 };
typedef struct sv_calibration_bin {
  int64_t samples, right; /* right: predicted as their class */
  double confidence;      /* sum over the samples */
} sv_calibration_bin;

/* Metrics of all samples added so far. s are the scores, p = softmax(s), y is
 * the true class. With independent scores, s are the probabilities p
 * themselves, and the loss is the mean over samples and classes of the binary
 * cross-entropy: -log p_y for the true class and -log(1 - p_j) for each other
 * class. The rank of a sample is the number of classes that score higher than
 * y. A class with the same score counts if it comes before y; NaN counts as
 * higher than any value. */
typedef struct sv_metrics {
  int classes;
  int64_t samples;
  bool independent;         /* default false; set it before samples are added */
  double loss;              /* mean of log sum_j e^(s_j) - s_y */
  double top1, top5;        /* share of samples with rank 0, rank below 5 */
  double brier;             /* mean of sum_j (p_j - [j = y])^2, 0 to 2 */
  double calibration_error; /* expected calibration error: mean over all samples
                             * of the difference between the accuracy and the
                             * mean confidence of their bin: Guo, Pleiss, Sun,
                             * Weinberger, "On Calibration of Modern Neural
                             * Networks", 2017 */
  int64_t *confusion;       /* classes x classes; row: true class, column: class
                             * with the highest score */
  int64_t *ranks;           /* classes: number of samples of rank 0, 1, ... */
  sv_calibration_bin bins[SV_CALIBRATION_BINS];
  double loss_sum, brier_sum;
  int64_t top1_count;
  float *row; /* classes: buffer for the scores of a pixel */
} sv_metrics;

/* Starts with zeros. sv_metrics_free frees the memory and clears the struct. */
SV_API SV_CHECKED sv_status sv_metrics_new(sv_metrics *metrics, int classes);
SV_API void sv_metrics_free(sv_metrics *metrics);
/* Resets to no samples. */
SV_API void sv_metrics_clear(sv_metrics *metrics);

/* Adds samples. scores: count x classes, row-major; labels: count, each 0 <= y
 * < classes. */
SV_API void sv_metrics_add(sv_metrics *metrics, const float *scores,
                           const int64_t *labels, int64_t count);

/* The same with each pixel as a sample. scores: count x classes x places;
 * labels: count x places. Pixels labelled SV_NO_CLASS are ignored. */
SV_API void sv_metrics_add_pixels(sv_metrics *metrics, const float *scores,
                                  const int64_t *labels, int64_t count,
                                  int64_t places);

/* Top-k accuracy: the share of samples with a rank below k. A k above the
 * number of classes counts as that number. */
SV_API double sv_metrics_top(const sv_metrics *metrics, int k);

/* Metrics of one class. With t the number of its samples that are predicted
 * correctly, and n the number of samples predicted as it,
 *   precision = t / n, recall = t / support,
 *   f1 = 2 t / (n + support),
 *   iou = t / (n + support - t); 0 where the divisor is 0.
 * For pixels iou is the intersection over union; its unweighted mean is the
 * mean IU of Long, Shelhamer, Darrell, CVPR 2015. */
typedef struct sv_class_metrics {
  double precision, recall, f1, iou;
  int64_t support; /* number of samples of this class */
} sv_class_metrics;
SV_API sv_class_metrics sv_metrics_of_class(const sv_metrics *metrics, int c);

/* Means over the classes that have a sample or a prediction: macro is
 * unweighted, weighted is by support. The support of the means is the number of
 * samples. */
SV_API sv_class_metrics sv_metrics_macro(const sv_metrics *metrics);
SV_API sv_class_metrics sv_metrics_weighted(const sv_metrics *metrics);

/* ---- Losses ------------------------------------------------------------- */

typedef struct sv_loss_options {
  size_t size;      /* of this struct; set by sv_loss_default */
  bool per_pixel;   /* false; true: the labels are a class per pixel */
  double smoothing; /* 0: label smoothing, as sv_fit_options.label_smoothing */
  /* A weight for each of `classes` classes; NULL: none. They become a record of
   * the model's state. */
  const float *class_weights;
  int classes;
  /* false; true: each sample has two labels (sv_batch.others). The graph gets
   * two more inputs: "svertka.mix.label", the other label, and
   * "svertka.mix.share", a scalar s. A loss becomes s L(label) + (1 - s)
   * L(other label). */
  bool mixed;
} sv_loss_options;

SV_API sv_loss_options sv_loss_default(void);

/* Creates the graph that sv_fit trains: a copy of the model's graph. If it has
 * no loss, the cross-entropy of its scores is added, and an input for the
 * labels with the role SV_LABEL: one per image, or N x H x W. `options` may be
 * NULL. The model itself keeps its graph; plans for *graph use its state.
 * SV_UNSUPPORTED for scores that are independent probabilities; SV_INVALID if
 * the scores are not recognised, or if an option needs a cross-entropy and the
 * graph has another loss. Free *graph with sv_graph_free. */
SV_API SV_CHECKED sv_status sv_model_with_loss(sv_graph **graph,
                                               sv_model *model,
                                               const sv_loss_options *options);

/* ---- Fine-tuning -------------------------------------------------------- */

/* Replaces the model's classifier, and its auxiliary ones, by
 * classifiers for `classes` classes. The classifier is the last linear layer or
 * convolution before the scores. It keeps its name and is initialised with the
 * seed and `init`, as by sv_state_init_with (NULL: its own initialiser, or the
 * default). All other weights stay. SV_INVALID, with the model unchanged, if
 * the network does not end in such a layer; after any other failure the model
 * may only be freed. No other thread may use the model meanwhile, and plans of
 * it must be compiled again. */
SV_API SV_CHECKED sv_status sv_model_new_head(sv_model *model, int classes,
                                              uint64_t seed, const char *init);

#ifdef __cplusplus
}
#endif
#endif
