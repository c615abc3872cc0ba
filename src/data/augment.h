/* Training pictures varied at random, after they have become the network's
 * input. What is drawn depends on seed, epoch and sample alone. */
#ifndef SV_DATA_AUGMENT_H
#define SV_DATA_AUGMENT_H

#include <svertka/data.h>

#include "base/error.h"
#include "base/random.h"

/* sample: channels x height x width as preprocess made it; `index` is its
 * number in the data set. What a shift uncovers is black, what is erased the
 * mean of the training pictures. */
void sv_augment_sample(const sv_augment *augment, const sv_random *key,
                       int64_t index, const sv_preprocess *preprocess,
                       float *sample);

/* The same with its mask, height x width: classes move with their pixels, and
 * what is uncovered or erased has none. */
sv_status sv_augment_mask(const sv_augment *augment, const sv_random *key,
                          int64_t index, const sv_preprocess *preprocess,
                          int64_t *mask) SV_CHECKED;

#endif
