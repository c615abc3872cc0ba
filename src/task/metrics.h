#ifndef SV_TASK_METRICS_H
#define SV_TASK_METRICS_H

#include <svertka/task.h>

/* The number of samples with rank 0, as sv_metrics defines it. */
int64_t sv_count_top1(const float *scores, const int64_t *labels, int64_t count,
                      int classes);

/* For scores of count x classes x places: the share of labelled pixels whose
 * class scores highest, times all pixels. */
int64_t sv_count_pixels(const float *scores, const int64_t *labels,
                        int64_t count, int classes, int64_t places);

/* The class with the highest score; of equal ones the first. */
int sv_highest_score(const float *scores, int classes);

/* The prediction for a sample of class y from a row of scores with softmax p;
 * independent probabilities are p themselves. */
typedef struct sv_told {
  int predicted;
  double probability, truth; /* of `predicted`, of y */
  double loss;               /* -log p_y; for independent ones see sv_metrics */
  double brier;              /* sum_j (p_j - [j = y])^2 */
} sv_told;
sv_told sv_told_by(const float *scores, int classes, int64_t y,
                   bool independent);

#endif
