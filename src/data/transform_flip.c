/* flip: mirrors an image, left to right or upside down. */
#include "data/transform.h"

typedef struct flip {
  int axis;
  float p;
} flip;

enum { HORIZONTAL, VERTICAL };

/* Swaps two pixels of `bytes` each. */
static inline void swap(uint8_t *a, uint8_t *b, int bytes) {
  for (int c = 0; c < bytes; c++) {
    uint8_t kept = a[c];
    a[c] = b[c];
    b[c] = kept;
  }
}

static void mirror(uint8_t *pixels, int height, int width, int bytes) {
  for (int y = 0; y < height; y++) {
    uint8_t *left = pixels + (ptrdiff_t)y * width * bytes;
    uint8_t *right = left + (ptrdiff_t)(width - 1) * bytes;
    for (; left < right; left += bytes, right -= bytes)
      swap(left, right, bytes);
  }
}

static void turn_over(uint8_t *pixels, int height, int row) {
  for (int y = 0; y < height / 2; y++)
    swap(pixels + (ptrdiff_t)y * row,
         pixels + (ptrdiff_t)(height - 1 - y) * row, row);
}

static sv_status apply(sv_frame *f, const void *settings,
                       const sv_draws *draws) {
  const flip *s = settings;
  if (!sv_draw_true(draws, 0, s->p)) return SV_OK;
  if (s->axis == HORIZONTAL) {
    mirror(f->pixels, f->height, f->width, f->channels);
    if (f->mask) mirror(f->mask, f->height, f->width, 1);
  } else {
    turn_over(f->pixels, f->height, f->width * f->channels);
    if (f->mask) turn_over(f->mask, f->height, f->width);
  }
  return SV_OK;
}

static const char *const axes[] = {"horizontal", "vertical", NULL};
static const sv_attr settings[] = {
    {.name = "axis",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(flip, axis),
     .choices = axes,
     .position = 1,
     .help = "horizontal: left to right; vertical: upside down"},
    SV_SETTING_P(flip, 0.5, 2),
    {.name = NULL}};

SV_TRANSFORM_OF(flip) = {
    .op = {.name = "flip",
           .summary = "mirror the image",
           .attrs = settings,
           .attrs_size = sizeof(flip)},
    .image = apply,
};
