#include "data/transform.h"

#include <math.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "base/near.h"
#include "base/text.h"
#include "data/image.h"
#include "data/preprocess.h"

#define SV_TRANSFORM(name) extern const sv_transform sv_transform_##name;
#include "data/transforms.def"
#undef SV_TRANSFORM

const sv_transform *const sv_transforms[] = {
#define SV_TRANSFORM(name) &sv_transform_##name,
#include "data/transforms.def"
#undef SV_TRANSFORM
    NULL};

static sv_status fail_unknown(const char *name) {
  sv_text names = {0};
  const char *near = NULL;
  for (int i = 0; sv_transforms[i]; i++) {
    sv_text_add(&names, "%s%s", i ? ", " : "", sv_transforms[i]->op.name);
    if (sv_is_near(name, sv_transforms[i]->op.name))
      near = sv_transforms[i]->op.name;
  }
  sv_status status =
      near ? sv_fail(SV_INVALID, "unknown transform '%s'; did you mean '%s'?",
                     name, near)
           : sv_fail(SV_INVALID, "unknown transform '%s'; expected one of: %s",
                     name, names.at ? names.at : "none");
  sv_text_clear(&names);
  return status;
}

sv_status sv_transform_find(const sv_transform **transform, const char *name,
                            size_t length) {
  char word[64];
  if (length >= sizeof word) length = sizeof word - 1;
  memcpy(word, name, length);
  word[length] = '\0';
  for (int i = 0; sv_transforms[i]; i++) {
    *transform = sv_transforms[i];
    if (strcmp((*transform)->op.name, word) == 0) return SV_OK;
  }
  *transform = NULL;
  return fail_unknown(word);
}

sv_status sv_transform_check_range(const char *name, const char *low_name,
                                   double low, const char *high_name,
                                   double high) {
  if (low <= high) return SV_OK;
  return sv_fail(SV_INVALID, "%s: %s is %g, more than %s, %g", name, low_name,
                 low, high_name, high);
}

/* ---- Random values ---- */

double sv_draw(const sv_draws *d, int i, double low, double high) {
  return low + (high - low) * sv_random_uniform(&d->key, d->base + (uint64_t)i);
}

int sv_draw_int(const sv_draws *d, int i, int least, int most) {
  uint64_t count = (uint64_t)((int64_t)most - least) + 1;
  return least + (int)sv_random_below(&d->key, d->base + (uint64_t)i, count);
}

bool sv_draw_true(const sv_draws *d, int i, double p) {
  return sv_draw(d, i, 0, 1) < p;
}

sv_draws sv_draws_from(const sv_draws *d, int i) {
  return (sv_draws){d->key, d->base + (uint64_t)i};
}

/* ---- Frames ---- */

void sv_frame_free(sv_frame *f) {
  sv_free(f->pixels);
  sv_free(f->mask);
  f->pixels = f->mask = NULL;
}

sv_status sv_frame_renew(sv_frame *frame, sv_frame *old, int width,
                         int height) {
  sv_frame fresh = {.width = width,
                    .height = height,
                    .channels = frame->channels,
                    .preprocess = frame->preprocess};
  size_t row = (size_t)width * (size_t)frame->channels;
  SV_TRY(sv_alloc_array(&fresh.pixels, (size_t)height, row));
  sv_status status = SV_OK;
  if (frame->mask)
    status = sv_alloc_array(&fresh.mask, (size_t)height, (size_t)width);
  if (status != SV_OK) {
    sv_free(fresh.pixels);
    return status;
  }
  *old = *frame;
  *frame = fresh;
  return SV_OK;
}

/* The pixel of `size` in which the middle of pixel `at` of `count` lies. */
static int source_of(int at, int count, int size) {
  return (int)((2 * (int64_t)at + 1) * size / (2 * (int64_t)count));
}

static void resize_mask(const sv_frame *src, const sv_box *box,
                        const sv_scaling *s, const sv_frame *dst) {
  for (int y = 0; y < dst->height; y++) {
    int from = box->y + source_of(s->y + y, s->height, box->height);
    const uint8_t *row = src->mask + (ptrdiff_t)from * src->width + box->x;
    uint8_t *to = dst->mask + (ptrdiff_t)y * dst->width;
    for (int x = 0; x < dst->width; x++)
      to[x] = row[source_of(s->x + x, s->width, box->width)];
  }
}

static sv_status resize(sv_frame *f, const sv_box *box,
                        const sv_scaling *scaling) {
  sv_frame old;
  SV_TRY(sv_frame_renew(f, &old, scaling->out_width, scaling->out_height));
  ptrdiff_t row = (ptrdiff_t)old.width * old.channels;
  const sv_image part = {
      .width = box->width,
      .height = box->height,
      .channels = old.channels,
      .stride = row,
      .pixels = old.pixels + box->y * row + (ptrdiff_t)box->x * old.channels};
  sv_status status =
      sv_image_resize(&part, scaling, f->preprocess->filter, f->pixels);
  if (f->mask) resize_mask(&old, box, scaling, f);
  sv_frame_free(&old);
  return status;
}

sv_status sv_frame_resize(sv_frame *f, const sv_box *box, int width,
                          int height) {
  return resize(f, box, &(sv_scaling){width, height, 0, 0, width, height});
}

/* A copy of `rows` rows into a wider picture, whose rows have `stride` bytes.
 */
static void copy_rows(const uint8_t *src, int rows, size_t row, uint8_t *dst,
                      size_t stride) {
  for (int y = 0; y < rows; y++, src += row, dst += stride)
    memcpy(dst, src, row);
}

sv_status sv_frame_pad(sv_frame *f) {
  const sv_preprocess *p = f->preprocess;
  int width = f->width + p->pad_left + p->pad_right;
  int height = f->height + p->pad_top + p->pad_bottom;
  if (width == f->width && height == f->height) return SV_OK;
  sv_frame old;
  SV_TRY(sv_frame_renew(f, &old, width, height));
  size_t bytes = (size_t)f->channels, wide = (size_t)width;
  size_t at = (size_t)p->pad_top * wide + (size_t)p->pad_left;
  copy_rows(old.pixels, old.height, (size_t)old.width * bytes,
            f->pixels + at * bytes, wide * bytes);
  if (f->mask) {
    memset(f->mask, SV_NO_CLASS, (size_t)height * wide);
    copy_rows(old.mask, old.height, (size_t)old.width, f->mask + at, wide);
  }
  sv_frame_free(&old);
  return SV_OK;
}

sv_status sv_frame_fit(sv_frame *f) {
  const sv_box all = {0, 0, f->width, f->height};
  const sv_scaling s =
      sv_preprocess_scaling(f->preprocess, f->width, f->height);
  bool same = s.width == f->width && s.height == f->height && s.x == 0 &&
              s.y == 0 && s.out_width == f->width && s.out_height == f->height;
  if (!same) SV_TRY(resize(f, &all, &s));
  return sv_frame_pad(f);
}

bool sv_frame_fits(const sv_frame *f) {
  return f->width == f->preprocess->width && f->height == f->preprocess->height;
}
