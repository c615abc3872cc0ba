/* Parts of sv_dataset_check. */
#ifndef SV_DATA_CHECK_H
#define SV_DATA_CHECK_H

#include <svertka/data.h>

#include "base/error.h"

enum { SV_PRINT_SIDE = 8 };

/* What is kept of an image. */
typedef struct sv_print {
  uint64_t pixels[2]; /* a hash of size, channels and pixels */
  uint64_t looks;     /* the perceptual hash */
  uint8_t small[SV_PRINT_SIDE * SV_PRINT_SIDE]; /* grey */
  uint16_t width, height;
  uint8_t channels;
  bool readable;
  bool flat; /* without contrast: looks says nothing */
} sv_print;

sv_status sv_print_make(sv_print *print, const sv_image *image) SV_CHECKED;

/* The number of bits in which the hashes differ. */
static inline int sv_print_distance(const sv_print *a, const sv_print *b) {
  return __builtin_popcountll(a->looks ^ b->looks);
}

/* True if the images are nearly the same. */
bool sv_print_near(const sv_print *a, const sv_print *b);

/* Images by number: those of training first, then val, then test. */
typedef struct sv_check_job {
  sv_check *check;
  sv_dataset *train, *test; /* test: NULL if it is the validation set */
  sv_print *prints;         /* of all images */
  int64_t begin[SV_CHECK_PARTS + 1]; /* of the parts */
  int bad_room;                      /* of check->bad */
} sv_check_job;

/* The part, label and source of image i. */
sv_status sv_check_describe(const sv_check_job *job, int64_t i,
                            sv_check_image *image) SV_CHECKED;
int sv_check_part(const sv_check_job *job, int64_t i);
int sv_check_label(const sv_check_job *job, int64_t i);

/* Finds check->same and check->near. */
sv_status sv_check_same(sv_check_job *job) SV_CHECKED;
sv_status sv_check_near(sv_check_job *job) SV_CHECKED;

#endif
