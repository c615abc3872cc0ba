#ifndef SV_TRAIN_METRICS_H
#define SV_TRAIN_METRICS_H

#include <svertka/train.h>

/* How many samples have rank 0, as sv_metrics counts them. */
int64_t sv_count_top1(const float *scores, const int64_t *labels, int64_t count,
                      int classes);

/* The class with the highest score; of equal ones the first. */
int sv_highest_score(const float *scores, int classes);

#endif
