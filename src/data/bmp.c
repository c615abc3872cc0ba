/* BMP through stb_image, of which nothing else is compiled. */
#include <limits.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/image.h"

/* Its other formats are declared, too. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS SV_IMAGE_SIDE
#define STBI_ASSERT(condition) ((void)(condition))
#include <stb_image.h>

/* A pixel takes at least a bit: run lengths are not read. */
enum { BMP_DENSITY = 8 };

/* "BM" begins many a text: the size of the second header must be one of those
 * that there are, too. */
static bool probe(const sv_image_bytes *file) {
  if (!sv_image_begins(file, 0, "BM", 2) || file->size < 18 || file->at[15] ||
      file->at[16] || file->at[17])
    return false;
  switch (file->at[14]) {
    case 12:
    case 40:
    case 52:
    case 56:
    case 108:
    case 124: return true;
    default: return false;
  }
}

static sv_status fail_damaged(const sv_image_bytes *file) {
  const char *why = stbi_failure_reason();
  return sv_fail(SV_FORMAT, "%s: damaged BMP: %s", file->name,
                 why ? why : "unknown");
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  int width, height, channels;
  if (file->size > INT_MAX ||
      !stbi_info_from_memory(file->at, (int)file->size, &width, &height,
                             &channels))
    return fail_damaged(file);
  SV_TRY(sv_image_check_size(file->name, (uint64_t)width, (uint64_t)height,
                             file->size, BMP_DENSITY));
  bool alpha = channels == 4;
  if (file->header) {
    sv_image_header(image, (uint64_t)width, (uint64_t)height, 3);
    return SV_OK;
  }
  uint8_t *decoded = stbi_load_from_memory(file->at, (int)file->size, &width,
                                           &height, &channels, alpha ? 4 : 3);
  if (!decoded) return fail_damaged(file);
  uint8_t *pixels;
  sv_status status = sv_image_new(image, width, height, alpha ? 4 : 3, &pixels);
  if (status == SV_OK)
    memcpy(pixels, decoded, (size_t)image->stride * (size_t)height);
  free(decoded);
  if (status == SV_OK && alpha) sv_image_drop_alpha(image, pixels);
  return status;
}

const sv_image_format sv_image_format_bmp = {"BMP", ".bmp", probe, decode};
