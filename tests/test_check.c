/* sv_dataset_check and what leaves out samples. */
#include <math.h>

#include "image_files.h"

enum { WIDTH = 90, HEIGHT = 60 };

/* What stands for a photograph: waves of several lengths. */
static int photo(int y, int x, int c) {
  return 128 + (int)(40 * sin(0.11 * x + c) + 30 * sin(0.07 * y - 0.05 * x) +
                     20 * cos(0.3 * y + 0.2 * x));
}

/* It with noise of -amount .. amount, enlarged `times`, as PNG. */
static void put_photo(const char *path, int amount, int times) {
  static uint8_t pixels[4 * WIDTH * HEIGHT * 3];
  int width = WIDTH * times, height = HEIGHT * times;
  unsigned random = 1;
  for (int i = 0; i < width * height * 3; i++) {
    int y = i / 3 / width / times, x = i / 3 % width / times;
    random = random * 1103515245u + 12345u;
    int noise = (int)(random >> 16) % (2 * amount + 1) - amount;
    pixels[i] = (uint8_t)(photo(y, x, i % 3) + noise);
  }
  make_parents(path);
  const sv_image image = {
      .width = width, .height = height, .channels = 3, .pixels = pixels};
  assert_ok(sv_image_write(&image, in_folder(path)));
}

static void test_near(void **state) {
  (void)state;
  sv_check c;
  put_photo("near/train/a/photo.png", 0, 1);
  put_image("near/train/b/flat.png", 8, 100);
  put_photo("near/val/a/same.png", 0, 1);
  put_photo("near/val/a/noise.png", 4, 1);
  put_photo("near/test/b/large.png", 3, 2);
  put_image("near/test/b/flat.png", 7, 101);
  assert_ok(sv_dataset_check(&c, in_folder("near"), NULL));
  for (int p = 0; p < SV_CHECK_PARTS; p++) assert_int_equal(c.samples[p], 2);
  assert_int_equal(c.bad_count, 0);
  assert_int_equal(c.same_count, 1);
  assert_int_equal(c.same[0].count, 2);
  assert_true(c.same[0].across && !c.same[0].conflict);
  assert_string_equal(c.same[0].images[1].source,
                      in_folder("near/val/a/same.png"));
  assert_int_equal(c.same[0].images[1].part, SV_CHECK_VAL);
  assert_int_equal(c.near_count, 2);
  assert_string_equal(c.near[0].images[0].source,
                      in_folder("near/train/a/photo.png"));
  assert_string_equal(c.near[0].images[1].source,
                      in_folder("near/val/a/noise.png"));
  assert_false(c.near[0].conflict);
  assert_string_equal(c.near[1].images[1].source,
                      in_folder("near/test/b/large.png"));
  assert_true(c.near[1].conflict);
  assert_int_equal(c.of_class[1 * SV_CHECK_PARTS + SV_CHECK_TEST], 2);
  sv_check_free(&c);
}

/* A validation set that is the test set, too, is read once. */
static void test_val_is_test(void **state) {
  (void)state;
  sv_check c;
  put_image("twice/train/a/1.png", 3, 1);
  put_image("twice/train/b/1.png", 4, 2);
  put_image("twice/val/a/1.png", 5, 3);
  assert_ok(sv_dataset_check(&c, in_folder("twice"), NULL));
  assert_int_equal(c.samples[SV_CHECK_VAL], 1);
  assert_int_equal(c.samples[SV_CHECK_TEST], 0);
  assert_null(c.no_test);
  assert_int_equal(c.same_count, 0);
  assert_int_equal(c.width[0], 3);
  assert_int_equal(c.width[1], 4);
  assert_int_equal(c.width[2], 5);
  assert_int_equal(c.colour, 3);
  sv_check_free(&c);
}

static bool stop(void *context, int64_t done, int64_t total) {
  (void)context, (void)done, (void)total;
  return false;
}

static void test_stopped(void **state) {
  (void)state;
  sv_check c;
  const sv_survey survey = {.threads = 1, .report = stop};
  for (int i = 0; i < 40; i++) {
    char path[64];
    snprintf(path, sizeof path, "many/%c/%d.png", "ab"[i % 2], i);
    put_photo(path, 1 + i, 1);
  }
  assert_error(SV_INTERRUPTED, "stopped after",
               sv_dataset_check(&c, in_folder("many"), &survey));
}

static int reported;

static void on_unreadable(void *context, int64_t sample, const char *source,
                          const char *reason) {
  (void)context, (void)sample;
  assert_non_null(strstr(source, "skip/train/"));
  assert_non_null(strstr(reason, source));
  reported++;
}

static void test_skip(void **state) {
  (void)state;
  char path[64];
  for (int i = 0; i < 12; i++) {
    snprintf(path, sizeof path, "skip/train/%c/%02d.png", "ab"[i % 2], i);
    if (i % 3)
      put_image(path, 2, i);
    else
      put_text(path, "damaged");
  }
  put_image("skip/val/b/12.png", 2, 12);
  sv_dataset *d = open_split("skip", SV_SPLIT_TRAIN);
  const sv_survey survey = {.threads = 3, .unreadable = on_unreadable};
  assert_ok(sv_dataset_skip_unreadable(d, &survey));
  assert_int_equal(reported, 4);
  assert_int_equal(sv_dataset_count(d), 9);
  assert_int_equal(sv_dataset_held_out(d), 1);
  for (int64_t i = 0; i < 9; i++) {
    char *source;
    int grey = shade(d, i);
    assert_int_equal(sv_dataset_label(d, i), grey == 12 ? 1 : grey % 2);
    snprintf(path, sizeof path, "%02d.png", grey);
    assert_ok(sv_dataset_source(d, i, &source));
    assert_non_null(strstr(source, path));
    sv_dataset_source_free(source);
  }
  /* Twice: the numbers are those of what is left. */
  bool skip[9] = {true, false, false, false, false, false, false, false, true};
  int second = shade(d, 1);
  assert_ok(sv_dataset_skip(d, skip));
  assert_int_equal(sv_dataset_count(d), 7);
  assert_int_equal(sv_dataset_held_out(d), 0);
  assert_int_equal(shade(d, 0), second);
  bool all_b[7];
  for (int i = 0; i < 7; i++) all_b[i] = sv_dataset_label(d, i) == 1;
  assert_error(SV_FORMAT, "the class 'b' has no readable training images",
               sv_dataset_skip(d, all_b));
  assert_int_equal(sv_dataset_count(d), 7);
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_near),
      cmocka_unit_test(test_val_is_test),
      cmocka_unit_test(test_stopped),
      cmocka_unit_test(test_skip),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
