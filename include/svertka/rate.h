/* Learning rate range test. A copy of the model is trained for some steps.
 * After each step the learning rate is multiplied by the same factor. The test
 * ends early if the loss diverges. Smith, "Cyclical Learning Rates for Training
 * Neural Networks", WACV 2017.
 *
 *     sv_rate_curve curve;
 *     sv_status status = sv_rate_find(&curve, model, dataset, &fit, NULL);
 *     if (status == SV_OK && curve.suggested > 0) fit.rate = curve.suggested;
 *     sv_rate_curve_free(&curve); */
#ifndef SVERTKA_RATE_H
#define SVERTKA_RATE_H

#include <svertka/train.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_rate_options {
  size_t size;     /* of this struct; set by sv_rate_default */
  double from, to; /* 1e-6, 10: the first and the last learning rate */
  int steps;       /* 200: number of steps, at least 20 */
  /* Called after each step; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int done, int steps);
  void *context;
  const sv_stop *stop; /* NULL: none; a request has the effect of `report`
                        * returning false */
} sv_rate_options;

SV_API sv_rate_options sv_rate_default(void);

typedef struct sv_rate_point {
  double rate;
  double loss;     /* the training objective on this step's batch, before the
                    * step */
  double smoothed; /* a mean of the losses around this step, with larger weights
                    * for nearer steps */
} sv_rate_point;

typedef struct sv_rate_curve {
  sv_rate_point *points; /* one for each step done */
  int count;
  bool diverged; /* the test ended before options.to: the smoothed loss exceeded
                  * four times the lowest, or a value was not finite */
  int lowest;    /* index of the point with the lowest smoothed loss */
  int steepest;  /* index of the steepest fall over log(rate) */
  double suggested; /* a tenth of the learning rate at `lowest`; 0: the loss did
                     * not fall */
} sv_rate_curve;

/* Trains with the batch, optimiser, regularisation, split, seed and threads of
 * `fit`; its rate, schedule, warm-up, epochs, patience, average, run and stop
 * are ignored. Nothing is written, and the model is only read. `options` may be
 * NULL. The caller frees *curve with sv_rate_curve_free unless the call
 * fails. */
SV_API SV_CHECKED sv_status sv_rate_find(sv_rate_curve *curve,
                                         const sv_model *model,
                                         const sv_dataset *dataset,
                                         const sv_fit_options *fit,
                                         const sv_rate_options *options);
SV_API void sv_rate_curve_free(sv_rate_curve *curve);

#ifdef __cplusplus
}
#endif
#endif
