/* Data augmentation of training images, applied to the network's input. The
 * random values depend only on seed, epoch and sample. */
#ifndef SV_DATA_AUGMENT_H
#define SV_DATA_AUGMENT_H

#include <svertka/data.h>

#include "base/error.h"
#include "base/random.h"

/* sample: channels x height x width, preprocessed; `index` is its number in the
 * data set. Pixels uncovered by a shift become black; erased pixels become the
 * mean of the training images. */
void sv_augment_sample(const sv_augment *augment, const sv_random *key,
                       int64_t index, const sv_preprocess *preprocess,
                       float *sample);

/* The same for its mask, height x width: classes move with their pixels;
 * uncovered and erased pixels get no class. */
sv_status sv_augment_mask(const sv_augment *augment, const sv_random *key,
                          int64_t index, const sv_preprocess *preprocess,
                          int64_t *mask) SV_CHECKED;

#endif
