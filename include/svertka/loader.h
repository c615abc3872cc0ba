/* The loader: prepares batches of a data set ahead of time, in threads of its
 * own. The content of a batch depends only on the options, the order and the
 * position, never on timing.
 *
 *     sv_loader *loader;
 *     sv_loader_options options = sv_loader_default();
 *     sv_status status = sv_loader_new(&loader, dataset, &preprocess,
 * &options); if (!status) status = sv_loader_start(loader, order, count, 0);
 *     sv_batch batch;
 *     while (!status && !(status = sv_loader_next(loader, &batch)) &&
 *            batch.count)
 *       use(&batch);
 *     sv_loader_free(loader);
 *
 * One thread at a time may use a loader. */
#ifndef SVERTKA_LOADER_H
#define SVERTKA_LOADER_H

#include <svertka/data.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_loader sv_loader;

enum { SV_LOADER_AUTO = -1 };

typedef struct sv_loader_options {
  size_t size;   /* of this struct; set by sv_loader_default */
  int64_t batch; /* 64: samples per batch, 1 or more */
  /* Threads that prepare samples, two batches ahead. 0: sv_loader_next does it
   * in the calling thread. SV_LOADER_AUTO, the default: as many as are worth
   * it, at most 8. */
  int threads;
  /* 0: the centre of each image. Else 5 or 10: position i of the order is crop
   * i mod `crops` of its sample: four corners and the centre, then the same
   * mirrored. The order has each sample `crops` times in a row, and
   * sv_loader_set_epoch has no effect. Needs SV_RESIZE_CROP. */
  int crops;
  sv_augment augment; /* default none; see sv_loader_set_epoch */
  uint64_t seed;      /* 1: seed of the augmentation */
  /* false; true: samples may occur more than once in the order, and their
   * random values depend on the position in the order instead of the sample's
   * number. */
  bool repeats;
} sv_loader_options;

SV_API sv_loader_options sv_loader_default(void);

/* The data set and the preprocessing are borrowed: both must outlive the loader
 * and stay unchanged. `options` may be NULL; it is not needed after the call.
 * SV_INVALID if an option is out of range, the preprocessing is incomplete, or
 * a transform is unknown or does not fit the data. Free *loader with
 * sv_loader_free. */
SV_API SV_CHECKED sv_status sv_loader_new(sv_loader **loader,
                                          const sv_dataset *dataset,
                                          const sv_preprocess *preprocess,
                                          const sv_loader_options *options);
SV_API void sv_loader_free(sv_loader *loader);

/* From the next start on, samples are augmented with the random values of this
 * epoch, 0, 1, ..., as in sv_fit. -1: not at all, which is also the state after
 * sv_loader_new: for validation and testing. */
SV_API SV_CHECKED sv_status sv_loader_set_epoch(sv_loader *loader,
                                                int64_t epoch);

/* Starts at position `first` of an order: `count` indices in the data set,
 * borrowed until the next start or free. Batches in progress are dropped.
 * SV_INVALID if `first` is beyond the order. An index beyond the data set is an
 * error of its batch. */
SV_API SV_CHECKED sv_status sv_loader_start(sv_loader *loader,
                                            const int64_t *order, int64_t count,
                                            int64_t first);

/* A batch; all pointers belong to the loader. */
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

/* Returns the next batch, valid until the next call. If a sample of it failed,
 * returns the error of that sample (the first of several); the next call
 * continues with the following batch. */
SV_API SV_CHECKED sv_status sv_loader_next(sv_loader *loader, sv_batch *batch);

/* Seconds that the callers of sv_loader_next waited for samples, so far. */
SV_API double sv_loader_waited(const sv_loader *loader);

#ifdef __cplusplus
}
#endif
#endif
