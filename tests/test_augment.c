/* Lists of transforms: what they do to the network's input, how often, in which
 * order, and that the result depends on seed, epoch and sample alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <svertka/layers.h>

#include "asserts.h"
#include "data/augment.h"
#include "data/preprocess.h"

enum { H = 5, W = 7, C = 3, PIXELS = C * H * W, MANY = 2000 };

/* An input of about the pixel's value, less 10; black is -10. */
static const sv_preprocess preprocess = {
    .channels = C,
    .height = H,
    .width = W,
    .mean = {10 / 255.f, 10 / 255.f, 10 / 255.f},
    .deviation = {1 / 255.f, 1 / 255.f, 1 / 255.f}};

/* Every pixel says where it is: 70 c + 10 y + x + 20. */
static int value_of(int c, int y, int x) { return 70 * c + 10 * y + x + 20; }

static sv_augment_list list_of(const char *text) {
  sv_augment_list list;
  assert_ok(sv_augment_parse(&list, &(sv_augment){.transforms = text}));
  return list;
}

/* As the loader does it. */
static void apply(const sv_augment_list *list, uint64_t epoch, int64_t index,
                  int height, int width, float *sample, int64_t *classes) {
  static uint8_t pixels[3 * 64 * 64], masks[64 * 64];
  const sv_random key = {7, 8, epoch};
  for (int i = 0; i < height * width; i++) {
    masks[i] = (uint8_t)(10 * (i / width) + i % width);
    for (int c = 0; c < C; c++)
      pixels[3 * i + c] = (uint8_t)value_of(c, i / width, i % width);
  }
  sv_image image = {width, height, C, 0, pixels, NULL, 0, 0};
  sv_image mask = {width, height, 1, 0, masks, NULL, 0, 0};
  const sv_augment_sample whole = {&image, classes ? &mask : NULL, NULL};
  assert_ok(sv_augment_apply(list, &key, index, &preprocess, &whole, sample,
                             classes));
  sv_image_free(&image);
  sv_image_free(&mask);
}

static void vary(const sv_augment_list *list, uint64_t epoch, int64_t index,
                 float *sample) {
  apply(list, epoch, index, H, W, sample, NULL);
}

static int at(const float *sample, int c, int y, int x) {
  return (int)lroundf(sample[(c * H + y) * W + x]) + 10;
}

static void test_nothing(void **state) {
  (void)state;
  sv_augment_list none;
  float sample[PIXELS];
  assert_ok(sv_augment_parse(&none, &(sv_augment){0}));
  assert_int_equal(none.count, 0);
  vary(&none, 1, 3, sample);
  for (int i = 0; i < PIXELS; i++)
    assert_int_equal(at(sample, 0, 0, i),
                     value_of(i / W / H, i / W % H, i % W));
  sv_augment_free(&none);
}

/* A list that changes nothing gives what preprocessing gives, however it
 * resizes. */
static void test_as_prepared(void **state) {
  (void)state;
  sv_augment_list list = list_of("flip p=0");
  const sv_random key = {1, 2, 3};
  uint8_t pixels[3 * 19 * 23];
  float got[PIXELS], expected[PIXELS];
  for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * i % 251);
  for (int i = 0; i < 16; i++) {
    sv_preprocess p = preprocess;
    sv_image image = {
        .width = 23, .height = 19, .channels = i % 2 ? 3 : 1, .pixels = pixels};
    p.channels = i / 2 % 2 ? 3 : 1;
    for (int c = p.channels; c < 3; c++) p.mean[c] = p.deviation[c] = NAN;
    if (i / 4 % 2) p.resize = SV_RESIZE_CROP, p.crop = 0.8f;
    if (i / 8) p.pad_top = 1, p.pad_left = 2;
    assert_ok(sv_preprocess_pixels(&p, &image, expected));
    const sv_augment_sample sample = {&image, NULL, NULL};
    assert_ok(sv_augment_apply(&list, &key, 3, &p, &sample, got, NULL));
    assert_memory_equal(got, expected,
                        (size_t)p.channels * H * W * sizeof *got);
  }
  sv_augment_free(&list);
}

/* The names of the options are rows of the table. */
static void test_options(void **state) {
  (void)state;
  sv_augment_list a, b = list_of("flip; random_crop 3; erase 0.25 max=0.4");
  float first[PIXELS], second[PIXELS];
  const sv_augment options = {.flip = true, .shift = 3, .erase = 0.25};
  assert_ok(sv_augment_parse(&a, &options));
  assert_int_equal(a.count, 3);
  for (int i = 0; i < 100; i++) {
    vary(&a, 1, i, first);
    vary(&b, 1, i, second);
    assert_memory_equal(first, second, sizeof first);
  }
  sv_augment_free(&a);
  sv_augment_free(&b);
}

static void check_flip(const char *text, bool vertical, double share) {
  sv_augment_list list = list_of(text);
  float sample[PIXELS];
  int flipped = 0;
  for (int i = 0; i < MANY; i++) {
    vary(&list, 1, i, sample);
    bool is_flipped = at(sample, 0, 0, 0) != value_of(0, 0, 0);
    flipped += is_flipped;
    for (int k = 0; k < PIXELS; k++) {
      int y = k / W % H, x = k % W;
      if (is_flipped && vertical) y = H - 1 - y;
      if (is_flipped && !vertical) x = W - 1 - x;
      assert_int_equal(at(sample, 0, 0, k), value_of(k / W / H, y, x));
    }
  }
  assert_true(fabs(flipped - MANY * share) < 4 * sqrt(MANY) / 2);
  sv_augment_free(&list);
}

static void test_flip(void **state) {
  (void)state;
  check_flip("flip", false, 0.5);
  check_flip("flip vertical", true, 0.5);
  check_flip("flip p=0.1", false, 0.1);
  check_flip("flip vertical 0.9", true, 0.9);
}

/* Wherever the middle went, all went the same way, and the rest is black. */
static void test_random_crop(void **state) {
  (void)state;
  enum { MOST = 2 };
  sv_augment_list list = list_of("random_crop 2");
  float sample[PIXELS];
  int seen[2 * MOST + 1][2 * MOST + 1] = {{0}};
  for (int i = 0; i < MANY; i++) {
    vary(&list, 1, i, sample);
    int middle = at(sample, 0, H / 2, W / 2) - value_of(0, 0, 0);
    int down = middle / 10 - H / 2, right = middle % 10 - W / 2;
    assert_true(abs(down) <= MOST && abs(right) <= MOST);
    seen[down + MOST][right + MOST]++;
    for (int k = 0; k < PIXELS; k++) {
      int y = k / W % H + down, x = k % W + right;
      bool inside = y >= 0 && y < H && x >= 0 && x < W;
      assert_int_equal(at(sample, 0, 0, k),
                       inside ? value_of(k / W / H, y, x) : 0);
    }
  }
  for (int i = 0; i < (2 * MOST + 1) * (2 * MOST + 1); i++)
    assert_true(seen[i / (2 * MOST + 1)][i % (2 * MOST + 1)] > MANY / 50);
  sv_augment_free(&list);
}

/* A larger image, not resized: any place of it. A smaller one: padded. */
static void test_random_crop_sizes(void **state) {
  (void)state;
  sv_augment_list list = list_of("resize 8; random_crop");
  sv_augment_list wide = list_of("random_crop 100");
  float sample[PIXELS + 2];
  bool seen[4][6] = {{false}};
  for (int i = 0; i < MANY; i++) {
    apply(&list, 1, i, 8, 12, sample, NULL);
    int first = at(sample, 0, 0, 0) - value_of(0, 0, 0);
    int y = first / 10, x = first % 10;
    assert_true(y >= 0 && y <= 3 && x >= 0 && x <= 5);
    seen[y][x] = true;
    for (int k = 0; k < PIXELS; k++)
      assert_int_equal(at(sample, 0, 0, k),
                       value_of(k / W / H, y + k / W % H, x + k % W));
  }
  for (int k = 0; k < 24; k++) assert_true(seen[k / 6][k % 6]);
  sv_augment_free(&list);
  list = list_of("resize 3; random_crop");
  for (int i = 0; i < 200; i++) {
    sample[PIXELS] = sample[PIXELS + 1] = 42;
    apply(&list, 1, i, 3, 4, sample, NULL);
    vary(&wide, 1, i, sample);
    assert_true(sample[PIXELS] == 42 && sample[PIXELS + 1] == 42);
  }
  sv_augment_free(&list);
  sv_augment_free(&wide);
}

static void test_erase(void **state) {
  (void)state;
  sv_augment_list list = list_of("erase 0.25");
  float sample[PIXELS];
  int erased = 0;
  double area = 0;
  for (int i = 0; i < MANY; i++) {
    int gone = 0, top = H, bottom = -1, left = W, right = -1;
    vary(&list, 1, i, sample);
    for (int k = 0; k < H * W; k++) {
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
  assert_true(area > 0.1 && area < 0.25);
  sv_augment_free(&list);
}

/* The area and the aspect ratio of the rectangle follow the settings. */
static void test_resized_crop(void **state) {
  (void)state;
  sv_augment_list list = list_of("random_resized_crop 0.2 0.6 0.5 2");
  const sv_transform *t = list.steps[0].transform;
  double sum = 0;
  for (int i = 0; i < MANY; i++) {
    const sv_draws draws = {{1, 2, 3}, (uint64_t)i * SV_DRAWS};
    sv_box b = t->part(list.steps[0].settings, &draws, 400, 300);
    double share = b.width * b.height / 120000.,
           ratio = (double)b.width / b.height;
    assert_true(b.x >= 0 && b.y >= 0 && b.width > 0 && b.height > 0);
    assert_true(b.x + b.width <= 400 && b.y + b.height <= 300);
    assert_true(share > 0.19 && share < 0.61 && ratio > 0.49 && ratio < 2.05);
    sum += share;
  }
  assert_true(fabs(sum / MANY - 0.4) < 0.02);
  /* No such rectangle fits: the centre. */
  sv_augment_free(&list);
  list = list_of("random_resized_crop 1 1");
  sv_box b = t->part(list.steps[0].settings, &(sv_draws){0}, 300, 100);
  assert_true(b.x == 83 && b.y == 0 && b.width == 133 && b.height == 100);
  sv_augment_free(&list);
}

/* Transforms before the first that resizes see the image as it was read. */
static void test_stages(void **state) {
  (void)state;
  float sample[PIXELS], plain[PIXELS];
  sv_augment_list none = list_of("flip p=0"),
                  list = list_of("resize; flip p=0");
  sv_augment_list before = list_of("flip p=1; resize"),
                  after = list_of("flip p=1");
  apply(&none, 1, 0, 20, 28, plain, NULL);
  apply(&list, 1, 0, 20, 28, sample, NULL);
  assert_memory_equal(sample, plain, sizeof sample);
  assert_int_equal(none.resizing, -1);
  assert_int_equal(before.resizing, 1);
  apply(&after, 1, 0, 20, 28, plain, NULL);
  apply(&before, 1, 0, 20, 28, sample, NULL);
  for (int i = 0; i < PIXELS; i++)
    assert_true(fabsf(sample[i] - plain[i]) < 1.5f);
  sv_augment_free(&none);
  sv_augment_free(&list);
  sv_augment_free(&before);
  sv_augment_free(&after);
  /* In the order written. */
  list = list_of("posterize 1 1; invert 1");
  after = list_of("invert 1; posterize 1 1");
  vary(&list, 1, 0, plain);
  vary(&after, 1, 0, sample);
  assert_int_equal(at(plain, 0, 0, 0), 255);
  assert_int_equal(at(sample, 0, 0, 0), 128);
  sv_augment_free(&list);
  sv_augment_free(&after);
}

/* Every transform of images, at its defaults: an image of the right size comes
 * out, and most of them change some images. Classes are those of the mask. */
static void test_all(void **state) {
  (void)state;
  float plain[PIXELS], sample[PIXELS];
  int64_t classes[H * W];
  sv_augment_list none = list_of("flip p=0");
  vary(&none, 1, 0, plain);
  for (int t = 0; sv_transforms[t]; t++) {
    const sv_transform *transform = sv_transforms[t];
    int changed = 0;
    assert_true((transform->image != NULL) + (transform->input != NULL) +
                    (transform->batch != NULL) ==
                1);
    if (transform->batch) continue;
    sv_augment_list list = list_of(transform->op.name);
    for (int i = 0; i < 300; i++) {
      vary(&list, 1, i, sample);
      changed += memcmp(sample, plain, sizeof plain) != 0;
      apply(&list, 1, i, 9, 6, sample, classes);
      for (int k = 0; k < H * W; k++)
        assert_true(classes[k] == SV_NO_CLASS ||
                    (classes[k] / 10 < 9 && classes[k] % 10 < 6));
      for (int k = 0; k < PIXELS; k++)
        assert_in_range(at(sample, 0, 0, k), 0, 255);
    }
    bool same = strcmp(transform->op.name, "resize") == 0 ||
                strcmp(transform->op.name, "random_crop") == 0 ||
                strcmp(transform->op.name, "color_jitter") == 0 ||
                strcmp(transform->op.name, "affine") == 0 ||
                strcmp(transform->op.name, "sharpness") == 0 || /* a ramp */
                strcmp(transform->op.name, "equalize") == 0;
    if (same ? changed > 0 : changed < 20)
      fail_msg("%s changed %d of 300 images", transform->op.name, changed);
    sv_augment_free(&list);
  }
  sv_augment_free(&none);
}

/* Geometric transforms move classes as they move pixels. */
static void test_masks(void **state) {
  (void)state;
  float sample[PIXELS];
  int64_t classes[H * W];
  sv_augment_list list = list_of(
      "flip; flip vertical; random_crop 2; rotation 40; "
      "affine 20 0.2; erase");
  int none = 0;
  for (int i = 0; i < MANY; i++) {
    apply(&list, 1, i, H, W, sample, classes);
    for (int k = 0; k < H * W; k++) {
      int value = at(sample, 0, 0, k);
      bool is_none = classes[k] == SV_NO_CLASS;
      none += is_none;
      assert_int_equal(
          is_none ? 1 : value,
          is_none ? value == 0 || value == 10 : classes[k] + value_of(0, 0, 0));
    }
  }
  assert_true(none > MANY && none < MANY * H * W * 3 / 4);
  sv_augment_free(&list);
}

static void test_draws(void **state) {
  (void)state;
  sv_augment_list all = list_of(
      "random_resized_crop 0.3; flip; random_crop 2; color_jitter 0.4 0.4 0.4 "
      "0.1; rand_augment; trivial_augment; erase");
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
  assert_true(same_epoch < 5 && same_sample < 5);
  sv_augment_free(&all);
}

/* The same transform twice draws two values. */
static void test_streams(void **state) {
  (void)state;
  sv_augment_list twice = list_of("flip; flip");
  float sample[PIXELS];
  int flipped = 0;
  for (int i = 0; i < MANY; i++) {
    vary(&twice, 1, i, sample);
    flipped += at(sample, 0, 0, 0) != value_of(0, 0, 0);
  }
  assert_true(abs(flipped - MANY / 2) < 4 * sqrt(MANY) / 2);
  sv_augment_free(&twice);
}

/* ---- Batches ---- */

/* The mean and the variance of Beta(a, a): 1/2 and 1 / (8 a + 4). */
static void test_shares(void **state) {
  (void)state;
  static const double alphas[] = {0.2, 1, 3};
  for (int k = 0; k < 3; k++) {
    char text[32];
    double sum = 0, squares = 0;
    snprintf(text, sizeof text, "mixup %g", alphas[k]);
    sv_augment_list list = list_of(text);
    for (int i = 0; i < 4 * MANY; i++) {
      const sv_random key = {1, 2, 3};
      sv_mix m = sv_augment_mix(&list, &key, i, &preprocess);
      assert_true(m.on && m.share >= 0 && m.share <= 1 && m.box.width == 0);
      sum += (double)m.share - 0.5;
      squares += ((double)m.share - 0.5) * ((double)m.share - 0.5);
    }
    double variance = 1 / (8 * alphas[k] + 4);
    assert_true(fabs(sum / (4 * MANY)) < 4 * sqrt(variance / (4 * MANY)));
    assert_true(fabs(squares / (4 * MANY) / variance - 1) < 0.08);
    sv_augment_free(&list);
  }
}

/* Three samples of constant values: what comes out is the share. */
static void test_mixed_pixels(void **state) {
  (void)state;
  enum { N = 3 };
  const sv_random key = {1, 2, 3};
  float pixels[N * PIXELS], room[PIXELS];
  sv_augment_list list = list_of("erase; mixup; cutmix");
  int boxes = 0, blends = 0;
  assert_true(sv_augment_mixes(&list));
  for (int b = 0; b < MANY; b++) {
    sv_mix m = sv_augment_mix(&list, &key, b, &preprocess);
    for (int i = 0; i < N * PIXELS; i++) pixels[i] = (float)(1 + i / PIXELS);
    sv_augment_mix_pixels(&m, &preprocess, N, pixels, room);
    if (!m.on) continue;
    for (int i = 0; i < N; i++) {
      double own = i + 1, other = i ? i : N, share = (double)m.share, sum = 0;
      for (int k = 0; k < PIXELS; k++) {
        double value = (double)pixels[i * PIXELS + k];
        sum += value;
        if (m.box.width) assert_true(value == own || value == other);
      }
      assert_true(fabs(sum / PIXELS - share * own - (1 - share) * other) <
                  1e-5);
    }
    for (int k = 0; m.box.width && k < PIXELS; k++) {
      int y = k / W % H - m.box.y, x = k % W - m.box.x;
      bool inside = y >= 0 && y < m.box.height && x >= 0 && x < m.box.width;
      assert_true(pixels[k] == (inside ? 3 : 1));
    }
    boxes += m.box.width > 0;
    blends += m.box.width == 0;
  }
  assert_true(blends > MANY * 4 / 10 && blends < MANY * 6 / 10);
  assert_true(boxes > MANY / 4);
  sv_augment_free(&list);
}

/* ---- Errors ---- */

static void refuse(const char *text, const char *words) {
  sv_augment_list list;
  assert_error(SV_INVALID, words,
               sv_augment_parse(&list, &(sv_augment){.transforms = text}));
  assert_int_equal(list.count, 0);
}

static void test_refused(void **state) {
  (void)state;
  sv_augment_list list;
  refuse("flipp", "unknown transform 'flipp'; did you mean 'flip'?");
  refuse("sepia", "unknown transform 'sepia'; expected one of: resize, ");
  refuse("flip pp=1", "flip: unknown attribute 'pp'; it has axis, p");
  refuse("flip sideways", "axis is 'sideways', expected horizontal, vertical");
  refuse("flip p=2", "flip: p is 2, expected 0 to 1");
  refuse("flip; erase; grey", "'grey' follows 'erase', which works on the");
  refuse("cutmix; flip", "'flip' follows 'cutmix', which works on whole");
  refuse("", "an empty transform");
  refuse(";", "an empty transform");
  refuse("flip;;grey", "an empty transform");
  refuse("blur 4", "kernel is 4, expected an odd number");
  refuse("random_resized_crop 0.5 0.2", "min is 0.5, more than max, 0.2");
  refuse("rand_augment 2 31", "magnitude is 31, expected less than bins, 31");
  refuse("affine scale_min=3", "scale_min is 3, more than scale_max, 1");
  assert_error(
      SV_INVALID, "augment excludes flip, shift and erase",
      sv_augment_parse(&list, &(sv_augment){.shift = 1, .transforms = "flip"}));
  list = list_of(" flip ;\tgrey 0.5;\n");
  assert_int_equal(list.count, 2);
  sv_augment_free(&list);
}

/* A list spoilt in many ways: each is read, and applied, or refused with one
 * line. */
static void test_any_text(void **state) {
  (void)state;
  static const char original[] =
      "random_resized_crop 0.3 ratio_max=2;flip vertical;blur 3;affine 9 0.1;"
      "rand_augment 3;erase 0.5 max=0.4;mixup 0.2";
  static const char signs[] = ";; =.,-09ae_x\t\n";
  const sv_random random = {3, 4, 5};
  char text[sizeof original];
  float sample[PIXELS];
  int read = 0, refused = 0;
  for (uint64_t i = 0; i < 3000; i++) {
    memcpy(text, original, sizeof text);
    for (uint64_t k = 0; k < i % 4; k++) {
      uint64_t at = sv_random_below(&random, 8 * i + 2 * k, sizeof text - 1);
      text[at] =
          signs[sv_random_below(&random, 8 * i + 2 * k + 1, sizeof signs - 1)];
    }
    if (i % 4 == 0) text[i / 4 % sizeof text] = '\0';
    sv_augment_list list;
    sv_status status =
        sv_augment_parse(&list, &(sv_augment){.transforms = text});
    if (status == SV_OK) {
      vary(&list, 1, (int64_t)i, sample);
      read++;
    } else {
      assert_int_equal(status, SV_INVALID);
      assert_null(strchr(sv_error(), '\n'));
      refused++;
    }
    sv_augment_free(&list);
  }
  assert_true(read > 200 && refused > 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing),
      cmocka_unit_test(test_as_prepared),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_flip),
      cmocka_unit_test(test_random_crop),
      cmocka_unit_test(test_random_crop_sizes),
      cmocka_unit_test(test_erase),
      cmocka_unit_test(test_resized_crop),
      cmocka_unit_test(test_stages),
      cmocka_unit_test(test_all),
      cmocka_unit_test(test_masks),
      cmocka_unit_test(test_draws),
      cmocka_unit_test(test_streams),
      cmocka_unit_test(test_shares),
      cmocka_unit_test(test_mixed_pixels),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_any_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
