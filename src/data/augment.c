#include "data/augment.h"

#include <math.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "data/reader.h"

/* Which of a sample's random numbers decides what. */
enum { FLIP, SHIFT, ERASE, AREA, ASPECT, PLACE, DRAWS = 16 };

typedef struct picture {
  float *plane; /* of one channel */
  int height, width;
} picture;

static void flip(const picture *p) {
  for (int y = 0; y < p->height; y++) {
    float *left = p->plane + (size_t)y * (size_t)p->width;
    float *right = left + p->width - 1;
    for (; left < right; left++, right--) {
      float kept = *left;
      *left = *right;
      *right = kept;
    }
  }
}

static void fill(float *row, int count, float value) {
  for (int i = 0; i < count; i++) row[i] = value;
}

/* Pixel (y, x) comes from (y + down, x + right); what lies outside is black.
 * Rows are taken in the order that overwrites none before it is read. */
static void shift(const picture *p, int down, int right, float black) {
  int from = right > 0 ? right : 0, to = right > 0 ? 0 : -right;
  int count = p->width - (right > 0 ? right : -right);
  for (int i = 0; i < p->height; i++) {
    int y = down > 0 ? i : p->height - 1 - i, source = y + down;
    float *row = p->plane + (size_t)y * (size_t)p->width;
    if (source < 0 || source >= p->height || count <= 0) {
      fill(row, p->width, black);
      continue;
    }
    memmove(row + to, p->plane + (size_t)source * (size_t)p->width + from,
            (size_t)count * sizeof *row);
    fill(row, to, black);
    fill(row + to + count, p->width - to - count, black);
  }
}

typedef struct box {
  int top, left, height, width;
} box;

static int between(const sv_random *key, uint64_t index, int least, int most) {
  return least + (int)sv_random_below(key, index, (uint64_t)(most - least) + 1);
}

static int bounded(double side, int most) {
  return side < 1 ? 1 : side > most ? most : (int)side;
}

/* 0.02 to 0.4 of the picture, 0.3 to 3.3 times as high as wide.
 * Source: Zhong et al., "Random Erasing Data Augmentation", AAAI 2020. */
static box draw_box(const sv_random *key, uint64_t base, int height,
                    int width) {
  double area = 0.02 + 0.38 * sv_random_uniform(key, base + AREA);
  double aspect =
      exp(log(0.3) + log(11.0) * sv_random_uniform(key, base + ASPECT));
  area *= (double)height * width;
  box b = {.height = bounded(sqrt(area * aspect), height),
           .width = bounded(sqrt(area / aspect), width)};
  b.top = between(key, base + PLACE, 0, height - b.height);
  b.left = between(key, base + PLACE + 1, 0, width - b.width);
  return b;
}

static void erase(const picture *p, const box *b, float value) {
  for (int y = b->top; y < b->top + b->height; y++)
    fill(p->plane + (size_t)y * (size_t)p->width + b->left, b->width, value);
}

/* What is done to a sample. */
typedef struct change {
  bool flipped, erased;
  int down, right;
  box hole;
} change;

static change draw(const sv_augment *a, const sv_random *key, int64_t index,
                   int height, int width) {
  uint64_t base = (uint64_t)index * DRAWS;
  int most_down = a->shift < height ? a->shift : height;
  int most_right = a->shift < width ? a->shift : width;
  return (change){
      .flipped = a->flip && sv_random_uniform(key, base + FLIP) < 0.5,
      .erased = sv_random_uniform(key, base + ERASE) < a->erase,
      .down = between(key, base + SHIFT, -most_down, most_down),
      .right = between(key, base + DRAWS / 2 + SHIFT, -most_right, most_right),
      .hole = draw_box(key, base, height, width)};
}

static void apply(const change *c, const picture *p, float black, float hole) {
  if (c->flipped) flip(p);
  if (c->down || c->right) shift(p, c->down, c->right, black);
  if (c->erased) erase(p, &c->hole, hole);
}

void sv_augment_sample(const sv_augment *a, const sv_random *key, int64_t index,
                       const sv_preprocess *preprocess, float *sample) {
  int height = preprocess->height, width = preprocess->width;
  change drawn = draw(a, key, index, height, width);
  for (int c = 0; c < preprocess->channels; c++) {
    picture p = {sample + (size_t)c * (size_t)height * (size_t)width, height,
                 width};
    float black = -preprocess->mean[c] / preprocess->deviation[c];
    apply(&drawn, &p, black, 0);
  }
}

sv_status sv_augment_mask(const sv_augment *a, const sv_random *key,
                          int64_t index, const sv_preprocess *preprocess,
                          int64_t *mask) {
  int height = preprocess->height, width = preprocess->width;
  size_t count = (size_t)height * (size_t)width;
  change drawn = draw(a, key, index, height, width);
  picture p = {.height = height, .width = width};
  SV_TRY(sv_alloc_array(&p.plane, count, sizeof *p.plane));
  for (size_t i = 0; i < count; i++) p.plane[i] = (float)mask[i];
  apply(&drawn, &p, SV_NO_CLASS, SV_NO_CLASS);
  for (size_t i = 0; i < count; i++) mask[i] = (int64_t)p.plane[i];
  sv_free(p.plane);
  return SV_OK;
}
