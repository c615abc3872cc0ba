#ifndef SV_TRAIN_METRICS_H
#define SV_TRAIN_METRICS_H

#include <svertka/train.h>

/* How many samples have rank 0, as sv_metrics counts them. */
int64_t sv_count_top1(const float *scores, const int64_t *labels, int64_t count,
                      int classes);

/* Of count x classes x places scores the pixels whose class scores highest: the
 * share of those that have a class, times all. */
int64_t sv_count_pixels(const float *scores, const int64_t *labels,
                        int64_t count, int classes, int64_t places);

/* The class with the highest score; of equal ones the first. */
int sv_highest_score(const float *scores, int classes);

/* What the softmax p of a row of scores tells of a sample of class y; of
 * independent probabilities they are p. */
typedef struct sv_told {
  int predicted;
  double probability, truth; /* of `predicted`, of y */
  double loss;               /* -log p_y; of independent ones see sv_metrics */
  double brier;              /* sum_j (p_j - [j = y])^2 */
} sv_told;
sv_told sv_told_by(const float *scores, int classes, int64_t y,
                   bool independent);

#endif
