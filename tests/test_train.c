/* Initialisers, optimisers, and the fit loop: stopped and
 * resumed anywhere, refused, ended by infinite numbers. */
#include <math.h>
#include <stdbool.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "base/memory.h"
#include "fixtures/train.h"
#include "graph/model.h"
#include "optim/optimiser.h"
#include "train/fit.h"
#include "train/gradcheck.h"

static void assert_near(double found, double expected, double tolerance) {
  if (!(fabs(found - expected) <= tolerance))
    fail_msg("found %.10g, expected %.10g", found, expected);
}

/* ---- Initialisers ---- */

/* A model of one weight O x I x 3 x 3, 24 x 16. */
static sv_model *model_with(const char *init, sv_status expected) {
  sv_graph *g;
  sv_model *model = NULL;
  assert_ok(sv_graph_new(&g, "one"));
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 16, 5, 5));
  sv_value w = sv_parameter(g, "w", SV_WEIGHT, SV_F32,
                            sv_shape_of(4, 24, 16, 3, 3), init);
  sv_value in[] = {x, w};
  sv_output(g, "y", sv_apply(g, "conv", in, 2, NULL));
  assert_int_equal(sv_model_new(&model, g, 7), expected);
  return model;
}

typedef struct spread {
  double least, most, mean, deviation;
} spread;

static spread spread_of(const sv_model *model, const char *name) {
  sv_tensor *t;
  assert_ok(sv_state_get(model->state, name, &t));
  const float *x = t->data;
  int64_t count = sv_shape_count(&t->shape);
  spread s = {x[0], x[0], 0, 0};
  for (int64_t i = 0; i < count; i++) {
    s.least = fmin(s.least, x[i]);
    s.most = fmax(s.most, x[i]);
    s.mean += x[i] / (double)count;
    s.deviation += (double)x[i] * x[i] / (double)count;
  }
  s.deviation = sqrt(s.deviation - s.mean * s.mean);
  sv_tensor_free(t);
  return s;
}

/* 3456 numbers: a deviation is off by 1 / sqrt(2 * 3456), 1.2 %. */
static void check_random(const char *init, double deviation, bool uniform) {
  sv_model *model = model_with(init, SV_OK);
  spread s = spread_of(model, "w");
  double half = sqrt(3) * deviation;
  assert_true(fabs(s.deviation - deviation) < 0.05 * deviation);
  assert_true(fabs(s.mean) < 0.07 * deviation);
  if (uniform) {
    assert_true(s.most <= half && s.least >= -half);
    assert_true(s.most > 0.99 * half && s.least < -0.99 * half);
  } else {
    assert_true(s.most > 3 * deviation && s.least < -3 * deviation);
  }
  sv_model_free(model);
}

static void check_constant(const char *init, double value) {
  sv_model *model = model_with(init, SV_OK);
  spread s = spread_of(model, "w");
  assert_true(s.least == value && s.most == value);
  sv_model_free(model);
}

static void test_initialisers(void **state) {
  (void)state;
  double in = 16 * 9, out = 24 * 9;
  check_random(NULL, sqrt(2 / (in + out)), true);
  check_random("xavier", sqrt(2 / (in + out)), true);
  check_random("xavier 2", 2 * sqrt(2 / (in + out)), true);
  check_random("xavier_normal", sqrt(2 / (in + out)), false);
  check_random("he", sqrt(2 / in), false);
  check_random("he_uniform", sqrt(2 / in), true);
  check_random("lecun", sqrt(1 / in), false);
  check_random("lecun_uniform", sqrt(1 / in), true);
  check_random("normal 0.3", 0.3, false);
  check_random("uniform -0.6 0.6", 0.6 / sqrt(3), true);
  check_constant("zeros", 0);
  check_constant("ones", 1);
  check_constant("constant -0.25", -0.25);
}

static void test_initialisers_refused(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"xavir", "unknown initialiser 'xavir'"},
      {"constant", "usage: constant VALUE"},
      {"constant a", "is not a number"},
      {"uniform 1 2 3", "has 3 values"},
      {"uniform 2 1", "2 to 1 is not a range"},
      {"signs\t1", "expected signs HEX"},
      {"numbers\t1", "expected numbers V,V,..."},
      {"zeros nan", "is not a number"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    assert_null(model_with(texts[i][0], SV_INVALID));
    if (!strstr(sv_error(), texts[i][1]))
      fail_msg("\"%s\" does not say \"%s\"", sv_error(), texts[i][1]);
    assert_non_null(strstr(sv_error(), "w: "));
  }
}

static void check_equal_tensor(const sv_model *a, const sv_model *b,
                               const char *name, bool equal) {
  sv_tensor *x, *y;
  assert_ok(sv_state_get(a->state, name, &x));
  assert_ok(sv_state_get(b->state, name, &y));
  assert_int_equal(x->layout.bytes, y->layout.bytes);
  assert_int_equal(memcmp(x->data, y->data, x->layout.bytes) == 0, equal);
  sv_tensor_free(x);
  sv_tensor_free(y);
}

/* Same name and seed: the same numbers, whatever else there is. */
static void test_initialisers_independent(void **state) {
  (void)state;
  sv_model *a = model_of("input 2x6x6; conv 4 3x3; relu; conv 5 3x3", 1);
  sv_model *b = model_of("input 2x6x6; conv 4 3x3; conv 5 3x3; conv 2 1x1", 1);
  sv_model *c = model_of("input 2x6x6; conv 4 3x3; conv 5 3x3; conv 2 1x1", 2);
  check_equal_tensor(a, b, "conv1.weight", true);
  check_equal_tensor(a, b, "conv2.weight", true);
  check_equal_tensor(b, c, "conv2.weight", false);
  check_equal_tensor(b, c, "conv2.bias", true);
  sv_model_free(a);
  sv_model_free(b);
  sv_model_free(c);
}

/* ---- Optimisers, against PyTorch ---- */

/* y = W x with x = 1: the gradients of weight and bias are those of y. */
static void check_optimiser(const char *kind, double momentum, double decay,
                            const float *expected) {
  sv_model *model = model_of("input 1x1x1; flatten; linear 7", 1);
  sv_shape weight = sv_shape_of(2, SGD_PARAMS, 1), one = sv_shape_of(1, 7);
  sv_tensor start = {SV_F32, weight, {0}, (void *)sgd_start}, seed, input;
  assert_ok(sv_layout_plain(&start.layout, SV_F32, &weight));
  assert_ok(sv_state_set(model->state, "linear1.weight", &start));
  start.shape = one;
  assert_ok(sv_layout_plain(&start.layout, SV_F32, &one));
  assert_ok(sv_state_set(model->state, "linear1.bias", &start));
  const char *seeds[] = {"linear1"};
  sv_plan_options options = sv_plan_default();
  options.seeds = seeds;
  options.seed_count = 1;
  sv_plan *plan;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  sv_optimiser *o;
  const sv_optimiser_options rule = {.size = sizeof(sv_optimiser_options),
                                     .kind = kind,
                                     .momentum = momentum,
                                     .weight_decay = decay};
  assert_ok(sv_optimiser_new(&o, model->state, &rule));
  assert_ok(sv_plan_input(plan, "image", &input));
  *(float *)input.data = 1;
  for (int step = 0; step < SGD_STEPS; step++) {
    assert_ok(sv_plan_seed(plan, "linear1", &seed));
    memcpy(seed.data, sgd_gradients + step * SGD_PARAMS, seed.layout.bytes);
    assert_ok(sv_plan_forward(plan));
    assert_ok(sv_plan_backward(plan));
    assert_ok(sv_optimiser_step(o, plan, step, 0.1 / (1 + step)));
    const char *names[] = {"linear1.weight", "linear1.bias"};
    for (int k = 0; k < 2; k++, expected += SGD_PARAMS) {
      sv_tensor *now;
      assert_ok(sv_state_get(model->state, names[k], &now));
      for (int i = 0; i < SGD_PARAMS; i++)
        assert_near(((float *)now->data)[i], expected[i],
                    2e-7 * fmax(1, fabs(expected[i])));
      sv_tensor_free(now);
    }
  }
  /* A gradient that is no number changes nothing. */
  ((float *)seed.data)[3] = NAN;
  sv_tensor *before, *after;
  assert_ok(sv_state_get(model->state, "linear1.weight", &before));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_backward(plan));
  assert_error(SV_NUMERIC, "infinite or NaN",
               sv_optimiser_step(o, plan, SGD_STEPS, 0.1));
  assert_ok(sv_state_get(model->state, "linear1.weight", &after));
  assert_memory_equal(before->data, after->data, before->layout.bytes);
  sv_tensor_free(before);
  sv_tensor_free(after);
  sv_optimiser_free(o);
  sv_plan_free(plan);
  sv_model_free(model);
}

static void test_optimisers(void **state) {
  (void)state;
  check_optimiser("sgd", 0, 0, sgd_plain);
  check_optimiser("sgd", 0.9, 0, sgd_momentum);
  check_optimiser("sgd", 0.9, 0.01, sgd_decay);
  check_optimiser("nesterov", 0.8, 0.02, sgd_nesterov);
}

static void test_optimisers_refused(void **state) {
  (void)state;
  sv_model *model = model_of("input 1x1x1; flatten; linear 7", 1);
  sv_optimiser *o;
  sv_optimiser_options options = {.size = sizeof(sv_optimiser_options),
                                  .kind = "sdg"};
  assert_error(SV_INVALID, "expected one of: sgd, nesterov",
               sv_optimiser_new(&o, model->state, &options));
  options = (sv_optimiser_options){
      .size = sizeof(sv_optimiser_options), .kind = "sgd", .momentum = 1};
  assert_error(SV_INVALID, "momentum 1",
               sv_optimiser_new(&o, model->state, &options));
  options = (sv_optimiser_options){
      .size = sizeof(sv_optimiser_options), .kind = "sgd", .weight_decay = -2};
  assert_error(SV_INVALID, "weight decay -2",
               sv_optimiser_new(&o, model->state, &options));
  sv_model_free(model);
}

/* ---- Fitting ---- */

/* Rows are alike but for seconds and images/s at their ends. */
static void check_same_log(const char *a, const char *b) {
  size_t size;
  char *x = (char *)bytes_of(a, "log.csv", &size), *x_next = x;
  char *y = (char *)bytes_of(b, "log.csv", &size), *y_next = y;
  for (int row = 0; row < 4; row++) {
    char *x_line = strsep(&x_next, "\n"), *y_line = strsep(&y_next, "\n");
    assert_non_null(x_line);
    assert_non_null(y_line);
    for (int column = 0; column < 10; column++)
      assert_string_equal(strsep(&x_line, ","), strsep(&y_line, ","));
  }
  assert_string_equal(x_next, "");
  assert_string_equal(y_next, "");
  free(x);
  free(y);
}

static void train_whole(const char *run, const sv_dataset *d,
                        sv_fit_result *result) {
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(run);
  o.log_gradients = true;
  watcher w = {0};
  o.report = watch;
  o.context = &w;
  assert_ok(sv_fit(model, d, &o, result));
  assert_int_equal(w.epochs, 3);
  assert_int_equal(w.calls, 3 * (4 + 1 + 1));
  sv_model_free(model);
}

/* Stops after so many calls of watch, then goes on to the end. */
static void train_in_two(const char *run, const sv_dataset *d, int stop_at) {
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(run);
  o.log_gradients = true;
  sv_fit_result result;
  watcher w = {.stop_at = stop_at};
  o.report = watch;
  o.context = &w;
  assert_int_equal(sv_fit(model, d, &o, &result), SV_INTERRUPTED);
  assert_int_equal(w.calls, stop_at);
  sv_model_free(model);
  assert_ok(sv_fit_open(&model, &o, run));
  assert_true(o.resume);
  assert_int_equal(o.batch, 13);
  assert_ok(sv_fit(model, d, &o, &result));
  assert_int_equal(result.epochs, 3);
  sv_model_free(model);
}

static void test_fit(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_dataset *t = open_bars("bars", 1, SV_SPLIT_TEST);
  sv_fit_result result;
  sv_metrics m;
  const char *run = in_folder("run");
  sv_model *model = model_of(network, 3), *file;
  sv_fit_options o = quick(run);
  o.epochs = 12;
  assert_ok(sv_fit(model, d, &o, &result));
  assert_int_equal(result.epochs, 12);
  assert_int_equal(result.images, 12 * 48);
  assert_true(result.best_epoch >= 1);
  assert_true(result.top1 > 0.8);
  /* The model is the file: best weights, no moments, the same figures. */
  assert_ok(sv_model_load(&file, in_folder("run/model.onnx")));
  assert_int_equal(sv_state_count(model->state), 4);
  for (int i = 0; i < 4; i++)
    check_equal_tensor(model, file, sv_state_name(model->state, i), true);
  sv_eval_options e = sv_eval_default();
  e.threads = 1;
  assert_ok(sv_eval(&m, file, t, &e));
  assert_int_equal(m.samples, TEST);
  assert_true(m.top1 > 0.6);
  sv_metrics_free(&m);
  assert_string_equal(sv_model_meta(file, "svertka.train.epochs"), "12");
  assert_string_equal(sv_model_meta(file, "svertka.train.rate"), "0.05");
  assert_non_null(sv_model_meta(file, "svertka.image.mean"));
  sv_model_free(file);
  sv_model_free(model);
  sv_dataset_free(d);
  sv_dataset_free(t);
}

static void test_resume(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_fit_result whole, again;
  char first[300], second[300], broken[300];
  snprintf(first, sizeof first, "%s", in_folder("whole"));
  snprintf(second, sizeof second, "%s", in_folder("again"));
  train_whole(first, d, &whole);
  train_whole(second, d, &again);
  assert_true(whole.top1 == again.top1 && whole.loss == again.loss);
  check_same_file(first, second, "model.onnx");
  check_same_file(first, second, "last.onnx");
  check_same_file(first, second, "gradients.csv");
  for (int stop = 1; stop < 18; stop++) {
    char name[32];
    snprintf(name, sizeof name, "broken%d", stop);
    snprintf(broken, sizeof broken, "%s", in_folder(name));
    train_in_two(broken, d, stop);
    check_same_file(first, broken, "model.onnx");
    check_same_file(first, broken, "last.onnx");
    check_same_file(first, broken, "gradients.csv");
    check_same_log(first, broken);
  }
  sv_dataset_free(d);
}

/* Without a run folder: the same weights. */
static void test_fit_in_memory(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *a = model_of(network, 3), *b = model_of(network, 3);
  sv_fit_options o = quick(in_folder("both"));
  assert_ok(sv_fit(a, d, &o, NULL));
  o.run = NULL;
  assert_ok(sv_fit(b, d, &o, NULL));
  for (int i = 0; i < 4; i++)
    check_equal_tensor(a, b, sv_state_name(a->state, i), true);
  /* What one training leaves does not change the next. */
  o.validation = 0;
  sv_fit_result result;
  assert_ok(sv_fit(a, d, &o, &result));
  assert_int_equal(result.best_epoch, 3);
  sv_model_free(a);
  sv_model_free(b);
  sv_dataset_free(d);
}

static void test_refused(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_dataset *t = open_bars("bars", 1, SV_SPLIT_TEST);
  sv_dataset *other = open_bars("other", 9, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3), *opened;
  const char *run = in_folder("refused");
  sv_fit_options o = quick(run);
  watcher w = {.stop_at = 6};
  o.report = watch;
  o.context = &w;
  assert_error(SV_INVALID, "test", sv_fit(model, t, &o, NULL));
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
  assert_error(SV_INVALID, "contains a run", sv_fit(model, d, &o, NULL));
  o.overwrite = true;
  w = (watcher){.stop_at = 2};
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
  assert_int_not_equal(access(in_folder("refused/model.onnx"), F_OK), 0);

  assert_ok(sv_fit_open(&opened, &o, run));
  assert_error(SV_INVALID, "not the data", sv_fit(opened, other, &o, NULL));
  o.rate = 0.1;
  assert_error(SV_INVALID, "rate 0.05", sv_fit(opened, d, &o, NULL));
  o.rate = 0.05;
  o.epochs = 4;
  assert_error(SV_INVALID, "epochs 3", sv_fit(opened, d, &o, NULL));
  o.epochs = 3;
  assert_error(SV_INVALID, "cannot be resumed: it has no",
               sv_fit(model, d, &o, NULL));
  assert_ok(sv_fit(opened, d, &o, NULL));
  sv_model_free(opened);
  assert_error(SV_INVALID, "finished: 3 of 3", sv_fit_open(&opened, &o, run));
  assert_error(SV_INVALID, "last.onnx",
               sv_fit_open(&opened, &o, in_folder("nothing")));
  sv_model_free(model);
  sv_dataset_free(d);
  sv_dataset_free(t);
  sv_dataset_free(other);
}

static void test_options_refused(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  o.epochs = 0;
  assert_error(SV_INVALID, "epochs is 0", sv_fit(model, d, &o, NULL));
  o = quick(NULL);
  o.rate = NAN;
  assert_error(SV_INVALID, "rate is", sv_fit(model, d, &o, NULL));
  o = quick(NULL);
  o.validation = 60;
  assert_error(SV_INVALID, "validation needs 60", sv_fit(model, d, &o, NULL));
  o = quick(NULL);
  o.schedule = "slow";
  assert_error(SV_INVALID, "unknown schedule", sv_fit(model, d, &o, NULL));
  o = quick(NULL);
  o.backend = "none";
  assert_error(SV_INVALID, "backend", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  model = model_of("input 1x8x8; flatten; linear 4", 3);
  o = quick(NULL);
  assert_error(SV_INVALID, "4 classes", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  model = model_of("input 1x8x8; conv 4 3x3; relu", 3);
  assert_error(SV_INVALID, "ends in maps of 4x6x6", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  model = model_of("input 3x8; flatten; linear 3", 3);
  assert_error(SV_INVALID, "input", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* The rate explodes with the second epoch; what the first one saved stays. */
static void test_not_a_number(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  char run[300];
  snprintf(run, sizeof run, "%s", in_folder("exploding"));
  sv_model *model = model_of(network, 3), *file;
  sv_fit_options o = quick(run);
  sv_fit_result result;
  o.schedule = "step 1 1e39";
  assert_error(SV_NUMERIC, "epoch 2", sv_fit(model, d, &o, &result));
  assert_int_equal(result.best_epoch, 1);
  assert_int_equal(result.epochs, 1);
  assert_ok(sv_model_load(&file, in_folder("exploding/model.onnx")));
  for (int i = 0; i < 4; i++) {
    const char *name = sv_state_name(model->state, i);
    spread s = spread_of(file, name);
    assert_true(isfinite(s.deviation) && fabs(s.most) < 10);
    check_equal_tensor(model, file, name, true);
  }
  sv_model_free(file);
  assert_ok(sv_fit_open(&file, &o, run));
  sv_model_free(file);
  sv_model_free(model);
  /* From the first step on: nothing is saved at all. */
  model = model_of(network, 3);
  o = quick(in_folder("dead"));
  o.rate = 1e6;
  o.weight_decay = 1e6;
  o.schedule = "constant";
  assert_error(SV_NUMERIC, "epoch 1", sv_fit(model, d, &o, &result));
  assert_int_equal(result.best_epoch, 0);
  assert_int_not_equal(access(in_folder("dead/model.onnx"), F_OK), 0);
  assert_int_not_equal(access(in_folder("dead/last.onnx"), F_OK), 0);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* ---- A folder that is replaced, held, made ---- */

/* A training that fails at once. */
static sv_fit_options doomed(const char *run) {
  sv_fit_options o = quick(run);
  o.rate = o.weight_decay = 1e6;
  o.schedule = "constant";
  o.overwrite = true;
  return o;
}

static void test_replacing(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  char old[300], kept[300], deep[300];
  sv_fit_result result;
  snprintf(old, sizeof old, "%s", in_folder("replaced"));
  snprintf(kept, sizeof kept, "%s", in_folder("kept"));
  snprintf(deep, sizeof deep, "%s", in_folder("made/by/it"));
  train_whole(old, d, &result);
  train_whole(kept, d, &result);
  /* Nothing of the new run is saved: the old one is whole. */
  sv_model *model = model_of(network, 3);
  sv_fit_options o = doomed(old);
  assert_error(SV_NUMERIC, "epoch 1", sv_fit(model, d, &o, NULL));
  check_same_file(old, kept, "model.onnx");
  check_same_file(old, kept, "last.onnx");
  check_same_log(old, kept);
  o = doomed(deep);
  assert_error(SV_NUMERIC, "epoch 1", sv_fit(model, d, &o, NULL));
  assert_int_not_equal(access(in_folder("made"), F_OK), 0);
  sv_model_free(model);
  /* Stopped in its first epoch, it has one file, and the old one none. */
  model = model_of(network, 3);
  o = quick(old);
  o.overwrite = true;
  watcher w = {.stop_at = 2};
  o.report = watch;
  o.context = &w;
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
  assert_int_equal(access(in_folder("replaced/last.onnx"), F_OK), 0);
  assert_int_not_equal(access(in_folder("replaced/model.onnx"), F_OK), 0);
  assert_int_not_equal(access(in_folder("replaced/log.csv"), F_OK), 0);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* A second training into the folder of one that is under way. */
static bool train_into_the_same(void *context, const sv_fit_progress *p) {
  (void)p;
  sv_fit_options o = *(const sv_fit_options *)context;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  o.report = NULL;
  o.overwrite = true;
  assert_error(SV_IO, "held: another training is writing to it",
               sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
  return true;
}

static void test_held(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  char run[300];
  snprintf(run, sizeof run, "%s", in_folder("held"));
  sv_fit_options o = quick(run);
  o.epochs = 1;
  o.report = train_into_the_same;
  o.context = &o;
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_int_equal(access(in_folder("held/model.onnx"), F_OK), 0);
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_best_is_missing(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3), *opened;
  sv_fit_options o = quick(in_folder("robbed"));
  watcher w = {.stop_at = 7};
  o.report = watch;
  o.context = &w;
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
  assert_int_equal(unlink(in_folder("robbed/model.onnx")), 0);
  assert_error(SV_IO, "robbed/model.onnx: is missing",
               sv_fit_open(&opened, &o, in_folder("robbed")));
  assert_null(opened);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* A last.onnx that is damaged: the one before it ends in the same bits. */
static void test_previous(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3), *opened;
  char run[300], whole[300], last[400], previous[400];
  snprintf(run, sizeof run, "%s", in_folder("damaged"));
  snprintf(whole, sizeof whole, "%s", in_folder("undamaged"));
  snprintf(last, sizeof last, "%s/last.onnx", run);
  snprintf(previous, sizeof previous, "%s/previous.onnx", run);
  sv_fit_result result;
  train_whole(whole, d, &result);
  for (int stop = 8; stop < 14; stop++) {
    sv_fit_options o = quick(run);
    watcher w = {.stop_at = stop};
    o.report = watch;
    o.context = &w;
    o.log_gradients = true;
    o.overwrite = true;
    o.checkpoint = stop % 2 ? "1" : "0";
    sv_model_free(model);
    model = model_of(network, 3);
    assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
    assert_int_equal(truncate(last, 5000), 0);
    assert_error(SV_FORMAT, "previous.onnx is the checkpoint before it",
                 sv_fit_open(&opened, &o, run));
    assert_int_equal(rename(previous, last), 0);
    assert_ok(sv_fit_open(&opened, &o, run));
    assert_ok(sv_fit(opened, d, &o, NULL));
    sv_model_free(opened);
    check_same_file(whole, run, "model.onnx");
    check_same_file(whole, run, "last.onnx");
    check_same_log(whole, run);
  }
  sv_model_free(model);
  sv_dataset_free(d);
}

/* How often: a time or a number of steps. */
static void test_checkpoint_texts(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double steps, seconds;
  } right[] = {{"0", 0, 0},    {"200", 200, 0},    {"90s", 0, 90},
               {"5m", 0, 300}, {"1.5 h", 0, 5400}, {"0m", 0, 0}};
  static const char *const wrong[] = {"",  "often", "-1",  "2.5", "5 x",
                                      "m", "1e99s", "nan", "3m3"};
  sv_checkpoint when;
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    assert_ok(sv_checkpoint_parse(&when, right[i].text));
    assert_near((double)when.steps, right[i].steps, 0);
    assert_near(when.seconds, right[i].seconds, 0);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_error(SV_INVALID, "expected a time such as 90s",
                 sv_checkpoint_parse(&when, wrong[i]));
  assert_false(sv_checkpoint_due(&(sv_checkpoint){0, 0}, 9, 9));
  assert_true(sv_checkpoint_due(&(sv_checkpoint){9, 0}, 9, 0));
  assert_false(sv_checkpoint_due(&(sv_checkpoint){9, 8}, 8, 7));
  assert_true(sv_checkpoint_due(&(sv_checkpoint){9, 8}, 1, 8));
}

/* So many as were asked for; none: empty columns, the training's figures. */
static void test_held_out(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  sv_fit_result result;
  o.epochs = 1;
  o.validation = 7;
  assert_ok(sv_fit(model, d, &o, &result));
  assert_int_equal(result.held_out, 7);
  assert_int_equal(result.images, 53);
  o.validation = 58;
  assert_error(SV_INVALID,
               "validation needs 58 samples, but bars can spare only 57",
               sv_fit(model, d, &o, NULL));
  o.validation = 0.001;
  o.run = in_folder("unjudged");
  assert_ok(sv_fit(model, d, &o, &result));
  assert_int_equal(result.held_out, 0);
  size_t size;
  char *log = (char *)bytes_of(o.run, "log.csv", &size), *next = log;
  strsep(&next, "\n");
  for (int column = 0; column < 10; column++)
    assert_int_equal(strlen(strsep(&next, ",")) == 0, column > 4);
  free(log);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* ---- Judging ---- */

typedef struct told {
  int64_t count, right;
} told;

static void on_verdict(void *context, const sv_verdict *v) {
  told *t = context;
  assert_int_equal(v->sample, t->count);
  assert_int_equal(v->label, v->sample % KINDS);
  assert_true(v->probability >= 1.0f / KINDS && v->probability <= 1);
  t->count++;
  t->right += v->label == v->predicted;
}

static bool stop_now(void *context, int64_t done, int64_t total) {
  (void)context;
  assert_int_equal(total, TEST);
  return done < 14;
}

static void test_eval(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_dataset *t = open_bars("bars", 1, SV_SPLIT_TEST);
  sv_model *model = model_of(network, 3);
  sv_metrics m, batches;
  sv_eval_options e = sv_eval_default();
  e.threads = 1;
  assert_error(SV_INVALID, "svertka.image.mean", sv_eval(&m, model, t, NULL));
  sv_fit_options o = quick(NULL);
  assert_ok(sv_fit(model, d, &o, NULL));
  told seen = {0};
  e.verdict = on_verdict;
  e.context = &seen;
  assert_ok(sv_eval(&m, model, t, &e));
  assert_int_equal(seen.count, TEST);
  assert_int_equal(seen.right, m.top1_count);
  e.verdict = NULL;
  e.batch = 7;
  assert_ok(sv_eval(&batches, model, t, &e));
  assert_near(batches.loss, m.loss, 1e-6);
  assert_int_equal(batches.top1_count, m.top1_count);
  sv_metrics_free(&batches);
  sv_metrics_free(&m);
  e.report = stop_now;
  assert_error(SV_INTERRUPTED, "14", sv_eval(&m, model, t, &e));
  sv_model_free(model);
  sv_dataset_free(d);
  sv_dataset_free(t);
}

/* ---- Gradients of whole networks ---- */

static void test_gradcheck(void **state) {
  (void)state;
  static const char *const networks[] = {
      network,
      "input 2x9x9; conv 4 3x3 stride=2; sigmoid; conv 3 3x3; flatten; "
      "linear 5",
      "input 2x8x8; conv 4 3x3; weighted_avg_pool 2x2 stride=2; tanh; "
      "flatten; linear 5",
      /* The gradient of the convolution's bias is 0, its numeric one is not. */
      "input 2x7x7; conv 3 3x3; batch_norm; tanh; dropout 0.2; flatten; "
      "linear 5"};
  for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
    sv_model *model = model_of(networks[i], 1);
    const sv_gradcheck_options o = {
        .batch = 3, .samples = 15, .step = 1e-5, .seed = 5, .threads = 1};
    sv_gradcheck_row *rows;
    int count;
    assert_ok(sv_gradcheck(&rows, &count, model, &o));
    int trained = 0;
    for (int k = 0; k < model->state->count; k++)
      trained += sv_role_is_trained(model->state->slots[k].role);
    assert_int_equal(count, trained + 1);
    for (int k = 0; k < count; k++)
      if (!(rows[k].error < 1e-6))
        fail_msg("%s: %s is off by %g", networks[i], rows[k].name,
                 rows[k].error);
    sv_free(rows);
    sv_model_free(model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_initialisers),
      cmocka_unit_test(test_initialisers_refused),
      cmocka_unit_test(test_initialisers_independent),
      cmocka_unit_test(test_optimisers),
      cmocka_unit_test(test_optimisers_refused),
      cmocka_unit_test(test_fit),
      cmocka_unit_test(test_resume),
      cmocka_unit_test(test_fit_in_memory),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_options_refused),
      cmocka_unit_test(test_not_a_number),
      cmocka_unit_test(test_replacing),
      cmocka_unit_test(test_held),
      cmocka_unit_test(test_best_is_missing),
      cmocka_unit_test(test_previous),
      cmocka_unit_test(test_checkpoint_texts),
      cmocka_unit_test(test_held_out),
      cmocka_unit_test(test_eval),
      cmocka_unit_test(test_gradcheck),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
