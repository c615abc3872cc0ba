/* The loader (svertka/loader.h) for the library's own use. */
#ifndef SV_DATA_LOADER_H
#define SV_DATA_LOADER_H

#include <svertka/loader.h>

#include "base/error.h"
#include "base/random.h"
#include "data/augment.h"

/* What a loader is made of. */
typedef struct sv_loader_setup {
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
  /* What AUTO is to count on; NULL: no augmentation. Borrowed during
   * sv_loader_make. */
  const sv_augment_list *augment;
} sv_loader_setup;

/* How samples are changed. */
typedef struct sv_loader_change {
  const sv_augment_list *augment; /* borrowed; NULL: not at all */
  sv_random key;                  /* of the random values */
  /* Samples occur more than once in the order: their random values depend on
   * the position in the order instead of the sample's number. */
  bool repeats;
} sv_loader_change;

/* sv_loader_new for code that parses the augmentation itself. */
sv_status sv_loader_make(sv_loader **loader,
                         const sv_loader_setup *setup) SV_CHECKED;

/* What sv_loader_new parsed, and what sv_loader_set_epoch needs; freed with the
 * loader. */
typedef struct sv_loader_own {
  sv_augment_list augment;
  uint64_t seed;
  bool repeats;
} sv_loader_own;
sv_loader_own *sv_loader_owned(sv_loader *loader);

/* Sets how samples are changed from the next start on; NULL: not at all. The
 * list is borrowed until the next start without it. */
sv_status sv_loader_vary(sv_loader *loader,
                         const sv_loader_change *change) SV_CHECKED;

#endif
