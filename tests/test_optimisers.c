/* Optimisers, decay, clipping and averaged weights: ten steps each against
 * PyTorch's numbers, LARS against its paper's formula; then in the fit loop. */
#include "optim/optimiser.h"

#include <math.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "base/thread.h"
#include "fixtures/optimisers.h"
#include "graph/model.h"
#include "onnx/onnx.h"
#include "optim/average.h"

/* ---- A layer whose gradients are given ---- */

/* y = W x with x = 1: the gradients of weight and bias are those of y. */
typedef struct layer {
  sv_model *model;
  sv_plan *plan;
  sv_tensor seed;
} layer;

static layer layer_new(void) {
  layer l = {.model = model_of("input 1x1x1; flatten; linear 7", 1)};
  sv_tensor from = {SV_F32, sv_shape_of(2, PARAMS, 1), {0}, (void *)start};
  sv_tensor input;
  assert_ok(sv_layout_plain(&from.layout, SV_F32, &from.shape));
  assert_ok(sv_state_set(l.model->state, "linear1.weight", &from));
  from.shape = sv_shape_of(1, PARAMS);
  assert_ok(sv_layout_plain(&from.layout, SV_F32, &from.shape));
  assert_ok(sv_state_set(l.model->state, "linear1.bias", &from));
  const char *seeds[] = {"linear1"};
  sv_plan_options options = sv_plan_default();
  options.seeds = seeds;
  options.seed_count = 1;
  options.threads = 1;
  assert_ok(sv_plan_new(&l.plan, l.model->graph, l.model->state, &options));
  assert_ok(sv_plan_input(l.plan, "image", &input));
  *(float *)input.data = 1;
  assert_ok(sv_plan_seed(l.plan, "linear1", &l.seed));
  return l;
}

static void layer_free(layer *l) {
  sv_plan_free(l->plan);
  sv_model_free(l->model);
}

static void layer_run(layer *l, const float *gradient) {
  memcpy(l->seed.data, gradient, l->seed.layout.bytes);
  assert_ok(sv_plan_forward(l->plan));
  assert_ok(sv_plan_backward(l->plan));
}

static void layer_numbers(const layer *l, float numbers[2 * PARAMS]) {
  static const char *const names[] = {"linear1.weight", "linear1.bias"};
  for (int k = 0; k < 2; k++) {
    sv_tensor *t;
    assert_ok(sv_state_get(l->model->state, names[k], &t));
    memcpy(numbers + k * PARAMS, t->data, PARAMS * sizeof(float));
    sv_tensor_free(t);
  }
}

/* ---- Ten steps ---- */

static const struct trial {
  const char *name;
  sv_optimiser_options options;
  double ema;
  const float *path;
  int records; /* besides weight and bias */
} trials[] = {
    {"sgd", {.kind = "sgd"}, 0, path_sgd, 0},
    {"momentum", {.momentum = 0.9}, 0, path_sgd_momentum, 2},
    {"decay", {.momentum = 0.9, .weight_decay = 0.1}, 0, path_sgd_decay, 2},
    {"decay all",
     {.momentum = 0.9, .weight_decay = 0.1, .decay_all = true},
     0,
     path_sgd_decay_all,
     2},
    {"decoupled",
     {.momentum = 0.9, .weight_decay = 0.1, .decay = "decoupled"},
     0,
     path_sgd_decoupled,
     2},
    {"nesterov",
     {.kind = "nesterov", .momentum = 0.8, .weight_decay = 0.02},
     0,
     path_nesterov,
     2},
    {"nesterov decoupled",
     {.kind = "nesterov",
      .momentum = 0.8,
      .weight_decay = 0.2,
      .decay = "decoupled"},
     0,
     path_nesterov_decoupled,
     2},
    {"rmsprop", {.kind = "rmsprop"}, 0, path_rmsprop, 2},
    {"rmsprop all",
     {.kind = "rmsprop 0.9 1e-3", .momentum = 0.7, .weight_decay = 0.1},
     0,
     path_rmsprop_all,
     4},
    {"rmsprop decoupled",
     {.kind = "rmsprop", .weight_decay = 0.1, .decay = "decoupled"},
     0,
     path_rmsprop_decoupled,
     2},
    {"centred",
     {.kind = "rmsprop_centred 0.8 1e-2"},
     0,
     path_rmsprop_centred,
     4},
    {"centred momentum",
     {.kind = "rmsprop_centred 0.8 1e-2",
      .momentum = 0.6,
      .weight_decay = 0.05},
     0,
     path_rmsprop_centred_momentum,
     6},
    {"adam", {.kind = "adam"}, 0, path_adam, 4},
    {"adam all",
     {.kind = "adam 0.8 0.95 1e-3", .weight_decay = 0.1, .decay = "coupled"},
     0,
     path_adam_all,
     4},
    {"adam decoupled",
     {.kind = "adam", .weight_decay = 0.1, .decay = "decoupled"},
     0,
     path_adam_decoupled,
     4},
    {"adamw",
     {.kind = "adamw 0.85 0.99", .weight_decay = 0.3},
     0,
     path_adamw,
     4},
    {"clip value", {.momentum = 0.9, .clip_value = 0.6}, 0, path_clip_value, 2},
    {"clip norm", {.momentum = 0.9, .clip_norm = 1.5}, 0, path_clip_norm, 2},
    {"clip both",
     {.kind = "adam", .weight_decay = 0.1, .clip_value = 0.6, .clip_norm = 1.5},
     0,
     path_clip_both,
     4},
    {"clip loose", {.clip_value = 100, .clip_norm = 100}, 0, path_sgd, 0},
    {"clip loose",
     {.clip_value = 100, .clip_norm = 100},
     0,
     path_clip_loose,
     0},
    {"average", {.momentum = 0.9, .weight_decay = 0.01}, 0.8, path_ema, 4},
    {"average adamw",
     {.kind = "adamw", .weight_decay = 0.1},
     0.999,
     path_ema_adamw,
     6},
    {"lars",
     {.kind = "lars 0.5", .momentum = 0.9, .weight_decay = 0.05},
     0,
     path_lars,
     2},
    {"lars plain", {.kind = "lars"}, 0, path_lars_plain, 0},
};

static void check_step(const layer *l, const struct trial *t, int step) {
  const float *expected = t->path + (ptrdiff_t)step * 2 * PARAMS;
  float found[2 * PARAMS];
  layer_numbers(l, found);
  for (int i = 0; i < 2 * PARAMS; i++)
    if (!(fabsf(found[i] - expected[i]) <=
          1e-6f * fmaxf(1, fabsf(expected[i]))))
      fail_msg("%s, step %d: number %d is %.9g, expected %.9g", t->name, step,
               i, (double)found[i], (double)expected[i]);
}

static void run_trial(const struct trial *t) {
  layer l = layer_new();
  sv_optimiser *o;
  sv_average *average = NULL;
  sv_optimiser_options options = t->options;
  options.size = sizeof options;
  assert_ok(sv_optimiser_new(&o, l.model->state, &options));
  if (t->ema > 0)
    assert_ok(sv_average_new(&average, l.model->state, t->ema, NULL));
  assert_int_equal(sv_state_count(l.model->state), 2 + t->records);
  for (int step = 0; step < STEPS; step++) {
    layer_run(&l, gradients + (ptrdiff_t)step * PARAMS);
    assert_ok(sv_optimiser_step(o, l.plan, step, 0.1 / (1 + step)));
    assert_ok(sv_average_step(average, step));
    assert_ok(sv_average_swap(average));
    check_step(&l, t, step);
    assert_ok(sv_average_swap(average));
  }
  sv_average_free(average);
  sv_optimiser_free(o);
  layer_free(&l);
}

static void test_ten_steps(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
    run_trial(&trials[i]);
}

/* A gradient of 0, and weights of 0: no rule divides by it. */
static void test_zeros(void **state) {
  (void)state;
  static const char *const kinds[] = {"sgd",   "rmsprop",   "rmsprop_centred",
                                      "adam",  "adamw 0 0", "rmsprop 0",
                                      "lars 1"};
  const float none[PARAMS] = {0};
  float before[2 * PARAMS], after[2 * PARAMS];
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    layer l = layer_new();
    sv_optimiser *o;
    const sv_optimiser_options options = {
        .size = sizeof(sv_optimiser_options), .kind = kinds[i], .clip_norm = 1};
    assert_ok(sv_optimiser_new(&o, l.model->state, &options));
    layer_numbers(&l, before);
    layer_run(&l, none);
    for (int step = 0; step < 3; step++)
      assert_ok(sv_optimiser_step(o, l.plan, step, 0.1));
    layer_numbers(&l, after);
    assert_memory_equal(before, after, sizeof before);
    sv_optimiser_free(o);
    layer_free(&l);
  }
}

/* A gradient that is no number changes nothing, however it is clipped. */
static void test_not_a_number(void **state) {
  (void)state;
  static const float bad[] = {NAN, INFINITY, -INFINITY};
  float before[2 * PARAMS], after[2 * PARAMS], gradient[PARAMS] = {1};
  for (int i = 0; i < 3; i++) {
    layer l = layer_new();
    sv_optimiser *o;
    const sv_optimiser_options options = {.size = sizeof(sv_optimiser_options),
                                          .kind = "adam",
                                          .clip_value = 1,
                                          .clip_norm = 1};
    assert_ok(sv_optimiser_new(&o, l.model->state, &options));
    layer_numbers(&l, before);
    gradient[3] = bad[i];
    layer_run(&l, gradient);
    assert_error(SV_NUMERIC, "the gradient of 'linear1.",
                 sv_optimiser_step(o, l.plan, 0, 0.1));
    layer_numbers(&l, after);
    assert_memory_equal(before, after, sizeof before);
    sv_optimiser_free(o);
    layer_free(&l);
  }
}

static void test_refused(void **state) {
  (void)state;
  static const struct {
    sv_optimiser_options options;
    const char *words;
  } rows[] = {
      {{.kind = "sdg"}, "expected one of: sgd, nesterov, rmsprop"},
      {{.kind = "sgd 1"}, "usage: sgd"},
      {{.kind = "adam 1"}, "1 is not in 0 <= number < 1"},
      {{.kind = "adam 0.9 0.9 0"}, "0 is not above 0"},
      {{.kind = "adamw -0.1"}, "-0.1 is not in"},
      {{.kind = "rmsprop 0.9 nan"}, "is not a number"},
      {{.kind = "lars 0"}, "usage: lars [TRUST]"},
      {{.kind = "adam", .momentum = 0.9},
       "adam has no momentum, but 0.9 is given"},
      {{.kind = "nesterov"}, "nesterov needs a momentum above 0"},
      {{.momentum = 1}, "momentum 1 is not in"},
      {{.momentum = NAN}, "momentum"},
      {{.weight_decay = -2}, "weight decay -2 is negative"},
      {{.clip_norm = INFINITY}, "clip norm inf"},
      {{.clip_value = -2}, "clip value -2 is negative"},
      {{.decay = "none"}, "unknown decay 'none'; expected one of: usual"},
      {{.kind = "adamw", .decay = "coupled"}, "with coupled decay it is adam"},
  };
  sv_model *model = model_of("input 1x1x1; flatten; linear 7", 1);
  sv_average *average;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    sv_optimiser *o;
    sv_optimiser_options options = rows[i].options;
    options.size = sizeof options;
    assert_error(SV_INVALID, rows[i].words,
                 sv_optimiser_new(&o, model->state, &options));
    assert_null(o);
  }
  assert_error(SV_INVALID, "decay 1 is not in 0 < decay < 1",
               sv_average_new(&average, model->state, 1, NULL));
  assert_null(average);
  sv_model_free(model);
}

/* Sums are cut where the numbers lie, not where threads end. */
static void step_with_threads(int threads, sv_tensor **weight) {
  sv_model *model = model_of("input 1x30x30; flatten; linear 40", 3);
  const char *seeds[] = {"linear1"};
  sv_tensor seed, input;
  sv_plan *plan;
  sv_plan_options options = sv_plan_default();
  options.seeds = seeds;
  options.seed_count = 1;
  options.threads = 1;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  assert_ok(sv_plan_input(plan, "image", &input));
  for (int i = 0; i < 900; i++) ((float *)input.data)[i] = sinf((float)i);
  assert_ok(sv_plan_seed(plan, "linear1", &seed));
  for (int i = 0; i < 40; i++) ((float *)seed.data)[i] = cosf((float)i);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_backward(plan));
  sv_optimiser *o;
  const sv_optimiser_options rule = {.size = sizeof(sv_optimiser_options),
                                     .kind = "lars 0.1",
                                     .clip_norm = 0.7};
  assert_ok(sv_optimiser_new(&o, model->state, &rule));
  sv_team outer;
  sv_team_begin(&outer, threads);
  assert_ok(sv_optimiser_step(o, plan, 0, 0.3));
  sv_team_end(&outer);
  assert_ok(sv_state_get(model->state, "linear1.weight", weight));
  sv_optimiser_free(o);
  sv_plan_free(plan);
  sv_model_free(model);
}

static void test_threads(void **state) {
  (void)state;
  sv_tensor *one, *three;
  step_with_threads(1, &one);
  step_with_threads(3, &three);
  assert_memory_equal(one->data, three->data, one->layout.bytes);
  sv_tensor_free(one);
  sv_tensor_free(three);
}

/* ---- The average ---- */

static float number_of(const sv_state *state, const char *name) {
  sv_tensor *t;
  assert_ok(sv_state_get(state, name, &t));
  float number = *(float *)t->data;
  sv_tensor_free(t);
  return number;
}

/* Running statistics are averaged as weights are; labels and constants not. */
static void test_average_of_statistics(void **state) {
  (void)state;
  sv_graph *g;
  sv_state *numbers;
  sv_average *average;
  sv_shape one = sv_shape_of(1, 1);
  assert_ok(sv_graph_new(&g, "one"));
  sv_parameter(g, "scale", SV_SCALE, SV_F32, one, NULL);
  sv_parameter(g, "mean", SV_STATISTIC, SV_F32, one, NULL);
  sv_parameter(g, "fixed", SV_CONSTANT, SV_F32, one, NULL);
  assert_ok(sv_state_new(&numbers, g, SV_F32));
  assert_ok(sv_average_new(&average, numbers, 0.75, NULL));
  assert_int_equal(sv_state_count(numbers), 5);
  const float told[] = {8, 4, -4};
  for (int step = 0; step < 3; step++) {
    sv_tensor t = {SV_F32, one, {0}, (void *)&told[step]};
    assert_ok(sv_layout_plain(&t.layout, SV_F32, &one));
    assert_ok(sv_state_set(numbers, "scale", &t));
    assert_ok(sv_state_set(numbers, "mean", &t));
    assert_ok(sv_average_step(average, step));
  }
  /* 8; 8 + (4 - 8) / 4 = 7; 7 + (-4 - 7) / 4 = 4.25 */
  assert_true(number_of(numbers, "mean") == -4);
  assert_ok(sv_average_swap(average));
  assert_true(number_of(numbers, "mean") == 4.25f);
  assert_true(number_of(numbers, "scale") == 4.25f);
  assert_true(number_of(numbers, "mean.average") == -4);
  sv_average_free(average);
  sv_state_free(numbers);
  sv_graph_free(g);
}

/* Follows a training step by step: what is its average, what is judged. */
typedef struct follower {
  const sv_model *model;
  double decay, average; /* of the first weight */
  int64_t steps, judged;
  float raw;
} follower;

static bool follow(void *context, const sv_fit_progress *p) {
  follower *f = context;
  float now = number_of(f->model->state, "conv1.weight");
  if (p->validating) {
    assert_true(fabs(now - f->average) < 1e-6);
    assert_true(fabs(now - f->raw) > 1e-5);
    f->judged++;
    return true;
  }
  if (p->validated) {
    assert_true(now == f->raw);
    return true;
  }
  f->raw = now;
  f->average = f->steps++ ? f->decay * f->average + (1 - f->decay) * now : now;
  return true;
}

static void test_average_is_judged(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3), *last;
  follower f = {.model = model, .decay = 0.9};
  sv_fit_options o = quick(in_folder("followed"));
  sv_fit_result result;
  o.ema = 0.9;
  o.rate = 0.1;
  o.report = follow;
  o.context = &f;
  assert_ok(sv_fit(model, d, &o, &result));
  assert_int_equal(f.steps, 12);
  assert_int_equal(f.judged, 3);
  assert_int_equal(sv_state_count(model->state), 4);
  float kept = number_of(model->state, "conv1.weight");
  if (result.best_epoch == 3) assert_true(fabs(kept - f.average) < 1e-6);
  assert_ok(sv_model_load(&last, in_folder("followed/model.onnx")));
  assert_true(number_of(last->state, "conv1.weight") == kept);
  sv_model_free(last);
  /* last.onnx has both. */
  const sv_onnx_load_options training = {.training = true};
  assert_ok(sv_onnx_load(&last, in_folder("followed/last.onnx"), &training));
  assert_true(number_of(last->state, "conv1.weight") == f.raw);
  assert_true(fabs(number_of(last->state, "conv1.weight.average") - f.average) <
              1e-6);
  sv_model_free(last);
  /* Without a folder: the same weights. */
  last = model_of(network, 3);
  f = (follower){.model = last, .decay = 0.9};
  o.run = NULL;
  assert_ok(sv_fit(last, d, &o, NULL));
  assert_true(number_of(last->state, "conv1.weight") == kept);
  sv_model_free(last);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* ---- In the fit loop ---- */

static sv_fit_options rich(const char *run) {
  sv_fit_options o = quick(run);
  o.optimiser = "adam 0.85 0.99";
  o.rate = 0.01;
  o.weight_decay = 0.01;
  o.decay = "decoupled";
  o.decay_all = true;
  o.clip_value = 0.5;
  o.clip_norm = 0.4;
  o.ema = 0.7;
  return o;
}

/* Running statistics are averaged and resumed, too. */
static const char normed[] =
    "input 1x8x8; conv 4 3x3; batch_norm; relu; max_pool 2x2 stride=2; "
    "flatten; linear 3";

static void test_resume(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  char whole[300], broken[300];
  snprintf(whole, sizeof whole, "%s", in_folder("whole"));
  sv_fit_options o = rich(whole);
  sv_model *model = model_of(normed, 3);
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  for (int stop = 1; stop < 15; stop += 2) {
    char name[32];
    snprintf(name, sizeof name, "broken%d", stop);
    snprintf(broken, sizeof broken, "%s", in_folder(name));
    watcher w = {.stop_at = stop};
    o = rich(broken);
    o.report = watch;
    o.context = &w;
    model = model_of(normed, 3);
    assert_error(SV_INTERRUPTED, "stopped", sv_fit(model, d, &o, NULL));
    sv_model_free(model);
    assert_ok(sv_fit_open(&model, &o, broken));
    assert_ok(sv_fit(model, d, &o, NULL));
    sv_model_free(model);
    check_same_file(whole, broken, "model.onnx");
    check_same_file(whole, broken, "last.onnx");
  }
  sv_dataset_free(d);
}

static void copy_file(const char *run, const char *from, const char *to) {
  char path[600];
  size_t size;
  unsigned char *bytes = bytes_of(run, from, &size);
  snprintf(path, sizeof path, "%s/%s", run, to);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  fclose(f);
  free(bytes);
}

/* Stops at an epoch's end, or at the first step after it. */
typedef struct stopper {
  const char *run;
  int epoch;
} stopper;

static bool stop_at_end(void *context, const sv_fit_progress *p) {
  const stopper *s = context;
  if (p->validated && p->epoch == s->epoch - 1)
    copy_file(s->run, "model.onnx", "before.onnx");
  return !p->validated || p->epoch != s->epoch;
}

static bool stop_at_once(void *context, const sv_fit_progress *p) {
  (void)context, (void)p;
  return false;
}

/* A kill between last.onnx and model.onnx: the average of the one becomes the
 * other again. */
static void test_average_is_mended(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  char run[300], path[320];
  snprintf(run, sizeof run, "%s", in_folder("mended"));
  stopper s = {run, 2};
  sv_fit_options o = rich(run);
  o.validation = 0; /* each epoch is the best */
  o.report = stop_at_end;
  o.context = &s;
  sv_model *model = model_of(network, 3), *file;
  assert_error(SV_INTERRUPTED, "stopped", sv_fit(model, d, &o, NULL));
  float kept = number_of(model->state, "conv1.weight");
  sv_model_free(model);
  copy_file(run, "model.onnx", "right.onnx");
  copy_file(run, "before.onnx", "model.onnx");
  assert_ok(sv_fit_open(&model, &o, run));
  o.report = stop_at_once;
  assert_error(SV_INTERRUPTED, "stopped", sv_fit(model, d, &o, NULL));
  assert_true(number_of(model->state, "conv1.weight") == kept);
  sv_model_free(model);
  snprintf(path, sizeof path, "%s/model.onnx", run);
  assert_ok(sv_model_load(&file, path));
  assert_true(number_of(file->state, "conv1.weight") == kept);
  sv_model_free(file);
  size_t a_size, b_size;
  unsigned char *a = bytes_of(run, "right.onnx", &a_size);
  unsigned char *b = bytes_of(run, "model.onnx", &b_size);
  assert_int_equal(a_size, b_size);
  assert_memory_equal(a, b, a_size);
  free(a);
  free(b);
  sv_dataset_free(d);
}

static void test_resume_refused(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  const char *run = in_folder("meant");
  sv_model *model = model_of(network, 3);
  sv_fit_options o = rich(run), given;
  watcher w = {.stop_at = 5};
  o.report = watch;
  o.context = &w;
  assert_error(SV_INTERRUPTED, "stopped", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  assert_ok(sv_fit_open(&model, &given, run));
  assert_true(given.ema == 0.7 && given.decay_all && given.clip_norm == 0.4);
  o = given;
  o.optimiser = "adam";
  assert_error(SV_INVALID, "optimiser adam 0.85 0.99, not",
               sv_fit(model, d, &o, NULL));
  o = given;
  o.decay = "coupled";
  assert_error(SV_INVALID, "decay decoupled, not", sv_fit(model, d, &o, NULL));
  o = given;
  o.decay_all = false;
  assert_error(SV_INVALID, "decay-all true, not", sv_fit(model, d, &o, NULL));
  o = given;
  o.clip_value = 0;
  assert_error(SV_INVALID, "clip-value 0.5, not", sv_fit(model, d, &o, NULL));
  o = given;
  o.clip_norm = 0.5;
  assert_error(SV_INVALID, "clip-norm 0.4, not", sv_fit(model, d, &o, NULL));
  o = given;
  o.ema = 0;
  assert_error(SV_INVALID, "ema 0.7, not", sv_fit(model, d, &o, NULL));
  o = given;
  o.init = "he";
  assert_error(SV_INVALID, "init usual, not", sv_fit(model, d, &o, NULL));
  o = given;
  o.init = NULL;
  assert_error(SV_INVALID, "no init given", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* What is left at SV_USUAL follows the optimiser, and is said in the file. */
static void check_usual(const char *kind, const char *rate,
                        const char *momentum, const char *decay) {
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  o.epochs = 1;
  o.optimiser = kind;
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_string_equal(sv_model_meta(model, "svertka.train.rate"), rate);
  assert_string_equal(sv_model_meta(model, "svertka.train.momentum"), momentum);
  assert_string_equal(sv_model_meta(model, "svertka.train.weight-decay"),
                      decay);
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_usual(void **state) {
  (void)state;
  check_usual("sgd", "0.05", "0.9", "0.0005");
  check_usual("nesterov", "0.05", "0.9", "0.0005");
  check_usual("rmsprop_centred", "0.001", "0", "0");
  check_usual("adam 0.8", "0.001", "0", "0");
  check_usual("adamw", "0.001", "0", "0.01");
  check_usual("lars", "1", "0.9", "0.0005");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ten_steps),
      cmocka_unit_test(test_zeros),
      cmocka_unit_test(test_not_a_number),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_average_of_statistics),
      cmocka_unit_test(test_average_is_judged),
      cmocka_unit_test(test_resume),
      cmocka_unit_test(test_average_is_mended),
      cmocka_unit_test(test_resume_refused),
      cmocka_unit_test(test_usual),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
