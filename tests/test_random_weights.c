/* Weights that were drawn and never trained are known as such, in a model and
 * in its file, until they are trained or set; nothing is said of images by
 * them unless the caller means it. */
#include "bars.h"

static bool is_random(const sv_model *model) {
  const char *tensor;
  bool random = sv_model_is_random(model, &tensor);
  assert_int_equal(random, tensor != NULL);
  return random;
}

/* The model of a file that this one was saved as. */
static sv_model *saved(const sv_model *model) {
  sv_model *back;
  assert_ok(sv_model_save(model, in_folder("saved.onnx")));
  assert_ok(sv_model_load(&back, in_folder("saved.onnx")));
  return back;
}

static void say_images(sv_model *model) {
  assert_ok(sv_model_set_meta(model, "svertka.image.size", "1x8x8"));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0.5"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "0.25"));
}

static void check_uses(const sv_model *model, const sv_dataset *d, bool right) {
  static const char words[] = "weights are random ('conv1.weight'";
  sv_classifier *c;
  sv_class_map map;
  sv_metrics metrics;
  sv_units units;
  uint8_t pixels[SIDE * SIDE] = {0};
  sv_image image = {
      .width = SIDE, .height = SIDE, .channels = 1, .pixels = pixels};
  if (right) {
    assert_ok(sv_classifier_new(&c, model, 1));
    assert_ok(sv_classify_map(&map, model, &image, NULL));
    assert_ok(sv_eval(&metrics, model, d, NULL));
    assert_ok(sv_units_measure(&units, model, d, NULL));
    sv_units_free(&units);
    sv_metrics_free(&metrics);
    sv_class_map_free(&map);
    sv_classifier_free(c);
    return;
  }
  assert_error(SV_INVALID, words, sv_classifier_new(&c, model, 1));
  assert_error(SV_INVALID, words, sv_classify_map(&map, model, &image, NULL));
  assert_error(SV_INVALID, words, sv_eval(&metrics, model, d, NULL));
  assert_error(SV_INVALID, words, sv_units_measure(&units, model, d, NULL));
}

static void test_refused(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 1), *made;
  say_images(model);
  check_uses(model, d, false);
  sv_model *file = saved(model);
  assert_null(sv_model_meta(file, "svertka.random-weights"));
  check_uses(file, d, false);
  assert_ok(sv_model_fold(&made, file, NULL));
  check_uses(made, d, false);
  sv_model_free(made);
  assert_ok(sv_model_convolve(&made, file, NULL));
  assert_true(is_random(made));
  sv_model_free(made);
  sv_model_allow_random(model);
  check_uses(model, d, true);
  sv_model_free(file);
  file = saved(model); /* what a caller allows is not the file's */
  check_uses(file, d, false);
  sv_model_free(file);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* A model that is made of it on the way, here with the classes first. */
static void test_classes_last(void **state) {
  (void)state;
  sv_class_map map;
  uint8_t pixels[SIDE * SIDE] = {0};
  sv_image image = {
      .width = SIDE, .height = SIDE, .channels = 1, .pixels = pixels};
  sv_model *model =
      model_of("input 1x8x8; conv 3 1x1; transpose 0,2,3,1; softmax axis=3", 1);
  say_images(model);
  assert_error(SV_INVALID, "weights are random",
               sv_classify_map(&map, model, &image, NULL));
  sv_model_allow_random(model);
  assert_ok(sv_classify_map(&map, model, &image, NULL));
  sv_class_map_free(&map);
  sv_model_free(model);
}

static void test_trained(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_fit_options o = quick(in_folder("run"));
  sv_model *model = model_of(network, 1), *file = saved(model);
  o.epochs = 1;
  assert_ok(sv_fit(file, d, &o, NULL));
  assert_false(is_random(file));
  check_uses(file, d, true);
  sv_model_free(file);
  assert_ok(sv_model_load(&file, in_folder("run/model.onnx")));
  check_uses(file, d, true);
  /* Another head of a trained network is drawn again, and trained again. */
  assert_ok(sv_model_new_head(file, 4, 1, NULL));
  assert_true(is_random(file));
  assert_ok(sv_model_new_head(file, KINDS, 1, NULL));
  o.run = NULL;
  o.freeze_until = "conv1";
  assert_ok(sv_fit(file, d, &o, NULL));
  assert_false(is_random(file));
  sv_model_free(file);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* Stopped before the first step, nothing was learned. */
static void test_untouched(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 1);
  sv_fit_options o = quick(NULL);
  o.schedule = "none";
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INVALID);
  assert_true(is_random(model));
  sv_rate_options range = sv_rate_default();
  sv_rate_curve curve;
  range.steps = 20;
  o = quick(NULL);
  assert_ok(sv_rate_find(&curve, model, d, &o, &range));
  sv_rate_curve_free(&curve);
  assert_true(is_random(model));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* A weight that the caller sets is meant. */
static void test_set(void **state) {
  (void)state;
  sv_model *model = model_of(network, 1);
  sv_state *s = sv_model_state(model);
  for (int i = 0; i < sv_state_count(s); i++) {
    sv_tensor *tensor;
    if (sv_state_role(s, i) != SV_WEIGHT) continue;
    assert_true(is_random(model));
    assert_ok(sv_state_get(s, sv_state_name(s, i), &tensor));
    assert_ok(sv_state_set(s, sv_state_name(s, i), tensor));
    sv_tensor_free(tensor);
  }
  assert_false(is_random(model));
  sv_model *file = saved(model);
  assert_false(is_random(file));
  sv_model_free(file);
  sv_model_free(model);
}

static void test_given(void **state) {
  (void)state;
  char text[900];
  static const struct {
    const char *text;
    bool random;
  } networks[] = {
      {"input 1x8x8; avg_pool 4 4; flatten; softmax", false},
      {"input 1x8x8; batch_norm; flatten; softmax", false},
      {"input 1x8x8; flatten; linear 3 init=zeros", false},
      {"input 1x8x8; flatten; linear 3 init=\"constant 0.1\"", false},
      {"input 1x8x8; flatten; linear 3 init=\"numbers 1,-1\"", false},
      {"input 1x8x8; flatten; linear 3", true},
      {"input 1x8x8; flatten; linear 3 init=orthogonal", true},
      {"input 1x8x8; flatten; linear 3 init=\"normal 0.01\"", true},
      {"input 1x8x8; flatten; linear 3 init=\"uniform 0.1\"", true},
      {"input 1x8x8; flatten; linear 3 init=ones; linear 2", true},
  };
  for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
    sv_model *model = model_of(networks[i].text, 1);
    if (is_random(model) != networks[i].random)
      fail_msg("%s", networks[i].text);
    sv_model_free(model);
  }
  /* Of a file: as it has them. */
  for (int k = 0; k < 2; k++) {
    sv_model *from = model_of(k ? "input 1x8x8; flatten; linear 3"
                                : "input 1x8x8; flatten; linear 3 init=ones",
                              1);
    assert_ok(sv_model_save(from, in_folder("given.onnx")));
    snprintf(text, sizeof text,
             "input 1x8x8; flatten; linear 3 init=\"file %s\"",
             in_folder("given.onnx"));
    sv_model *model = model_of(text, 1);
    assert_int_equal(is_random(model), k);
    sv_model_free(model);
    sv_model_free(from);
  }
}

/* A file that says it otherwise than ours is refused. */
static void test_spoilt(void **state) {
  (void)state;
  static const char key[] = "svertka.random-weights";
  sv_model *model = model_of(network, 1), *file;
  assert_ok(sv_model_set_meta(model, key, "twice would be refused"));
  file = saved(model);
  assert_true(is_random(file));
  sv_model_free(file);
  size_t size;
  uint8_t *bytes = file_bytes(in_folder("saved.onnx"), &size);
  static const char sum[] = "svertka.checksum";
  for (size_t i = 0; i + sizeof key + 6 < size; i++) {
    if (memcmp(bytes + i, key, sizeof key - 1) == 0)
      memcpy(bytes + i + sizeof key - 1 + 2, "trus", 4);
    /* As if it were not there: it would see the change first. */
    if (memcmp(bytes + i, sum, sizeof sum - 1) == 0) bytes[i] = 'S';
  }
  assert_error(SV_FORMAT, "svertka.random-weights: \"trus\", expected true",
               sv_model_load_memory(&file, bytes, size));
  free(bytes);
  sv_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refused), cmocka_unit_test(test_classes_last),
      cmocka_unit_test(test_trained), cmocka_unit_test(test_untouched),
      cmocka_unit_test(test_set),     cmocka_unit_test(test_given),
      cmocka_unit_test(test_spoilt)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
