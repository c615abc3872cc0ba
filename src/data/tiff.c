/* TIFF through libtiff, which brings every kind of samples to 8-bit RGB and
 * alpha; the first page of several. */
#include <tiffio.h>

#include "base/memory.h"
#include "data/image.h"

/* PackBits makes at most 64 bytes of one, of a bit for a pixel; deflate and LZW
 * more. */
enum { TIFF_DENSITY = 8 * 1032, LARGEST_PIECE = 1 << 29 };

static bool probe(const sv_image_bytes *file) {
  return sv_image_begins(file, 0, "II*\0", 4) ||
         sv_image_begins(file, 0, "MM\0*", 4);
}

/* ---- A file in memory ---- */

typedef struct reading {
  const sv_image_bytes *file;
  uint64_t at;
  char message[256]; /* the first error's */
} reading;

static tmsize_t give_bytes(thandle_t handle, void *bytes, tmsize_t wanted) {
  reading *r = handle;
  uint64_t left = r->at < r->file->size ? r->file->size - r->at : 0;
  uint64_t size = (uint64_t)wanted < left ? (uint64_t)wanted : left;
  memcpy(bytes, r->file->at + (left ? r->at : 0), size);
  r->at += size;
  return (tmsize_t)size;
}

static tmsize_t take_bytes(thandle_t handle, void *bytes, tmsize_t size) {
  (void)handle, (void)bytes, (void)size;
  return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  reading *r = handle;
  uint64_t from = whence == SEEK_SET   ? 0
                  : whence == SEEK_CUR ? r->at
                                       : r->file->size;
  r->at = from + offset;
  return r->at;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) {
  const reading *r = handle;
  return r->file->size;
}

static int on_error(TIFF *tiff, void *context, const char *module,
                    const char *format, va_list arguments) {
  reading *r = context;
  (void)tiff, (void)module;
  if (!r->message[0])
    vsnprintf(r->message, sizeof r->message, format, arguments);
  return 1;
}

static int on_warning(TIFF *tiff, void *context, const char *module,
                      const char *format, va_list arguments) {
  (void)tiff, (void)context, (void)module, (void)format, (void)arguments;
  return 1;
}

static TIFF *open_tiff(reading *r) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, LARGEST_PIECE);
  /* m: not mapped, so that every access goes through give_bytes. */
  TIFF *tiff =
      TIFFClientOpenExt(r->file->name, "rm", r, give_bytes, take_bytes, seek,
                        close_nothing, size_of, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

/* ---- Its first page ---- */

static sv_status fail_damaged(const reading *r) {
  return sv_fail(SV_FORMAT, "%s: damaged TIFF%s%s", r->file->name,
                 r->message[0] ? ": " : "", r->message);
}

/* From libtiff's words, alpha premultiplied, to pixels over white. */
static void unpack(const uint32_t *words, size_t count, int channels,
                   uint8_t *pixels) {
  for (size_t i = 0; i < count; i++) {
    unsigned white = 255 - TIFFGetA(words[i]);
    unsigned rgb[3] = {TIFFGetR(words[i]), TIFFGetG(words[i]),
                       TIFFGetB(words[i])};
    for (int c = 0; c < channels; c++) {
      unsigned value = rgb[c] + white;
      *pixels++ = (uint8_t)(value < 255 ? value : 255);
    }
  }
}

static sv_status decode_page(reading *r, TIFF *tiff, sv_image *image,
                             int channels) {
  size_t count = (size_t)image->width * (size_t)image->height;
  uint32_t *words;
  uint8_t *pixels;
  int width = image->width, height = image->height;
  uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  SV_TRY(sv_alloc_array(&words, count, sizeof *words));
  sv_status status = SV_OK;
  if (!TIFFReadRGBAImageOriented(tiff, (uint32_t)width, (uint32_t)height, words,
                                 orientation, 1))
    status = fail_damaged(r);
  if (status == SV_OK)
    status = sv_image_new(image, width, height, channels, &pixels);
  if (status == SV_OK) unpack(words, count, channels, pixels);
  sv_free(words);
  return status == SV_OK ? sv_image_orient(image, orientation) : status;
}

static sv_status decode_open(reading *r, TIFF *tiff, sv_image *image) {
  uint32_t width = 0, height = 0;
  uint16_t colours = 0;
  char why[1024] = "";
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &colours);
  SV_TRY(sv_image_check_size(r->file->name, width, height, r->file->size,
                             TIFF_DENSITY));
  if (!TIFFRGBAImageOK(tiff, why))
    return sv_fail(SV_UNSUPPORTED, "%s: a TIFF that cannot be read: %s",
                   r->file->name,
                   why[0] ? why : "its pixels do not have 8 or 16 bits");
  bool grey =
      colours == PHOTOMETRIC_MINISBLACK || colours == PHOTOMETRIC_MINISWHITE;
  sv_image_header(image, width, height, grey ? 1 : 3);
  return r->file->header ? SV_OK : decode_page(r, tiff, image, grey ? 1 : 3);
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  reading r = {.file = file};
  TIFF *tiff = open_tiff(&r);
  if (!tiff) return fail_damaged(&r);
  sv_status status = decode_open(&r, tiff, image);
  TIFFClose(tiff);
  if (status != SV_OK) *image = (sv_image){0};
  return status;
}

const sv_image_format sv_image_format_tiff = {"TIFF", ".tif.tiff", probe,
                                              decode};
