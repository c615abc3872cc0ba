/* What reading pictures and preparing them share. */
#ifndef SV_DATA_IMAGE_H
#define SV_DATA_IMAGE_H

#include <string.h>

#include <svertka/data.h>

#include "base/error.h"

/* A dense picture that owns its pixels, which are written through *pixels. */
sv_status sv_image_new(sv_image *image, int width, int height, int channels,
                       uint8_t **pixels) SV_CHECKED;

/* The size, channels and pixels of a picture from outside. */
sv_status sv_image_check(const sv_image *image) SV_CHECKED;

/* The size of a picture still in its file: within the limits, and no more than
 * `density` pixels for each of the file's bytes. */
sv_status sv_image_check_size(const char *name, uint64_t width, uint64_t height,
                              size_t bytes, unsigned density) SV_CHECKED;

static inline const uint8_t *sv_image_row(const sv_image *image, int y) {
  ptrdiff_t dense = (ptrdiff_t)image->width * image->channels;
  return image->pixels + y * (image->stride ? image->stride : dense);
}

/* A value of this opacity (0 to 255) laid over white, rounded. */
static inline uint8_t sv_over_white(unsigned value, unsigned opacity) {
  return (uint8_t)((value * opacity + 255 * (255 - opacity) + 127) / 255);
}

/* An image's file in memory. */
typedef struct sv_image_bytes {
  const char *name; /* what errors call it */
  const uint8_t *at;
  size_t size;
  bool header; /* only width, height and channels are wanted, no pixels */
} sv_image_bytes;

/* The contract of a format: a file of its own and a line in formats.def. */
typedef struct sv_image_format {
  const char *name;    /* "PNG" */
  const char *endings; /* of its files' names: ".jpg.jpeg" */
  /* Do the first bytes say that it is this format? */
  bool (*probe)(const sv_image_bytes *file);
  /* Grey or RGB. The bytes are hostile: damaged or truncated ones are SV_FORMAT
   * and name the file. */
  sv_status (*decode)(sv_image *image, const sv_image_bytes *file);
} sv_image_format;

/* Ended by NULL. */
extern const sv_image_format *const sv_image_formats[];

static inline bool sv_image_begins(const sv_image_bytes *file, size_t offset,
                                   const char *magic, size_t length) {
  return file->size >= offset + length &&
         memcmp(file->at + offset, magic, length) == 0;
}

/* What is there where only the header is wanted. */
static inline void sv_image_header(sv_image *image, uint64_t width,
                                   uint64_t height, int channels) {
  *image = (sv_image){
      .width = (int)width, .height = (int)height, .channels = channels};
}

/* Grey and alpha, or RGB and alpha, to the same over white without it: dense,
 * in place. */
void sv_image_drop_alpha(sv_image *image, uint8_t *pixels);

/* Turns and mirrors an image that owns its pixels, so that it stands as the
 * orientation of TIFF and EXIF says: 1 as it is, 2 mirrored, 3 by 180 degrees,
 * 4 upside down, 5 transposed, 6 by 90 degrees clockwise, 7 transposed along
 * the other diagonal, 8 by 270; any other number is taken for 1. On failure the
 * image is freed.
 * Source: TIFF revision 6.0, 1992, tag 274. */
sv_status sv_image_orient(sv_image *image, int orientation) SV_CHECKED;

/* The orientation that an EXIF block (a TIFF header and what follows) gives; 1
 * if it gives none or is damaged. */
int sv_exif_orientation(const uint8_t *bytes, size_t size);

/* Width, height and channels of an image's file, as stored; no pixels. */
sv_status sv_image_read_header(sv_image *image, const char *path) SV_CHECKED;

/* Whether a file begins as one of the formats does. Never an error. */
bool sv_image_is_known(const char *path);

/* The whole image brought to width x height, of which the part of out_width x
 * out_height from (x, y) on is wanted; it lies inside. */
typedef struct sv_scaling {
  int width, height;
  int x, y, out_width, out_height;
} sv_scaling;

/* pixels = that part, dense, with the image's channels. */
sv_status sv_image_resize(const sv_image *src, const sv_scaling *scaling,
                          sv_filter filter, uint8_t *pixels) SV_CHECKED;

#endif
