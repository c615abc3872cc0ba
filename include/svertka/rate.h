/* Finding a learning rate: the range test. A copy of the model is trained for
 * some steps, the rate growing from each to the next by the same factor, until
 * the loss is beyond hope. Source: Smith, "Cyclical Learning Rates for Training
 * Neural Networks", WACV 2017.
 *
 *     sv_rate_curve curve;
 *     sv_status status = sv_rate_find(&curve, model, dataset, &fit, NULL);
 *     if (status == SV_OK && curve.suggested > 0) fit.rate = curve.suggested;
 *     sv_rate_curve_free(&curve);
 */
#ifndef SVERTKA_RATE_H
#define SVERTKA_RATE_H

#include <svertka/train.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_rate_options {
  double from, to; /* 1e-6, 10: the first and the last rate */
  int steps;       /* 200: with 20 or more */
  /* Called after each step; false stops with SV_INTERRUPTED. May be NULL. */
  bool (*report)(void *context, int done, int steps);
  void *context;
} sv_rate_options;

SV_API sv_rate_options sv_rate_default(void);

typedef struct sv_rate_point {
  double rate;
  double loss;     /* what is minimised, of this step's batch before it */
  double smoothed; /* a mean of the losses around this step, the nearer ones
                    * counting more */
} sv_rate_point;

typedef struct sv_rate_curve {
  sv_rate_point *points; /* of each step that was done */
  int count;
  bool diverged; /* it ended before options.to: the smoothed loss was four times
                  * the lowest, or no finite number came out */
  int lowest;    /* the point with the lowest smoothed loss */
  int steepest;  /* where it falls most over the logarithm of the rate */
  double suggested; /* a tenth of the rate at the lowest point; 0: the loss did
                     * not fall */
} sv_rate_curve;

/* Trains with fit's batch, optimiser, regularisation, split, seed and threads;
 * its rate, schedule, warm-up, epochs, patience, average and run are not looked
 * at, and nothing is written. The model is only read. options may be NULL. The
 * caller frees *curve with sv_rate_curve_free unless this fails. */
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
