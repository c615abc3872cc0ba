/* Shared by image decoders and preprocessing. */
#ifndef SV_DATA_IMAGE_H
#define SV_DATA_IMAGE_H

#include <string.h>

#include <svertka/data.h>

#include "base/error.h"

enum { SV_IMAGE_FILE_LIMIT = 1 << 30 }; /* max bytes of an image file */

/* Creates a dense image that owns its pixels; write them through *pixels. */
sv_status sv_image_new(sv_image *image, int width, int height, int channels,
                       uint8_t **pixels) SV_CHECKED;

/* Checks size, channels and pixels of an image from a caller. */
sv_status sv_image_check(const sv_image *image) SV_CHECKED;

/* Checks the size of an image before decoding: within the limits, and at most
 * `density` pixels per byte of the file. */
sv_status sv_image_check_size(const char *name, uint64_t width, uint64_t height,
                              size_t bytes, unsigned density) SV_CHECKED;

static inline const uint8_t *sv_image_row(const sv_image *image, int y) {
  ptrdiff_t dense = (ptrdiff_t)image->width * image->channels;
  return image->pixels + y * (image->stride ? image->stride : dense);
}

/* A value with this opacity (0 to 255), composed over white and rounded. */
static inline uint8_t sv_over_white(unsigned value, unsigned opacity) {
  return (uint8_t)((value * opacity + 255 * (255 - opacity) + 127) / 255);
}

/* A part of an image to decode, for a decoder that can leave out the rest. */
typedef struct sv_image_part {
  /* Called with the image's size once it is known: sets the rectangle that is
   * wanted, x, y, wanted_width and wanted_height, and the size below which it
   * must not be reduced. */
  void (*choose)(void *context, int width, int height,
                 struct sv_image_part *part);
  void *context;
  int wanted_width, wanted_height, least_width, least_height;
  /* The decoder sets the rest if it decodes a part: the size of the whole
   * image; where the decoded part begins, at most at the wanted place; how many
   * times smaller it is. scale 0: the whole image was decoded. */
  int width, height, x, y, scale;
} sv_image_part;

/* An image file in memory. */
typedef struct sv_image_bytes {
  const char *name; /* name of the file in errors */
  const uint8_t *at;
  size_t size;
  bool header;         /* read only width, height and channels, no pixels */
  sv_image_part *part; /* NULL: all of it */
} sv_image_bytes;

/* sv_image_decode of a part, if the format can. */
sv_status sv_image_decode_part(sv_image *image, const char *name,
                               const void *bytes, size_t size,
                               sv_image_part *part) SV_CHECKED;

/* An image format: a source file and a line in formats.def. */
typedef struct sv_image_format {
  const char *name;    /* "PNG" */
  const char *endings; /* file extensions */
  /* True if the first bytes are those of this format. */
  bool (*probe)(const sv_image_bytes *file);
  /* Decodes to grey or RGB. The bytes are untrusted: SV_FORMAT, naming the
   * file, if they are damaged or truncated. */
  sv_status (*decode)(sv_image *image, const sv_image_bytes *file);
} sv_image_format;

/* Ends with NULL. */
extern const sv_image_format *const sv_image_formats[];

static inline bool sv_image_begins(const sv_image_bytes *file, size_t offset,
                                   const char *magic, size_t length) {
  return file->size >= offset + length &&
         memcmp(file->at + offset, magic, length) == 0;
}

/* The result if only the header is wanted. */
static inline void sv_image_header(sv_image *image, uint64_t width,
                                   uint64_t height, int channels) {
  *image = (sv_image){
      .width = (int)width, .height = (int)height, .channels = channels};
}

/* Composes grey and alpha, or RGB and alpha, over white and removes the alpha
 * channel: dense, in place. */
void sv_image_drop_alpha(sv_image *image, uint8_t *pixels);

/* Rotates and mirrors an image that owns its pixels as given by the orientation
 * of TIFF and EXIF: 1 unchanged, 2 mirrored, 3 rotated by 180 degrees, 4 upside
 * down, 5 transposed, 6 rotated by 90 degrees clockwise, 7 transposed along the
 * other diagonal, 8 rotated by 270 degrees. Any other value counts as 1. On
 * failure the image is freed. Source: TIFF revision 6.0, 1992, tag 274. */
sv_status sv_image_orient(sv_image *image, int orientation) SV_CHECKED;

/* stored = the image before its orientation was applied; it has none then. */
sv_status sv_image_as_stored(const sv_image *image,
                             sv_image *stored) SV_CHECKED;

/* The orientation of an EXIF block (a TIFF header and what follows); 1 if it
 * has none or is damaged. */
int sv_exif_orientation(const uint8_t *bytes, size_t size);

/* Width, height and channels of an image file, as stored, without decoding. */
sv_status sv_image_read_header(sv_image *image, const char *path) SV_CHECKED;

/* The same from memory; `name` is what errors call it. */
sv_status sv_image_decode_header(sv_image *image, const char *name,
                                 const void *bytes, size_t size) SV_CHECKED;

/* True if a name ends as those of one of the formats. */
bool sv_image_is_named(const char *name);

/* True if a file begins like one of the formats. Never fails. */
bool sv_image_is_known(const char *path);

/* Resizes the whole image to width x height and keeps the part of out_width x
 * out_height at (x, y), which lies inside. */
typedef struct sv_scaling {
  int width, height;
  int x, y, out_width, out_height;
} sv_scaling;

/* pixels = that part, dense, with the image's channels. */
sv_status sv_image_resize(const sv_image *src, const sv_scaling *scaling,
                          sv_filter filter, uint8_t *pixels) SV_CHECKED;

#endif
