/* Schedules, against PyTorch's over a whole training; early stopping; both
 * resumed. */
#include <math.h>
#include <stdbool.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "fixtures/schedules.h"
#include "optim/schedule.h"

enum { STEPS = SCHEDULE_EPOCHS * SCHEDULE_PER_EPOCH };

static void check(const char *text, double warm_up, const double *expected) {
  sv_schedule s;
  sv_plateau plateau = {0};
  double rate = schedule_rate[0];
  assert_ok(sv_schedule_parse(&s, text, rate, warm_up, SCHEDULE_PER_EPOCH,
                              SCHEDULE_EPOCHS));
  for (int step = 0; step < STEPS; step++) {
    double found = sv_schedule_at(&s, &plateau, step);
    double wanted = expected ? expected[step] : rate;
    if (!(fabs(found - wanted) <= 1e-12))
      fail_msg("%s: step %d: found %.10g, expected %.10g", text, step, found,
               wanted);
    if ((step + 1) % SCHEDULE_PER_EPOCH == 0)
      sv_schedule_see(&s, &plateau, schedule_losses[step / SCHEDULE_PER_EPOCH]);
  }
}

static void test_schedules(void **state) {
  (void)state;
  check("constant", 0, NULL);
  check("step 2 0.5", 0, schedule_step);
  check("multistep 0.2 3 4 9", 0, schedule_multistep);
  check("exponential 0.8", 0, schedule_exponential);
  check("cosine", 0, schedule_cosine);
  check(" cosine 2 0.1 ", 0, schedule_warm_cosine);
  check("cosine 0 0.1", 2, schedule_warm_cosine);
  check("step 1 0.7", 2, schedule_warm_step);
  check("onecycle", 0, schedule_onecycle);
  check("onecycle 0.13 10 50", 0, schedule_onecycle_early);
  check("plateau 0.5 1", 0, schedule_plateau);
  check("plateau 0.1 0 0.02", 0, schedule_plateau_least);
  check("plateau", 0, schedule_plateau_usual);
}

/* Wherever a share of the steps is not one, rates stay finite and in bounds. */
static void test_short(void **state) {
  (void)state;
  static const char *const texts[] = {
      "step 0.5",      "cosine 1",   "cosine 0 1",       "onecycle",
      "onecycle 0",    "onecycle 1", "onecycle 0.5 1 1", "multistep 0.1 1",
      "exponential 0", "plateau 0 0"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    for (int steps = 1; steps < 6; steps++)
      for (int epochs = 1; epochs < 4; epochs++) {
        sv_schedule s;
        assert_ok(sv_schedule_parse(&s, texts[i], 2, 0, steps, epochs));
        for (int step = 0; step < steps * epochs; step++) {
          double rate = sv_schedule_at(&s, NULL, step);
          if (!(rate >= 0 && rate <= 2 + 1e-12))
            fail_msg("%s: step %d of %d: %g", texts[i], step, steps, rate);
        }
      }
}

static void test_refused(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"cosin",
       "unknown schedule 'cosin'; expected one of: constant, step, multi"},
      {"step", "usage: step EPOCHS [FACTOR]"},
      {"step -1", "-1 is not in 1e-06 to 1e+06"},
      {"step 0", "0 is not in"},
      {"step 2 -1", "-1 is not in 0"},
      {"step 1 2 3", "has 3 values"},
      {"multistep 0.1", "has 1 value "},
      {"multistep 0.1 3 3", "3 comes after 3"},
      {"multistep 0.1 3 9 8", "8 comes after 9"},
      {"exponential nan", "is not a number"},
      {"onecycle 1.5", "1.5 is not in 0 to 1"},
      {"onecycle 0.3 0", "0 is not in"},
      {"plateau 1", "1 is not in 0 to 0.999999"},
      {"plateau 0.1 1 2", "2 is not in 0 to 1"},
  };
  sv_schedule s;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    assert_error(SV_INVALID, texts[i][1],
                 sv_schedule_parse(&s, texts[i][0], 1, 0, 1, 1));
  assert_error(SV_INVALID, "has its own warm-up",
               sv_schedule_parse(&s, "cosine 1", 1, 2, 1, 1));
  assert_error(SV_INVALID, "has its own warm-up",
               sv_schedule_parse(&s, "onecycle", 1, 2, 1, 1));
  assert_error(SV_INVALID, "a warm-up of 2.5 epochs in a training of 2",
               sv_schedule_parse(&s, "step 1", 1, 2.5, 10, 2));
  assert_error(SV_INVALID, "a warm-up of 3 epochs in a training of 2",
               sv_schedule_parse(&s, "cosine 3", 1, 0, 10, 2));
  assert_ok(sv_schedule_parse(&s, "step 1", 1, 2, 10, 2));
}

/* ---- In a training ---- */

/* Learns for two epochs, and no more. */
static sv_fit_options tired(const char *run) {
  sv_fit_options o = quick(run);
  o.epochs = 9;
  o.schedule = "multistep 0 2";
  return o;
}

/* Learns so little that the loss does not fall by 0.01 %. */
static sv_fit_options stuck(const char *run) {
  sv_fit_options o = quick(run);
  o.epochs = 6;
  o.rate = 1e-6;
  o.schedule = "plateau 0.5 0";
  return o;
}

static sv_fit_result train(const sv_fit_options *o) {
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_result result;
  assert_ok(sv_fit(model, d, o, &result));
  sv_model_free(model);
  sv_dataset_free(d);
  return result;
}

/* Stopped after so many calls of watch, then gone on to the end. */
static sv_fit_result train_in_two(sv_fit_options o, int stop_at) {
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_result result;
  watcher w = {.stop_at = stop_at};
  o.report = watch;
  o.context = &w;
  assert_int_equal(sv_fit(model, d, &o, &result), SV_INTERRUPTED);
  sv_model_free(model);
  assert_ok(sv_fit_open(&model, &o, o.run));
  assert_ok(sv_fit(model, d, &o, &result));
  sv_model_free(model);
  sv_dataset_free(d);
  return result;
}

/* The third column of the log's last row. */
static double last_rate(const char *run) {
  size_t size;
  char *log = (char *)bytes_of(run, "log.csv", &size), *row = log;
  for (char *next = log; (next = strchr(next, '\n')) && next[1];) row = ++next;
  double rate;
  assert_int_equal(sscanf(row, "%*d,%*d,%lf", &rate), 1);
  free(log);
  return rate;
}

static void test_plateau_resumed(void **state) {
  (void)state;
  char path[300];
  snprintf(path, sizeof path, "%s", in_folder("plateau"));
  sv_fit_options whole = stuck(path);
  train(&whole);
  double rate = last_rate(whole.run);
  assert_true(fabs(rate - 1e-6 / 16) < 1e-9);
  for (int stop = 5; stop < 36; stop += 9) {
    char name[32], run[300];
    snprintf(name, sizeof name, "plateau%d", stop);
    snprintf(run, sizeof run, "%s", in_folder(name));
    sv_fit_options broken = stuck(run);
    train_in_two(broken, stop);
    check_same_file(whole.run, run, "model.onnx");
    check_same_file(whole.run, run, "last.onnx");
    assert_true(last_rate(run) == rate);
  }
}

/* Ends after two epochs in a row without better weights, and holds the best. */
static void test_patience(void **state) {
  (void)state;
  char whole[300], broken[300];
  snprintf(whole, sizeof whole, "%s", in_folder("patient"));
  sv_fit_options o = tired(whole);
  o.patience = 2;
  sv_fit_result result = train(&o);
  assert_true(result.stopped_early);
  assert_int_equal(result.epochs, result.best_epoch + 2);
  assert_true(result.epochs < o.epochs);
  sv_model *model;
  assert_error(SV_INVALID, "stopped early after epoch",
               sv_fit_open(&model, &o, whole));
  o = tired(whole);
  o.patience = 2;
  for (int stop = 1; stop < 6 * result.epochs; stop += 11) {
    char name[32];
    snprintf(name, sizeof name, "patient%d", stop);
    snprintf(broken, sizeof broken, "%s", in_folder(name));
    o.run = broken;
    sv_fit_result again = train_in_two(o, stop);
    assert_int_equal(again.epochs, result.epochs);
    assert_true(again.stopped_early);
    check_same_file(whole, broken, "model.onnx");
    check_same_file(whole, broken, "last.onnx");
  }
}

/* The model in memory ends with the weights that model.onnx has. */
static void test_best_restored(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3), *file;
  sv_fit_options o = tired(in_folder("restored"));
  o.patience = 2;
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_ok(sv_model_load(&file, in_folder("restored/model.onnx")));
  for (int i = 0; i < sv_state_count(sv_model_state(file)); i++) {
    sv_tensor *x, *y;
    const char *name = sv_state_name(sv_model_state(file), i);
    assert_ok(sv_state_get(sv_model_state(model), name, &x));
    assert_ok(sv_state_get(sv_model_state(file), name, &y));
    assert_memory_equal(x->data, y->data, x->layout.bytes);
    sv_tensor_free(x);
    sv_tensor_free(y);
  }
  sv_model_free(file);
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_options_refused(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = tired(NULL);
  o.patience = 2;
  o.validation = 0;
  assert_error(SV_INVALID, "there is no validation set",
               sv_fit(model, d, &o, NULL));
  o = tired(in_folder("changed"));
  watcher w = {.stop_at = 8};
  o.report = watch;
  o.context = &w;
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
  sv_model_free(model);
  assert_ok(sv_fit_open(&model, &o, in_folder("changed")));
  o.patience = 3;
  assert_error(SV_INVALID, "started with patience 0, not 3",
               sv_fit(model, d, &o, NULL));
  o.patience = 0;
  o.warm_up = 1.5;
  assert_error(SV_INVALID, "started with warm-up 0, not 1.5",
               sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_schedules),
      cmocka_unit_test(test_short),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_plateau_resumed),
      cmocka_unit_test(test_patience),
      cmocka_unit_test(test_best_restored),
      cmocka_unit_test(test_options_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
