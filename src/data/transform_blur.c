/* blur, sharpness. */
#include "data/pixels.h"

/* ---- blur ---- */

typedef struct blur {
  int64_t kernel;
  float least, most, p;
} blur;

static sv_status apply_blur(sv_frame *f, const void *settings,
                            const sv_draws *draws) {
  const blur *s = settings;
  if (!sv_draw_true(draws, 0, (double)s->p)) return SV_OK;
  double sigma = sv_draw(draws, 1, (double)s->least, (double)s->most);
  return sv_pixels_blur(f, (int)s->kernel, sigma);
}

static sv_status check_blur(const char *name, const void *settings) {
  const blur *s = settings;
  if (s->kernel % 2 == 0)
    return sv_fail(SV_INVALID, "%s: kernel is %lld, expected an odd number",
                   name, (long long)s->kernel);
  return sv_transform_check_range(name, "sigma_min", (double)s->least,
                                  "sigma_max", (double)s->most);
}

static const sv_attr blur_settings[] = {
    {.name = "kernel",
     .type = SV_ATTR_INT,
     .offset = offsetof(blur, kernel),
     .initial = 5,
     .min = 1,
     .max = 255,
     .position = 1,
     .help = "size of the kernel in pixels, an odd number"},
    {.name = "sigma_min",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(blur, least),
     .initial = 0.1,
     .min = 1e-3,
     .max = 1e3,
     .position = 2,
     .help = "smallest standard deviation, in pixels"},
    {.name = "sigma_max",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(blur, most),
     .initial = 2,
     .min = 1e-3,
     .max = 1e3,
     .position = 3,
     .help = "largest standard deviation"},
    SV_SETTING_P(blur, 1, 4),
    {.name = NULL}};

SV_TRANSFORM_OF(blur) = {
    .op = {.name = "blur",
           .summary = "blur with a Gaussian kernel",
           .attrs = blur_settings,
           .attrs_size = sizeof(blur)},
    .image = apply_blur,
    .check = check_blur,
};

/* ---- sharpness ---- */

typedef struct sharpness {
  float factor, p;
} sharpness;

static sv_status apply_sharpness(sv_frame *f, const void *settings,
                                 const sv_draws *draws) {
  const sharpness *s = settings;
  if (!sv_draw_true(draws, 0, (double)s->p)) return SV_OK;
  return sv_pixels_sharpness(f, (double)s->factor);
}

static const sv_attr sharpness_settings[] = {
    {.name = "factor",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(sharpness, factor),
     .initial = 2,
     .max = 100,
     .position = 1,
     .help = "0: blurred; 1: unchanged; more: sharper"},
    SV_SETTING_P(sharpness, 0.5, 2),
    {.name = NULL}};

SV_TRANSFORM_OF(sharpness) = {
    .op = {.name = "sharpness",
           .summary = "make the image sharper or less sharp",
           .attrs = sharpness_settings,
           .attrs_size = sizeof(sharpness)},
    .image = apply_sharpness,
};
