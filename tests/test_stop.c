/* Stopping a run from another thread and from a signal handler. */
#include <pthread.h>
#include <signal.h>

#include "bars.h"

static sv_stop *stop;
static pthread_t stopper;
static bool started;

static void *request(void *unused) {
  sv_stop_request(stop);
  return unused;
}

/* Another thread asks during the third step. */
static bool ask_in_third(void *context, const sv_fit_progress *p) {
  int64_t *calls = context;
  if (++*calls == 3) {
    assert_int_equal(pthread_create(&stopper, NULL, request, NULL), 0);
    assert_int_equal(pthread_join(stopper, NULL), 0);
  }
  assert_true(p->step <= 3);
  return true;
}

static void test_fit(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 1);
  sv_fit_options o = quick(NULL);
  sv_fit_result result;
  int64_t calls = 0;
  assert_ok(sv_stop_new(&stop));
  assert_false(sv_stop_requested(stop));
  assert_false(sv_stop_requested(NULL));
  o.stop = stop;
  o.report = ask_in_third;
  o.context = &calls;
  assert_error(SV_INTERRUPTED, "stopped after step 3 of epoch 1",
               sv_fit(model, bars, &o, &result));
  assert_true(sv_stop_requested(stop));
  assert_int_equal(result.images, 3 * 13);
  sv_stop_reset(stop);
  o.report = NULL;
  o.epochs = 1;
  assert_ok(sv_fit(model, bars, &o, &result));
  sv_stop_request(stop);
  o.epochs = 3;
  assert_error(SV_INTERRUPTED, "stopped after step 1 of epoch 1",
               sv_fit(model, bars, &o, NULL));
  sv_stop_free(stop);
  sv_stop_free(NULL);
  sv_model_free(model);
  sv_dataset_free(bars);
}

/* A run that only the other thread ends: it would take hours. */
static void *wait_and_request(void *unused) {
  while (!__atomic_load_n(&started, __ATOMIC_ACQUIRE)) sched_yield();
  sv_stop_request(stop);
  return unused;
}

static bool note_start(void *context, const sv_fit_progress *p) {
  (void)context, (void)p;
  __atomic_store_n(&started, true, __ATOMIC_RELEASE);
  return true;
}

static void test_endless(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 1);
  sv_fit_options o = quick(NULL);
  assert_ok(sv_stop_new(&stop));
  o.epochs = 1000000;
  o.stop = stop;
  o.report = note_start;
  assert_int_equal(pthread_create(&stopper, NULL, wait_and_request, NULL), 0);
  assert_error(SV_INTERRUPTED, "stopped after", sv_fit(model, bars, &o, NULL));
  assert_int_equal(pthread_join(stopper, NULL), 0);
  sv_stop_free(stop);
  sv_model_free(model);
  sv_dataset_free(bars);
}

static void on_signal(int number) {
  (void)number;
  sv_stop_request(stop);
}

/* Evaluation, statistics and the rate test end after a batch, too. */
static void test_others(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 1);
  sv_fit_options fit = quick(NULL);
  sv_metrics metrics;
  sv_units units;
  sv_rate_curve curve;
  assert_ok(sv_fit(model, bars, &fit, NULL));
  assert_ok(sv_stop_new(&stop));
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  signal(SIGUSR1, SIG_DFL);
  sv_eval_options eval = sv_eval_default();
  eval.batch = 10;
  eval.stop = stop;
  assert_error(SV_INTERRUPTED, "stopped after 10 samples",
               sv_eval(&metrics, model, bars, &eval));
  sv_units_options measure = sv_units_default();
  measure.batch = 10;
  measure.stop = stop;
  assert_error(SV_INTERRUPTED, "stopped after 10 samples",
               sv_units_measure(&units, model, bars, &measure));
  sv_rate_options rate = sv_rate_default();
  rate.stop = stop;
  assert_error(SV_INTERRUPTED, "stopped after step 1",
               sv_rate_find(&curve, model, bars, &fit, &rate));
  sv_stop_reset(stop);
  assert_ok(sv_eval(&metrics, model, bars, &eval));
  sv_metrics_free(&metrics);
  sv_stop_free(stop);
  sv_model_free(model);
  sv_dataset_free(bars);
}

/* Options of an older version are shorter: `stop` did not exist there. */
static void test_sizes(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 1);
  sv_fit_options o = quick(NULL);
  sv_plan_options plan = sv_plan_default();
  sv_plan *none;
  assert_ok(sv_stop_new(&stop));
  sv_stop_request(stop);
  o.epochs = 1;
  o.stop = stop;
  o.size = offsetof(sv_fit_options, stop);
  assert_ok(sv_fit(model, bars, &o, NULL));
  o.size = sizeof o + 1;
  assert_error(SV_INVALID, "sv_fit_options: its size",
               sv_fit(model, bars, &o, NULL));
  plan.size = 0;
  assert_error(
      SV_INVALID, "sv_plan_options: its size is 0",
      sv_plan_new(&none, sv_model_graph(model), sv_model_state(model), &plan));
  sv_stop_free(stop);
  sv_model_free(model);
  sv_dataset_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fit),
      cmocka_unit_test(test_endless),
      cmocka_unit_test(test_others),
      cmocka_unit_test(test_sizes),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
