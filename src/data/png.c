/* PNG through libpng: read sample by sample, written through its simplified
 * interface, which catches its own errors and prints nothing. */
#include <png.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/image.h"
#include "data/png_reader.h"

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

typedef struct decoding {
  const sv_image_bytes *file;
  sv_image *image;
  uint8_t *pixels;
} decoding;

/* The exponent with which the samples were made from light, where the file says
 * so and not in another way; sRGB's is nearly 0.45455. */
static float gamma_of(png_structp png, png_infop info) {
  double gamma = 0;
  bool otherwise = png_get_valid(png, info, PNG_INFO_sRGB | PNG_INFO_iCCP) != 0;
  if (otherwise || !png_get_gAMA(png, info, &gamma)) return 0;
  return gamma > 0.01 && gamma < 100 ? (float)gamma : 0;
}

/* Samples as they are, as Pillow and others read them: no gamma, no profile,
 * of 16 bits the upper 8. */
static sv_status read_rows(sv_png *file, void *context) {
  decoding *d = context;
  png_structp png = file->png;
  unsigned width = png_get_image_width(png, file->info);
  unsigned height = png_get_image_height(png, file->info);
  SV_TRY(
      sv_image_check_size(file->name, width, height, file->size, PNG_DENSITY));
  float gamma = gamma_of(png, file->info);
  png_set_expand(png); /* palettes, fewer bits, a transparent colour */
  png_set_strip_16(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, file->info);
  int channels = png_get_channels(png, file->info);
  if (d->file->header) {
    sv_image_header(d->image, width, height, channels > 2 ? 3 : 1);
    return SV_OK;
  }
  SV_TRY(sv_image_new(d->image, (int)width, (int)height, channels, &d->pixels));
  size_t row = (size_t)width * (size_t)channels;
  for (int pass = 0; pass < passes; pass++)
    for (unsigned y = 0; y < height; y++)
      png_read_row(png, d->pixels + y * row, NULL);
  png_read_end(png, NULL);
  d->image->gamma = gamma;
  return SV_OK;
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  decoding d = {.file = file, .image = image};
  sv_status status =
      sv_png_read(file->name, file->at, file->size, read_rows, &d);
  if (status != SV_OK) sv_image_free(image);
  if (status != SV_OK || file->header) return status;
  if (image->channels % 2 == 0) sv_image_drop_alpha(image, d.pixels);
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
