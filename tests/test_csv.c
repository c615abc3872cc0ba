/* CSV files of paths and labels. */
#include "image_files.h"

/* a/0.png ... a/9.png and b/0.png ... b/9.png, with these greys. */
static void put_files(void) {
  char path[64];
  for (int i = 0; i < 20; i++) {
    snprintf(path, sizeof path, "csv/%c/%d.png", "ab"[i / 10], i % 10);
    put_image(path, 2, i);
  }
}

static sv_status try_text(const char *text) {
  put_text("csv/try.csv", text);
  return try_open("csv/try.csv", SV_SPLIT_TRAIN);
}

/* Columns are found by their names, others are ignored; the rows keep their
 * order; val is held out. */
static void test_header(void **state) {
  (void)state;
  put_text("csv/header.csv",
           "width,Label,split,FileName\r\n"
           "2,dog,train,a/3.png\r\n"
           "2,cat,Validation,b/1.png\r\n"
           "\r\n"
           "2,cat,train,a/1.png\r\n"
           "2,dog,test,b/2.png\r\n");
  sv_dataset *d = open_split("csv/header.csv", SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_count(d), 3);
  assert_int_equal(sv_dataset_held_out(d), 1);
  assert_int_equal(sv_dataset_classes(d), 2);
  assert_string_equal(sv_dataset_class_name(d, 0), "cat");
  static const int greys[] = {3, 1, 11}, labels[] = {1, 0, 0};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(shade(d, i), greys[i]);
    assert_int_equal(sv_dataset_label(d, i), labels[i]);
  }
  char *source;
  assert_ok(sv_dataset_source(d, 2, &source));
  assert_string_equal(source, in_folder("csv/b/1.png"));
  sv_dataset_source_free(source);
  sv_dataset_free(d);
  d = open_split("csv/header.csv", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(d), 1);
  assert_int_equal(shade(d, 0), 12);
  sv_dataset_free(d);
}

/* Without a header and a split: a fifth of each class is for testing. */
static void test_plain(void **state) {
  (void)state;
  char text[1024] = "\xef\xbb\xbf";
  for (int i = 0; i < 20; i++)
    snprintf(text + strlen(text), 64, "%c/%d.png,%c\n", "ab"[i / 10], i % 10,
             "ab"[i / 10]);
  put_text("csv/plain.CSV", text);
  sv_dataset *train = open_split("csv/plain.CSV", SV_SPLIT_TRAIN);
  sv_dataset *test = open_split("csv/plain.CSV", SV_SPLIT_TEST);
  bool seen[20] = {false};
  for (int part = 0; part < 2; part++) {
    const sv_dataset *d = part ? test : train;
    for (int c = 0; c < 2; c++) assert_int_equal(of_class(d, c), part ? 2 : 8);
    for (int64_t i = 0; i < sv_dataset_count(d); i++) {
      assert_false(seen[shade(d, i)]);
      seen[shade(d, i)] = true;
      assert_int_equal(sv_dataset_label(d, i), shade(d, i) / 10);
    }
  }
  sv_dataset_free(train);
  sv_dataset_free(test);
}

/* Commas, quotes and line breaks in quotes; labels that are numbers are sorted
 * as numbers. */
static void test_quotes(void **state) {
  (void)state;
  put_image("csv/a, \"b\"\nc.png", 2, 77);
  put_text("csv/quotes.csv",
           "path,label,split\n"
           "\"a, \"\"b\"\"\nc.png\",\"10\",train\n"
           "a/1.png,9,train\n"
           "a/2.png,10,val");
  sv_dataset *d = open_split("csv/quotes.csv", SV_SPLIT_TRAIN);
  assert_int_equal(shade(d, 0), 77);
  assert_string_equal(sv_dataset_class_name(d, 0), "9");
  assert_string_equal(sv_dataset_class_name(d, 1), "10");
  assert_int_equal(sv_dataset_label(d, 0), 1);
  sv_dataset_free(d);
  d = open_split("csv/quotes.csv", SV_SPLIT_TEST); /* val, without a test */
  assert_int_equal(shade(d, 0), 2);
  sv_dataset_free(d);
}

static void test_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *error;
  } cases[] = {
      {"", "try.csv: an empty file"},
      {"path,label\n", "try.csv: no images for training"},
      {"\n\n", "try.csv: holds no rows"},
      {"a/1.png\n", "line 1: 1 fields, expected a header"},
      {"a/1.png;a\n", "line 1: no comma"},
      {"x,y,z,w\n", "line 1: 4 fields"},
      {"a/1.png,a\na/2.png\n", "line 2: 1 fields, expected 2"},
      {"a/1.png,a\n../x.png,b\n",
       "line 2: the path '../x.png' is not below the folder"},
      {"a/1.png,a\na/../../x.png,b\n", "line 2: the path 'a/../../x.png'"},
      {"/etc/x.png,a\n", "line 1: the path '/etc/x.png'"},
      {"a/1.png,a\n,b\n", "line 2: the path ''"},
      {"a/1.png,\n", "line 1: a label of 0 bytes"},
      {"a/1.png,a,train\na/2.png,b,later\n",
       "line 2: split 'later', expected train, val or test"},
      {"\"a/1.png,a\n", "line 1: a quote is not closed"},
      {"a/1.png,a\n\"a\nb\"x,b\n", "line 3: expected a comma"},
      {"a/1.png,a \"b\"\n", "line 1: a quote within a field"},
      {"a/1.png,a\na/2.png,a\n", "try.csv: one class, 'a'"},
      {"a/1.png,a,train\na/2.png,b,train\na/3.png,c,val\n",
       "a/3.png: its class 'c' has no training images"},
      {"a/1.png,a,val\na/2.png,b,val\n", "no images for training"},
      {"fichier,classe\na/1.png,a\na/2.png,b\n",
       "line 1: no file 'fichier'; a header names the columns"},
      {"no/1.png,a\nno/2.png,b\n", "none of the 2 files is a readable image"},
      {"a/1.png,\"a\nb\"\na/2.png,c\n", "contains a line break"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_error(SV_FORMAT, cases[i].error, try_text(cases[i].text));
  put_text("csv/try.csv", "a/1.png,a,train\na/2.png,b,train\n");
  assert_error(SV_FORMAT, "no images for testing",
               try_open("csv/try.csv", SV_SPLIT_TEST));
  char many[512] = "a";
  for (int i = 0; i < 100; i++) strcat(many, ",x");
  assert_error(SV_FORMAT, "line 1: too many fields", try_text(many));
}

/* A class whose name is not UTF-8 is escaped, so that a model file can hold
 * it. */
static void test_any_bytes(void **state) {
  (void)state;
  assert_ok(try_text("a/1.png,caf\xe9\na/2.png,\xc3\xa9\n"));
  sv_dataset *d = open_split("csv/try.csv", SV_SPLIT_TRAIN);
  assert_string_equal(sv_dataset_class_name(d, 1), "\xc3\xa9");
  assert_string_equal(sv_dataset_class_name(d, 0), "caf\\xE9");
  sv_dataset_free(d);
}

static int setup(void **state) {
  if (make_folder(state) != 0) return -1;
  put_files();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header),    cmocka_unit_test(test_plain),
      cmocka_unit_test(test_quotes),    cmocka_unit_test(test_refused),
      cmocka_unit_test(test_any_bytes),
  };
  return cmocka_run_group_tests(tests, setup, remove_folder);
}
