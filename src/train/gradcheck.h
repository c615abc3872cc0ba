/* Gradient check: the gradients of a network against finite differences, in
 * double precision. */
#ifndef SV_TRAIN_GRADCHECK_H
#define SV_TRAIN_GRADCHECK_H

#include <svertka/model.h>

#include "base/error.h"

typedef struct sv_gradcheck_options {
  int64_t batch;        /* number of random images */
  int64_t samples;      /* elements of each tensor that are varied; all if it
                         * has fewer */
  double step;          /* by which they are varied, in both directions */
  uint64_t seed;        /* of images, labels and the selection of elements */
  int threads;          /* 0: as sv_plan_options */
  const int64_t *image; /* C, H, W if the network leaves them free; else NULL */
} sv_gradcheck_options;

/* Finite differences are accurate to about 4 eps loss / step. To check a
 * gradient to one part in a million, it is compared with at least a million
 * times that error. */
#define SV_GRADCHECK_DIGITS 1e6

/* error = max |analytic - numeric| / max(max |numeric|, the bound above) over
 * the varied elements; 0 if both are 0 everywhere. */
typedef struct sv_gradcheck_row {
  const char *name; /* borrowed from the model's graph */
  int64_t count, moved;
  double error, greatest; /* max |numeric| */
} sv_gradcheck_row;

/* Returns a row for the input and for each trained tensor that has a gradient.
 * The objective is the network's losses or the cross-entropy of its scores, at
 * the model's current weights. The caller frees *rows with sv_free. */
sv_status sv_gradcheck(sv_gradcheck_row **rows, int *count,
                       const sv_model *model,
                       const sv_gradcheck_options *options) SV_CHECKED;

#endif
