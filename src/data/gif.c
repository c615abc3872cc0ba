/* GIF through giflib: the first frame on its canvas; what it leaves free or
 * transparent is white. */
#include <gif_lib.h>

#include "base/memory.h"
#include "data/image.h"

/* LZW makes at most 4096 pixels of 12 bits. */
enum { GIF_DENSITY = 4096, INTERLACED = 4 };

static bool probe(const sv_image_bytes *file) {
  return sv_image_begins(file, 0, "GIF87a", 6) ||
         sv_image_begins(file, 0, "GIF89a", 6);
}

typedef struct reading {
  const sv_image_bytes *file;
  size_t at;
  GifFileType *gif;
  int transparent; /* the colour's number; -1: none */
} reading;

static int give_bytes(GifFileType *gif, GifByteType *bytes, int wanted) {
  reading *r = gif->UserData;
  size_t left = r->file->size - r->at, size = (size_t)wanted;
  if (size > left) size = left;
  memcpy(bytes, r->file->at + r->at, size);
  r->at += size;
  return (int)size;
}

static sv_status fail_damaged(const reading *r, const char *what) {
  return sv_fail(SV_FORMAT, "%s: damaged GIF: %s", r->file->name, what);
}

/* An extension ahead of the frame; the graphics control names the transparent
 * colour. */
static sv_status skip_extension(reading *r) {
  GifByteType *block;
  int code;
  if (DGifGetExtension(r->gif, &code, &block) == GIF_ERROR)
    return fail_damaged(r, "an extension");
  while (block) {
    GraphicsControlBlock control;
    if (code == GRAPHICS_EXT_FUNC_CODE &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
      r->transparent = control.TransparentColor;
    if (DGifGetExtensionNext(r->gif, &block) == GIF_ERROR)
      return fail_damaged(r, "an extension");
  }
  return SV_OK;
}

static sv_status find_frame(reading *r) {
  for (;;) {
    GifRecordType type;
    if (DGifGetRecordType(r->gif, &type) == GIF_ERROR)
      return fail_damaged(r, "a record");
    if (type == TERMINATE_RECORD_TYPE) return fail_damaged(r, "no frame");
    if (type == EXTENSION_RECORD_TYPE) SV_TRY(skip_extension(r));
    if (type != IMAGE_DESC_RECORD_TYPE) continue;
    if (DGifGetImageDesc(r->gif) == GIF_ERROR)
      return fail_damaged(r, "the frame's header");
    return SV_OK;
  }
}

static sv_status draw_row(reading *r, int row, GifPixelType *line,
                          uint8_t *pixels) {
  const GifImageDesc *at = &r->gif->Image;
  const ColorMapObject *map = at->ColorMap ? at->ColorMap : r->gif->SColorMap;
  if (DGifGetLine(r->gif, line, at->Width) == GIF_ERROR)
    return fail_damaged(r, "truncated");
  uint8_t *dst =
      pixels +
      3 * ((size_t)(at->Top + row) * (size_t)r->gif->SWidth + (size_t)at->Left);
  for (int x = 0; x < at->Width; x++, dst += 3) {
    if (line[x] == r->transparent) continue;
    if (line[x] >= map->ColorCount)
      return fail_damaged(r, "a colour outside its palette");
    const GifColorType *colour = &map->Colors[line[x]];
    dst[0] = colour->Red;
    dst[1] = colour->Green;
    dst[2] = colour->Blue;
  }
  return SV_OK;
}

/* Of four passes over an interlaced frame: where they begin, and their steps.
 */
static const int first_row[INTERLACED] = {0, 4, 2, 1};
static const int row_step[INTERLACED] = {8, 8, 4, 2};

static sv_status draw_rows(reading *r, GifPixelType *line, uint8_t *pixels) {
  const GifImageDesc *at = &r->gif->Image;
  if (!at->Interlace) {
    for (int row = 0; row < at->Height; row++)
      SV_TRY(draw_row(r, row, line, pixels));
    return SV_OK;
  }
  for (int pass = 0; pass < INTERLACED; pass++)
    for (int row = first_row[pass]; row < at->Height; row += row_step[pass])
      SV_TRY(draw_row(r, row, line, pixels));
  return SV_OK;
}

static sv_status draw_frame(reading *r, uint8_t *pixels) {
  const GifImageDesc *at = &r->gif->Image;
  GifPixelType *line;
  if (!at->ColorMap && !r->gif->SColorMap) return fail_damaged(r, "no palette");
  if (at->Left < 0 || at->Top < 0 || at->Width < 1 || at->Height < 1 ||
      at->Left + at->Width > r->gif->SWidth ||
      at->Top + at->Height > r->gif->SHeight)
    return fail_damaged(r, "its frame is outside its canvas");
  SV_TRY(sv_alloc(&line, (size_t)at->Width));
  sv_status status = draw_rows(r, line, pixels);
  sv_free(line);
  return status;
}

static sv_status decode_first(reading *r, sv_image *image) {
  int width = r->gif->SWidth, height = r->gif->SHeight;
  uint8_t *pixels;
  SV_TRY(sv_image_check_size(r->file->name, (uint64_t)width, (uint64_t)height,
                             r->file->size, GIF_DENSITY));
  if (r->file->header) {
    sv_image_header(image, (uint64_t)width, (uint64_t)height, 3);
    return SV_OK;
  }
  SV_TRY(find_frame(r));
  SV_TRY(sv_image_new(image, width, height, 3, &pixels));
  memset(pixels, 255, (size_t)image->stride * (size_t)height);
  sv_status status = draw_frame(r, pixels);
  if (status != SV_OK) sv_image_free(image);
  return status;
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  reading r = {.file = file, .transparent = NO_TRANSPARENT_COLOR};
  int error = 0;
  r.gif = DGifOpen(&r, give_bytes, &error);
  if (!r.gif) return fail_damaged(&r, "its header");
  sv_status status = decode_first(&r, image);
  DGifCloseFile(r.gif, &error);
  return status;
}

const sv_image_format sv_image_format_gif = {"GIF", ".gif", probe, decode};
