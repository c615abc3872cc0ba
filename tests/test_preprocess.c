/* From pixels to a network's input, and how that travels with a model. */
#include <locale.h>
#include <math.h>

#include "data/preprocess.h"
#include "data_files.h"
#include "graph/model.h"

/* A network's input whose mean is 0 and whose unit is one step of a pixel, so
 * that the floats are the 8-bit values. */
static sv_preprocess plain(int channels, int height, int width) {
  sv_preprocess p = sv_preprocess_default();
  p.channels = channels;
  p.height = height;
  p.width = width;
  for (int c = 0; c < channels; c++) {
    p.mean[c] = 0;
    p.deviation[c] = 1.0f / 255;
  }
  return p;
}

static void check_values(const float *values, const float *expected, int count,
                         double tolerance) {
  for (int i = 0; i < count; i++)
    assert_float_equal(values[i], expected[i], tolerance);
}

/* ---- Pixels ---- */

static void test_same_size(void **state) {
  (void)state;
  uint8_t pixels[6] = {0, 51, 102, 153, 204, 255};
  sv_image image = {.width = 3, .height = 2, .channels = 1, .pixels = pixels};
  sv_preprocess p = plain(1, 2, 3);
  p.mean[0] = 0.5f;
  p.deviation[0] = 0.25f;
  float got[6];
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){-2, -1.2f, -.4f, .4f, 1.2f, 2}, 6, 1e-6);
}

/* Rows further apart than they are long, and upside down. */
static void test_stride(void **state) {
  (void)state;
  uint8_t pixels[10] = {1, 2, 3, 99, 99, 4, 5, 6, 99, 99};
  sv_image image = {3, 2, 1, 5, pixels, NULL, 0, 0};
  sv_preprocess p = plain(1, 2, 3);
  float got[18];
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){1, 2, 3, 4, 5, 6}, 6, 1e-4);
  image.stride = -5;
  image.pixels = pixels + 5;
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){4, 5, 6, 1, 2, 3}, 6, 1e-4);
  p = plain(3, 2, 3); /* grey becomes three equal channels */
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  for (int c = 0; c < 3; c++)
    check_values(got + 6 * c, (float[]){4, 5, 6, 1, 2, 3}, 6, 1e-4);
}

static void test_colours(void **state) {
  (void)state;
  uint8_t rgb[6] = {255, 0, 0, 10, 200, 60};
  sv_image image = {2, 1, 3, 0, rgb, NULL, 0, 0};
  float got[6];
  sv_preprocess p = plain(3, 1, 2);
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){255, 10, 0, 200, 0, 60}, 6, 1e-4);
  p.order = SV_ORDER_BGR;
  p.mean[0] = 60.0f / 255; /* of blue */
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){-60, 0, 0, 200, 255, 10}, 6, 1e-4);
  p = plain(1, 1, 2);
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){76, 127}, 2, 1e-4); /* 76.2, 127.2 */
  /* Opaque, half and fully transparent, over white. */
  uint8_t rgba[12] = {9, 8, 7, 255, 0, 100, 200, 128, 1, 2, 3, 0};
  sv_image clear = {3, 1, 4, 0, rgba, NULL, 0, 0};
  float nine[9];
  p = plain(3, 1, 3);
  assert_ok(sv_preprocess_pixels(&p, &clear, nine));
  check_values(nine, (float[]){9, 127, 255, 8, 177, 255, 7, 227, 255}, 9, 1e-4);
}

/* Pads are black before the mean is taken off. */
static void test_pads(void **state) {
  (void)state;
  uint8_t pixels[2] = {100, 200};
  sv_image image = {2, 1, 1, 0, pixels, NULL, 0, 0};
  sv_preprocess p = plain(1, 3, 5);
  p.pad_top = p.pad_left = p.pad_bottom = 1;
  p.pad_right = 2;
  p.mean[0] = 10.0f / 255;
  float got[15];
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  const float expected[15] = {-10, -10, -10, -10, -10, -10, 90, 190,
                              -10, -10, -10, -10, -10, -10, -10};
  check_values(got, expected, 15, 1e-4);
}

/* Halved, a ramp of 0, 20, 40, ... keeps its means (the border apart); what is
 * uniform stays so at any size. */
static void test_resize(void **state) {
  (void)state;
  uint8_t pixels[64];
  for (int i = 0; i < 64; i++) pixels[i] = (uint8_t)(i % 8 * 20);
  sv_image image = {8, 8, 1, 0, pixels, NULL, 0, 0};
  sv_preprocess p = plain(1, 4, 4);
  float got[64];
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  for (int y = 0; y < 4; y++)
    check_values(got + 4 * y + 1, (float[]){50, 90}, 2, 1.01);
  memset(pixels, 77, sizeof pixels);
  const int sizes[][2] = {{1, 1}, {3, 7}, {8, 5}, {5, 8}, {2, 30}, {30, 2}};
  for (int i = 0; i < 6; i++) {
    p = plain(1, sizes[i][0], sizes[i][1]);
    assert_ok(sv_preprocess_pixels(&p, &image, got));
    for (int j = 0; j < sizes[i][0] * sizes[i][1]; j++)
      assert_float_equal(got[j], 77, 1e-4);
  }
}

/* Of a wide image stretching sees both sides, cropping only the middle. */
static void test_crop(void **state) {
  (void)state;
  enum { WIDE = 90, HIGH = 30 };
  static uint8_t pixels[WIDE * HIGH];
  for (int i = 0; i < WIDE * HIGH; i++)
    pixels[i] = i % WIDE < 30 ? 0 : i % WIDE < 60 ? 100 : 200;
  sv_image image = {WIDE, HIGH, 1, 0, pixels, NULL, 0, 0};
  sv_preprocess p = plain(1, 10, 10);
  float got[100];
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  check_values(got, (float[]){0, 0}, 2, 1e-4);
  check_values(got + 98, (float[]){200, 200}, 2, 1e-4);
  p.resize = SV_RESIZE_CROP;
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  for (int i = 0; i < 100; i++)
    if (i % 10 > 0 && i % 10 < 9) assert_float_equal(got[i], 100, 1e-4);
  image.width = HIGH; /* the left third, as a tall window */
  image.stride = WIDE;
  image.pixels = pixels + 30;
  p = plain(1, 20, 10);
  p.resize = SV_RESIZE_CROP;
  float tall[200];
  assert_ok(sv_preprocess_pixels(&p, &image, tall));
  for (int i = 0; i < 200; i++) assert_float_equal(tall[i], 100, 1e-4);
}

/* The narrowest and longest of pictures. */
static void test_extreme(void **state) {
  (void)state;
  uint8_t *pixels = calloc(1, SV_IMAGE_SIDE);
  float got[32 * 32];
  for (int rule = 0; rule < 2; rule++)
    for (int lying = 0; lying < 2; lying++) {
      sv_image image = {lying ? SV_IMAGE_SIDE : 1,
                        lying ? 1 : SV_IMAGE_SIDE,
                        1,
                        0,
                        pixels,
                        NULL,
                        0,
                        0};
      sv_preprocess p = plain(1, 32, 32);
      p.resize = (sv_resize)rule;
      assert_ok(sv_preprocess_pixels(&p, &image, got));
      for (int i = 0; i < 32 * 32; i++) assert_float_equal(got[i], 0, 0);
    }
  free(pixels);
}

static void test_pixels_refused(void **state) {
  (void)state;
  uint8_t pixels[64] = {0};
  float got[64];
  sv_preprocess p = plain(1, 4, 4);
  sv_image image = {4, 4, 1, 0, NULL, NULL, 0, 0};
  assert_error(SV_INVALID, "an image without pixels",
               sv_preprocess_pixels(&p, &image, got));
  image = (sv_image){4, 4, 2, 0, pixels, NULL, 0, 0};
  assert_error(SV_INVALID, "2 channels, expected 1, 3 or 4",
               sv_preprocess_pixels(&p, &image, got));
  image = (sv_image){0, 4, 1, 0, pixels, NULL, 0, 0};
  assert_error(SV_INVALID, "0x4 pixels", sv_preprocess_pixels(&p, &image, got));
  image = (sv_image){70000, 1, 1, 0, pixels, NULL, 0, 0};
  assert_error(SV_INVALID, "70000x1", sv_preprocess_pixels(&p, &image, got));
  image = (sv_image){4, 4, 1, 3, pixels, NULL, 0, 0};
  assert_error(SV_INVALID, "4 bytes per row has a stride of 3",
               sv_preprocess_pixels(&p, &image, got));
}

/* ---- For a data set ---- */

static void check_match(const sv_dataset *d, int height, int width, int pad) {
  sv_preprocess p;
  sv_shape input = sv_shape_of(3, 1, height, width);
  assert_ok(sv_preprocess_match(&p, d, &input));
  assert_int_equal(p.pad_top, pad);
  assert_int_equal(p.pad_left, pad);
  assert_int_equal(p.pad_bottom, pad);
  assert_int_equal(p.pad_right, pad);
  assert_int_equal(p.resize, SV_RESIZE_STRETCH);
  assert_int_equal(p.classes, sv_dataset_classes(d));
  sv_preprocess_free(&p);
}

static void test_match(void **state) {
  (void)state;
  sv_dataset *d;
  assert_ok(sv_dataset_open(&d, "fashion-mnist", SV_SPLIT_TEST)); /* 28x28 */
  check_match(d, 28, 28, 0);
  check_match(d, 32, 32, 2);
  check_match(d, 36, 36, 4);
  check_match(d, 38, 38, 0); /* more than a third */
  check_match(d, 31, 31, 0); /* odd */
  check_match(d, 32, 30, 0);
  check_match(d, 24, 24, 0);
  sv_preprocess p;
  const sv_shape bad[] = {sv_shape_of(2, 28, 28), sv_shape_of(3, 2, 28, 28),
                          sv_shape_of(4, 1, 1, 28, 28)};
  for (int i = 0; i < 3; i++)
    assert_error(SV_INVALID, "expected 1 or 3 channels x height x width",
                 sv_preprocess_match(&p, d, &bad[i]));
  const sv_shape zero = sv_shape_of(3, 1, 0, 28);
  assert_error(SV_INVALID, "svertka.image.size: 1x0x28",
               sv_preprocess_match(&p, d, &zero));
  sv_dataset_free(d);
}

/* By the definition, on the small data set, of a part of it. */
static void test_fit(void **state) {
  (void)state;
  write_small("small", false);
  sv_dataset *d;
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TRAIN));
  int64_t at[3] = {2, 5, 19};
  double mean = 0, variance = 0, n = 3 * SMALL_PIXELS;
  for (int i = 0; i < n; i++)
    mean +=
        small_pixel((int)at[i / SMALL_PIXELS], i % SMALL_PIXELS) / 255.0 / n;
  for (int i = 0; i < n; i++) {
    int pixel = small_pixel((int)at[i / SMALL_PIXELS], i % SMALL_PIXELS);
    variance += (pixel / 255.0 - mean) * (pixel / 255.0 - mean) / n;
  }
  sv_preprocess p;
  sv_shape grey = sv_shape_of(3, 1, SMALL_H, SMALL_W);
  assert_ok(sv_preprocess_match(&p, d, &grey));
  assert_ok(sv_preprocess_fit(&p, d, &(sv_samples){at, 3}));
  assert_float_equal(p.mean[0], mean, 1e-7);
  assert_float_equal(p.deviation[0], sqrt(variance), 1e-7);
  sv_preprocess_free(&p);
  sv_shape colour = sv_shape_of(3, 3, SMALL_H, SMALL_W);
  assert_ok(sv_preprocess_match(&p, d, &colour));
  p.order = SV_ORDER_BGR;
  assert_ok(sv_preprocess_fit(&p, d, &(sv_samples){at, 3}));
  for (int c = 0; c < 3; c++) {
    assert_float_equal(p.mean[c], mean, 1e-7);
    assert_float_equal(p.deviation[c], sqrt(variance), 1e-7);
  }
  /* One pixel of one image does not vary. */
  p.height = p.width = 1;
  assert_ok(sv_preprocess_fit(&p, d, &(sv_samples){at, 1}));
  assert_float_equal(p.deviation[0], 1, 0);
  sv_preprocess_free(&p);
  sv_dataset_free(d);
}

static void test_fit_refuses(void **state) {
  (void)state;
  write_small("small", false);
  sv_dataset *d;
  sv_preprocess p;
  sv_shape grey = sv_shape_of(3, 1, SMALL_H, SMALL_W);
  int64_t at[1] = {20};
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TRAIN));
  assert_ok(sv_preprocess_match(&p, d, &grey));
  assert_error(SV_INVALID, "no samples",
               sv_preprocess_fit(&p, d, &(sv_samples){NULL, 0}));
  assert_error(SV_INVALID, "sample 20 is not 0 to 19",
               sv_preprocess_fit(&p, d, &(sv_samples){at, 1}));
  sv_dataset_free(d);
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TEST));
  at[0] = 0;
  assert_error(SV_INVALID, "not from the test split",
               sv_preprocess_fit(&p, d, &(sv_samples){at, 1}));
  sv_dataset_free(d);
  sv_preprocess_free(&p);
}

/* ---- As metadata ---- */

static void check_meta(const sv_model *model, const char *key,
                       const char *value) {
  const char *found = sv_model_meta(model, key);
  if (value)
    assert_string_equal(found, value);
  else
    assert_null(found);
}

static void test_round_trip(void **state) {
  (void)state;
  sv_model *model;
  sv_preprocess p = plain(3, 40, 50), back, copy;
  p.pad_top = 1, p.pad_left = 2, p.pad_bottom = 3, p.pad_right = 4;
  p.resize = SV_RESIZE_CROP;
  p.order = SV_ORDER_BGR;
  for (int c = 0; c < 3; c++) {
    p.mean[c] = 0.1f * (float)(c + 1);
    p.deviation[c] = 1.0f / (float)(3 + c);
  }
  assert_ok(sv_preprocess_set(&p, "svertka.labels", "T-shirt/top\n\nBag"));
  assert_int_equal(p.classes, 3);
  assert_string_equal(p.names[1], "");
  assert_ok(sv_model_wrap(&model, NULL, NULL));
  assert_ok(sv_model_set_meta(model, "producer.notes", "anything"));
  assert_ok(sv_preprocess_save(&p, model));
  check_meta(model, "svertka.image.size", "3x40x50");
  check_meta(model, "svertka.image.pad", "1,2,3,4");
  check_meta(model, "svertka.image.resize", "crop");
  check_meta(model, "svertka.image.order", "bgr");
  check_meta(model, "svertka.image.mean",
             "0.100000001,0.200000003,0.300000012");
  check_meta(model, "svertka.image.deviation", "0.333333343,0.25,0.200000003");
  check_meta(model, "svertka.labels", "T-shirt/top\n\nBag");
  assert_ok(sv_preprocess_load(&back, model));
  assert_memory_equal(back.mean, p.mean, sizeof p.mean);
  assert_memory_equal(back.deviation, p.deviation, sizeof p.deviation);
  assert_ok(sv_preprocess_copy(&copy, &back));
  sv_preprocess_free(&back);
  assert_int_equal(copy.width, 50);
  assert_int_equal(copy.pad_right, 4);
  assert_int_equal(copy.resize, SV_RESIZE_CROP);
  assert_int_equal(copy.order, SV_ORDER_BGR);
  assert_int_equal(copy.classes, 3);
  assert_string_equal(copy.names[2], "Bag");
  sv_preprocess_free(&copy);
  sv_preprocess_free(&p);
  sv_model_free(model);
}

/* One channel has no order; labels may be unknown. */
static void test_least(void **state) {
  (void)state;
  sv_model *model;
  sv_preprocess p = plain(1, 8, 8), back;
  assert_ok(sv_model_wrap(&model, NULL, NULL));
  assert_ok(sv_preprocess_save(&p, model));
  check_meta(model, "svertka.image.order", NULL);
  check_meta(model, "svertka.labels", NULL);
  sv_model_free(model);
  assert_ok(sv_model_wrap(&model, NULL, NULL));
  assert_ok(sv_model_set_meta(model, "svertka.image.size", "1x8x8"));
  assert_error(SV_INVALID,
               "svertka.image.mean, svertka.image.deviation: not given",
               sv_preprocess_load(&back, model));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0.5"));
  assert_error(SV_INVALID, "svertka.image.deviation: not given",
               sv_preprocess_load(&back, model));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "0.25"));
  assert_ok(sv_preprocess_load(&back, model));
  assert_int_equal(back.classes, 0);
  assert_int_equal(back.resize, SV_RESIZE_STRETCH);
  sv_preprocess_free(&back);
  sv_model_free(model);
}

static void test_bad_values(void **state) {
  (void)state;
  static const char *const bad[][2] = {{"size", ""},
                                       {"size", "32x32"},
                                       {"size", "1x32x32x1"},
                                       {"size", "1x-3x32"},
                                       {"size", "1x32x 32"},
                                       {"size", "1x32x9999999"},
                                       {"size", "1,32,32"},
                                       {"pad", "2"},
                                       {"pad", "2,2,2"},
                                       {"pad", "2,2,2,-2"},
                                       {"pad", "2,2,2,2,"},
                                       {"resize", "Crop"},
                                       {"resize", ""},
                                       {"order", "rgba"},
                                       {"mean", ""},
                                       {"mean", "nan"},
                                       {"mean", "0.5,"},
                                       {"mean", "0.5 "},
                                       {"mean", "1,2,3,4"},
                                       {"permute", "-1"},
                                       {"permute", ""},
                                       {"permute", "1 "},
                                       {"permute", "18446744073709551616"},
                                       {"deviation", "inf"},
                                       {"deviation", "1e99"},
                                       {"deviation", "0,5x"},
                                       {"deviation", " 0.25"},
                                       {"mean", "0.5;0.5"}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    sv_preprocess p = sv_preprocess_default();
    char key[64], words[96];
    snprintf(key, sizeof key, "svertka.image.%s", bad[i][0]);
    snprintf(words, sizeof words, "%s: \"%s\", expected ", key, bad[i][1]);
    assert_error(SV_INVALID, words, sv_preprocess_set(&p, key, bad[i][1]));
  }
  sv_preprocess p = sv_preprocess_default();
  assert_error(SV_UNSUPPORTED, "svertka.image.sharpen: unknown",
               sv_preprocess_set(&p, "svertka.image.sharpen", "1"));
  assert_ok(sv_preprocess_set(&p, "svertka.epochs", "3"));
  assert_ok(sv_preprocess_set(&p, "author", "somebody"));
  assert_error(SV_INVALID, "svertka.image.size: not given",
               sv_preprocess_check(&p));
}

static void test_disagreement(void **state) {
  (void)state;
  sv_preprocess p = plain(2, 8, 8);
  assert_error(SV_INVALID, "size: 2x8x8, expected 1 or 3",
               sv_preprocess_check(&p));
  p = plain(1, 8, 8);
  p.pad_top = p.pad_bottom = 4;
  assert_error(SV_INVALID, "pad: 4,0,4,0 leaves no pixels of 8x8",
               sv_preprocess_check(&p));
  p = plain(1, 8, 8);
  p.order = SV_ORDER_BGR;
  assert_error(SV_INVALID, "order: bgr needs 3", sv_preprocess_check(&p));
  p = plain(3, 8, 8);
  p.mean[2] = NAN;
  assert_error(SV_INVALID, "mean: 2 numbers, expected 3",
               sv_preprocess_check(&p));
  p = plain(1, 8, 8);
  p.deviation[1] = 1;
  assert_error(SV_INVALID, "deviation: 2 numbers, expected 1",
               sv_preprocess_check(&p));
  p.deviation[1] = NAN;
  p.deviation[0] = 0;
  assert_error(SV_INVALID, "deviation: 0 is not above 0",
               sv_preprocess_check(&p));
  sv_model *model;
  assert_ok(sv_model_wrap(&model, NULL, NULL));
  assert_error(SV_INVALID, "deviation", sv_preprocess_save(&p, model));
  p = plain(1, 8, 8);
  assert_ok(sv_preprocess_set(&p, "svertka.labels", "one"));
  p.names[0][1] = '\n';
  assert_error(SV_INVALID, "the name of class 0 contains a line break",
               sv_preprocess_save(&p, model));
  sv_preprocess_free(&p);
  sv_model_free(model);
}

/* Each channel in one order, a permutation, drawn by the seed alone, whether
 * the seed is known before the size or after. */
static void test_permuted(void **state) {
  (void)state;
  uint8_t pixels[3 * 56];
  float got[3 * 56], again[3 * 56];
  for (int i = 0; i < 3 * 56; i++) pixels[i] = (uint8_t)i;
  sv_image image = {.width = 8, .height = 7, .channels = 3, .pixels = pixels};
  sv_preprocess p = plain(3, 7, 8), back = sv_preprocess_default();
  assert_ok(sv_preprocess_permute(&p, 0));
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  bool seen[56] = {false}, moved = false;
  for (int i = 0; i < 56; i++) {
    int from = (int)(got[i] + 0.5f) / 3;
    assert_false(seen[from]);
    seen[from] = true;
    moved = moved || from != i;
    for (int c = 1; c < 3; c++)
      assert_float_equal(got[56 * c + i], got[i] + (float)c, 1e-3);
  }
  assert_true(moved);
  assert_ok(sv_preprocess_set(&back, "svertka.image.permute", "0"));
  assert_ok(sv_preprocess_set(&back, "svertka.image.size", "3x7x8"));
  assert_memory_equal(back.pixels, p.pixels, 56 * sizeof *p.pixels);
  assert_ok(sv_preprocess_set(&back, "svertka.image.permute", "1"));
  assert_memory_not_equal(back.pixels, p.pixels, 56 * sizeof *p.pixels);
  sv_preprocess_free(&back);
  sv_model *model;
  assert_ok(sv_model_wrap(&model, NULL, NULL));
  assert_ok(sv_preprocess_save(&p, model));
  check_meta(model, "svertka.image.permute", "0");
  sv_preprocess_free(&p);
  assert_ok(sv_preprocess_load(&p, model));
  assert_ok(sv_preprocess_copy(&back, &p));
  sv_preprocess_free(&p);
  assert_ok(sv_preprocess_pixels(&back, &image, again));
  assert_memory_equal(got, again, sizeof got);
  sv_preprocess_free(&back);
  sv_model_free(model);
  assert_error(SV_INVALID, "size: not given", sv_preprocess_permute(&p, 1));
}

/* A program that writes 0,5 for a half reads and writes the same files. */
/* Parts of 4x4 pixels of an image of 8x12, whose pixel (y, x) is 12 y + x. */
static void test_crops(void **state) {
  (void)state;
  static const int places[5][2] = {{0, 0}, {0, 8}, {4, 0}, {4, 8}, {2, 4}};
  uint8_t pixels[96];
  for (int i = 0; i < 96; i++) pixels[i] = (uint8_t)i;
  sv_image image = {.width = 12, .height = 8, .channels = 1, .pixels = pixels};
  sv_preprocess p = plain(1, 4, 4);
  p.resize = SV_RESIZE_CROP;
  p.crop = 0.5f;
  for (int crop = 0; crop < SV_MOST_CROPS; crop++) {
    float got[16];
    const int *at = places[crop % SV_CORNERS];
    assert_ok(sv_preprocess_crop(&p, &image, crop, got));
    for (int i = 0; i < 16; i++) {
      int x = crop < SV_CORNERS ? i % 4 : 3 - i % 4;
      assert_float_equal(got[i], 12 * (at[0] + i / 4) + at[1] + x, 1e-4);
    }
  }
}

static void test_locale(void **state) {
  (void)state;
  static const char *const commas[] = {"de_DE.UTF-8", "ru_RU.UTF-8", "fr_FR"};
  for (int i = 0; i < 3; i++)
    if (setlocale(LC_NUMERIC, commas[i])) break;
  sv_preprocess p = plain(1, 8, 8);
  assert_ok(sv_preprocess_set(&p, "svertka.image.mean", "0.25"));
  assert_float_equal(p.mean[0], 0.25, 0);
  sv_model *model;
  assert_ok(sv_model_wrap(&model, NULL, NULL));
  assert_ok(sv_preprocess_save(&p, model));
  check_meta(model, "svertka.image.mean", "0.25");
  sv_model_free(model);
  setlocale(LC_NUMERIC, "C");
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TEST(test_same_size), TEST(test_stride),         TEST(test_colours),
      TEST(test_pads),      TEST(test_resize),         TEST(test_crop),
      TEST(test_extreme),   TEST(test_pixels_refused), TEST(test_match),
      TEST(test_fit),       TEST(test_fit_refuses),    TEST(test_round_trip),
      TEST(test_least),     TEST(test_bad_values),     TEST(test_disagreement),
      TEST(test_permuted),  TEST(test_locale),         TEST(test_crops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
