/* What the loader does for a single sample, in any thread. */
#ifndef SV_DATA_LOADER_SAMPLE_H
#define SV_DATA_LOADER_SAMPLE_H

#include "data/loader.h"

/* True if the samples of a batch are mixed once all are there. */
static inline bool sv_loader_mixes(const sv_loader_change *change) {
  return change->augment && sv_augment_mixes(change->augment);
}

/* Reads, decodes, prepares and changes a sample, at this position of the order:
 * pixels as sv_batch has them, and its label, or the classes of its pixels.
 * Samples that will be mixed are still in the order of channels x height x
 * width. */
sv_status sv_loader_sample(const sv_loader_setup *options,
                           const sv_loader_change *change, int64_t sample,
                           int64_t position, float *pixels,
                           int64_t *labels) SV_CHECKED;

#endif
