/* Tar shards of images and labels. */
#include "image_files.h"

/* ---- Tar files ---- */

static FILE *tar;

static void begin_tar(const char *path) {
  make_parents(path);
  tar = fopen(in_folder(path), "wb");
  assert_non_null(tar);
}

/* A header of the old format and the content. Source: POSIX, pax, ustar. */
static void add_file(const char *name, char type, const void *bytes,
                     size_t size) {
  char block[512] = {0};
  unsigned sum = 0;
  snprintf(block, 100, "%s", name);
  memcpy(block + 100, "0000644", 8);
  memcpy(block + 108, "0000000", 8);
  memcpy(block + 116, "0000000", 8);
  snprintf(block + 124, 12, "%011zo", size);
  memcpy(block + 136, "00000000000", 12);
  memset(block + 148, ' ', 8);
  block[156] = type;
  memcpy(block + 257, "ustar\00000", 8);
  for (int i = 0; i < 512; i++) sum += (unsigned char)block[i];
  snprintf(block + 148, 8, "%06o", sum);
  fwrite(block, 1, 512, tar);
  fwrite(bytes, 1, size, tar);
  memset(block, 0, sizeof block);
  fwrite(block, 1, (512 - size % 512) % 512, tar);
}

static void add_text(const char *name, const char *text) {
  add_file(name, '0', text, strlen(text));
}

static void add_image(const char *name, int grey) {
  uint8_t bytes[4096];
  put_image("one.png", 2, grey);
  FILE *file = fopen(in_folder("one.png"), "rb");
  assert_non_null(file);
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  add_file(name, '0', bytes, size);
}

static void end_tar(void) {
  static const char zeros[1024];
  fwrite(zeros, 1, sizeof zeros, tar);
  assert_int_equal(fclose(tar), 0);
}

/* Samples first .. first + count - 1 of greys and keys so numbered, labels by
 * turns. */
static void put_shard(const char *path, int first, int count, int classes) {
  char name[32], label[16];
  begin_tar(path);
  for (int i = first; i < first + count; i++) {
    snprintf(name, sizeof name, "./%04d.png", i);
    add_image(name, i);
    snprintf(name, sizeof name, "./%04d.cls", i);
    snprintf(label, sizeof label, " %d\n", i % classes);
    add_text(name, label);
  }
  end_tar();
}

/* ---- Tests ---- */

static void test_range(void **state) {
  (void)state;
  put_shard("range/p-008.tar", 0, 10, 3);
  put_shard("range/p-009.tar", 10, 10, 3);
  put_shard("range/p-010.tar", 20, 10, 3);
  sv_dataset *train = open_split("range/p-{008..010}.tar", SV_SPLIT_TRAIN);
  sv_dataset *test = open_split("range/p-{008..010}.tar", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_classes(train), 3);
  assert_string_equal(sv_dataset_class_name(train, 2), "2");
  assert_int_equal(sv_dataset_count(train), 24);
  assert_int_equal(sv_dataset_count(test), 6);
  bool seen[30] = {false};
  for (int part = 0; part < 2; part++) {
    const sv_dataset *d = part ? test : train;
    for (int64_t i = 0; i < sv_dataset_count(d); i++) {
      int grey = shade(d, i);
      assert_false(seen[grey]);
      seen[grey] = true;
      assert_int_equal(sv_dataset_label(d, i), grey % 3);
    }
  }
  char *source;
  assert_ok(sv_dataset_source(train, 0, &source));
  assert_non_null(strstr(source, "range/p-008.tar: ./000"));
  sv_dataset_source_free(source);
  sv_dataset_free(train);
  sv_dataset_free(test);
  assert_error(SV_IO, "p-011.tar: cannot open",
               try_open("range/p-{008..011}.tar", SV_SPLIT_TRAIN));
  assert_ok(try_open("range/p-009.tar", SV_SPLIT_TRAIN));
  assert_error(SV_IO, "no such file",
               try_open("range/p-{010..008}.tar", SV_SPLIT_TRAIN));
}

/* The parts by words of the paths; classes.txt beside them. */
static void test_folder(void **state) {
  (void)state;
  put_shard("parts/some-train-0.tar", 0, 10, 4);
  put_shard("parts/some-train-1.tar", 10, 10, 4);
  put_shard("parts/val/0.tar", 20, 4, 4);
  put_text("parts/classes.txt", "ant\nbee\r\ncat\ndog\n");
  sv_dataset *d = open_split("parts", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_count(d), 24);
  assert_int_equal(sv_dataset_held_out(d), 4);
  assert_string_equal(sv_dataset_class_name(d, 1), "bee");
  for (int i = 0; i < 24; i++) assert_int_equal(shade(d, i), i);
  sv_dataset_free(d);
  d = open_split("parts", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(d), 4);
  sv_dataset_free(d);
  put_text("parts/classes.txt", "ant\nbee\n");
  assert_error(SV_FORMAT, "classes.txt: 2 names, but the highest label is 3",
               try_open("parts", SV_SPLIT_TRAIN));
  put_text("parts/classes.txt", "ant\nbee\ncat\ndog\nelk");
  d = open_split("parts", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_classes(d), 5);
  sv_dataset_free(d);
  put_shard("parts/other.tar", 0, 2, 2);
  assert_error(SV_FORMAT, "has train, val or test in its name",
               try_open("parts", SV_SPLIT_TRAIN));
}

/* Names as labels, in .json or .cls; other files are ignored. */
static void test_json(void **state) {
  (void)state;
  begin_tar("json.tar");
  add_file("a", '5', "", 0);
  add_text("a/1.json", "{\"label\": \"dog\", \"width\": 3}");
  add_image("a/1.png", 1);
  add_text("a/1.txt", "a dog");
  add_image("a/1.mask.png", 200);
  add_text("a/.hidden.cls", "x");
  add_image("b/1.png", 2);
  add_text("b/1.json", "{\"class\": \"cat\"}");
  add_text("b/1.cls", "cow");
  add_text("readme.txt", "not a sample");
  add_image("b/2.PNG", 3);
  add_text("b/2.cls", "dog");
  add_image("b/3.png", 4);
  add_text("b/3.cls", "cow");
  end_tar();
  int cows = 0;
  for (int part = 0; part < 2; part++) {
    sv_dataset *d = open_split("json.tar", (sv_split)part);
    assert_int_equal(sv_dataset_classes(d), 2);
    assert_string_equal(sv_dataset_class_name(d, 0), "cow");
    assert_string_equal(sv_dataset_class_name(d, 1), "dog");
    assert_int_equal(sv_dataset_count(d), 2);
    for (int i = 0; i < 2; i++) {
      int grey = shade(d, i);
      assert_int_equal(sv_dataset_label(d, i), grey == 1 || grey == 3);
      cows += sv_dataset_label(d, i) == 0;
    }
    sv_dataset_free(d);
  }
  assert_int_equal(cows, 2);
}

static sv_status try_tar(void) {
  end_tar();
  return try_open("try.tar", SV_SPLIT_TRAIN);
}

static void test_refused(void **state) {
  (void)state;
  begin_tar("try.tar");
  add_image("1.png", 1);
  assert_error(SV_FORMAT, "try.tar: the sample '1' has no label", try_tar());
  begin_tar("try.tar");
  add_text("1.cls", "1");
  add_image("2.png", 1);
  assert_error(SV_FORMAT, "the sample '1' has a label, but no image",
               try_tar());
  begin_tar("try.tar");
  add_image("1.png", 1);
  add_image("1.jpg", 1);
  assert_error(SV_FORMAT, "has two images, 1.png and 1.jpg", try_tar());
  begin_tar("try.tar");
  add_text("1.cls", " \n");
  assert_error(SV_FORMAT, "try.tar: 1.cls: a label of 0 bytes", try_tar());
  begin_tar("try.tar");
  add_file("1.cls", '0', "1\0002", 3);
  assert_error(SV_FORMAT, "1.cls: a zero byte", try_tar());
  begin_tar("try.tar");
  add_text("1.json", "{\"label\": ");
  assert_error(SV_FORMAT, "try.tar: 1.json: line 1:", try_tar());
  begin_tar("try.tar");
  assert_error(SV_FORMAT, "no images for training", try_tar());
  begin_tar("try.tar");
  add_image("1.png", 1);
  add_text("1.cls", "0");
  assert_error(SV_FORMAT, "one class", try_tar());
  put_shard("try.tar", 0, 4, 2);
  assert_int_equal(truncate(in_folder("try.tar"), 512 + 20), 0);
  assert_error(SV_FORMAT, "truncated tar file",
               try_open("try.tar", SV_SPLIT_TRAIN));
  write_gzip("try.tar", "no tar file", 11);
  assert_error(SV_FORMAT, "expected a tar file without compression",
               try_open("try.tar", SV_SPLIT_TRAIN));
  put_text("try.tar", "");
  assert_error(SV_FORMAT, "try.tar: an empty file, expected a tar file",
               try_open("try.tar", SV_SPLIT_TRAIN));
}

/* What shrinks after it was opened is an error, too. */
static void test_shrunk(void **state) {
  (void)state;
  put_shard("shrunk.tar", 0, 6, 2);
  sv_dataset *d = open_split("shrunk.tar", SV_SPLIT_TRAIN);
  assert_int_equal(truncate(in_folder("shrunk.tar"), 600), 0);
  sv_image image;
  int64_t last = sv_dataset_count(d) - 1;
  assert_error(SV_IO, "shrunk.tar: became shorter",
               sv_dataset_image(d, last, &image));
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_range),  cmocka_unit_test(test_folder),
      cmocka_unit_test(test_json),   cmocka_unit_test(test_refused),
      cmocka_unit_test(test_shrunk),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
