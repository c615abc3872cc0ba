/* Measured with oneDNN 2.6, terms of one sign: the sum of 16 x 128 x 128 terms
 * is off by 6e-4, and by 7e-5 in slices (docs/performance.md). */
#include "dnnl/slices.h"

#include "base/thread.h"

/* Terms per slice: at most MOST where the images are small enough, at least
 * LEAST, so that slices of a batch of 61, say, are not single small images. */
enum { MOST = 1 << 15, LEAST = 1 << 12 };

int sv_dnnl_slices(const sv_shape *maps) {
  int64_t batch = maps->dim[0], positions = 1;
  for (int i = 2; i < maps->rank; i++) positions *= maps->dim[i];
  for (int64_t slices = 1; slices <= batch; slices++) {
    int64_t terms = batch / slices * positions;
    if (batch % slices == 0 && (terms <= MOST || slices == batch))
      return terms < LEAST || slices > 4096 ? 1 : (int)slices;
  }
  return 1;
}

typedef struct work {
  float *sum;
  const float *part;
} work;

static void add(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  for (int64_t i = begin; i < end; i++) w->sum[i] += w->part[i];
}

void sv_dnnl_add_slice(float *sum, const float *part, size_t bytes) {
  work w = {sum, part};
  sv_parallel((int64_t)(bytes / sizeof(float)), 1 << 14, add, &w);
}
