/* What a network's scores are: found from what it computes, said, or refused;
 * and what predict, eval and training make of them. Probabilities are those of
 * ONNX Runtime (scripts/make_fixtures_scores.py). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bars.h"

enum { PIXELS = 16, CLASSES_MOST = 4 };

static sv_model *load(const char *name) {
  char path[512];
  sv_model *model;
  const char *source = getenv("SOURCE_DIR");
  snprintf(path, sizeof path, "%s/tests/fixtures/scores/%s",
           source ? source : ".", name);
  assert_ok(sv_model_load(&model, path));
  assert_ok(sv_model_set_meta(model, "svertka.image.size", "1x4x4"));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "1"));
  return model;
}

/* The probabilities of the one image. */
static int classify(const sv_model *model, float p[CLASSES_MOST]) {
  uint8_t pixels[PIXELS];
  sv_classifier *c;
  const float *found;
  for (int i = 0; i < PIXELS; i++) pixels[i] = (uint8_t)(16 * i);
  assert_ok(sv_classifier_new(&c, model, 1));
  assert_ok(sv_classify_pixels(c, pixels, 4, 4, 1, 0, &found));
  int classes = sv_classifier_classes(c);
  assert_true(classes <= CLASSES_MOST);
  memcpy(p, found, (size_t)classes * sizeof *p);
  sv_classifier_free(c);
  return classes;
}

static void check_unknown(const sv_model *model) {
  sv_classifier *c;
  sv_score_kind kind;
  assert_error(SV_INVALID, "is not recognised as class scores: use --scores",
               sv_model_scores(&kind, model));
  assert_error(SV_INVALID, "is not recognised as class scores: use --scores",
               sv_classifier_new(&c, model, 1));
}

static void check_line(char *line) {
  char *rest, name[80];
  sv_score_kind kind;
  float p[CLASSES_MOST];
  snprintf(name, sizeof name, "%s.onnx", strtok_r(line, " \n", &rest));
  const char *expected = strtok_r(NULL, " \n", &rest);
  sv_model *model = load(name);
  print_message("%s\n", name);
  if (strcmp(expected, "unknown") == 0) {
    check_unknown(model);
  } else {
    assert_ok(sv_model_scores(&kind, model));
    assert_string_equal(sv_score_name(kind), expected);
    int classes = classify(model, p);
    for (int i = 0; i < classes; i++)
      assert_float_equal(p[i], strtod(strtok_r(NULL, " \n", &rest), NULL),
                         3e-4);
    assert_null(strtok_r(NULL, " \n", &rest));
  }
  sv_model_free(model);
}

static void test_ends(void **state) {
  (void)state;
  char path[512], line[256];
  int count = 0;
  const char *source = getenv("SOURCE_DIR");
  snprintf(path, sizeof path, "%s/tests/fixtures/scores/expected.txt",
           source ? source : ".");
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  for (; fgets(line, sizeof line, file); count++) check_line(line);
  assert_true(count >= 60);
  fclose(file);
}

/* ---- What is said ---- */

/* e^0.9 / (2 e^0.9 + e^0.1), and so on: the same numbers read otherwise. */
static void test_said(void **state) {
  (void)state;
  float p[CLASSES_MOST], q[CLASSES_MOST];
  sv_score_kind kind;
  sv_classifier *c;
  sv_model *model = load("softmax.onnx");
  classify(model, p);
  assert_ok(sv_model_set_meta(model, "svertka.scores", "logits"));
  classify(model, q);
  double sum = exp((double)p[0]) + exp((double)p[1]) + exp((double)p[2]);
  for (int i = 0; i < 3; i++)
    assert_float_equal(q[i], exp((double)p[i]) / sum, 1e-6);
  assert_ok(sv_model_set_meta(model, "svertka.scores", "independent"));
  classify(model, q);
  for (int i = 0; i < 3; i++) assert_float_equal(q[i], p[i], 1e-7);
  assert_ok(sv_model_set_meta(model, "svertka.scores", "odds"));
  assert_error(SV_FORMAT, "svertka.scores", sv_model_scores(&kind, model));
  assert_error(SV_FORMAT, "svertka.scores: \"odds\", expected logits",
               sv_classifier_new(&c, model, 1));
  sv_model_free(model);
}

/* What is said must hold. */
static void test_contradicted(void **state) {
  (void)state;
  static const char *const kinds[] = {"probabilities", "independent",
                                      "log-probabilities"};
  static const uint8_t pixels[PIXELS] = {0};
  for (int i = 0; i < 3; i++) {
    sv_model *model = load("percent.onnx");
    sv_classifier *c;
    const float *p;
    assert_ok(sv_model_set_meta(model, "svertka.scores", kinds[i]));
    assert_ok(sv_classifier_new(&c, model, 1));
    assert_error(SV_NUMERIC, "--scores",
                 sv_classify_pixels(c, pixels, 4, 4, 1, 0, &p));
    sv_classifier_free(c);
    sv_model_free(model);
  }
}

/* One number that is no probability has no classes. */
static void test_one_number(void **state) {
  (void)state;
  sv_classifier *c;
  sv_model *model = model_of("input 1x4x4; flatten; linear 1", 1);
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "1"));
  sv_model_allow_random(model);
  assert_error(SV_INVALID, "a single value per image",
               sv_classifier_new(&c, model, 1));
  sv_model_free(model);
}

/* ---- Training and eval ---- */

#define BODY "input 1x8x8; conv 4 3x3; tanh; flatten; linear 3"

static sv_fit_result train(sv_model *model, const sv_dataset *d) {
  sv_fit_options o = quick(NULL);
  sv_fit_result result;
  assert_ok(sv_fit(model, d, &o, &result));
  return result;
}

/* However softmax is written behind them, the same logits are trained, and what
 * is said of the data is the same. */
static void test_trained(void **state) {
  (void)state;
  static const struct {
    const char *network, *scores;
  } ends[] = {
      {BODY, "logits"},
      {BODY "; softmax", "probabilities"},
      {BODY "; softmax; identity", "probabilities"},
      {BODY "; softmax; reshape shape=-1,3,1,1; dropout 0.5; flatten",
       "probabilities"},
      {BODY "; log_softmax", "log-probabilities"},
      {BODY "; log_softmax; exp", "probabilities"},
      {BODY "; e = exp; s = reduce_sum axes=1; div(e, s)", "probabilities"},
      {BODY "; transpose 1,0; softmax axis=0; transpose 1,0", "probabilities"},
      {BODY "; softmax; clip 1e-7 1; log", "log-probabilities"}};
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_dataset *unseen = open_bars("bars", 1, SV_SPLIT_TEST);
  double loss = 0, brier = 0, calibration = 0;
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    sv_model *model = model_of(ends[i].network, 3);
    sv_fit_result result = train(model, d);
    sv_metrics m;
    print_message("%s\n", ends[i].network);
    assert_string_equal(sv_model_meta(model, "svertka.scores"), ends[i].scores);
    assert_ok(sv_eval(&m, model, unseen, NULL));
    if (i == 0) {
      loss = m.loss;
      brier = m.brier;
      calibration = m.calibration_error;
      assert_true(result.top1 > 0.5);
    }
    assert_float_equal(m.loss, loss, 1e-4);
    assert_float_equal(m.brier, brier, 1e-4);
    assert_float_equal(m.calibration_error, calibration, 1e-4);
    sv_metrics_free(&m);
    sv_model_free(model);
  }
  sv_dataset_free(d);
  sv_dataset_free(unseen);
}

/* Without logits below them: the logarithms of the probabilities. */
static void test_trained_shares(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(
      "input 1x8x8; flatten; f = identity; a = linear(f) 3; p = softmax(a)\n"
      "b = linear(f) 3; q = softmax(b); mean(p, q)",
      3);
  assert_true(train(model, d).top1 > 0.6);
  assert_string_equal(sv_model_meta(model, "svertka.scores"), "probabilities");
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_not_trained(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_fit_options o = quick(NULL);
  sv_model *model = model_of(BODY "; sigmoid", 3);
  assert_error(SV_UNSUPPORTED, "independent probabilities",
               sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  model = model_of(BODY "; tanh", 3);
  assert_error(SV_INVALID, "--scores", sv_fit(model, d, &o, NULL));
  assert_ok(sv_model_set_meta(model, "svertka.scores", "logits"));
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* A softmax over N x C x 1 x 1, made a row after it. */
static void test_trained_maps(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_fit_options o = quick(NULL);
  sv_model *model = model_of(BODY "; reshape -1x3x1x1; softmax 1; flatten", 3);
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* Of independent probabilities each counts by itself: with p_j = 1/2 of each of
 * three classes the binary cross-entropy is log 2, the Brier score 3/4. */
static void test_independent(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TEST);
  sv_model *model =
      model_of("input 1x8x8; flatten; linear 3 init=zeros; sigmoid", 3);
  sv_metrics m;
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "1"));
  assert_ok(sv_eval(&m, model, d, NULL));
  assert_float_equal(m.loss, log(2), 1e-6);
  assert_float_equal(m.brier, 0.75, 1e-6);
  sv_metrics_free(&m);
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ends),
      cmocka_unit_test(test_said),
      cmocka_unit_test(test_contradicted),
      cmocka_unit_test(test_one_number),
      cmocka_unit_test(test_trained),
      cmocka_unit_test(test_trained_shares),
      cmocka_unit_test(test_not_trained),
      cmocka_unit_test(test_trained_maps),
      cmocka_unit_test(test_independent),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
