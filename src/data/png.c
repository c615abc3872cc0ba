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

/* Grey and alpha, or RGB and alpha, to the same without it; in place. */
static void drop_alpha(uint8_t *pixels, size_t count, int colours) {
  const uint8_t *src = pixels;
  for (size_t i = 0; i < count; i++, src += colours + 1)
    for (int c = 0; c < colours; c++)
      *pixels++ = sv_over_white(src[c], src[colours]);
}

sv_status sv_png_decode(sv_image *image, const char *name, const void *bytes,
                        size_t size) {
  png_image png = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_memory(&png, bytes, size))
    return fail_png(SV_FORMAT, name, "damaged PNG", &png);
  sv_status status =
      sv_image_check_size(name, png.width, png.height, size, PNG_DENSITY);
  int colours = png.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
  bool alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
  /* Files of 16 bits that do not say otherwise are like those of 8. */
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  png.format &= PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA;
  uint8_t *pixels = NULL;
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
  if (!alpha) return SV_OK;
  drop_alpha(pixels, (size_t)png.width * png.height, colours);
  image->channels = colours;
  image->stride = (ptrdiff_t)image->width * colours;
  return SV_OK;
}

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
