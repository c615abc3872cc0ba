/* posterize, solarize, autocontrast, equalize, invert: changes of the tones,
 * each in a share of the images. */
#include "data/pixels.h"

typedef struct tone {
  float p;
  int64_t bits;
  float threshold;
} tone;

static bool is_drawn(const void *settings, const sv_draws *draws) {
  const tone *s = settings;
  return sv_draw_true(draws, 0, (double)s->p);
}

static sv_status posterize(sv_frame *f, const void *settings,
                           const sv_draws *draws) {
  const tone *s = settings;
  if (is_drawn(s, draws)) sv_pixels_posterize(f, (int)s->bits);
  return SV_OK;
}

static sv_status solarize(sv_frame *f, const void *settings,
                          const sv_draws *draws) {
  const tone *s = settings;
  if (is_drawn(s, draws)) sv_pixels_solarize(f, (double)s->threshold);
  return SV_OK;
}

static sv_status autocontrast(sv_frame *f, const void *settings,
                              const sv_draws *draws) {
  if (is_drawn(settings, draws)) sv_pixels_autocontrast(f);
  return SV_OK;
}

static sv_status equalize(sv_frame *f, const void *settings,
                          const sv_draws *draws) {
  if (is_drawn(settings, draws)) sv_pixels_equalize(f);
  return SV_OK;
}

static sv_status invert(sv_frame *f, const void *settings,
                        const sv_draws *draws) {
  if (is_drawn(settings, draws)) sv_pixels_invert(f);
  return SV_OK;
}

static const sv_attr share[] = {SV_SETTING_P(tone, 0.5, 1), {.name = NULL}};

static const sv_attr posterize_settings[] = {
    {.name = "bits",
     .type = SV_ATTR_INT,
     .offset = offsetof(tone, bits),
     .initial = 4,
     .max = 8,
     .position = 1,
     .help = "number of upper bits to keep"},
    SV_SETTING_P(tone, 0.5, 2),
    {.name = NULL}};

static const sv_attr solarize_settings[] = {
    {.name = "threshold",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(tone, threshold),
     .initial = 128,
     .max = 256,
     .position = 1,
     .help = "the smallest value, of 255, that is inverted"},
    SV_SETTING_P(tone, 0.5, 2),
    {.name = NULL}};

#define TONE(n, rows, what)                                 \
  SV_TRANSFORM_OF(n) = {.op = {.name = #n,                  \
                               .summary = what,             \
                               .attrs = rows,               \
                               .attrs_size = sizeof(tone)}, \
                        .image = n}

TONE(posterize, posterize_settings, "keep the upper bits of each value");
TONE(solarize, solarize_settings, "invert the bright values");
TONE(autocontrast, share, "stretch each channel to 0 to 255");
TONE(equalize, share, "equalise the histogram of each channel");
TONE(invert, share, "invert all values");
