/* Masks: pictures whose values are classes. libpng's simplified interface makes
 * colours of them, so reading takes its rows. */
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "data/image.h"

/* Hues a golden angle apart never come close soon; every third is paler. */
void sv_mask_colour(int i, uint8_t rgb[3]) {
  double hue = fmod((i - 1) * 137.508 + 570, 360) / 60;
  double value = i % 3 == 2 ? 0.72 : 0.95, dull = i % 3 == 0 ? 0.45 : 0.12;
  memset(rgb, i == 0 ? 0 : 255, 3);
  for (int c = 0; c < 3 && i > 0 && i != SV_NO_CLASS; c++) {
    double to = fabs(fmod(hue - 2 * c + 9, 6) - 3); /* 0 at its own hue */
    double share = to <= 1 ? 1 : to >= 2 ? 0 : 2 - to;
    rgb[c] = (uint8_t)(255 * value * (dull + (1 - dull) * share));
  }
}

/* ---- Reading ---- */

typedef struct reading {
  jmp_buf failed;
  char message[128];
  const uint8_t *at;
  size_t left;
  sv_image *mask;
  uint8_t *pixels;
} reading;

static void on_error(png_structp png, png_const_charp message) {
  reading *r = png_get_error_ptr(png);
  strncpy(r->message, message, sizeof r->message - 1);
  longjmp(r->failed, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void take_bytes(png_structp png, png_bytep to, size_t count) {
  reading *r = png_get_io_ptr(png);
  if (count > r->left) png_error(png, "it ends early");
  memcpy(to, r->at, count);
  r->at += count;
  r->left -= count;
}

/* Leaves by `failed` if libpng finds a fault. */
static sv_status read_rows(reading *r, png_structp png, png_infop info,
                           const char *path) {
  size_t size = r->left;
  png_set_read_fn(png, r, take_bytes);
  png_read_info(png, info);
  int type = png_get_color_type(png, info);
  unsigned width = png_get_image_width(png, info);
  unsigned height = png_get_image_height(png, info);
  if ((type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_PALETTE) ||
      png_get_bit_depth(png, info) > 8)
    return sv_fail(SV_FORMAT,
                   "%s: no mask: expected a PNG of grey or of a palette, up to "
                   "8 bits",
                   path);
  SV_TRY(sv_image_check_size(path, width, height, size, 8 * 1032));
  SV_TRY(sv_image_new(r->mask, (int)width, (int)height, 1, &r->pixels));
  png_set_packing(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  for (int pass = 0; pass < passes; pass++)
    for (unsigned y = 0; y < height; y++)
      png_read_row(png, r->pixels + (size_t)y * width, NULL);
  png_read_end(png, NULL);
  return SV_OK;
}

static sv_status decode(reading *r, png_structp png, png_infop info,
                        const char *path) {
  if (setjmp(r->failed))
    return sv_fail(SV_FORMAT, "%s: damaged PNG: %s", path, r->message);
  return read_rows(r, png, info, path);
}

sv_status sv_mask_read(sv_image *mask, const char *path) {
  unsigned char *bytes;
  size_t size;
  *mask = (sv_image){0};
  SV_TRY(sv_file_read(path, (size_t)1 << 30, &bytes, &size));
  const sv_kind *kind = sv_kind_of(bytes, size);
  if (kind != &sv_kind_png) {
    sv_free(bytes);
    return kind ? sv_kind_fail(path, kind, "a mask as a PNG", false)
                : sv_fail(SV_FORMAT, "%s: not a PNG image", path);
  }
  reading r = {.at = bytes, .left = size, .mask = mask};
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  sv_status status = info ? decode(&r, png, info, path)
                          : sv_fail(SV_NO_MEMORY, "%s: no memory", path);
  png_destroy_read_struct(&png, &info, NULL);
  sv_free(bytes);
  if (status != SV_OK) sv_image_free(mask);
  return status;
}

/* ---- Writing ---- */

sv_status sv_mask_write(const sv_image *mask, const char *path) {
  uint8_t colours[256][3];
  sv_status status = sv_image_check(mask);
  if (status == SV_OK && mask->channels != 1)
    status = sv_fail(SV_INVALID, "%d channels, a mask has 1", mask->channels);
  if (status != SV_OK) return sv_fail_in(status, "%s", path);
  for (int i = 0; i < 256; i++) sv_mask_colour(i, colours[i]);
  png_image png = {.version = PNG_IMAGE_VERSION,
                   .width = (png_uint_32)mask->width,
                   .height = (png_uint_32)mask->height,
                   .format = PNG_FORMAT_RGB_COLORMAP,
                   .colormap_entries = 256};
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  unsigned char *bytes;
  SV_TRY(sv_alloc(&bytes, size));
  if (png_image_write_to_memory(&png, bytes, &size, 0, mask->pixels,
                                (png_int_32)mask->stride, colours))
    status = sv_file_write(path, bytes, size);
  else
    status =
        sv_fail(SV_INVALID, "%s: cannot make a PNG: %s", path, png.message);
  png_image_free(&png);
  sv_free(bytes);
  return status;
}
