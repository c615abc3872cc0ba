/* Photographs are stored as the sensor lay, and say how it was turned. */
#include <libexif/exif-data.h>

#include "base/memory.h"
#include "data/image.h"

/* Where the first pixel of the turned image lies in the stored one, and the
 * steps to the next in its row and to its next row, in pixels. */
typedef struct steps {
  ptrdiff_t first, right, down;
} steps;

static steps steps_of(int orientation, ptrdiff_t width, ptrdiff_t height) {
  ptrdiff_t last = width - 1, bottom = (height - 1) * width;
  switch (orientation) {
    case 2: return (steps){last, -1, width};
    case 3: return (steps){bottom + last, -1, -width};
    case 4: return (steps){bottom, 1, -width};
    case 5: return (steps){0, width, 1};
    case 6: return (steps){bottom, -width, 1};
    case 7: return (steps){bottom + last, -width, -1};
    default: return (steps){last, width, -1};
  }
}

static void turn(const sv_image *src, const steps *s, const sv_image *dst,
                 uint8_t *pixels) {
  for (ptrdiff_t y = 0; y < dst->height; y++)
    for (ptrdiff_t x = 0; x < dst->width; x++) {
      const uint8_t *from =
          src->pixels + (s->first + y * s->down + x * s->right) * src->channels;
      for (int c = 0; c < src->channels; c++) *pixels++ = from[c];
    }
}

/* turned = a dense image, turned. */
static sv_status make_turned(const sv_image *image, int orientation,
                             sv_image *turned) {
  bool swaps = orientation > 4;
  uint8_t *pixels;
  SV_TRY(sv_image_new(turned, swaps ? image->height : image->width,
                      swaps ? image->width : image->height, image->channels,
                      &pixels));
  turned->gamma = image->gamma;
  steps s = steps_of(orientation, image->width, image->height);
  turn(image, &s, turned, pixels);
  return SV_OK;
}

sv_status sv_image_orient(sv_image *image, int orientation) {
  if (orientation < 2 || orientation > 8) return SV_OK;
  sv_image turned = {0};
  sv_status status = make_turned(image, orientation, &turned);
  sv_image_free(image);
  *image = turned;
  image->orientation = status == SV_OK ? orientation : 0;
  return status;
}

/* The rotations by 90 and 270 degrees undo each other, the others themselves.
 */
sv_status sv_image_as_stored(const sv_image *image, sv_image *stored) {
  int o = image->orientation;
  return make_turned(image, o == 6 ? 8 : o == 8 ? 6 : o, stored);
}

int sv_exif_orientation(const uint8_t *bytes, size_t size) {
  enum { LARGEST = 1 << 20, MARK = 6 };
  uint8_t *block;
  int orientation = 1;
  if (size > LARGEST || sv_alloc(&block, MARK + size) != SV_OK) return 1;
  memcpy(block, "Exif\0\0", MARK);
  if (size) memcpy(block + MARK, bytes, size);
  ExifData *exif = exif_data_new_from_data(block, (unsigned)(MARK + size));
  ExifEntry *entry =
      exif ? exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION)
           : NULL;
  if (entry && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
    orientation = exif_get_short(entry->data, exif_data_get_byte_order(exif));
  exif_data_unref(exif);
  sv_free(block);
  return orientation;
}
