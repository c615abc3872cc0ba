/* rand_augment, trivial_augment: random changes from a list.
 *
 * A magnitude is one of `bins` steps from the first to the last value of a row;
 * where a row is signed, half of the draws are negative.
 * Sources: Cubuk et al., "RandAugment", NeurIPS 2020; Mueller and Hutter,
 * "TrivialAugment", ICCV 2021 (the wide list); torchvision's RandAugment and
 * TrivialAugmentWide. */
#include <math.h>

#include "data/pixels.h"

typedef enum kind {
  IDENTITY,
  SHEAR_X,
  SHEAR_Y,
  TRANSLATE_X,
  TRANSLATE_Y,
  ROTATE,
  BRIGHTNESS,
  COLOUR,
  CONTRAST,
  SHARPNESS,
  POSTERIZE,
  SOLARIZE,
  AUTOCONTRAST,
  EQUALIZE,
  KINDS
} kind;

/* The last value of each row; the first one is 0, for the thresholds of
 * solarize 255. Shifts of rand_augment are shares of the image's side. */
typedef struct range {
  double last;
  bool is_signed;
} range;

static const range rand_ranges[KINDS] = {[SHEAR_X] = {0.3, true},
                                         [SHEAR_Y] = {0.3, true},
                                         [TRANSLATE_X] = {150 / 331., true},
                                         [TRANSLATE_Y] = {150 / 331., true},
                                         [ROTATE] = {30, true},
                                         [BRIGHTNESS] = {0.9, true},
                                         [COLOUR] = {0.9, true},
                                         [CONTRAST] = {0.9, true},
                                         [SHARPNESS] = {0.9, true},
                                         [POSTERIZE] = {4, false},
                                         [SOLARIZE] = {255, false}};

static const range trivial_ranges[KINDS] = {
    [SHEAR_X] = {0.99, true},   [SHEAR_Y] = {0.99, true},
    [TRANSLATE_X] = {32, true}, [TRANSLATE_Y] = {32, true},
    [ROTATE] = {135, true},     [BRIGHTNESS] = {0.99, true},
    [COLOUR] = {0.99, true},    [CONTRAST] = {0.99, true},
    [SHARPNESS] = {0.99, true}, [POSTERIZE] = {6, false},
    [SOLARIZE] = {255, false}};

static double degrees(double slope) { return atan(slope) * (180 / M_PI); }

static sv_status move(sv_frame *f, const sv_affine *m, int filter) {
  return sv_pixels_affine(f, m, (sv_affine_filter)filter);
}

/* `value` has its sign. */
static sv_status change(sv_frame *f, kind which, double value, int filter) {
  sv_affine m = {.scale = 1};
  switch (which) {
    case SHEAR_X:
      m.shear_x = degrees(value);
      m.corner = true;
      return move(f, &m, filter);
    case SHEAR_Y:
      m.shear_y = degrees(value);
      m.corner = true;
      return move(f, &m, filter);
    case TRANSLATE_X: m.right = trunc(value); return move(f, &m, filter);
    case TRANSLATE_Y: m.down = trunc(value); return move(f, &m, filter);
    case ROTATE: m.angle = -value; return move(f, &m, filter);
    case BRIGHTNESS: sv_pixels_brightness(f, 1 + value); break;
    case COLOUR: sv_pixels_saturation(f, 1 + value); break;
    case CONTRAST: sv_pixels_contrast(f, 1 + value); break;
    case SHARPNESS: return sv_pixels_sharpness(f, 1 + value);
    case POSTERIZE: sv_pixels_posterize(f, 8 - (int)nearbyint(value)); break;
    case SOLARIZE: sv_pixels_solarize(f, 255 - value); break;
    case AUTOCONTRAST: sv_pixels_autocontrast(f); break;
    case EQUALIZE: sv_pixels_equalize(f); break;
    case IDENTITY:
    case KINDS: break;
  }
  return SV_OK;
}

static sv_status draw_change(sv_frame *f, const range *ranges, double share,
                             const sv_draws *draws, int filter) {
  kind which = (kind)sv_draw_int(draws, 0, 0, KINDS - 1);
  double value = share * ranges[which].last;
  if (ranges[which].is_signed && sv_draw_true(draws, 1, 0.5)) value = -value;
  return change(f, which, value, filter);
}

/* ---- rand_augment ---- */

typedef struct rand_augment {
  int64_t count, magnitude, bins;
  int filter;
} rand_augment;

enum { DRAWS = 4 };

static sv_status apply_rand(sv_frame *f, const void *settings,
                            const sv_draws *draws) {
  const rand_augment *s = settings;
  range ranges[KINDS];
  for (int i = 0; i < KINDS; i++) ranges[i] = rand_ranges[i];
  ranges[TRANSLATE_X].last *= f->width;
  ranges[TRANSLATE_Y].last *= f->height;
  double share = (double)s->magnitude / (double)(s->bins - 1);
  for (int i = 0; i < s->count; i++) {
    const sv_draws own = sv_draws_from(draws, i * DRAWS);
    SV_TRY(draw_change(f, ranges, share, &own, s->filter));
  }
  return SV_OK;
}

static sv_status check_rand(const char *name, const void *settings) {
  const rand_augment *s = settings;
  if (s->magnitude < s->bins) return SV_OK;
  return sv_fail(SV_INVALID,
                 "%s: magnitude is %lld, expected less than bins, "
                 "%lld",
                 name, (long long)s->magnitude, (long long)s->bins);
}

#define BINS(struct_, place)                                                \
  {                                                                         \
    .name = "bins", .type = SV_ATTR_INT, .offset = offsetof(struct_, bins), \
    .initial = 31, .min = 2, .max = 1000, .position = place,                \
    .help = "number of magnitudes"                                          \
  }
static const sv_attr rand_settings[] = {
    {.name = "n",
     .type = SV_ATTR_INT,
     .offset = offsetof(rand_augment, count),
     .initial = 2,
     .max = 32,
     .position = 1,
     .help = "number of changes per image"},
    {.name = "magnitude",
     .type = SV_ATTR_INT,
     .offset = offsetof(rand_augment, magnitude),
     .initial = 9,
     .max = 999,
     .position = 2,
     .help = "strength of the changes, from 0 to bins - 1"},
    BINS(rand_augment, 3),
    SV_SETTING_FILTER(rand_augment),
    {.name = NULL}};

SV_TRANSFORM_OF(rand_augment) = {
    .op = {.name = "rand_augment",
           .summary = "n of 14 changes, all of the same strength",
           .attrs = rand_settings,
           .attrs_size = sizeof(rand_augment)},
    .image = apply_rand,
    .check = check_rand,
};

/* ---- trivial_augment ---- */

typedef struct trivial {
  int64_t bins;
  int filter;
} trivial;

static sv_status apply_trivial(sv_frame *f, const void *settings,
                               const sv_draws *draws) {
  const trivial *s = settings;
  int last = (int)s->bins - 1;
  double share = (double)sv_draw_int(draws, DRAWS, 0, last) / last;
  return draw_change(f, trivial_ranges, share, draws, s->filter);
}

static const sv_attr trivial_settings[] = {
    BINS(trivial, 1), SV_SETTING_FILTER(trivial), {.name = NULL}};

SV_TRANSFORM_OF(trivial_augment) = {
    .op = {.name = "trivial_augment",
           .summary = "one of 14 changes, of random strength",
           .attrs = trivial_settings,
           .attrs_size = sizeof(trivial)},
    .image = apply_trivial,
};
