#include "data/image.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "base/text.h"

sv_status sv_image_new(sv_image *image, int width, int height, int channels,
                       uint8_t **pixels) {
  *image = (sv_image){0};
  size_t row = (size_t)width * (size_t)channels;
  SV_TRY(sv_alloc_array(pixels, (size_t)height, row));
  *image = (sv_image){width,   height,  channels, (ptrdiff_t)row,
                      *pixels, *pixels, 0,        0};
  return SV_OK;
}

void sv_image_free(sv_image *image) {
  sv_free(image->owned);
  *image = (sv_image){0};
}

sv_status sv_image_check(const sv_image *image) {
  int channels = image->channels;
  if (!image->pixels) return sv_fail(SV_INVALID, "an image without pixels");
  if (channels != 1 && channels != 3 && channels != 4)
    return sv_fail(SV_INVALID, "an image of %d channels, expected 1, 3 or 4",
                   channels);
  if (image->width < 1 || image->height < 1 || image->width > SV_IMAGE_SIDE ||
      image->height > SV_IMAGE_SIDE ||
      (int64_t)image->width * image->height > SV_IMAGE_PIXELS)
    return sv_fail(SV_INVALID,
                   "an image of %dx%d pixels, expected sides of 1 to %d and at "
                   "most %d pixels",
                   image->width, image->height, SV_IMAGE_SIDE, SV_IMAGE_PIXELS);
  ptrdiff_t row = (ptrdiff_t)image->width * channels, stride = image->stride;
  bool overlaps = stride > -row && stride < row && stride != 0;
  if (overlaps || stride < -INT32_MAX || stride > INT32_MAX)
    return sv_fail(SV_INVALID,
                   "an image with %td bytes per row has a stride of %td", row,
                   stride);
  return SV_OK;
}

sv_status sv_image_check_size(const char *name, uint64_t width, uint64_t height,
                              size_t bytes, unsigned density) {
  if (width == 0 || height == 0)
    return sv_fail(SV_FORMAT, "%s: an image without pixels", name);
  if (width > SV_IMAGE_SIDE || height > SV_IMAGE_SIDE ||
      width * height > SV_IMAGE_PIXELS)
    return sv_fail(
        SV_FORMAT,
        "%s: %llux%llu pixels, expected sides up to %d and at most %d pixels",
        name, (unsigned long long)width, (unsigned long long)height,
        SV_IMAGE_SIDE, SV_IMAGE_PIXELS);
  if (width * height / density > bytes)
    return sv_fail(SV_FORMAT, "%s: truncated: %zu bytes cannot hold %llux%llu",
                   name, bytes, (unsigned long long)width,
                   (unsigned long long)height);
  return SV_OK;
}

void sv_image_drop_alpha(sv_image *image, uint8_t *pixels) {
  int colours = image->channels - 1;
  size_t count = (size_t)image->width * (size_t)image->height;
  const uint8_t *src = pixels;
  for (size_t i = 0; i < count; i++, src += colours + 1)
    for (int c = 0; c < colours; c++)
      *pixels++ = sv_over_white(src[c], src[colours]);
  image->channels = colours;
  image->stride = (ptrdiff_t)image->width * colours;
}

/* ---- Formats ---- */

#define SV_IMAGE_FORMAT(name) \
  extern const sv_image_format sv_image_format_##name;
#include "data/formats.def"
#undef SV_IMAGE_FORMAT

const sv_image_format *const sv_image_formats[] = {
#define SV_IMAGE_FORMAT(name) &sv_image_format_##name,
#include "data/formats.def"
#undef SV_IMAGE_FORMAT
    NULL};

static const sv_image_format *find_format(const sv_image_bytes *file) {
  for (int i = 0; sv_image_formats[i]; i++)
    if (sv_image_formats[i]->probe(file)) return sv_image_formats[i];
  return NULL;
}

static sv_status fail_unknown(const sv_image_bytes *file) {
  sv_text text = {0};
  char *list;
  const sv_kind *kind = sv_kind_of(file->at, file->size);
  for (int i = 0; sv_image_formats[i]; i++)
    sv_text_add(&text, "%s%s", i ? ", " : "", sv_image_formats[i]->name);
  SV_TRY(sv_text_take(&text, &list));
  sv_status status =
      kind ? sv_kind_fail(file->name, kind, list, false)
           : sv_fail(SV_FORMAT, "%s: not an image; expected one of: %s",
                     file->name, list);
  sv_free(list);
  return status;
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  const sv_image_format *format = find_format(file);
  return format ? format->decode(image, file) : fail_unknown(file);
}

sv_status sv_image_decode(sv_image *image, const char *name, const void *bytes,
                          size_t size) {
  *image = (sv_image){0};
  return decode(image, &(sv_image_bytes){name, bytes, size, false, NULL});
}

sv_status sv_image_decode_header(sv_image *image, const char *name,
                                 const void *bytes, size_t size) {
  *image = (sv_image){0};
  return decode(image, &(sv_image_bytes){name, bytes, size, true, NULL});
}

sv_status sv_image_decode_part(sv_image *image, const char *name,
                               const void *bytes, size_t size,
                               sv_image_part *part) {
  *image = (sv_image){0};
  part->scale = 0;
  return decode(image, &(sv_image_bytes){name, bytes, size, false, part});
}

static sv_status read_file(sv_image *image, const char *path, bool header) {
  *image = (sv_image){0};
  unsigned char *bytes;
  size_t size;
  SV_TRY(sv_file_read(path, SV_IMAGE_FILE_LIMIT, &bytes, &size));
  sv_status status =
      decode(image, &(sv_image_bytes){path, bytes, size, header, NULL});
  sv_free(bytes);
  return status;
}

sv_status sv_image_read(sv_image *image, const char *path) {
  return read_file(image, path, false);
}

sv_status sv_image_read_header(sv_image *image, const char *path) {
  return read_file(image, path, true);
}

bool sv_image_is_known(const char *path) {
  uint8_t first[32];
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  ssize_t size = read(file, first, sizeof first);
  close(file);
  return size > 0 &&
         find_format(&(sv_image_bytes){path, first, (size_t)size, true, NULL});
}

/* "a/b.JPG" ends as one of ".jpg.jpeg" says. */
static bool ends_as(const char *path, const char *endings) {
  const char *dot = strrchr(path, '.');
  size_t length = dot ? strlen(dot) : 0;
  if (length < 2 || strchr(dot, '/')) return false;
  for (; *endings; endings += 1 + strcspn(endings + 1, "."))
    if (strncasecmp(endings, dot, length) == 0 &&
        (endings[length] == '.' || !endings[length]))
      return true;
  return false;
}

bool sv_image_is_named(const char *name) {
  for (int i = 0; sv_image_formats[i]; i++)
    if (ends_as(name, sv_image_formats[i]->endings)) return true;
  return false;
}

bool sv_image_is_likely(const char *path) {
  return sv_image_is_named(path) || sv_image_is_known(path);
}
