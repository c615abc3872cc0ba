/* Masks: pictures whose values are classes. libpng's simplified interface makes
 * colours of them, so reading takes its rows. */
#include <math.h>
#include <png.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "data/image.h"
#include "data/png_reader.h"

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
  sv_image *mask;
  uint8_t *pixels;
} reading;

static sv_status read_rows(sv_png *file, void *context) {
  reading *r = context;
  png_structp png = file->png;
  int type = png_get_color_type(png, file->info);
  unsigned width = png_get_image_width(png, file->info);
  unsigned height = png_get_image_height(png, file->info);
  if ((type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_PALETTE) ||
      png_get_bit_depth(png, file->info) > 8)
    return sv_fail(
        SV_FORMAT,
        "%s: not a mask: expected a grey or palette PNG of up to 8 bits",
        file->name);
  SV_TRY(sv_image_check_size(file->name, width, height, file->size, 8 * 1032));
  SV_TRY(sv_image_new(r->mask, (int)width, (int)height, 1, &r->pixels));
  png_set_packing(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, file->info);
  for (int pass = 0; pass < passes; pass++)
    for (unsigned y = 0; y < height; y++)
      png_read_row(png, r->pixels + (size_t)y * width, NULL);
  png_read_end(png, NULL);
  return SV_OK;
}

sv_status sv_mask_read(sv_image *mask, const char *path) {
  unsigned char *bytes;
  size_t size;
  *mask = (sv_image){0};
  SV_TRY(sv_file_read(path, (size_t)1 << 30, &bytes, &size));
  const sv_kind *kind = sv_kind_of(bytes, size);
  reading r = {.mask = mask};
  sv_status status = kind == &sv_kind_png
                         ? sv_png_read(path, bytes, size, read_rows, &r)
                     : kind ? sv_kind_fail(path, kind, "a mask as a PNG", false)
                            : sv_fail(SV_FORMAT, "%s: not a PNG image", path);
  sv_free(bytes);
  if (status != SV_OK) sv_image_free(mask);
  return status;
}

/* ---- Writing ---- */

sv_status sv_mask_write(const sv_image *mask, const char *path) {
  uint8_t colours[256][3];
  sv_status status = sv_image_check(mask);
  if (status == SV_OK && mask->channels != 1)
    status = sv_fail(SV_INVALID, "%d channels, expected 1 for a mask",
                     mask->channels);
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
