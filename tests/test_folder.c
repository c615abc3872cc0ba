/* A folder of images for each class, as photographs lie. */
#include "image_files.h"

#include "asserts.h"

/* <root>/<class>/<0 .. count-1>.png */
static void put_class(const char *root, const char *class, int count) {
  char path[128];
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/%s/%d.png", root, class, i);
    put_image(path, 2, i);
  }
}

/* A fifth of each class is the test set, at least one of two; no file is in
 * both. */
static void test_one_set(void **state) {
  (void)state;
  put_class("plain", "dog", 20);
  put_class("plain", "cat", 9);
  put_class("plain", "ant", 2);
  put_class("plain", "yak", 1);
  sv_dataset *train = open_split("plain", SV_SPLIT_TRAIN);
  sv_dataset *test = open_split("plain", SV_SPLIT_TEST);
  static const int tests[] = {1, 2, 4, 0}, all[] = {2, 9, 20, 1};
  static const char *const names[] = {"ant", "cat", "dog", "yak"};
  assert_int_equal(sv_dataset_classes(train), 4);
  assert_int_equal(sv_dataset_held_out(train), 0);
  for (int c = 0; c < 4; c++) {
    assert_string_equal(sv_dataset_class_name(test, c), names[c]);
    assert_int_equal(of_class(test, c), tests[c]);
    assert_int_equal(of_class(train, c), all[c] - tests[c]);
    bool seen[20] = {false};
    for (int part = 0; part < 2; part++) {
      const sv_dataset *d = part ? test : train;
      for (int64_t i = 0; i < sv_dataset_count(d); i++)
        if (sv_dataset_label(d, i) == c) {
          assert_false(seen[shade(d, i)]);
          seen[shade(d, i)] = true;
        }
    }
  }
  sv_dataset_free(train);
  sv_dataset_free(test);
}

/* What was a training image stays one when a file is added. */
static void test_stable(void **state) {
  (void)state;
  bool was_test[40] = {false};
  put_class("stable", "a", 40);
  put_class("stable", "b", 4);
  sv_dataset *test = open_split("stable", SV_SPLIT_TEST);
  for (int64_t i = 0; i < of_class(test, 0); i++)
    was_test[shade(test, i)] = true;
  sv_dataset_free(test);
  put_image("stable/a/more.png", 2, 40);
  test = open_split("stable", SV_SPLIT_TEST);
  int moved = 0;
  for (int64_t i = 0; i < of_class(test, 0); i++)
    moved += shade(test, i) == 40 || !was_test[shade(test, i)];
  sv_dataset_free(test);
  assert_true(moved <= 1);
}

static void test_split_already(void **state) {
  (void)state;
  put_class("split/train", "cat", 3);
  put_class("split/train", "dog/more", 4); /* below the class's folder */
  put_class("split/test", "dog", 2);
  sv_dataset *train = open_split("split", SV_SPLIT_TRAIN);
  sv_dataset *test = open_split("split", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(train), 7);
  assert_int_equal(of_class(train, 1), 4);
  assert_int_equal(sv_dataset_count(test), 2);
  assert_int_equal(sv_dataset_classes(test), 2);
  assert_int_equal(sv_dataset_label(test, 0), 1);
  assert_int_equal(sv_dataset_height(test), 2);
  sv_dataset_free(train);
  sv_dataset_free(test);
  put_class("split/test", "emu", 1);
  assert_error(SV_FORMAT, "test/emu: this class has no training images",
               try_open("split", SV_SPLIT_TEST));
}

/* The validation set comes last, and is what is held out. */
static void test_validation(void **state) {
  (void)state;
  put_class("three/train", "a", 5);
  put_class("three/train", "b", 5);
  put_class("three/val", "a", 2);
  put_class("three/val", "b", 1);
  sv_dataset *test = open_split("three", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(test), 3);
  sv_dataset_free(test);
  put_class("three/test", "b", 4);
  test = open_split("three", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(test), 4);
  assert_int_equal(sv_dataset_held_out(test), 0);
  sv_dataset_free(test);
  sv_dataset *train = open_split("three", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_count(train), 13);
  assert_int_equal(sv_dataset_held_out(train), 3);
  sv_samples kept, held;
  assert_ok(sv_samples_hold_out(&kept, &held, train, 0.1, 7));
  assert_int_equal(kept.count, 10);
  assert_int_equal(held.count, 3);
  for (int i = 0; i < 3; i++) assert_int_equal(held.at[i], 10 + i);
  sv_samples_free(&kept);
  sv_samples_free(&held);
  assert_ok(sv_samples_hold_out(&kept, &held, train, 0, 7));
  assert_int_equal(kept.count, 10);
  assert_int_equal(held.count, 0);
  sv_samples_free(&kept);
  sv_samples_free(&held);
  sv_dataset_free(train);
}

/* A class may be called train. */
static void test_class_train(void **state) {
  (void)state;
  put_class("vehicles", "car", 5);
  put_class("vehicles", "train", 5);
  sv_dataset *d = open_split("vehicles", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_classes(d), 2);
  assert_int_equal(sv_dataset_count(d), 8);
  sv_dataset_free(d);
}

static void test_passed_over(void **state) {
  (void)state;
  put_class("odd", "a", 5);
  put_class("odd", "b", 5);
  write_plain("odd/a/.DS_Store", "x", 1);
  write_plain("odd/a/Thumbs.db", "x", 1);
  write_plain("odd/notes.txt", "x", 1);
  mkdir(in_folder("odd/.git"), 0777);
  mkdir(in_folder("odd/__MACOSX"), 0777);
  assert_int_equal(symlink("../b/0.png", in_folder("odd/a/linked.png")), 0);
  sv_dataset *d = open_split("odd", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_classes(d), 2);
  int all = (int)sv_dataset_count(d);
  sv_dataset_free(d);
  d = open_split("odd", SV_SPLIT_TEST);
  assert_int_equal(all + sv_dataset_count(d), 11);
  sv_dataset_free(d);
}

/* Sizes and colours differ: neither is known. */
static void test_sizes(void **state) {
  (void)state;
  put_class("sizes", "a", 4);
  put_class("sizes", "b", 4);
  put_image("sizes/b/large.png", 5, 9);
  put_image("sizes/b/larger.png", 6, 9);
  sv_dataset *d = open_split("sizes", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_channels(d), 3);
  assert_int_equal(sv_dataset_height(d), 0);
  assert_int_equal(sv_dataset_width(d), 0);
  sv_dataset_free(d);
}

static void test_refused(void **state) {
  (void)state;
  put_class("refused", "a", 4);
  mkdir(in_folder("refused/b"), 0777);
  assert_error(SV_FORMAT, "refused/b: a class folder without images",
               try_open("refused", SV_SPLIT_TRAIN));
  assert_int_equal(rmdir(in_folder("refused/b")), 0);
  assert_error(SV_FORMAT, "refused: one class folder, 'a'",
               try_open("refused", SV_SPLIT_TRAIN));
  put_class("refused", "b", 2);
  write_plain("refused/b/text.png", "no image", 8);
  sv_dataset *d = open_split("refused", SV_SPLIT_TRAIN);
  bool found = false;
  for (int64_t i = 0; i < sv_dataset_count(d) && !found; i++) {
    sv_image image;
    if (sv_dataset_image(d, i, &image) == SV_OK)
      sv_image_free(&image);
    else
      found = strstr(sv_error(), "refused/b/text.png: not an image") != NULL;
  }
  sv_dataset_free(d);
  d = open_split("refused", SV_SPLIT_TEST);
  for (int64_t i = 0; i < sv_dataset_count(d) && !found; i++) {
    sv_image image;
    if (sv_dataset_image(d, i, &image) == SV_OK)
      sv_image_free(&image);
    else
      found = strstr(sv_error(), "refused/b/text.png: not an image") != NULL;
  }
  sv_dataset_free(d);
  assert_true(found);
  mkdir(in_folder("refused/a/deep"), 0777);
  assert_int_equal(symlink("..", in_folder("refused/a/deep/up")), 0);
  assert_error(SV_IO, "refused/a/deep/up: a link to a folder that contains it",
               try_open("refused", SV_SPLIT_TRAIN));
  put_class("lines", "a\nb", 2);
  put_class("lines", "c", 2);
  assert_error(SV_FORMAT, "line break", try_open("lines", SV_SPLIT_TRAIN));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_set),       cmocka_unit_test(test_stable),
      cmocka_unit_test(test_split_already), cmocka_unit_test(test_validation),
      cmocka_unit_test(test_class_train),   cmocka_unit_test(test_passed_over),
      cmocka_unit_test(test_sizes),         cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
