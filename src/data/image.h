/* What reading pictures and preparing them share. */
#ifndef SV_DATA_IMAGE_H
#define SV_DATA_IMAGE_H

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

/* Two formats; `name` is what errors call the file. */
sv_status sv_png_decode(sv_image *image, const char *name, const void *bytes,
                        size_t size) SV_CHECKED;
sv_status sv_jpeg_decode(sv_image *image, const char *name, const void *bytes,
                         size_t size) SV_CHECKED;

/* Part of a picture, in pixels and parts of them. */
typedef struct sv_window {
  double x, y, width, height;
} sv_window;

/* pixels = the window of a dense picture resized to width x height, dense, with
 * the picture's channels. Beyond the picture's border the border goes on. */
sv_status sv_image_resize(const sv_image *src, const sv_window *window,
                          int width, int height, uint8_t *pixels) SV_CHECKED;

#endif
