/* mixup, cutmix: each sample of a batch is mixed with its predecessor, and so
 * are their labels: the loss is share L(label) + (1 - share) L(predecessor's
 * label). The share is drawn from Beta(alpha, alpha), once per batch.
 *
 * mixup blends all pixels. cutmix copies a rectangle of 1 - share of the area;
 * the share becomes that of the pixels that are left.
 * Sources: Zhang et al., "mixup", ICLR 2018; Yun et al., "CutMix", ICCV 2019.
 */
#include <math.h>

#include "data/transform.h"

typedef struct mix {
  float alpha, p;
} mix;

enum { P, PLACE, GAMMA = 4, GAMMA_DRAWS = 64 };

static double normal(const sv_draws *draws, int i) {
  return sv_random_normal(&draws->key, draws->base + (uint64_t)i);
}

/* log of a value from Gamma(alpha, 1). For alpha < 1 it is that of alpha + 1
 * plus log(u) / alpha. Source: Marsaglia and Tsang, "A Simple Method for
 * Generating Gamma Variables", ACM TOMS 2000; a try succeeds with more than
 * 95 per cent. */
static double log_gamma_draw(const sv_draws *draws, int from, double alpha) {
  double boost = 0;
  if (alpha < 1) {
    boost = log(1 - sv_draw(draws, from, 0, 1)) / alpha;
    alpha += 1;
  }
  double d = alpha - 1 / 3., c = 1 / sqrt(9 * d), v = 1;
  for (int i = from + 1; i < from + GAMMA_DRAWS - 1; i += 2) {
    double x = normal(draws, i), u = 1 - sv_draw(draws, i + 1, 0, 1);
    v = pow(1 + c * x, 3);
    if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) break;
    v = 1;
  }
  return log(d * v) + boost;
}

static double draw_share(const sv_draws *draws, double alpha) {
  double a = log_gamma_draw(draws, GAMMA, alpha);
  double b = log_gamma_draw(draws, GAMMA + GAMMA_DRAWS, alpha);
  return 1 / (1 + exp(b - a));
}

static void mix_all(sv_mix *m, const void *settings, const sv_draws *draws,
                    int height, int width) {
  const mix *s = settings;
  (void)height, (void)width;
  *m = (sv_mix){.on = sv_draw_true(draws, P, (double)s->p),
                .share = (float)draw_share(draws, (double)s->alpha)};
}

static int clipped(double at, int size) {
  return at < 0 ? 0 : at > size ? size : (int)at;
}

/* The centre is anywhere; what is outside is cut off. */
static void mix_box(sv_mix *m, const void *settings, const sv_draws *draws,
                    int height, int width) {
  const mix *s = settings;
  double share = draw_share(draws, (double)s->alpha);
  double half = 0.5 * sqrt(1 - share);
  double h = trunc(half * height), w = trunc(half * width);
  int y = sv_draw_int(draws, PLACE, 0, height - 1);
  int x = sv_draw_int(draws, PLACE + 1, 0, width - 1);
  int top = clipped(y - h, height), bottom = clipped(y + h, height);
  int left = clipped(x - w, width), right = clipped(x + w, width);
  sv_box b = {left, top, right - left, bottom - top};
  double gone = (double)b.width * b.height / ((double)width * height);
  *m = (sv_mix){.on = sv_draw_true(draws, P, (double)s->p) && gone > 0,
                .share = (float)(1 - gone),
                .box = b};
}

static const sv_attr settings[] = {
    {.name = "alpha",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(mix, alpha),
     .initial = 1,
     .min = 1e-3,
     .max = 1e3,
     .position = 1,
     .help = "the share is drawn from Beta(alpha, alpha)"},
    {.name = "p",
     .type = SV_ATTR_FLOAT,
     .offset = offsetof(mix, p),
     .initial = 1,
     .max = 1,
     .position = 2,
     .help = "share of the batches that are mixed"},
    {.name = NULL}};

SV_TRANSFORM_OF(mixup) = {
    .op = {.name = "mixup",
           .summary = "blend each image, and its label, with the previous one "
                      "of the batch",
           .attrs = settings,
           .attrs_size = sizeof(mix)},
    .batch = mix_all,
};

SV_TRANSFORM_OF(cutmix) = {
    .op = {.name = "cutmix",
           .summary = "copy a rectangle from the previous image of the batch, "
                      "with a share of its label",
           .attrs = settings,
           .attrs_size = sizeof(mix)},
    .batch = mix_box,
};
