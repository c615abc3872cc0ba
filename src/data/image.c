#include "data/image.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { FILE_LIMIT = 1 << 30 };

sv_status sv_image_new(sv_image *image, int width, int height, int channels,
                       uint8_t **pixels) {
  *image = (sv_image){0};
  size_t row = (size_t)width * (size_t)channels;
  SV_TRY(sv_alloc_array(pixels, (size_t)height, row));
  *image =
      (sv_image){width, height, channels, (ptrdiff_t)row, *pixels, *pixels};
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
                   "an image of %dx%d pixels, expected 1 to %d a side and at "
                   "most %d in all",
                   image->width, image->height, SV_IMAGE_SIDE, SV_IMAGE_PIXELS);
  ptrdiff_t row = (ptrdiff_t)image->width * channels, stride = image->stride;
  bool overlaps = stride > -row && stride < row && stride != 0;
  if (overlaps || stride < -INT32_MAX || stride > INT32_MAX)
    return sv_fail(SV_INVALID,
                   "an image of %td bytes a row has a stride of %td", row,
                   stride);
  return SV_OK;
}

sv_status sv_image_check_size(const char *name, uint64_t width, uint64_t height,
                              size_t bytes, unsigned density) {
  if (width == 0 || height == 0)
    return sv_fail(SV_FORMAT, "%s: an image without pixels", name);
  if (width > SV_IMAGE_SIDE || height > SV_IMAGE_SIDE ||
      width * height > SV_IMAGE_PIXELS)
    return sv_fail(SV_FORMAT, "%s: %llux%llu pixels, at most %d a side and %d",
                   name, (unsigned long long)width, (unsigned long long)height,
                   SV_IMAGE_SIDE, SV_IMAGE_PIXELS);
  if (width * height / density > bytes)
    return sv_fail(SV_FORMAT, "%s: truncated: %zu bytes cannot hold %llux%llu",
                   name, bytes, (unsigned long long)width,
                   (unsigned long long)height);
  return SV_OK;
}

sv_status sv_image_decode(sv_image *image, const char *name, const void *bytes,
                          size_t size) {
  static const unsigned char png[] = "\x89PNG\r\n\x1a\n", jpeg[] = "\xff\xd8";
  *image = (sv_image){0};
  if (size >= 8 && memcmp(bytes, png, 8) == 0)
    return sv_png_decode(image, name, bytes, size);
  if (size >= 2 && memcmp(bytes, jpeg, 2) == 0)
    return sv_jpeg_decode(image, name, bytes, size);
  return sv_fail(SV_FORMAT, "%s: neither a PNG nor a JPEG image", name);
}

sv_status sv_image_read(sv_image *image, const char *path) {
  *image = (sv_image){0};
  unsigned char *bytes;
  size_t size;
  SV_TRY(sv_file_read(path, FILE_LIMIT, &bytes, &size));
  sv_status status = sv_image_decode(image, path, bytes, size);
  sv_free(bytes);
  return status;
}
