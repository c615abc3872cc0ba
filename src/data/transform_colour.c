/* color_jitter, grey: random colours. */
#include <math.h>

#include "data/pixels.h"

/* ---- color_jitter ---- */

typedef struct jitter {
  float brightness, contrast, saturation, hue;
} jitter;

enum { BRIGHTNESS, CONTRAST, SATURATION, HUE, KINDS, ORDER = KINDS };

/* Between 1 - spread, at least 0, and 1 + spread. */
static double factor(const sv_draws *draws, int kind, float spread) {
  double low = 1 - (double)spread;
  return sv_draw(draws, kind, low < 0 ? 0 : low, 1 + (double)spread);
}

static void change(sv_frame *f, const jitter *s, int kind,
                   const sv_draws *draws) {
  switch (kind) {
    case BRIGHTNESS:
      if (s->brightness > 0)
        sv_pixels_brightness(f, factor(draws, kind, s->brightness));
      break;
    case CONTRAST:
      if (s->contrast > 0)
        sv_pixels_contrast(f, factor(draws, kind, s->contrast));
      break;
    case SATURATION:
      if (s->saturation > 0)
        sv_pixels_saturation(f, factor(draws, kind, s->saturation));
      break;
    case HUE:
      if (s->hue > 0)
        sv_pixels_hue(f, sv_draw(draws, kind, -(double)s->hue, (double)s->hue));
      break;
  }
}

/* In random order (Fisher-Yates). */
static sv_status apply_jitter(sv_frame *f, const void *settings,
                              const sv_draws *draws) {
  int order[KINDS] = {BRIGHTNESS, CONTRAST, SATURATION, HUE};
  for (int i = KINDS - 1; i > 0; i--) {
    int j = sv_draw_int(draws, ORDER + i, 0, i), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (int i = 0; i < KINDS; i++) change(f, settings, order[i], draws);
  return SV_OK;
}

#define SPREAD(field, place, most, what)                                      \
  {                                                                           \
    .name = #field, .type = SV_ATTR_FLOAT, .offset = offsetof(jitter, field), \
    .max = most, .position = place, .help = what                              \
  }
static const sv_attr jitter_settings[] = {
    SPREAD(brightness, 1, 10, "the factor is between 1 - this and 1 + this"),
    SPREAD(contrast, 2, 10, "likewise"),
    SPREAD(saturation, 3, 10, "likewise"),
    SPREAD(hue, 4, 0.5, "largest shift, as a share of the colour circle"),
    {.name = NULL}};

SV_TRANSFORM_OF(color_jitter) = {
    .op = {.name = "color_jitter",
           .summary = "change brightness, contrast, saturation and hue, in "
                      "random order",
           .attrs = jitter_settings,
           .attrs_size = sizeof(jitter)},
    .image = apply_jitter,
};

/* ---- grey ---- */

typedef struct grey {
  float p;
} grey;

static sv_status apply_grey(sv_frame *f, const void *settings,
                            const sv_draws *draws) {
  const grey *s = settings;
  if (sv_draw_true(draws, 0, (double)s->p)) sv_pixels_grey(f);
  return SV_OK;
}

static const sv_attr grey_settings[] = {SV_SETTING_P(grey, 0.1, 1),
                                        {.name = NULL}};

SV_TRANSFORM_OF(grey) = {
    .op = {.name = "grey",
           .summary = "remove the colours",
           .attrs = grey_settings,
           .attrs_size = sizeof(grey)},
    .image = apply_grey,
};
