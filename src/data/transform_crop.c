/* random_crop: a part of the network's size at a random place. */
#include <string.h>

#include <svertka/layers.h>

#include "data/transform.h"

typedef struct crop {
  int64_t padding;
} crop;

/* Row `from` of src, from column `left` on; what lies outside is `fill`. */
static void copy_row(const uint8_t *src, int height, int width, int bytes,
                     int from, int left, uint8_t *dst, int dst_width,
                     uint8_t fill) {
  memset(dst, fill, (size_t)dst_width * (size_t)bytes);
  if (from < 0 || from >= height) return;
  int first = left < 0 ? -left : 0;
  int end = dst_width < width - left ? dst_width : width - left;
  if (first >= end) return;
  memcpy(dst + (ptrdiff_t)first * bytes,
         src + ((ptrdiff_t)from * width + left + first) * bytes,
         (size_t)(end - first) * (size_t)bytes);
}

static void copy(const sv_frame *src, int top, int left, sv_frame *dst) {
  for (int y = 0; y < dst->height; y++) {
    copy_row(src->pixels, src->height, src->width, src->channels, top + y, left,
             dst->pixels + (ptrdiff_t)y * dst->width * dst->channels,
             dst->width, 0);
    if (dst->mask)
      copy_row(src->mask, src->height, src->width, 1, top + y, left,
               dst->mask + (ptrdiff_t)y * dst->width, dst->width, SV_NO_CLASS);
  }
}

/* Where the part of `size` begins along an axis of the image: anywhere in the
 * padded image, which is padded more if it is smaller than the part. */
static int place(const sv_draws *draws, int i, int have, int size,
                 int padding) {
  int missing = size - have - 2 * padding;
  if (missing > 0) padding += missing;
  return sv_draw_int(draws, i, 0, have + 2 * padding - size) - padding;
}

static sv_status apply(sv_frame *f, const void *settings,
                       const sv_draws *draws) {
  const crop *s = settings;
  const sv_preprocess *p = f->preprocess;
  int top = place(draws, 0, f->height, p->height, (int)s->padding);
  int left = place(draws, 1, f->width, p->width, (int)s->padding);
  if (top == 0 && left == 0 && f->height == p->height && f->width == p->width)
    return SV_OK;
  sv_frame old;
  SV_TRY(sv_frame_renew(f, &old, p->width, p->height));
  copy(&old, top, left, f);
  sv_frame_free(&old);
  return SV_OK;
}

static const sv_attr settings[] = {
    {.name = "padding",
     .type = SV_ATTR_INT,
     .offset = offsetof(crop, padding),
     .max = 4096,
     .position = 1,
     .help = "black pixels added on each side before the crop"},
    {.name = NULL}};

SV_TRANSFORM_OF(random_crop) = {
    .op = {.name = "random_crop",
           .summary = "crop a part of the network's size at a random place",
           .attrs = settings,
           .attrs_size = sizeof(crop)},
    .image = apply,
};
