/* Variations of training pictures: what they do to the pixels, how often, and
 * that they depend on seed, epoch and sample alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/augment.h"

enum { H = 5, W = 7, C = 2, PIXELS = C * H * W, MANY = 2000 };

static const sv_preprocess preprocess = {.channels = C,
                                         .height = H,
                                         .width = W,
                                         .mean = {0.5f, 0.25f},
                                         .deviation = {0.5f, 0.5f}};
static const float black[C] = {-1, -0.5f};

/* Every pixel says where it is: 1000 c + 10 y + x + 1. */
static void fill(float *sample) {
  for (int i = 0; i < PIXELS; i++)
    sample[i] = (float)(1000 * (i / (H * W)) + 10 * (i / W % H) + i % W + 1);
}

static void vary(const sv_augment *a, uint64_t epoch, int64_t index,
                 float *sample) {
  sv_random key = {7, 8, epoch};
  fill(sample);
  sv_augment_sample(a, &key, index, &preprocess, sample);
}

static void test_nothing(void **state) {
  (void)state;
  float plain[PIXELS], sample[PIXELS];
  fill(plain);
  for (int i = 0; i < 50; i++) {
    vary(&(sv_augment){0}, 1, i, sample);
    assert_memory_equal(sample, plain, sizeof plain);
  }
}

static void test_flip(void **state) {
  (void)state;
  float plain[PIXELS], mirrored[PIXELS], sample[PIXELS];
  int flipped = 0;
  fill(plain);
  for (int i = 0; i < PIXELS; i++)
    mirrored[i] = plain[i / W * W + W - 1 - i % W];
  for (int i = 0; i < MANY; i++) {
    vary(&(sv_augment){.flip = true}, 1, i, sample);
    bool is_flipped = sample[0] != plain[0];
    flipped += is_flipped;
    assert_memory_equal(sample, is_flipped ? mirrored : plain, sizeof plain);
  }
  assert_true(abs(flipped - MANY / 2) < 4 * sqrt(MANY) / 2);
}

/* Wherever the middle went, all went the same way, and the rest is black. */
static void test_shift(void **state) {
  (void)state;
  enum { MOST = 2 };
  float plain[PIXELS], sample[PIXELS];
  int seen[2 * MOST + 1][2 * MOST + 1] = {{0}};
  fill(plain);
  for (int i = 0; i < MANY; i++) {
    vary(&(sv_augment){.shift = MOST}, 1, i, sample);
    int middle = (int)sample[H / 2 * W + W / 2] - 1;
    int down = middle / 10 - H / 2, right = middle % 10 - W / 2;
    assert_true(abs(down) <= MOST && abs(right) <= MOST);
    seen[down + MOST][right + MOST]++;
    for (int k = 0; k < PIXELS; k++) {
      int y = k / W % H + down, x = k % W + right, c = k / (H * W);
      bool inside = y >= 0 && y < H && x >= 0 && x < W;
      float expected = inside ? plain[c * H * W + y * W + x] : black[c];
      assert_true(sample[k] == expected);
    }
  }
  for (int i = 0; i < (2 * MOST + 1) * (2 * MOST + 1); i++)
    assert_true(seen[i / (2 * MOST + 1)][i % (2 * MOST + 1)] > MANY / 50);
}

/* Further than the picture is large: all black, and nothing beside it. */
static void test_shift_out(void **state) {
  (void)state;
  float sample[PIXELS + 2];
  for (int i = 0; i < 200; i++) {
    sample[PIXELS] = sample[PIXELS + 1] = 42;
    vary(&(sv_augment){.shift = 100}, 1, i, sample);
    assert_true(sample[PIXELS] == 42 && sample[PIXELS + 1] == 42);
  }
}

static void test_erase(void **state) {
  (void)state;
  float plain[PIXELS], sample[PIXELS];
  int erased = 0;
  double area = 0;
  fill(plain);
  for (int i = 0; i < MANY; i++) {
    int gone = 0, top = H, bottom = -1, left = W, right = -1;
    vary(&(sv_augment){.erase = 0.25}, 1, i, sample);
    for (int k = 0; k < H * W; k++) {
      assert_true(sample[k] == plain[k] || sample[k] == 0);
      assert_true((sample[k] == 0) == (sample[k + H * W] == 0));
      if (sample[k] != 0) continue;
      gone++;
      if (k / W < top) top = k / W;
      if (k / W > bottom) bottom = k / W;
      if (k % W < left) left = k % W;
      if (k % W > right) right = k % W;
    }
    if (gone) assert_int_equal(gone, (bottom - top + 1) * (right - left + 1));
    erased += gone > 0;
    area += gone;
  }
  assert_true(fabs((double)erased / MANY - 0.25) < 0.04);
  area /= (double)erased * H * W;
  assert_true(area > 0.1 && area < 0.3);
}

static void test_draws(void **state) {
  (void)state;
  const sv_augment all = {.flip = true, .shift = 2, .erase = 0.5};
  float first[PIXELS], again[PIXELS], sample[PIXELS];
  int same_epoch = 0, same_sample = 0;
  for (int i = 0; i < 200; i++) {
    vary(&all, 3, i, first);
    vary(&all, 3, i, again);
    assert_memory_equal(first, again, sizeof first);
    vary(&all, 3, i + 1, sample);
    same_epoch += memcmp(first, sample, sizeof first) == 0;
    vary(&all, 4, i, sample);
    same_sample += memcmp(first, sample, sizeof first) == 0;
  }
  assert_true(same_epoch < 20 && same_sample < 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing), cmocka_unit_test(test_flip),
      cmocka_unit_test(test_shift),   cmocka_unit_test(test_shift_out),
      cmocka_unit_test(test_erase),   cmocka_unit_test(test_draws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
