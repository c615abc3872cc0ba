/* Gradients of a whole network against finite differences, in double. */
#ifndef SV_TRAIN_GRADCHECK_H
#define SV_TRAIN_GRADCHECK_H

#include <svertka/model.h>

#include "base/error.h"

typedef struct sv_gradcheck_options {
  int64_t batch;        /* random images at once */
  int64_t samples;      /* numbers of each tensor that are moved; all if it has
                         * fewer */
  double step;          /* by which they are moved to both sides */
  uint64_t seed;        /* of images, labels and the choice of numbers */
  int threads;          /* 0: as sv_plan_options */
  const int64_t *image; /* C, H, W where the network leaves them free; NULL */
} sv_gradcheck_options;

/* Differences of a loss are right to some 4 eps loss / step. A gradient that is
 * to be right to one in a million is compared with no less than a million times
 * that. */
#define SV_GRADCHECK_DIGITS 1e6

/* error = max |analytic - numeric| / max(max |numeric|, the bound above) over
 * the moved numbers; 0 where both are 0 everywhere. */
typedef struct sv_gradcheck_row {
  const char *name; /* borrowed from the model's graph */
  int64_t count, moved;
  double error, greatest; /* max |numeric| */
} sv_gradcheck_row;

/* A row for the input and for each trained tensor that has a gradient. The
 * network's losses, or the cross-entropy of its scores, on the model's own
 * numbers. The caller frees *rows with sv_free. */
sv_status sv_gradcheck(sv_gradcheck_row **rows, int *count,
                       const sv_model *model,
                       const sv_gradcheck_options *options) SV_CHECKED;

#endif
