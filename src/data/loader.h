/* Loads batches for training and testing ahead of time. The content of a batch
 * depends only on the order and the position, never on timing. */
#ifndef SV_DATA_LOADER_H
#define SV_DATA_LOADER_H

#include <svertka/data.h>

#include "base/error.h"
#include "base/random.h"
#include "data/augment.h"

typedef struct sv_loader sv_loader;

enum { SV_LOADER_AUTO = -1 };

typedef struct sv_loader_options {
  const sv_dataset *dataset;       /* borrowed, as is preprocess */
  const sv_preprocess *preprocess; /* must pass sv_preprocess_check */
  int64_t batch;                   /* samples per batch, 1 or more */
  /* Threads that prepare samples, two batches ahead. 0: sv_loader_next does it
   * in the calling thread. AUTO: 0 if samples are only copied from memory or
   * are small, since waking a thread costs more; 1 if they are resized;
   * otherwise, and if large ones are augmented, the number of processors, at
   * most 8. */
  int threads;
  /* 0: the centre of each image. Else 5 or 10: position i of the order is crop
   * i mod `crops` of its sample (sv_preprocess_crop), without changes; the
   * order has each sample `crops` times in a row. */
  int crops;
  /* What AUTO is to count on; NULL: no augmentation. */
  const sv_augment_list *augment;
} sv_loader_options;

typedef struct sv_batch {
  int64_t first; /* the position of its first sample in the order */
  int64_t count; /* number of samples; fewer in the last batch; 0: no more */
  const int64_t *samples; /* their positions in the data set */
  const float *pixels;    /* count x channels x height x width */
  const int64_t *labels;  /* count, or count x height x width */
  /* If the samples are mixed: sample i is `share` of class labels[i] and the
   * rest of class others[i]. NULL: not mixed, share is 1. */
  const int64_t *others;
  float share;
} sv_batch;

/* How samples are changed. */
typedef struct sv_loader_change {
  const sv_augment_list *augment; /* borrowed; NULL: not at all */
  sv_random key;                  /* of the random values */
  /* Samples occur more than once in the order: their random values depend on
   * the position in the order instead of the sample's number. */
  bool repeats;
} sv_loader_change;

sv_status sv_loader_new(sv_loader **loader,
                        const sv_loader_options *options) SV_CHECKED;
void sv_loader_free(sv_loader *loader); /* takes NULL */

/* Sets how samples are changed from the next start on; NULL: not at all. The
 * list is borrowed until the next start without it. */
sv_status sv_loader_vary(sv_loader *loader,
                         const sv_loader_change *change) SV_CHECKED;

/* Starts at position `first` of an order (indices in the data set; borrowed
 * until the next start or free). Batches in progress are dropped. */
sv_status sv_loader_start(sv_loader *loader, const int64_t *order,
                          int64_t count, int64_t first) SV_CHECKED;

/* Returns the next batch, valid until the next call. If a sample of it failed,
 * returns the error of that sample (the first of several); the next call
 * continues with the following batch. start and next must be called from one
 * thread. */
sv_status sv_loader_next(sv_loader *loader, sv_batch *batch) SV_CHECKED;

/* Seconds that the callers of sv_loader_next waited for samples, so far. */
double sv_loader_waited(const sv_loader *loader);

#endif
