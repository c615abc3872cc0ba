/* Data sets: found, read, refused; samples divided and shuffled. */
#include "data_files.h"

/* ---- Found and read ---- */

static void check_small(const sv_dataset *d, int count) {
  assert_int_equal(sv_dataset_count(d), count);
  assert_int_equal(sv_dataset_channels(d), 1);
  assert_int_equal(sv_dataset_height(d), SMALL_H);
  assert_int_equal(sv_dataset_width(d), SMALL_W);
  for (int i = 0; i < count; i++) {
    sv_image image;
    assert_ok(sv_dataset_image(d, i, &image));
    assert_int_equal(image.width, SMALL_W);
    assert_int_equal(image.height, SMALL_H);
    assert_int_equal(image.channels, 1);
    for (int j = 0; j < SMALL_PIXELS; j++)
      assert_int_equal(image.pixels[j], small_pixel(i, j));
    sv_image_free(&image);
  }
}

static void check_small_set(const char *data) {
  sv_dataset *d;
  assert_ok(sv_dataset_open(&d, data, SV_SPLIT_TRAIN));
  check_small(d, SMALL_TRAIN);
  assert_int_equal(sv_dataset_classes(d), 5);
  for (int i = 0; i < SMALL_TRAIN; i++)
    assert_int_equal(sv_dataset_label(d, i), i % 5);
  assert_string_equal(sv_dataset_class_name(d, 4), "4");
  sv_dataset_free(d);
  assert_ok(sv_dataset_open(&d, data, SV_SPLIT_TEST));
  check_small(d, 7);
  /* Labels 0 to 3 in this split, but the training split has a fifth. */
  assert_int_equal(sv_dataset_classes(d), 5);
  for (int i = 0; i < 7; i++) assert_int_equal(sv_dataset_label(d, i), i % 4);
  sv_dataset_free(d);
}

static void test_plain_and_gzip(void **state) {
  (void)state;
  write_small("plain", false);
  write_small("zipped", true);
  check_small_set(in_folder("plain"));
  check_small_set(in_folder("zipped"));
  check_small_set(in_folder("plain/"));
}

/* "train-images.idx3-ubyte"; content, not the name, says what is gzip; a gzip
 * file may have several members. */
static void test_other_names(void **state) {
  (void)state;
  uint8_t bytes[600];
  write_small("dots", false);
  assert_int_equal(rename(in_folder("dots/train-images-idx3-ubyte"),
                          in_folder("dots/train-images.idx3-ubyte")),
                   0);
  remove(in_folder("dots/train-labels-idx1-ubyte"));
  size_t size = small_labels(bytes, SMALL_TRAIN, 5);
  write_gzip("dots/train-labels.idx1-ubyte", bytes, size);
  remove(in_folder("dots/t10k-labels-idx1-ubyte"));
  size = small_labels(bytes, 7, 4);
  write_plain("dots/t10k-labels.idx1-ubyte.gz", bytes, size);
  remove(in_folder("dots/t10k-images-idx3-ubyte"));
  size = small_images(bytes, 7);
  gzFile file = gzopen(in_folder("dots/t10k-images-idx3-ubyte.gz"), "wb");
  gzwrite(file, bytes, 30);
  gzclose(file);
  file = gzopen(in_folder("dots/t10k-images-idx3-ubyte.gz"), "ab");
  gzwrite(file, bytes + 30, (unsigned)size - 30);
  gzclose(file);
  check_small_set(in_folder("dots"));
}

static void test_accessors_are_bounded(void **state) {
  (void)state;
  write_small("plain", false);
  sv_dataset *d;
  sv_image image;
  assert_ok(sv_dataset_open(&d, in_folder("plain"), SV_SPLIT_TRAIN));
  assert_int_equal(sv_dataset_label(d, -1), -1);
  assert_int_equal(sv_dataset_label(d, SMALL_TRAIN), -1);
  assert_null(sv_dataset_class_name(d, -1));
  assert_null(sv_dataset_class_name(d, 5));
  assert_error(SV_INVALID, "sample 20 is not 0 to 19",
               sv_dataset_image(d, SMALL_TRAIN, &image));
  assert_error(SV_INVALID, "sample -1", sv_dataset_image(d, -1, &image));
  sv_dataset_free(d);
  sv_dataset_free(NULL);
}

static void test_found_by_name(void **state) {
  (void)state;
  sv_dataset *d;
  write_small("fashion-mnist", false);
  write_small("mnist", true);
  write_small("letters", false);
  setenv("SVERTKA_DATA", folder, 1);
  check_small_set("letters");
  assert_ok(sv_dataset_open(&d, "fashion-mnist", SV_SPLIT_TEST));
  assert_string_equal(sv_dataset_path(d), in_folder("fashion-mnist"));
  assert_string_equal(sv_dataset_name(d), "fashion-mnist");
  assert_int_equal(sv_dataset_classes(d), 10);
  assert_string_equal(sv_dataset_class_name(d, 0), "T-shirt/top");
  assert_string_equal(sv_dataset_class_name(d, 9), "Ankle boot");
  sv_dataset_free(d);
  assert_ok(sv_dataset_open(&d, "mnist", SV_SPLIT_TRAIN));
  assert_int_equal(sv_dataset_classes(d), 10);
  assert_string_equal(sv_dataset_class_name(d, 9), "9");
  sv_dataset_free(d);
  unsetenv("SVERTKA_DATA");
}

/* ./data, and the folder in which one stands. */
static void test_found_here(void **state) {
  (void)state;
  char before[4096];
  sv_dataset *d;
  assert_non_null(getcwd(before, sizeof before));
  mkdir(in_folder("data"), 0777);
  write_small("data/mine", false);
  write_small("fashion-mnist", false);
  assert_int_equal(chdir(folder), 0);
  check_small_set("mine");
  check_small_set("data/mine");
  assert_int_equal(chdir("fashion-mnist"), 0);
  assert_ok(sv_dataset_open(&d, ".", SV_SPLIT_TEST));
  assert_string_equal(sv_dataset_class_name(d, 1), "Trouser");
  sv_dataset_free(d);
  assert_int_equal(chdir(before), 0);
}

static sv_status try_open(const char *data, sv_split split) {
  sv_dataset *d;
  sv_status status = sv_dataset_open(&d, data, split);
  if (status == SV_OK)
    sv_dataset_free(d);
  else
    assert_null(d);
  assert_null(strchr(sv_error(), '\n'));
  return status;
}

static void test_not_found(void **state) {
  (void)state;
  unsetenv("SVERTKA_DATA");
  assert_error(SV_IO,
               "unknown data set 'no-such': not found in ./no-such, "
               "$SVERTKA_DATA/no-such (which is not set), ./data/no-such, "
               "/usr/share/datasets/no-such",
               try_open("no-such", SV_SPLIT_TRAIN));
  setenv("SVERTKA_DATA", folder, 1);
  assert_error(SV_IO, in_folder("no-such"), try_open("no-such", SV_SPLIT_TEST));
  unsetenv("SVERTKA_DATA");
  assert_error(SV_IO, "no such file or folder",
               try_open("./no/such", SV_SPLIT_TRAIN));
  assert_error(SV_IO, "no such file or folder", try_open("", SV_SPLIT_TRAIN));
  mkdir(in_folder("empty"), 0777);
  assert_error(SV_FORMAT,
               "not a recognised data set (a folder); expected one of: idx (",
               try_open(in_folder("empty"), SV_SPLIT_TRAIN));
  write_plain("file", "text", 4);
  assert_error(SV_FORMAT, "file: not a recognised data set",
               try_open(in_folder("file"), SV_SPLIT_TRAIN));
}

/* ---- Broken files ---- */

/* How one file of the small data set is spoiled: at `at` the bytes of `patch`
 * are put, then the length becomes `size` (0: as it is). */
typedef struct spoiled {
  const char *file; /* without -ubyte */
  size_t at;
  const char *patch;
  int patch_size;
  size_t size;
  sv_status status;
  const char *words;
} spoiled;

#define IMAGES "train-images-idx3"
#define LABELS "train-labels-idx1"

static const spoiled cases[] = {
    {IMAGES, 0, "", 0, 3, SV_FORMAT,
     "truncated: 3 bytes are too few for an IDX header"},
    {IMAGES, 0, "", 0, 11, SV_FORMAT, "truncated inside its header"},
    {IMAGES, 0, "", 0, 495, SV_FORMAT, "truncated"},
    {IMAGES, 0, "", 0, 17, SV_FORMAT, "truncated"},
    {LABELS, 0, "", 0, 27, SV_FORMAT, "truncated"},
    {IMAGES, 0, "", 0, 497, SV_FORMAT, "has extra bytes after the 20 images"},
    {LABELS, 0, "", 0, 29, SV_FORMAT, "has extra bytes after the 20 labels"},
    {IMAGES, 0, "PK\3\4", 4, 0, SV_FORMAT,
     "not an IDX file: begins with 50 4b 03 04, expected 00 00 08 03"},
    {LABELS, 0, "\1", 1, 0, SV_FORMAT,
     "not an IDX file: begins with 01 00 08 01, expected 00 00 08 01"},
    {IMAGES, 2, "\x0d", 1, 0, SV_FORMAT,
     "elements of type 0x0d, expected 0x08 (unsigned bytes)"},
    {IMAGES, 3, "\1", 1, 0, SV_FORMAT,
     "holds labels (1-dimensional), expected images (3)"},
    {LABELS, 3, "\3", 1, 0, SV_FORMAT,
     "holds images (3-dimensional), expected labels (1)"},
    {IMAGES, 3, "\4", 1, 0, SV_FORMAT, "holds data (4-dimensional), expected"},
    {IMAGES, 7, "\0", 1, 16, SV_FORMAT, "holds no images"},
    {LABELS, 7, "\0", 1, 8, SV_FORMAT, "holds no labels"},
    {IMAGES, 11, "\0", 1, 16, SV_FORMAT, "holds no pixels"},
    {IMAGES, 4, "\xff\xff\xff\xff", 4, 0, SV_FORMAT,
     "too short for the 4294967295 images that its header promises"},
    {IMAGES, 4, "\xff\xff\xff\xff\0\0\xff\xff\0\0\xff\xff", 12, 0, SV_FORMAT,
     "too short for the 4294967295 images that its header promises"},
    {IMAGES, 8, "\0\1\0\0", 4, 0, SV_FORMAT, "a side of 65536 pixels, at most"},
    {IMAGES, 7, "\x13", 1, 472, SV_FORMAT, "holds 20 labels, but "},
    {LABELS, 7, "\x13", 1, 27, SV_FORMAT, "holds 19 labels, but "},
    /* Whether a count that is too large fits into the file or not. */
    {IMAGES, 7, "\x15", 1, 0, SV_FORMAT, "truncated"},
    {IMAGES, 4, "\0\0\x10", 3, 0, SV_FORMAT, "truncated"},
};

static void write_spoiled(const spoiled *c, bool gzip) {
  uint8_t bytes[600] = {0};
  char name[100];
  bool images = strcmp(c->file, IMAGES) == 0;
  size_t size = images ? small_images(bytes, SMALL_TRAIN)
                       : small_labels(bytes, SMALL_TRAIN, 5);
  memcpy(bytes + c->at, c->patch, (size_t)c->patch_size);
  if (c->size) size = c->size;
  write_small("broken", gzip);
  snprintf(name, sizeof name, "broken/%s-ubyte%s", c->file, gzip ? ".gz" : "");
  if (gzip)
    write_gzip(name, bytes, size);
  else
    write_plain(name, bytes, size);
}

static void test_broken_files(void **state) {
  (void)state;
  for (int gzip = 0; gzip < 2; gzip++) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
      const spoiled *c = &cases[i];
      write_spoiled(c, gzip);
      assert_error(c->status, c->words,
                   try_open(in_folder("broken"), SV_SPLIT_TRAIN));
      assert_error(c->status, c->file,
                   try_open(in_folder("broken"), SV_SPLIT_TRAIN));
      /* The other split does not suffer, but for the labels' classes. */
      if (strcmp(c->file, IMAGES) == 0)
        assert_ok(try_open(in_folder("broken"), SV_SPLIT_TEST));
    }
    remove_folder(NULL);
    make_folder(NULL);
  }
}

static void test_count_mismatch_names_both(void **state) {
  (void)state;
  uint8_t bytes[600];
  write_small("broken", false);
  write_plain("broken/t10k-labels-idx1-ubyte", bytes,
              small_labels(bytes, 6, 4));
  assert_error(SV_FORMAT, "t10k-labels-idx1-ubyte: holds 6 labels, but ",
               try_open(in_folder("broken"), SV_SPLIT_TEST));
  assert_error(SV_FORMAT, "t10k-images-idx3-ubyte holds 7 images",
               try_open(in_folder("broken"), SV_SPLIT_TEST));
}

static void test_label_beyond_the_known(void **state) {
  (void)state;
  uint8_t bytes[600];
  write_small("mnist", false);
  size_t size = small_labels(bytes, SMALL_TRAIN, 5);
  bytes[8 + 3] = 10;
  write_plain("mnist/train-labels-idx1-ubyte", bytes, size);
  assert_error(SV_FORMAT, "label 10 of sample 3 is not 0 to 9",
               try_open(in_folder("mnist"), SV_SPLIT_TRAIN));
}

/* A wrong byte in the labels does not make a class. */
static void check_label(const char *file, int at, uint8_t label, int count,
                        sv_split split, const char *words) {
  uint8_t bytes[600];
  char name[100];
  write_small("gaps", false);
  size_t size = small_labels(bytes, count, count == SMALL_TRAIN ? 5 : 4);
  bytes[8 + at] = label;
  snprintf(name, sizeof name, "gaps/%s", file);
  write_plain(name, bytes, size);
  assert_error(SV_FORMAT, words, try_open(in_folder("gaps"), split));
}

static void test_labels_with_gaps(void **state) {
  (void)state;
  const char *train = "train-labels-idx1-ubyte", *test =
                                                     "t10k-labels-idx1-"
                                                     "ubyte";
  check_label(train, 9, 255, SMALL_TRAIN, SV_SPLIT_TRAIN,
              "gaps/train-labels-idx1-ubyte: label 9 is 255, but the "
              "training images contain only classes 5 to 254");
  check_label(train, 9, 6, SMALL_TRAIN, SV_SPLIT_TRAIN,
              "label 9 is 6, but the training images contain only class 5");
  check_label(train, 9, 255, SMALL_TRAIN, SV_SPLIT_TEST,
              "train-labels-idx1-ubyte: label 9 is 255");
  check_label(test, 3, 255, 7, SV_SPLIT_TEST,
              "gaps/t10k-labels-idx1-ubyte: label 3 is 255, but the "
              "training images contain only classes 5 to 255");
  check_label(test, 3, 5, 7, SV_SPLIT_TEST,
              "label 3 is 5, but the training images contain only class 5");
  /* Labels that count from 1. */
  uint8_t bytes[600];
  size_t size = small_labels(bytes, SMALL_TRAIN, 5);
  for (int i = 0; i < SMALL_TRAIN; i++) bytes[8 + i]++;
  write_plain("gaps/train-labels-idx1-ubyte", bytes, size);
  assert_error(SV_FORMAT,
               "label 0 is 1, but the training images contain only class 0",
               try_open(in_folder("gaps"), SV_SPLIT_TRAIN));
  /* Known classes need no images: the first of a set may lack some. */
  write_small("mnist", false);
  assert_ok(try_open(in_folder("mnist"), SV_SPLIT_TRAIN));
}

static void test_missing_files(void **state) {
  (void)state;
  write_small("half", true);
  remove(in_folder("half/train-images-idx3-ubyte.gz"));
  assert_error(SV_IO,
               "half: does not contain train-images-idx3-ubyte, plain or .gz",
               try_open(in_folder("half"), SV_SPLIT_TRAIN));
  assert_ok(try_open(in_folder("half"), SV_SPLIT_TEST));
  remove(in_folder("half/t10k-labels-idx1-ubyte.gz"));
  assert_error(SV_IO, "half: does not contain t10k-labels-idx1-ubyte",
               try_open(in_folder("half"), SV_SPLIT_TEST));
  /* A test split alone is enough to evaluate with. */
  write_small("alone", false);
  remove(in_folder("alone/train-images-idx3-ubyte"));
  remove(in_folder("alone/train-labels-idx1-ubyte"));
  assert_ok(try_open(in_folder("alone"), SV_SPLIT_TEST));
  mkdir(in_folder("alone/train-images-idx3-ubyte"), 0777);
  uint8_t bytes[600];
  write_plain("alone/train-labels-idx1-ubyte", bytes,
              small_labels(bytes, SMALL_TRAIN, 5));
  assert_error(SV_IO, "train-images-idx3-ubyte: not a regular file",
               try_open(in_folder("alone"), SV_SPLIT_TRAIN));
}

/* The compressed data themselves: cut, flipped, followed by something, and a
 * small file that claims 4 GB or expands to more than it declares. */
static void test_broken_gzip(void **state) {
  (void)state;
  const char *name = "gz/train-images-idx3-ubyte.gz";
  uint8_t bytes[4000];
  write_small("gz", true);
  FILE *file = fopen(in_folder(name), "rb");
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t cut = 2; cut < size; cut++) {
    write_plain(name, bytes, cut);
    assert_error(SV_FORMAT, "train-images-idx3-ubyte.gz: ",
                 try_open(in_folder("gz"), SV_SPLIT_TRAIN));
  }
  assert_non_null(strstr(sv_error(), "truncated gzip data"));
  bytes[size - 6] ^= 1;
  write_plain(name, bytes, size);
  assert_error(SV_FORMAT, "damaged gzip data: incorrect data check",
               try_open(in_folder("gz"), SV_SPLIT_TRAIN));
  bytes[size - 6] ^= 1;
  memcpy(bytes + size, "more", 4);
  write_plain(name, bytes, size + 4);
  assert_error(SV_FORMAT, "damaged gzip data",
               try_open(in_folder("gz"), SV_SPLIT_TRAIN));
  for (size_t i = 10; i < size; i++) { /* behind the gzip header */
    bytes[i] ^= 0x55;
    write_plain(name, bytes, size);
    assert_int_equal(try_open(in_folder("gz"), SV_SPLIT_TRAIN), SV_FORMAT);
    bytes[i] ^= 0x55;
  }
}

static void test_bombs(void **state) {
  (void)state;
  const char *name = "bomb/train-images-idx3-ubyte.gz";
  uint8_t *zeros = calloc(1, 1 << 24);
  write_small("bomb", true);
  memcpy(zeros, "\0\0\x08\3\0\0\0\x14\0\0\xff\xff\0\0\xff\xff", 16);
  write_gzip(name, zeros, 1000);
  assert_error(SV_FORMAT, "too short for the 20 images",
               try_open(in_folder("bomb"), SV_SPLIT_TRAIN));
  memcpy(zeros, "\0\0\x08\3\0\0\0\x14\0\0\0\4\0\0\0\6", 16);
  write_gzip(name, zeros, 1 << 24);
  assert_error(SV_FORMAT, "has extra bytes after the 20 images",
               try_open(in_folder("bomb"), SV_SPLIT_TRAIN));
  free(zeros);
}

/* ---- Samples ---- */

static void test_shuffle(void **state) {
  (void)state;
  enum { N = 1000 };
  int64_t at[N], a[N], b[N];
  bool seen[N] = {false};
  for (int i = 0; i < N; i++) at[i] = 3 * i;
  sv_samples samples = {at, N};
  sv_samples_shuffle(&samples, 42, 7, a);
  sv_samples_shuffle(&samples, 42, 7, b);
  assert_memory_equal(a, b, sizeof a);
  int fixed = 0;
  for (int i = 0; i < N; i++) {
    assert_int_equal(a[i] % 3, 0);
    assert_false(seen[a[i] / 3]);
    seen[a[i] / 3] = true;
    fixed += a[i] == at[i];
  }
  assert_true(fixed < 10); /* one on the average */
  sv_samples_shuffle(&samples, 42, 8, b);
  assert_memory_not_equal(a, b, sizeof a);
  sv_samples_shuffle(&samples, 43, 7, b);
  assert_memory_not_equal(a, b, sizeof a);
  sv_samples none = {NULL, 0};
  sv_samples_shuffle(&none, 1, 0, NULL);
}

/* Every permutation of four comes about equally often. */
static void test_shuffle_is_fair(void **state) {
  (void)state;
  int64_t at[4] = {0, 1, 2, 3}, order[4];
  int times[256] = {0};
  sv_samples samples = {at, 4};
  for (int64_t epoch = 0; epoch < 24000; epoch++) {
    sv_samples_shuffle(&samples, 1, epoch, order);
    times[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
  }
  int kinds = 0;
  for (int i = 0; i < 256; i++) {
    if (times[i]) assert_in_range(times[i], 850, 1150);
    kinds += times[i] > 0;
  }
  assert_int_equal(kinds, 24);
}

static void test_hold_out(void **state) {
  (void)state;
  write_small("small", false);
  sv_dataset *d;
  sv_samples train, validation, again, rest;
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TRAIN));
  assert_ok(sv_samples_hold_out(&train, &validation, d, 0.25, 3));
  assert_int_equal(train.count, 15);
  assert_int_equal(validation.count, 5); /* one of four in each class */
  int seen[SMALL_TRAIN] = {0}, classes[5] = {0};
  for (int i = 0; i < 15; i++) seen[train.at[i]]++;
  for (int i = 0; i < 5; i++) {
    seen[validation.at[i]]++;
    classes[sv_dataset_label(d, validation.at[i])]++;
    if (i) assert_true(validation.at[i] > validation.at[i - 1]);
  }
  for (int i = 0; i < SMALL_TRAIN; i++) assert_int_equal(seen[i], 1);
  for (int i = 0; i < 5; i++) assert_int_equal(classes[i], 1);
  assert_ok(sv_samples_hold_out(&rest, &again, d, 0.25, 3));
  assert_memory_equal(validation.at, again.at, 5 * sizeof(int64_t));
  sv_samples_free(&rest);
  sv_samples_free(&again);
  assert_ok(sv_samples_hold_out(&rest, &again, d, 0.25, 4));
  assert_memory_not_equal(validation.at, again.at, 5 * sizeof(int64_t));
  sv_samples_free(&rest);
  sv_samples_free(&again);
  assert_ok(sv_samples_hold_out(&rest, &again, d, 0, 4));
  assert_int_equal(rest.count, SMALL_TRAIN);
  assert_int_equal(again.count, 0);
  sv_samples_free(&rest);
  sv_samples_free(&again);
  assert_ok(sv_samples_hold_out(&rest, &again, d, 0.999, 4));
  assert_int_equal(rest.count, 5); /* the last of each class stays */
  sv_samples_free(&rest);
  sv_samples_free(&again);
  sv_samples_free(&train);
  sv_samples_free(&validation);
  sv_dataset_free(d);
}

/* Every number that can be asked for is the number that is held out, spread
 * evenly; what is asked beyond that leaves each class one sample. */
static void test_hold_out_counts(void **state) {
  (void)state;
  write_small("small", false);
  sv_dataset *d;
  sv_samples train, validation;
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TRAIN));
  for (int n = 0; n < SMALL_TRAIN; n++) {
    int classes[5] = {0}, held = n < 15 ? n : 15;
    assert_ok(sv_samples_hold_out(&train, &validation, d,
                                  (double)n / SMALL_TRAIN, 3));
    assert_int_equal(validation.count, held);
    assert_int_equal(train.count, SMALL_TRAIN - held);
    for (int i = 0; i < held; i++)
      classes[sv_dataset_label(d, validation.at[i])]++;
    for (int c = 0; c < 5; c++)
      assert_in_range(classes[c], held / 5, (held + 4) / 5);
    sv_samples_free(&train);
    sv_samples_free(&validation);
  }
  sv_dataset_free(d);
}

/* Any number, of each class its share; in order; by the seed. */
static void test_draw(void **state) {
  (void)state;
  write_small("small", false);
  sv_dataset *d;
  sv_samples few, other;
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TRAIN));
  for (int n = 1; n <= SMALL_TRAIN; n++) {
    int classes[5] = {0};
    assert_ok(sv_samples_all(&few, d));
    assert_ok(sv_samples_draw(&few, d, n, 3));
    assert_int_equal(few.count, n);
    for (int i = 0; i < n; i++) {
      classes[sv_dataset_label(d, few.at[i])]++;
      if (i) assert_true(few.at[i] > few.at[i - 1]);
    }
    for (int c = 0; c < 5; c++) assert_in_range(classes[c], n / 5, (n + 4) / 5);
    sv_samples_free(&few);
  }
  assert_ok(sv_samples_all(&few, d));
  assert_ok(sv_samples_all(&other, d));
  assert_ok(sv_samples_draw(&few, d, 10, 3));
  assert_ok(sv_samples_draw(&other, d, 10, 4));
  assert_memory_not_equal(few.at, other.at, 10 * sizeof(int64_t));
  assert_error(SV_INVALID, "11 samples requested, but only 10",
               sv_samples_draw(&few, d, 11, 3));
  assert_error(SV_INVALID, "0 samples", sv_samples_draw(&few, d, 0, 3));
  sv_samples_free(&few);
  sv_samples_free(&other);
  sv_dataset_free(d);
}

static void test_hold_out_refuses(void **state) {
  (void)state;
  write_small("small", false);
  sv_dataset *d;
  sv_samples a, b;
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TRAIN));
  const double bad[] = {-0.1, 1, 2, 0.0 / 0.0};
  for (int i = 0; i < 4; i++)
    assert_error(SV_INVALID, "expected 0 or more and below 1",
                 sv_samples_hold_out(&a, &b, d, bad[i], 1));
  sv_dataset_free(d);
  assert_ok(sv_dataset_open(&d, in_folder("small"), SV_SPLIT_TEST));
  assert_error(SV_INVALID, "not from the test split",
               sv_samples_hold_out(&a, &b, d, 0.1, 1));
  sv_samples all;
  assert_ok(sv_samples_all(&all, d));
  assert_int_equal(all.count, 7);
  assert_int_equal(all.at[6], 6);
  sv_samples_free(&all);
  sv_dataset_free(d);
}

/* ---- The real one ---- */

static void test_fashion_mnist(void **state) {
  (void)state;
  sv_dataset *train, *test;
  assert_ok(sv_dataset_open(&train, "/usr/share/datasets/fashion-mnist",
                            SV_SPLIT_TRAIN));
  assert_ok(sv_dataset_open(&test, "fashion-mnist", SV_SPLIT_TEST));
  assert_int_equal(sv_dataset_count(train), 60000);
  assert_int_equal(sv_dataset_count(test), 10000);
  assert_int_equal(sv_dataset_height(train), 28);
  assert_int_equal(sv_dataset_width(test), 28);
  int count[10] = {0};
  for (int64_t i = 0; i < 60000; i++) count[sv_dataset_label(train, i)]++;
  for (int i = 0; i < 10; i++) assert_int_equal(count[i], 6000);
  assert_string_equal(sv_dataset_class_name(test, 7), "Sneaker");

  sv_preprocess p;
  sv_shape lenet = sv_shape_of(3, 1, 32, 32);
  sv_samples all, part, held;
  assert_ok(sv_preprocess_match(&p, train, &lenet));
  assert_int_equal(p.pad_top, 2);
  assert_ok(sv_samples_all(&all, train));
  assert_ok(sv_preprocess_fit(&p, train, &all));
  assert_float_equal(p.mean[0], 0.28604, 1e-5);      /* published 0.2860 */
  assert_float_equal(p.deviation[0], 0.35302, 1e-5); /* 0.3530 */
  float whole = p.mean[0];
  assert_ok(sv_samples_hold_out(&part, &held, train, 0.1, 1));
  assert_int_equal(held.count, 6000);
  assert_ok(sv_preprocess_fit(&p, train, &part));
  assert_float_equal(p.mean[0], 0.286, 1e-3);
  assert_true(p.mean[0] != whole); /* the held-out part took no part */
  sv_samples_free(&all);
  sv_samples_free(&part);
  sv_samples_free(&held);
  sv_preprocess_free(&p);
  sv_dataset_free(train);
  sv_dataset_free(test);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TEST(test_plain_and_gzip),
      TEST(test_other_names),
      TEST(test_accessors_are_bounded),
      TEST(test_found_by_name),
      TEST(test_found_here),
      TEST(test_not_found),
      TEST(test_broken_files),
      TEST(test_count_mismatch_names_both),
      TEST(test_label_beyond_the_known),
      TEST(test_labels_with_gaps),
      TEST(test_missing_files),
      TEST(test_broken_gzip),
      TEST(test_bombs),
      TEST(test_shuffle),
      TEST(test_shuffle_is_fair),
      TEST(test_hold_out),
      TEST(test_hold_out_counts),
      TEST(test_hold_out_refuses),
      TEST(test_draw),
      TEST(test_fashion_mnist),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
