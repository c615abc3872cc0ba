/* rotation, affine. */
#include <math.h>

#include "data/pixels.h"

typedef struct affine {
  float degrees, translate, least, most, shear;
  int filter;
} affine;

static double around(const sv_draws *draws, int i, double most) {
  return sv_draw(draws, i, -most, most);
}

static sv_status apply_rotation(sv_frame *f, const void *settings,
                                const sv_draws *draws) {
  const affine *s = settings;
  const sv_affine m = {.angle = around(draws, 0, (double)s->degrees),
                       .scale = 1};
  return sv_pixels_affine(f, &m, (sv_affine_filter)s->filter);
}

/* Shifts are whole pixels. */
static sv_status apply_affine(sv_frame *f, const void *settings,
                              const sv_draws *draws) {
  const affine *s = settings;
  double most = (double)s->translate;
  const sv_affine m = {
      .angle = around(draws, 0, (double)s->degrees),
      .right = nearbyint(around(draws, 1, most * f->width)),
      .down = nearbyint(around(draws, 2, most * f->height)),
      .scale = sv_draw(draws, 3, (double)s->least, (double)s->most),
      .shear_x = around(draws, 4, (double)s->shear)};
  return sv_pixels_affine(f, &m, (sv_affine_filter)s->filter);
}

static sv_status check_affine(const char *name, const void *settings) {
  const affine *s = settings;
  return sv_transform_check_range(name, "scale_min", (double)s->least,
                                  "scale_max", (double)s->most);
}

#define NUMBER(label, field, first, low, high, place, what)                    \
  {                                                                            \
    .name = label, .type = SV_ATTR_FLOAT, .offset = offsetof(affine, field),   \
    .initial = first, .min = low, .max = high, .position = place, .help = what \
  }
#define DEGREES(first) \
  NUMBER("degrees", degrees, first, 0, 180, 1, "largest angle, to both sides")

static const sv_attr rotation_settings[] = {
    DEGREES(15), SV_SETTING_FILTER(affine), {.name = NULL}};

SV_TRANSFORM_OF(rotation) = {
    .op = {.name = "rotation",
           .summary = "rotate around the centre; uncovered pixels are black",
           .attrs = rotation_settings,
           .attrs_size = sizeof(affine)},
    .image = apply_rotation,
};

static const sv_attr affine_settings[] = {
    DEGREES(0),
    NUMBER("translate", translate, 0, 0, 1, 2,
           "largest shift, as a share of width and height"),
    NUMBER("scale_min", least, 1, 0.01, 100, 3, "smallest scale"),
    NUMBER("scale_max", most, 1, 0.01, 100, 4, "largest scale"),
    NUMBER("shear", shear, 0, 0, 85, 5,
           "largest angle of a horizontal shear, in degrees"),
    SV_SETTING_FILTER(affine),
    {.name = NULL}};

SV_TRANSFORM_OF(affine) = {
    .op = {.name = "affine",
           .summary = "rotate, shift, scale and shear",
           .attrs = affine_settings,
           .attrs_size = sizeof(affine)},
    .image = apply_affine,
    .check = check_affine,
};
