/* The inner loops of resizing: resize.c makes the weights, resize_loops.c does
 * the sums. */
#ifndef SV_DATA_RESIZE_H
#define SV_DATA_RESIZE_H

#include "data/image.h"

enum {
  SV_TAP_BITS = 22
}; /* 32, less 8 of a pixel and 2 of the bicubic
    * overshoot */

/* The pixels that become each one along an axis. Each has `most` weights, zeros
 * after the first `count`. */
typedef struct sv_taps {
  int *first, *count;
  int32_t *weights;
  int most;  /* an even number */
  int pairs; /* half of the largest count, rounded up */
} sv_taps;

/* One set of loops for an instruction set. All give the same bits. */
typedef struct sv_resize_loops {
  const char *name;
  /* A row of pixels of 1, 3 or 4 channels becomes one of `width`. src may be
   * read for 2 * taps->pairs + 2 pixels behind its end. */
  void (*columns)(const uint8_t *src, const sv_taps *taps, int width,
                  int channels, uint8_t *dst);
  /* Row y of the result: a weighted sum of rows of `bytes`, the first of which
   * is src. */
  void (*row)(const uint8_t *src, const sv_taps *taps, int y, int bytes,
              uint8_t *dst);
} sv_resize_loops;

/* Those that this machine can run, the fastest first; NULL: no more. */
const sv_resize_loops *sv_resize_loops_at(int i);

/* sv_image_resize with one of them. */
sv_status sv_image_resize_by(const sv_resize_loops *loops, const sv_image *src,
                             const sv_scaling *scaling, sv_filter filter,
                             uint8_t *pixels) SV_CHECKED;

#endif
