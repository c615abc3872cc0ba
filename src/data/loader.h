/* Loads batches for training and testing ahead of time. The content of a batch
 * depends only on the order and the position, never on timing. */
#ifndef SV_DATA_LOADER_H
#define SV_DATA_LOADER_H

#include <svertka/data.h>

#include "base/error.h"
#include "base/random.h"

typedef struct sv_loader sv_loader;

enum { SV_LOADER_AUTO = -1 };

typedef struct sv_loader_options {
  const sv_dataset *dataset;       /* borrowed, as is preprocess */
  const sv_preprocess *preprocess; /* must pass sv_preprocess_check */
  int64_t batch;                   /* samples per batch, 1 or more */
  /* Threads that prepare samples, two batches ahead. 0: sv_loader_next does it
   * in the calling thread. AUTO: 0 if samples are only copied from memory,
   * since waking a thread costs more; 1 if they are resized; otherwise the
   * number of processors, at most 8. */
  int threads;
} sv_loader_options;

typedef struct sv_batch {
  int64_t first; /* the position of its first sample in the order */
  int64_t count; /* number of samples; fewer in the last batch; 0: no more */
  const int64_t *samples; /* their positions in the data set */
  const float *pixels;    /* count x channels x height x width */
  const int64_t *labels;  /* count, or count x height x width */
} sv_batch;

sv_status sv_loader_new(sv_loader **loader,
                        const sv_loader_options *options) SV_CHECKED;
void sv_loader_free(sv_loader *loader); /* takes NULL */

/* Sets the augmentation of samples from the next start on, drawn by `key`;
 * NULL: none. Both are copied. */
void sv_loader_vary(sv_loader *loader, const sv_augment *augment,
                    const sv_random *key);

/* Starts at position `first` of an order (indices in the data set; borrowed
 * until the next start or free). Batches in progress are dropped. */
sv_status sv_loader_start(sv_loader *loader, const int64_t *order,
                          int64_t count, int64_t first) SV_CHECKED;

/* Returns the next batch, valid until the next call. If a sample of it failed,
 * returns the error of that sample (the first of several); the next call
 * continues with the following batch. start and next must be called from one
 * thread. */
sv_status sv_loader_next(sv_loader *loader, sv_batch *batch) SV_CHECKED;

#endif
