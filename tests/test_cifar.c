/* CIFAR-10's and CIFAR-100's binaries: order of bytes, labels, names, faults.
 */
#include "data_files.h"

enum { PLANE = 32 * 32, PIXELS = 3 * PLANE, MOST = 4 };

/* Record i: its labels, then pixel p of channel c = (i + p + 50 c) mod 256. */
static void put_records(const char *name, int count, int labels, int first) {
  static uint8_t bytes[MOST * (PIXELS + 2)];
  uint8_t *at = bytes;
  for (int i = 0; i < count; i++) {
    if (labels == 2) *at++ = 1;
    *at++ = (uint8_t)(first + i);
    for (int p = 0; p < PIXELS; p++)
      *at++ = (uint8_t)(i + p % PLANE + 50 * (p / PLANE));
  }
  write_plain(name, bytes, (size_t)(at - bytes));
}

static void put_ten(const char *root) {
  char path[128];
  mkdir(in_folder(root), 0777);
  for (int b = 1; b <= 5; b++) {
    snprintf(path, sizeof path, "%s/data_batch_%d.bin", root, b);
    put_records(path, 2, 1, b);
  }
  snprintf(path, sizeof path, "%s/test_batch.bin", root);
  put_records(path, 3, 1, 7);
}

static sv_status try_open(const char *root, sv_split split) {
  sv_dataset *d;
  sv_status status = sv_dataset_open(&d, in_folder(root), split);
  if (status == SV_OK) sv_dataset_free(d);
  return status;
}

static void test_ten(void **state) {
  (void)state;
  sv_dataset *d;
  sv_image image;
  put_ten("ten");
  write_plain("ten/batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n", 22);
  assert_ok(sv_dataset_open(&d, in_folder("ten"), SV_SPLIT_TRAIN));
  assert_int_equal(sv_dataset_count(d), 10);
  assert_int_equal(sv_dataset_classes(d), 10);
  assert_string_equal(sv_dataset_class_name(d, 0), "a");
  assert_string_equal(sv_dataset_class_name(d, 9), "j");
  for (int i = 0; i < 10; i++)
    assert_int_equal(sv_dataset_label(d, i), 1 + i / 2 + i % 2);
  assert_ok(sv_dataset_image(d, 3, &image)); /* record 1 of its file */
  assert_int_equal(image.channels, 3);
  for (int p = 0; p < PLANE; p++)
    for (int c = 0; c < 3; c++)
      assert_int_equal(image.pixels[3 * p + c], (uint8_t)(1 + p + 50 * c));
  sv_image_free(&image);
  sv_dataset_free(d);
  assert_ok(sv_dataset_open(&d, in_folder("ten"), SV_SPLIT_TEST));
  assert_int_equal(sv_dataset_count(d), 3);
  assert_int_equal(sv_dataset_label(d, 2), 9);
  sv_dataset_free(d);
}

static void test_hundred(void **state) {
  (void)state;
  sv_dataset *d;
  char names[100 * 4 + 1] = "";
  mkdir(in_folder("hundred"), 0777);
  put_records("hundred/train.bin", 4, 2, 96);
  put_records("hundred/test.bin", 1, 2, 5);
  for (int i = 0; i < 100; i++) snprintf(names + 4 * i, 5, "n%02d\n", i);
  write_plain("hundred/fine_label_names.txt", names, 400);
  assert_ok(sv_dataset_open(&d, in_folder("hundred"), SV_SPLIT_TRAIN));
  assert_int_equal(sv_dataset_classes(d), 100);
  assert_int_equal(sv_dataset_label(d, 3), 99);
  assert_string_equal(sv_dataset_class_name(d, 99), "n99");
  sv_dataset_free(d);
  write_plain("hundred/fine_label_names.txt", names, 396);
  assert_error(SV_FORMAT, "fine_label_names.txt: 99 names, expected 100",
               try_open("hundred", SV_SPLIT_TEST));
}

static void test_faults(void **state) {
  (void)state;
  put_ten("faults");
  assert_ok(try_open("faults", SV_SPLIT_TRAIN)); /* names may be missing */
  put_records("faults/data_batch_3.bin", 2, 1, 9);
  assert_error(SV_FORMAT,
               "data_batch_3.bin: label 10 of record 1 is not 0 to 9",
               try_open("faults", SV_SPLIT_TRAIN));
  write_plain("faults/data_batch_3.bin", "x", 1);
  assert_error(
      SV_FORMAT,
      "data_batch_3.bin: 1 bytes are not a multiple of the record size 3073",
      try_open("faults", SV_SPLIT_TRAIN));
  assert_int_equal(remove(in_folder("faults/data_batch_3.bin")), 0);
  assert_error(SV_IO, "data_batch_3.bin", try_open("faults", SV_SPLIT_TRAIN));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ten),
      cmocka_unit_test(test_hundred),
      cmocka_unit_test(test_faults),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
