/* Preprocessing in a model's metadata, at each place where it is read: a
 * classifier, a map, an evaluation, a training. */
#include <math.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "base/memory.h"
#include "graph/model.h"

static const char net[] =
    "input 1x8x8; conv 2 3x3; relu; flatten; linear 3; classifier";

static const char *const good[][2] = {
    {"size", "1x8x8"}, {"pad", "1,0,0,1"},   {"resize", "crop 0.75"},
    {"mean", "0.25"},  {"deviation", "0.5"}, {"permute", "7"}};

static sv_model *model_that_says(const char *const (*said)[2], size_t count) {
  sv_model *model = model_of(net, 3);
  char key[64];
  for (size_t i = 0; i < count; i++) {
    snprintf(key, sizeof key, "svertka.image.%s", said[i][0]);
    assert_ok(sv_model_set_meta(model, key, said[i][1]));
  }
  assert_ok(sv_model_set_meta(model, "svertka.labels", "a\nb\nc"));
  return model;
}

/* Every key comes back from a file, and reaches the pixels. */
static void test_file(void **state) {
  (void)state;
  sv_model *model = model_that_says(good, 6), *back;
  const char *path = in_folder("model.onnx");
  sv_preprocess p;
  assert_ok(sv_model_save(model, path));
  assert_ok(sv_model_load(&back, path));
  assert_ok(sv_preprocess_load(&p, back));
  assert_int_equal(p.channels, 1);
  assert_int_equal(p.height, SIDE);
  assert_int_equal(p.pad_top, 1);
  assert_int_equal(p.pad_right, 1);
  assert_int_equal(p.resize, SV_RESIZE_CROP);
  assert_float_equal(p.crop, 0.75, 0);
  assert_float_equal(p.mean[0], 0.25, 0);
  assert_float_equal(p.deviation[0], 0.5, 0);
  assert_true(p.permuted);
  assert_int_equal(p.permutation, 7);
  assert_string_equal(p.names[2], "c");
  sv_model *again = model_of(net, 3);
  assert_ok(sv_preprocess_save(&p, again));
  for (int i = 0; i < 6; i++) {
    char key[64];
    snprintf(key, sizeof key, "svertka.image.%s", good[i][0]);
    assert_string_equal(sv_model_meta(again, key), good[i][1]);
  }
  sv_preprocess_free(&p);
  sv_model_free(again);
  sv_model_free(back);
  sv_model_free(model);
}

/* The middle of what just covers: of 16 x 8 pixels brought to 4 x 4 with a
 * share of a half the 4 x 4 in the middle. */
static void test_crop(void **state) {
  (void)state;
  uint8_t pixels[8 * 16];
  float got[16];
  for (int i = 0; i < 8 * 16; i++) pixels[i] = (uint8_t)i;
  sv_image image = {16, 8, 1, 0, pixels, NULL, 0, 0};
  sv_preprocess p = sv_preprocess_default();
  assert_ok(sv_preprocess_set(&p, "svertka.image.size", "1x4x4"));
  assert_ok(sv_preprocess_set(&p, "svertka.image.resize", "crop 0.5"));
  assert_ok(sv_preprocess_set(&p, "svertka.image.mean", "0"));
  assert_ok(sv_preprocess_set(&p, "svertka.image.deviation", "0.003921568627"));
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 4; x++)
      assert_float_equal(got[4 * y + x], (y + 2) * 16 + x + 6, 1e-3);
  static const char *const bad[] = {"crop ",   "crop 0",   "crop 1.5",
                                    "crop -1", "crop nan", "crop 0.5 ",
                                    "crop0.5", "stretch 1"};
  for (int i = 0; i < 8; i++)
    assert_error(SV_INVALID, "svertka.image.resize: \"",
                 sv_preprocess_set(&p, "svertka.image.resize", bad[i]));
  sv_preprocess_free(&p);
}

/* What each reader says of a model. */
static void check_readers(sv_model *model, const sv_dataset *d,
                          sv_status status, const char *words, bool train) {
  sv_classifier *c;
  sv_class_map map;
  sv_metrics metrics;
  uint8_t pixels[SIDE * SIDE] = {0};
  sv_image image = {SIDE, SIDE, 1, 0, pixels, NULL, 0, 0};
  sv_model_allow_random(model);
  assert_error(status, words, sv_classifier_new(&c, model, 1));
  assert_error(status, words, sv_classify_map(&map, model, &image, NULL));
  assert_error(status, words, sv_eval(&metrics, model, d, NULL));
  sv_fit_options o = quick(NULL);
  if (train) assert_error(status, words, sv_fit(model, d, &o, NULL));
}

static void test_malformed(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {"size", "8x8"},     {"pad", "1,0"},    {"resize", "crop 7"},
      {"order", "grb"},    {"mean", "0.25,"}, {"deviation", "0.5;"},
      {"permute", "seven"}};
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  for (int i = 0; i < 7; i++) {
    sv_model *model = model_that_says(good, 5);
    char key[64], words[128];
    snprintf(key, sizeof key, "svertka.image.%s", bad[i][0]);
    snprintf(words, sizeof words, "%s: \"%s\", expected", key, bad[i][1]);
    assert_ok(sv_model_set_meta(model, key, bad[i][1]));
    check_readers(model, d, SV_FORMAT, words, true);
    sv_model_free(model);
  }
  sv_model *model = model_that_says(good, 5);
  assert_ok(sv_model_set_meta(model, "svertka.image.dip", "1"));
  check_readers(model, d, SV_UNSUPPORTED, "svertka.image.dip: unknown", true);
  sv_model_free(model);
  model = model_that_says(good, 5);
  assert_ok(sv_model_set_meta(model, "svertka.labels", "a\nb"));
  check_readers(model, d, SV_INVALID, "svertka.labels", false);
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_missing(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(net, 3);
  check_readers(model, d, SV_INVALID,
                "svertka.image.mean, svertka.image.deviation: not given",
                false);
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0.25"));
  check_readers(model, d, SV_INVALID, "; svertka.image.deviation: not given",
                false);
  /* A training finds in the data what is not said, and keeps what is. */
  sv_fit_options o = quick(NULL);
  assert_ok(sv_model_set_meta(model, "svertka.image.resize", "crop 0.5"));
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_string_equal(sv_model_meta(model, "svertka.image.mean"), "0.25");
  assert_string_equal(sv_model_meta(model, "svertka.image.resize"), "crop 0.5");
  assert_string_equal(sv_model_meta(model, "svertka.image.size"), "1x8x8");
  assert_non_null(sv_model_meta(model, "svertka.image.deviation"));
  sv_model_free(model);
  model = model_of(
      "input 1,?,?; conv 2 3x3; global_avg_pool; flatten; linear 3", 3);
  check_readers(model, d, SV_INVALID,
                "svertka.image.size, svertka.image.mean, svertka.image.dev",
                false);
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {TEST(test_file), TEST(test_crop),
                                     TEST(test_malformed), TEST(test_missing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
