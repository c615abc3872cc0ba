/* Batches for training and testing, prepared ahead. What a batch holds depends
 * on the order and the position alone, never on timing. */
#ifndef SV_DATA_LOADER_H
#define SV_DATA_LOADER_H

#include <svertka/data.h>

#include "base/error.h"
#include "base/random.h"

typedef struct sv_loader sv_loader;

enum { SV_LOADER_AUTO = -1 };

typedef struct sv_loader_options {
  const sv_dataset *dataset;       /* borrowed, as is the next */
  const sv_preprocess *preprocess; /* what sv_preprocess_check lets pass */
  int64_t batch;                   /* samples in a batch, 1 or more */
  /* That prepare samples, two batches ahead. 0: the caller of sv_loader_next
   * does it itself. AUTO: 0 where a sample is but copied from memory, since
   * waking a thread costs more; one where it is resized; else as many as there
   * are processors, at most 8. */
  int threads;
} sv_loader_options;

typedef struct sv_batch {
  int64_t first; /* the position of its first sample in the order */
  int64_t count; /* samples; less in the last batch; 0: there is no more */
  const int64_t *samples; /* their positions in the data set */
  const float *pixels;    /* count x channels x height x width */
  const int64_t *labels;  /* count, or count x height x width */
} sv_batch;

sv_status sv_loader_new(sv_loader **loader,
                        const sv_loader_options *options) SV_CHECKED;
void sv_loader_free(sv_loader *loader); /* takes NULL */

/* From the next start on samples are varied so, drawn by `key`; NULL: taken as
 * they are. Both are copied. */
void sv_loader_vary(sv_loader *loader, const sv_augment *augment,
                    const sv_random *key);

/* Begins with the sample at position `first` of an order (positions in the data
 * set; borrowed until the next start or free). What was under way is dropped.
 */
sv_status sv_loader_start(sv_loader *loader, const int64_t *order,
                          int64_t count, int64_t first) SV_CHECKED;

/* The next batch, valid until the next call. If one of its samples failed, that
 * sample's error (of several, the first one's); the call after it goes on with
 * the batch behind. One thread calls start and next. */
sv_status sv_loader_next(sv_loader *loader, sv_batch *batch) SV_CHECKED;

#endif
