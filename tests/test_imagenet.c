/* ImageNet's layout, in small. */
#include "image_files.h"

static const char *const synsets[] = {"n01440764", "n02012849", "n03126707"};

/* <root>/train/<synset>/0 .. 2, greys 10 s + i */
static void put_train(const char *root) {
  char path[128];
  for (int s = 0; s < 3; s++)
    for (int i = 0; i < 3; i++) {
      snprintf(path, sizeof path, "%s/train/%s/%s_%d.JPEG", root, synsets[s],
               synsets[s], i);
      put_image(path, 2, 10 * s + i);
    }
}

/* <root>/val/ILSVRC2012_val_0000000<1..4>.JPEG, greys 101 .. 104 */
static void put_val(const char *root) {
  char path[128];
  for (int i = 1; i <= 4; i++) {
    snprintf(path, sizeof path, "%s/val/ILSVRC2012_val_0000000%d.JPEG", root,
             i);
    put_image(path, 2, 100 + i);
  }
}

static const int truth[] = {2, 0, 1, 1};

static void check(const char *root, bool named) {
  sv_dataset *d = open_split(root, SV_SPLIT_TRAIN);
  assert_int_equal(sv_dataset_count(d), 13);
  assert_int_equal(sv_dataset_held_out(d), 4);
  assert_int_equal(sv_dataset_classes(d), 3);
  static const char *const names[] = {"tench, Tinca tinca", "crane (n02012849)",
                                      "crane (n03126707)"};
  for (int i = 0; i < 3; i++)
    assert_string_equal(sv_dataset_class_name(d, i),
                        named ? names[i] : synsets[i]);
  for (int i = 0; i < 9; i++)
    assert_int_equal(sv_dataset_label(d, i), shade(d, i) / 10);
  sv_dataset_free(d);
  d = open_split(root, SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(d), 4);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(shade(d, i), 101 + i);
    assert_int_equal(sv_dataset_label(d, i), truth[i]);
  }
  sv_dataset_free(d);
}

/* Kaggle's archive. */
static void test_kaggle(void **state) {
  (void)state;
  put_train("kaggle/ILSVRC/Data/CLS-LOC");
  put_val("kaggle/ILSVRC/Data/CLS-LOC");
  put_image("kaggle/ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_1.JPEG", 2, 1);
  put_text("kaggle/LOC_synset_mapping.txt",
           "n01440764 tench, Tinca tinca\nn02012849 crane\nn03126707 crane\n");
  put_text("kaggle/LOC_val_solution.csv",
           "ImageId,PredictionString\n"
           "ILSVRC2012_val_00000002,n01440764 1 2 3 4 \n"
           "ILSVRC2012_val_00000001,n03126707 1 2 3 4 n03126707 5 6 7 8 \n"
           "ILSVRC2012_val_00000003,n02012849 1 2 3 4 \n"
           "ILSVRC2012_val_00000009,n02012849 1 2 3 4 \n"
           "ILSVRC2012_val_00000004,n02012849 1 2 3 4 \n");
  check("kaggle", true);
  put_text("kaggle/LOC_val_solution.csv",
           "ImageId,PredictionString\nILSVRC2012_val_00000002,n01440764 1\n");
  assert_error(SV_FORMAT,
               "LOC_val_solution.csv: has no label for "
               "val/ILSVRC2012_val_00000001.JPEG",
               try_open("kaggle", SV_SPLIT_TRAIN));
  put_text("kaggle/LOC_val_solution.csv", "ImageId,PredictionString\nx\n");
  assert_error(SV_FORMAT, "line 2: expected the name of an image",
               try_open("kaggle", SV_SPLIT_TRAIN));
}

/* The development kit: IDs in the order of the images' names. */
static void test_devkit(void **state) {
  (void)state;
  put_train("kit");
  put_val("kit");
  put_text(
      "kit/ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth"
      ".txt",
      "17\n300\n5\n5\n");
  assert_error(SV_FORMAT, "ground_truth.txt: needs map_clsloc.txt",
               try_open("kit", SV_SPLIT_TRAIN));
  put_text("kit/map_clsloc.txt",
           "n01440764 300 tench\nn02012849 5 crane\nn03126707 17 crane\n");
  check("kit", false);
  put_text("kit/words.txt",
           "n01440764\ttench, Tinca tinca\nn02012849\tcrane\nn00000000\tx\n"
           "n03126707\tcrane\n");
  check("kit", true);
  put_text("kit/val/ILSVRC2012_validation_ground_truth.txt", "1\n");
  put_text("kit/ILSVRC2012_validation_ground_truth.txt", "17\n300\n5\n");
  assert_error(SV_FORMAT, "3 labels for 4 validation images",
               try_open("kit", SV_SPLIT_TRAIN));
  put_text("kit/ILSVRC2012_validation_ground_truth.txt", "17\n300\n6\n5\n");
  assert_error(SV_FORMAT, "line 3: '6' is not an ID",
               try_open("kit", SV_SPLIT_TRAIN));
}

/* Caffe's list has the number of the class. */
static void test_numbers(void **state) {
  (void)state;
  put_train("caffe");
  put_val("caffe");
  assert_error(SV_FORMAT, "val: images without class folders; expected a list",
               try_open("caffe", SV_SPLIT_TRAIN));
  put_text("caffe/val.txt",
           "ILSVRC2012_val_00000001.JPEG 2\nILSVRC2012_val_00000002.JPEG 0\n"
           "ILSVRC2012_val_00000003.JPEG 1\nILSVRC2012_val_00000004.JPEG 1\n");
  check("caffe", false);
  put_text("caffe/val.txt",
           "ILSVRC2012_val_00000001.JPEG 3\nILSVRC2012_val_00000002.JPEG 0\n"
           "ILSVRC2012_val_00000003.JPEG 1\nILSVRC2012_val_00000004.JPEG 1\n");
  assert_error(SV_FORMAT, "no class has the number",
               try_open("caffe", SV_SPLIT_TRAIN));
}

/* val in class folders, with a list of words. */
static void test_folders(void **state) {
  (void)state;
  char path[128];
  put_train("sorted");
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "sorted/val/%s/%d.JPEG", synsets[truth[i]], i);
    put_image(path, 2, 101 + i);
  }
  put_text("sorted/synset_words.txt",
           "n01440764 tench, Tinca tinca\nn02012849 crane\nn03126707 crane\n");
  sv_dataset *d = open_split("sorted", SV_SPLIT_TEST);
  assert_int_equal(sv_dataset_count(d), 4);
  for (int i = 0; i < 4; i++)
    assert_int_equal(sv_dataset_label(d, i), truth[shade(d, i) - 101]);
  assert_string_equal(sv_dataset_class_name(d, 1), "crane (n02012849)");
  sv_dataset_free(d);
  put_text("sorted/synset_words.txt", "n01440764\n");
  assert_error(SV_FORMAT, "line 1: \"n01440764\", expected a synset and its",
               try_open("sorted", SV_SPLIT_TRAIN));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kaggle),
      cmocka_unit_test(test_devkit),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_folders),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
