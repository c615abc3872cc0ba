/* PNG through libpng's simplified interface, which catches its own errors and
 * prints nothing. */
#include <png.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/image.h"

/* A pixel takes at least a bit, and deflate makes at most 1032 bytes of one. */
enum { PNG_DENSITY = 8 * 1032 };

static sv_status fail_png(sv_status status, const char *name, const char *what,
                          png_image *png) {
  status = sv_fail(status, "%s: %s: %s", name, what, png->message);
  png_image_free(png);
  return status;
}

static bool probe(const sv_image_bytes *file) {
  return sv_image_begins(file, 0, "\x89PNG\r\n\x1a\n", 8);
}

static size_t big_endian(const uint8_t *b) {
  return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* The chunk eXIf, which libpng's simplified interface does not give. */
static int orientation_of(const sv_image_bytes *file) {
  enum { SIGNATURE = 8, HEAD = 8, CHECKSUM = 4 };
  for (size_t at = SIGNATURE; file->size - at >= HEAD + CHECKSUM;) {
    size_t length = big_endian(file->at + at);
    if (length > file->size - at - HEAD - CHECKSUM) return 1;
    if (memcmp(file->at + at + 4, "eXIf", 4) == 0)
      return sv_exif_orientation(file->at + at + HEAD, length);
    at += HEAD + length + CHECKSUM;
  }
  return 1;
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  const char *name = file->name;
  png_image png = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_memory(&png, file->at, file->size))
    return fail_png(SV_FORMAT, name, "damaged PNG", &png);
  sv_status status =
      sv_image_check_size(name, png.width, png.height, file->size, PNG_DENSITY);
  int colours = png.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
  bool alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
  /* Files of 16 bits that do not say otherwise are like those of 8. */
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  png.format &= PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA;
  uint8_t *pixels = NULL;
  if (status == SV_OK && file->header) {
    sv_image_header(image, png.width, png.height, colours);
    png_image_free(&png);
    return SV_OK;
  }
  if (status == SV_OK)
    status = sv_image_new(image, (int)png.width, (int)png.height,
                          colours + alpha, &pixels);
  if (status != SV_OK) {
    png_image_free(&png);
    return status;
  }
  if (!png_image_finish_read(&png, NULL, pixels, 0, NULL)) {
    sv_image_free(image);
    return fail_png(SV_FORMAT, name, "damaged PNG", &png);
  }
  if (alpha) sv_image_drop_alpha(image, pixels);
  return sv_image_orient(image, orientation_of(file));
}

const sv_image_format sv_image_format_png = {"PNG", ".png", probe, decode};

sv_status sv_image_write(const sv_image *image, const char *path) {
  sv_status status = sv_image_check(image);
  if (status == SV_OK && image->channels == 4)
    status = sv_fail(SV_INVALID, "4 channels, expected 1 or 3");
  if (status != SV_OK) return sv_fail_in(status, "%s", path);
  png_image png = {
      .version = PNG_IMAGE_VERSION,
      .width = (png_uint_32)image->width,
      .height = (png_uint_32)image->height,
      .format = image->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
  /* libpng wants the lowest address, which is the last row's if rows rise. */
  const uint8_t *lowest = image->stride < 0
                              ? sv_image_row(image, image->height - 1)
                              : image->pixels;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  unsigned char *bytes;
  SV_TRY(sv_alloc(&bytes, size));
  if (png_image_write_to_memory(&png, bytes, &size, 0, lowest,
                                (png_int_32)image->stride, NULL))
    status = sv_file_write(path, bytes, size);
  else
    status = fail_png(SV_INVALID, path, "cannot make a PNG", &png);
  sv_free(bytes);
  return status;
}
