/* Metrics against scikit-learn's on the same predictions. */
#include <math.h>
#include <stdbool.h>
#include <svertka/svertka.h>

#include "data_files.h"
#include "fixtures/metrics.h"
#include "task/metrics.h"

static void assert_near(double found, double expected) {
  if (!(fabs(found - expected) <= 1e-12 * fmax(1, fabs(expected))))
    fail_msg("found %.17g, expected %.17g", found, expected);
}

static void check_average(sv_class_metrics found, const double *expected) {
  assert_near(found.precision, expected[0]);
  assert_near(found.recall, expected[1]);
  assert_near(found.f1, expected[2]);
  assert_int_equal(found.support, SAMPLES);
}

static void check_classes(const sv_metrics *m) {
  for (int i = 0; i < CLASSES * CLASSES; i++)
    assert_int_equal(m->confusion[i], confusion[i]);
  for (int c = 0; c < CLASSES; c++) {
    sv_class_metrics k = sv_metrics_of_class(m, c);
    assert_near(k.precision, precision[c]);
    assert_near(k.recall, recall[c]);
    assert_near(k.f1, f1[c]);
    assert_int_equal(k.support, support[c]);
  }
  check_average(sv_metrics_macro(m), macro);
  check_average(sv_metrics_weighted(m), weighted);
}

static void check_calibration(const sv_metrics *m) {
  for (int b = 0; b < SV_CALIBRATION_BINS; b++) {
    assert_int_equal(m->bins[b].samples, bin_samples[b]);
    assert_int_equal(m->bins[b].right, bin_right[b]);
    assert_near(m->bins[b].confidence, bin_confidence[b]);
  }
  assert_near(m->calibration_error, calibration_error[0]);
}

static void test_against_sklearn(void **state) {
  (void)state;
  sv_metrics m;
  assert_ok(sv_metrics_new(&m, CLASSES));
  for (int round = 0; round < 2; round++) { /* in parts, and once more */
    sv_metrics_clear(&m);
    sv_metrics_add(&m, given_scores, given_labels, 17);
    sv_metrics_add(&m, given_scores + 17 * CLASSES, given_labels + 17,
                   SAMPLES - 17);
  }
  assert_int_equal(m.samples, SAMPLES);
  assert_near(m.loss, loss[0]);
  assert_near(m.brier, brier[0]);
  assert_near(m.top1, top_1_to_8[0]);
  assert_near(m.top5, top_1_to_8[4]);
  for (int k = 1; k <= CLASSES; k++)
    assert_near(sv_metrics_top(&m, k), top_1_to_8[k - 1]);
  assert_near(sv_metrics_top(&m, CLASSES + 1), 1);
  assert_near(sv_metrics_top(&m, 0), 0);
  assert_int_equal(sv_count_top1(given_scores, given_labels, SAMPLES, CLASSES),
                   m.top1_count);
  check_classes(&m);
  check_calibration(&m);
  sv_metrics_free(&m);
}

static sv_verdict verdict_of(int i) {
  sv_told told =
      sv_told_by(given_scores + i * CLASSES, CLASSES, given_labels[i], false);
  return (sv_verdict){.sample = i,
                      .label = (int)given_labels[i],
                      .predicted = told.predicted,
                      .probability = (float)told.probability,
                      .truth = (float)told.truth};
}

static void test_mistakes(void **state) {
  (void)state;
  sv_mistakes m;
  assert_ok(sv_mistakes_new(&m, MISTAKES));
  for (int i = 0; i < SAMPLES; i++) {
    sv_verdict v = verdict_of(i);
    sv_mistakes_add(&m, &v);
  }
  assert_int_equal(m.count, MISTAKES);
  for (int i = 0; i < MISTAKES; i++) {
    assert_int_equal(m.at[i].sample, mistakes[i]);
    assert_true(m.at[i].truth < m.at[i].probability);
  }
  sv_mistakes_free(&m);
  assert_ok(sv_mistakes_new(&m, 0));
  sv_verdict v = verdict_of(0);
  sv_mistakes_add(&m, &v);
  assert_int_equal(m.count, 0);
  sv_mistakes_free(&m);
  assert_error(SV_INVALID, "-1", sv_mistakes_new(&m, -1));
}

/* Of equal scores the first class is told; no number is worse than any. */
static void test_ties(void **state) {
  (void)state;
  const float scores[] = {1, 1, 0, 1e30f, -1e30f, 0, NAN, 0, 0};
  sv_metrics m;
  assert_ok(sv_metrics_new(&m, 3));
  assert_near(sv_metrics_top(&m, 1), 0);
  assert_near(sv_metrics_macro(&m).f1, 0);
  sv_metrics_add(&m, scores, (int64_t[]){0}, 1);
  assert_int_equal(m.top1_count, 1);
  sv_metrics_add(&m, scores, (int64_t[]){1}, 1);
  assert_int_equal(m.top1_count, 1);
  sv_metrics_add(&m, scores + 3, (int64_t[]){1}, 1);
  assert_true(isfinite(m.loss));
  assert_int_equal(m.confusion[1 * 3 + 0], 2);
  sv_metrics_add(&m, scores + 6, (int64_t[]){1}, 1);
  assert_int_equal(m.top1_count, 1);
  assert_true(isnan(m.calibration_error));
  sv_metrics_free(&m);
}

/* A bin holds its upper bound: 1/2 and 1/3 of equal scores, and certainty. */
static void test_bins(void **state) {
  (void)state;
  const float scores[] = {0, 0, 0, 0, 0, -1e30f, 0, -1e30f, -1e30f};
  sv_metrics m;
  assert_ok(sv_metrics_new(&m, 3));
  sv_metrics_add(&m, scores, (int64_t[]){0, 0, 1}, 3);
  assert_int_equal(m.bins[4].samples, 1);
  assert_int_equal(m.bins[7].samples, 1);
  assert_int_equal(m.bins[14].samples, 1);
  assert_near(m.calibration_error, (2. / 3 + 1. / 2 + 1) / 3);
  assert_near(m.brier, (2. / 3 + 1. / 2 + 2) / 3);
  sv_metrics_free(&m);
  assert_error(SV_INVALID, "0 classes", sv_metrics_new(&m, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_sklearn),
      cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_ties),
      cmocka_unit_test(test_bins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
