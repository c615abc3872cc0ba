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

enum { EXIF_MARKER = JPEG_APP0 + 1, EXIF_NAME = 6 };

typedef struct decoder {
  struct jpeg_decompress_struct z;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf back;
  const char *name;
  sv_status status;
  uint8_t *row; /* of a CMYK picture */
  int orientation;
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
  jpeg_save_markers(&d->z, EXIF_MARKER, 0xffff);
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
  unsigned first = d->z.output_scanline;
  while (d->z.output_scanline < first + (unsigned)image->height) {
    uint8_t *dst =
        pixels + (ptrdiff_t)(d->z.output_scanline - first) * image->stride;
    JSAMPROW row = d->row ? d->row : dst;
    jpeg_read_scanlines(&d->z, &row, 1);
    if (d->row) from_cmyk(d->row, image->width, d->z.saw_Adobe_marker, dst);
  }
}

static int orientation_of(const decoder *d) {
  for (jpeg_saved_marker_ptr m = d->z.marker_list; m; m = m->next)
    if (m->marker == EXIF_MARKER && m->data_length > EXIF_NAME &&
        memcmp(m->data, "Exif\0", EXIF_NAME) == 0)
      return sv_exif_orientation(m->data + EXIF_NAME,
                                 m->data_length - EXIF_NAME);
  return 1;
}

/* ---- A part ---- */

/* Reduces by 2, 4 or 8 as far as the wanted part stays large enough: that takes
 * less of the inverse DCT. */
static int scale_for(const sv_image_part *p) {
  int scale = 1;
  while (scale < 8 && p->wanted_width / (2 * scale) >= p->least_width &&
         p->wanted_height / (2 * scale) >= p->least_height)
    scale *= 2;
  return scale;
}

/* Whole pixels of the reduced image around the part; columns from a block on,
 * as libjpeg wants it. Rows below the part are not read. */
static sv_status decode_part(decoder *d, sv_image *image, sv_image_part *p) {
  int width = (int)d->z.image_width, height = (int)d->z.image_height;
  p->choose(p->context, width, height, p);
  int scale = scale_for(p);
  d->z.scale_num = 1;
  d->z.scale_denom = (unsigned)scale;
  jpeg_start_decompress(&d->z);
  unsigned end = (unsigned)((p->x + p->wanted_width + scale - 1) / scale);
  unsigned last = (unsigned)((p->y + p->wanted_height + scale - 1) / scale);
  JDIMENSION left = (unsigned)(p->x / scale), columns = end - left;
  JDIMENSION top = (unsigned)(p->y / scale);
  jpeg_crop_scanline(&d->z, &left, &columns);
  uint8_t *pixels;
  SV_TRY(sv_image_new(image, (int)columns, (int)(last - top),
                      d->z.output_components, &pixels));
  if (top > 0) jpeg_skip_scanlines(&d->z, top);
  read_rows(d, image, pixels);
  p->width = width;
  p->height = height;
  p->x = (int)left * scale;
  p->y = (int)top * scale;
  p->scale = scale;
  return SV_OK;
}

/* Everything that libjpeg may jump out of. */
static sv_status decode_all(decoder *d, sv_image *image,
                            const sv_image_bytes *file) {
  start(d, file->at, file->size);
  SV_TRY(sv_image_check_size(d->name, d->z.image_width, d->z.image_height,
                             file->size, JPEG_DENSITY));
  d->z.out_color_space = colours_of(d->z.jpeg_color_space);
  bool grey = d->z.out_color_space == JCS_GRAYSCALE;
  if (file->header) {
    sv_image_header(image, d->z.image_width, d->z.image_height, grey ? 1 : 3);
    return SV_OK;
  }
  d->orientation = orientation_of(d);
  bool turned = d->orientation > 1 && d->orientation <= 8;
  if (file->part && !turned && d->z.out_color_space != JCS_CMYK)
    return decode_part(d, image, file->part);
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

static bool probe(const sv_image_bytes *file) {
  return sv_image_begins(file, 0, "\xff\xd8", 2);
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  decoder *d;
  SV_TRY(sv_alloc(&d, sizeof *d));
  d->name = file->name;
  if (setjmp(d->back) == 0) d->status = decode_all(d, image, file);
  sv_status status = d->status;
  int orientation = d->orientation;
  jpeg_destroy_decompress(&d->z);
  sv_free(d->row);
  sv_free(d);
  if (status == SV_OK) return sv_image_orient(image, orientation);
  sv_image_free(image);
  return status;
}

const sv_image_format sv_image_format_jpeg = {"JPEG", ".jpg.jpeg", probe,
                                              decode};
