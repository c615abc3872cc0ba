/* JPEG through libjpeg, whose errors come back by longjmp and whose messages
 * stay here. */
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/memory.h"
#include "data/image.h"

/* Each block of 8x8 pixels takes at least a bit. */
enum { JPEG_DENSITY = 8 * 64, MOST_SCANS = 500 };

typedef struct decoder {
  struct jpeg_decompress_struct z;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf back;
  const char *name;
  sv_status status;
  uint8_t *row; /* of a CMYK picture */
} decoder;

static void give_up(decoder *d, sv_status status, const char *what) {
  d->status = sv_fail(status, "%s: damaged JPEG: %s", d->name, what);
  longjmp(d->back, 1);
}

static void on_error(j_common_ptr z) {
  char text[JMSG_LENGTH_MAX];
  z->err->format_message(z, text);
  bool memory = z->err->msg_code == JERR_OUT_OF_MEMORY;
  give_up(z->client_data, memory ? SV_NO_MEMORY : SV_FORMAT, text);
}

/* Warnings that mean lost pixels are errors; the rest is curiosity. */
static void on_message(j_common_ptr z, int level) {
  if (level >= 0) return;
  switch (z->err->msg_code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC: on_error(z);
  }
}

static void on_output(j_common_ptr z) { (void)z; }

/* A small file can ask for a great many passes over a large picture. */
static void on_progress(j_common_ptr z) {
  decoder *d = z->client_data;
  if (d->z.input_scan_number > MOST_SCANS)
    give_up(d, SV_FORMAT, "too many scans");
}

static void start(decoder *d, const void *bytes, size_t size) {
  d->z.err = jpeg_std_error(&d->errors);
  d->errors.error_exit = on_error;
  d->errors.emit_message = on_message;
  d->errors.output_message = on_output;
  d->z.client_data = d;
  jpeg_create_decompress(&d->z);
  d->progress.progress_monitor = on_progress;
  d->z.progress = &d->progress;
  jpeg_mem_src(&d->z, bytes, size);
  jpeg_read_header(&d->z, TRUE);
}

static J_COLOR_SPACE colours_of(J_COLOR_SPACE file) {
  switch (file) {
    case JCS_GRAYSCALE: return JCS_GRAYSCALE;
    case JCS_CMYK:
    case JCS_YCCK: return JCS_CMYK;
    default: return JCS_RGB;
  }
}

/* R = C K and so on, of ink that lets light through; Adobe's files store it so,
 * others store how much ink there is. */
static void from_cmyk(const uint8_t *src, int width, bool adobe, uint8_t *dst) {
  for (int x = 0; x < width; x++, src += 4, dst += 3)
    for (int c = 0; c < 3; c++) {
      int ink = adobe ? src[c] : 255 - src[c];
      int black = adobe ? src[3] : 255 - src[3];
      dst[c] = (uint8_t)((ink * black + 127) / 255);
    }
}

static void read_rows(decoder *d, const sv_image *image, uint8_t *pixels) {
  while (d->z.output_scanline < d->z.output_height) {
    uint8_t *dst = pixels + (ptrdiff_t)d->z.output_scanline * image->stride;
    JSAMPROW row = d->row ? d->row : dst;
    jpeg_read_scanlines(&d->z, &row, 1);
    if (d->row) from_cmyk(d->row, image->width, d->z.saw_Adobe_marker, dst);
  }
}

/* Everything that libjpeg may jump out of. */
static sv_status decode(decoder *d, sv_image *image, const void *bytes,
                        size_t size) {
  start(d, bytes, size);
  SV_TRY(sv_image_check_size(d->name, d->z.image_width, d->z.image_height, size,
                             JPEG_DENSITY));
  d->z.out_color_space = colours_of(d->z.jpeg_color_space);
  bool grey = d->z.out_color_space == JCS_GRAYSCALE;
  uint8_t *pixels;
  SV_TRY(sv_image_new(image, (int)d->z.image_width, (int)d->z.image_height,
                      grey ? 1 : 3, &pixels));
  if (d->z.out_color_space == JCS_CMYK)
    SV_TRY(sv_alloc_array(&d->row, d->z.image_width, 4));
  jpeg_start_decompress(&d->z);
  read_rows(d, image, pixels);
  jpeg_finish_decompress(&d->z);
  return SV_OK;
}

sv_status sv_jpeg_decode(sv_image *image, const char *name, const void *bytes,
                         size_t size) {
  decoder *d;
  SV_TRY(sv_alloc(&d, sizeof *d));
  d->name = name;
  if (setjmp(d->back) == 0) d->status = decode(d, image, bytes, size);
  sv_status status = d->status;
  jpeg_destroy_decompress(&d->z);
  sv_free(d->row);
  sv_free(d);
  if (status != SV_OK) sv_image_free(image);
  return status;
}
