/* The range test of the learning rate. */
#include <math.h>
#include <stdbool.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "graph/model.h"

static sv_rate_options few_steps(void) {
  sv_rate_options o = sv_rate_default();
  o.from = 1e-4;
  o.to = 1e3;
  o.steps = 100;
  return o;
}

static void test_curve(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3), *same = model_of(network, 3);
  sv_fit_options fit = quick(NULL);
  sv_rate_options o = few_steps();
  sv_rate_curve curve, again;
  assert_ok(sv_rate_find(&curve, model, d, &fit, &o));
  assert_true(curve.diverged && curve.count < 100);
  for (int i = 1; i < curve.count; i++) {
    double factor = curve.points[i].rate / curve.points[i - 1].rate;
    assert_true(fabs(factor - pow(1e7, 1 / 99.)) < 1e-9);
  }
  const sv_rate_point *low = &curve.points[curve.lowest];
  for (int i = 0; i < curve.count; i++)
    assert_true(curve.points[i].smoothed >= low->smoothed);
  assert_true(low->smoothed < 0.8 * curve.points[0].smoothed);
  assert_true(curve.suggested == low->rate / 10);
  assert_true(curve.steepest <= curve.lowest && curve.steepest > 0);
  /* The first loss is that of the model as it came, whatever the rate. */
  fit.threads = 1;
  assert_ok(sv_rate_find(&again, model, d, &fit, &o));
  assert_int_equal(again.count, curve.count);
  for (int i = 0; i < curve.count; i++)
    assert_true(again.points[i].loss == curve.points[i].loss);
  /* The model is as it was. */
  assert_int_equal(sv_state_count(model->state), sv_state_count(same->state));
  for (int i = 0; i < model->state->count; i++)
    assert_memory_equal(model->state->slots[i].tensor.data,
                        same->state->slots[i].tensor.data,
                        same->state->slots[i].tensor.layout.bytes);
  assert_int_equal(sv_model_meta_count(model), 0);
  sv_rate_curve_free(&again);
  sv_rate_curve_free(&curve);
  assert_null(curve.points);
  sv_model_free(model);
  sv_model_free(same);
  sv_dataset_free(d);
}

static bool stop_at_seven(void *context, int done, int steps) {
  (void)context;
  return steps == 100 && done < 7;
}

static void test_ends(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options fit = quick(NULL);
  sv_rate_options o = few_steps();
  sv_rate_curve curve;
  /* Nothing falls at such rates. */
  o.from = 1e-12;
  o.to = 1e-9;
  assert_ok(sv_rate_find(&curve, model, d, &fit, &o));
  assert_true(curve.suggested == 0 && !curve.diverged);
  assert_int_equal(curve.count, 100);
  sv_rate_curve_free(&curve);
  o = few_steps();
  o.report = stop_at_seven;
  assert_error(SV_INTERRUPTED, "after step 7 of 100",
               sv_rate_find(&curve, model, d, &fit, &o));
  assert_null(curve.points);
  o = few_steps();
  o.from = 2e3;
  assert_error(SV_INVALID, "expected 0 < from < to",
               sv_rate_find(&curve, model, d, &fit, &o));
  o = few_steps();
  o.steps = 19;
  assert_error(SV_INVALID, "19 steps, expected 20",
               sv_rate_find(&curve, model, d, &fit, &o));
  o = few_steps();
  fit.label_smoothing = 2;
  assert_error(SV_INVALID, "label-smoothing is 2",
               sv_rate_find(&curve, model, d, &fit, &o));
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_curve),
      cmocka_unit_test(test_ends),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
