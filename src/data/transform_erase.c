/* erase: a random rectangle of the normalised input becomes 0, the mean of the
 * training images. Its pixels have no class.
 * Source: Zhong et al., "Random Erasing Data Augmentation", AAAI 2020. */
#include <math.h>
#include <string.h>

#include <svertka/layers.h>

#include "data/transform.h"

typedef struct erase {
  float p, least, most, low, high;
} erase;

enum { TRIES = 10, DRAWS = 4 };

/* False: none of the rectangles fits into the image. */
static bool choose(const erase *s, const sv_draws *draws, int height, int width,
                   sv_box *b) {
  double area = (double)width * height;
  double low = log((double)s->low), high = log((double)s->high);
  for (int i = 0; i < TRIES * DRAWS; i += DRAWS) {
    double wanted = area * sv_draw(draws, i, (double)s->least, (double)s->most);
    double ratio = exp(sv_draw(draws, i + 1, low, high));
    double h = nearbyint(sqrt(wanted * ratio));
    double w = nearbyint(sqrt(wanted / ratio));
    if (!(h < height && w < width)) continue;
    *b = (sv_box){.width = (int)w, .height = (int)h};
    b->y = sv_draw_int(draws, i + 2, 0, height - b->height);
    b->x = sv_draw_int(draws, i + 3, 0, width - b->width);
    return true;
  }
  return false;
}

static void apply(sv_plane_set *in, const void *settings,
                  const sv_draws *draws) {
  const erase *s = settings;
  const sv_draws rest = sv_draws_from(draws, 1);
  sv_box b;
  if (!sv_draw_true(draws, 0, (double)s->p) ||
      !choose(s, &rest, in->height, in->width, &b))
    return;
  for (int c = 0; c < in->channels; c++)
    for (int y = b.y; y < b.y + b.height; y++) {
      float *row = in->pixels + ((ptrdiff_t)c * in->height + y) * in->width;
      for (int x = b.x; x < b.x + b.width; x++) row[x] = 0;
    }
  for (int y = b.y; in->mask && y < b.y + b.height; y++)
    memset(in->mask + (ptrdiff_t)y * in->width + b.x, SV_NO_CLASS,
           (size_t)b.width);
}

static sv_status check(const char *name, const void *settings) {
  const erase *s = settings;
  SV_TRY(sv_transform_check_range(name, "min", (double)s->least, "max",
                                  (double)s->most));
  return sv_transform_check_range(name, "ratio_min", (double)s->low,
                                  "ratio_max", (double)s->high);
}

#define NUMBER(label, field, first, low, high, place, what)                    \
  {                                                                            \
    .name = label, .type = SV_ATTR_FLOAT, .offset = offsetof(erase, field),    \
    .initial = first, .min = low, .max = high, .position = place, .help = what \
  }
static const sv_attr settings[] = {
    SV_SETTING_P(erase, 0.5, 1),
    NUMBER("min", least, 0.02, 1e-4, 1, 2,
           "smallest share of the image's area"),
    NUMBER("max", most, 0.33, 1e-4, 1, 3, "largest share of the image's area"),
    NUMBER("ratio_min", low, 0.3, 0.01, 100, 4,
           "smallest ratio of height to width"),
    NUMBER("ratio_max", high, 3.3, 0.01, 100, 5,
           "largest ratio of height to width"),
    {.name = NULL}};

SV_TRANSFORM_OF(erase) = {
    .op = {.name = "erase",
           .summary = "set a random rectangle to the mean of the training "
                      "images; only mixup and cutmix may follow",
           .attrs = settings,
           .attrs_size = sizeof(erase)},
    .input = apply,
    .check = check,
};
