/* A training loop of one's own through public headers gives the same bits as
 * sv_fit; the loader, optimiser, schedule and loss as a host program uses
 * them. */
#include <math.h>

#include "bars.h"

/* ---- The loop ---- */

enum { EPOCHS = 3, BATCH = 13 };

typedef struct recipe {
  const char *optimiser, *schedule, *transforms, *freeze;
  double smoothing, clip_norm, warm_up;
  bool mixed, by_hand; /* by_hand: the four calls of sv_train_step */
} recipe;

static const recipe plain = {.optimiser = "sgd", .schedule = "constant"};

typedef struct loop {
  const recipe *recipe;
  sv_model *model;
  sv_graph *graph; /* with the loss */
  sv_preprocess preprocess;
  sv_samples train, none;
  sv_freeze freeze;
  sv_plan *plans[2]; /* of a batch, of the last one */
  sv_loader *loader;
  sv_optimiser *optimiser;
  sv_schedule *schedule;
  int64_t order[TRAIN], step;
  const char *image, *label;
} loop;

static void name_inputs(loop *l) {
  for (int i = 0; i < sv_graph_input_count(l->graph); i++) {
    sv_value_desc v =
        sv_graph_describe(l->graph, sv_graph_input_at(l->graph, i));
    if (strncmp(v.name, "svertka.mix.", 12) == 0) continue;
    *(v.role == SV_LABEL ? &l->label : &l->image) = v.name;
  }
}

static void open_plans(loop *l) {
  const recipe *r = l->recipe;
  sv_loss_options loss = sv_loss_default();
  loss.smoothing = r->smoothing;
  loss.mixed = r->mixed;
  assert_ok(sv_model_with_loss(&l->graph, l->model, &loss));
  assert_ok(sv_freeze_until(&l->freeze, l->graph, r->freeze));
  name_inputs(l);
  sv_plan_options options = sv_plan_default();
  options.mode = SV_TRAIN;
  options.threads = 1;
  options.seed = 1;
  options.frozen = l->freeze.nodes;
  options.frozen_count = l->freeze.node_count;
  for (int i = 0; i < 2; i++) {
    options.batch = i ? TRAIN % BATCH : BATCH;
    assert_ok(sv_plan_new(&l->plans[i], l->graph, sv_model_state(l->model),
                          &options));
  }
}

static void open_rules(loop *l) {
  const recipe *r = l->recipe;
  sv_usual usual;
  sv_optimiser_options optimiser = sv_optimiser_default();
  optimiser.kind = r->optimiser;
  optimiser.clip_norm = r->clip_norm;
  optimiser.frozen = &l->freeze;
  assert_ok(
      sv_optimiser_new(&l->optimiser, sv_model_state(l->model), &optimiser));
  assert_ok(sv_optimiser_usual(&usual, r->optimiser));
  sv_schedule_options schedule = sv_schedule_default();
  schedule.kind = r->schedule;
  schedule.rate = usual.rate;
  schedule.warm_up = r->warm_up;
  schedule.steps = (TRAIN + BATCH - 1) / BATCH;
  schedule.epochs = EPOCHS;
  assert_ok(sv_schedule_new(&l->schedule, &schedule));
}

static void open_data(loop *l, const sv_dataset *bars) {
  const sv_shape size = sv_shape_of(3, 1, SIDE, SIDE);
  l->preprocess = sv_preprocess_default();
  assert_ok(sv_samples_hold_out(&l->train, &l->none, bars, 0, 1));
  assert_ok(sv_preprocess_match(&l->preprocess, bars, &size));
  assert_ok(sv_preprocess_fit(&l->preprocess, bars, &l->train));
  sv_loader_options options = sv_loader_default();
  options.batch = BATCH;
  options.augment.transforms = l->recipe->transforms;
  assert_ok(sv_loader_new(&l->loader, bars, &l->preprocess, &options));
}

static void fill(sv_plan *plan, const char *name, const void *bytes) {
  sv_tensor input;
  assert_ok(sv_plan_input(plan, name, &input));
  memcpy(input.data, bytes, input.layout.bytes);
}

static void take_step(loop *l, const sv_batch *b) {
  sv_plan *plan = l->plans[b->count != BATCH];
  double loss, rate = sv_schedule_at(l->schedule, NULL, l->step);
  fill(plan, l->image, b->pixels);
  fill(plan, l->label, b->labels);
  if (l->recipe->mixed) {
    const float share = b->others ? b->share : 1;
    fill(plan, "svertka.mix.label", b->others ? b->others : b->labels);
    fill(plan, "svertka.mix.share", &share);
  }
  if (l->recipe->by_hand) {
    sv_plan_set_step(plan, (uint64_t)l->step);
    assert_ok(sv_plan_forward(plan));
    assert_ok(sv_plan_backward(plan));
    assert_ok(sv_optimiser_step(l->optimiser, plan, l->step, rate));
    assert_ok(sv_plan_commit(plan));
  } else {
    assert_ok(sv_train_step(plan, l->optimiser, l->step, rate, &loss));
    assert_true(isfinite(loss) && loss > 0);
  }
  l->step++;
}

static void run_epochs(loop *l) {
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    sv_batch batch;
    sv_samples_shuffle(&l->train, 1, epoch, l->order);
    assert_ok(sv_loader_set_epoch(l->loader, epoch));
    assert_ok(sv_loader_start(l->loader, l->order, l->train.count, 0));
    for (;;) {
      assert_ok(sv_loader_next(l->loader, &batch));
      if (batch.count == 0) break;
      take_step(l, &batch);
    }
  }
}

static void close_loop(loop *l) {
  sv_schedule_free(l->schedule);
  sv_optimiser_free(l->optimiser);
  sv_loader_free(l->loader);
  for (int i = 0; i < 2; i++) sv_plan_free(l->plans[i]);
  sv_freeze_free(&l->freeze);
  sv_samples_free(&l->train);
  sv_samples_free(&l->none);
  sv_preprocess_free(&l->preprocess);
  sv_graph_free(l->graph);
}

static void assert_same_tensors(const sv_model *a, const sv_model *b) {
  const sv_state *state = sv_model_state(a);
  for (int i = 0; i < sv_state_count(state); i++) {
    sv_tensor *x, *y;
    assert_ok(sv_state_get(state, sv_state_name(state, i), &x));
    assert_ok(sv_state_get(sv_model_state(b), sv_state_name(state, i), &y));
    if (memcmp(x->data, y->data, x->layout.bytes) != 0)
      fail_msg("%s differs", sv_state_name(state, i));
    sv_tensor_free(x);
    sv_tensor_free(y);
  }
}

static const char layers[] =
    "input 1x8x8; c = conv 4 3x3; batch_norm; relu; max_pool 2x2 stride=2\n"
    "flatten; dropout 0.3; f = linear 3";

/* ---- The same bits as sv_fit ---- */

static const recipe recipes[] = {
    {.optimiser = "sgd", .schedule = "cosine", .by_hand = true},
    {.optimiser = "sgd", .schedule = "cosine"},
    {.optimiser = "adam 0.9 0.99", .schedule = "onecycle", .clip_norm = 0.5},
    {.optimiser = "nesterov",
     .schedule = "step 1 0.5",
     .warm_up = 1,
     .smoothing = 0.1},
    {.optimiser = "sgd",
     .schedule = "constant",
     .transforms = "flip; random_crop 1; erase 0.5"},
    {.optimiser = "sgd",
     .schedule = "constant",
     .transforms = "mixup",
     .mixed = true},
    {.optimiser = "adamw", .schedule = "exponential 0.5", .freeze = "c"},
};

static void fit(sv_model *model, const sv_dataset *bars, const recipe *r) {
  sv_fit_options o = sv_fit_default();
  o.epochs = EPOCHS;
  o.batch = BATCH;
  o.validation = 0;
  o.threads = 1;
  o.optimiser = r->optimiser;
  o.schedule = r->schedule;
  o.warm_up = r->warm_up;
  o.clip_norm = r->clip_norm;
  o.label_smoothing = r->smoothing;
  o.freeze_until = r->freeze;
  o.augment.transforms = r->transforms;
  assert_ok(sv_fit(model, bars, &o, NULL));
}

static void test_same_bits(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
    sv_model *fitted = model_of(layers, 5);
    loop l = {.recipe = &recipes[i], .model = model_of(layers, 5)};
    fit(fitted, bars, &recipes[i]);
    open_plans(&l);
    open_data(&l, bars);
    open_rules(&l);
    run_epochs(&l);
    assert_same_tensors(fitted, l.model);
    close_loop(&l);
    sv_model_free(l.model);
    sv_model_free(fitted);
  }
  sv_dataset_free(bars);
}

/* ---- Gradients ---- */

/* Of a parameter in a blocked layout the copy is in the order of its shape:
 * after a step of plain SGD, w' = w - rate g, element by element. */
static void test_plain_gradients(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  loop l = {.recipe = &plain,
            .model = model_of("input 1x8x8; conv 16 3x3; relu; conv 32 3x3\n"
                              "flatten; linear 3",
                              5)};
  sv_state *weights = sv_model_state(l.model);
  sv_optimiser *sgd;
  sv_optimiser_options options = sv_optimiser_default();
  options.momentum = options.weight_decay = 0;
  open_plans(&l);
  open_data(&l, bars);
  assert_ok(sv_optimiser_new(&sgd, weights, &options));
  sv_batch batch;
  sv_samples_shuffle(&l.train, 1, 0, l.order);
  assert_ok(sv_loader_start(l.loader, l.order, BATCH, 0));
  assert_ok(sv_loader_next(l.loader, &batch));
  fill(l.plans[0], l.image, batch.pixels);
  fill(l.plans[0], l.label, batch.labels);
  assert_ok(sv_plan_forward(l.plans[0]));
  assert_ok(sv_plan_backward(l.plans[0]));
  static const char *const names[] = {"conv1.weight", "conv2.weight",
                                      "conv2.bias", "linear1.weight"};
  sv_tensor *before[4], *gradient[4];
  for (int i = 0; i < 4; i++) {
    assert_ok(sv_state_get(weights, names[i], &before[i]));
    assert_ok(sv_plan_gradient_copy(l.plans[0], names[i], &gradient[i]));
    assert_int_equal(gradient[i]->layout.kind, SV_PLAIN);
    assert_true(sv_shape_equal(&before[i]->shape, &gradient[i]->shape));
  }
  assert_ok(sv_optimiser_step(sgd, l.plans[0], 0, 0.5));
  for (int i = 0; i < 4; i++) {
    sv_tensor *after;
    assert_ok(sv_state_get(weights, names[i], &after));
    const float *w = before[i]->data, *g = gradient[i]->data, *v = after->data;
    bool moved = false;
    for (int64_t k = 0; k < sv_shape_count(&after->shape); k++) {
      moved |= g[k] != 0;
      assert_float_equal(v[k], w[k] - 0.5f * g[k], 1e-6f * fabsf(w[k]) + 1e-7f);
    }
    assert_true(moved);
    sv_tensor_free(after);
    sv_tensor_free(before[i]);
    sv_tensor_free(gradient[i]);
  }
  sv_tensor *none;
  assert_error(SV_INVALID, "no value 'x'",
               sv_plan_gradient_copy(l.plans[0], "x", &none));
  assert_null(none);
  sv_optimiser_free(sgd);
  close_loop(&l);
  sv_model_free(l.model);
  sv_dataset_free(bars);
}

/* A step whose loss is not a number changes nothing. */
static void test_refused_step(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  loop l = {.recipe = &plain, .model = model_of(layers, 5)};
  sv_model *same = model_of(layers, 5);
  open_plans(&l);
  open_rules(&l);
  const int64_t labels[BATCH] = {0};
  float pixels[BATCH * SIDE * SIDE] = {NAN};
  fill(l.plans[0], l.image, pixels);
  fill(l.plans[0], l.label, labels);
  assert_error(SV_NUMERIC, "input 'image'",
               sv_train_step(l.plans[0], l.optimiser, 0, 0.1, NULL));
  assert_same_tensors(same, l.model);
  close_loop(&l);
  sv_model_free(same);
  sv_model_free(l.model);
  sv_dataset_free(bars);
}

/* ---- Options ---- */

static void test_loader_refused(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  loop l = {.recipe = &plain};
  open_data(&l, bars);
  sv_loader *other;
  sv_loader_options o = sv_loader_default();
  assert_error(SV_INVALID, "epoch -2", sv_loader_set_epoch(l.loader, -2));
  o.crops = 3;
  assert_error(SV_INVALID, "crops is 3",
               sv_loader_new(&other, bars, &l.preprocess, &o));
  o.crops = 5;
  assert_error(SV_INVALID, "SV_RESIZE_CROP",
               sv_loader_new(&other, bars, &l.preprocess, &o));
  o = sv_loader_default();
  o.augment.transforms = "spin";
  assert_error(SV_INVALID, "spin",
               sv_loader_new(&other, bars, &l.preprocess, &o));
  o = sv_loader_default();
  o.batch = 0;
  o.augment.transforms = "flip";
  assert_error(SV_INVALID, "a batch of 0",
               sv_loader_new(&other, bars, &l.preprocess, &o));
  assert_null(other);
  o = sv_loader_default();
  o.size = 4096;
  assert_error(SV_INVALID, "newer version",
               sv_loader_new(&other, bars, &l.preprocess, &o));
  sv_batch batch;
  int64_t beyond[] = {TRAIN};
  assert_ok(sv_loader_start(l.loader, beyond, 1, 0));
  assert_error(SV_INVALID, "sample 60", sv_loader_next(l.loader, &batch));
  assert_error(SV_INVALID, "position 0 of an order of 0",
               sv_loader_start(l.loader, NULL, 1, 0));
  close_loop(&l);
  sv_dataset_free(bars);
}

/* An older, shorter struct: what it lacks has its default. */
static void test_older_options(void **state) {
  (void)state;
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  loop l = {.recipe = &plain};
  open_data(&l, bars);
  sv_loader *other;
  sv_loader_options o = sv_loader_default();
  sv_batch batch;
  o.batch = 7;
  o.crops = 3;
  o.size = offsetof(sv_loader_options, crops);
  assert_ok(sv_loader_new(&other, bars, &l.preprocess, &o));
  assert_ok(sv_loader_start(other, l.train.at, l.train.count, 0));
  assert_ok(sv_loader_next(other, &batch));
  assert_int_equal(batch.count, 7);
  sv_loader_free(other);
  close_loop(&l);
  sv_dataset_free(bars);
}

static void test_rules_refused(void **state) {
  (void)state;
  sv_schedule *s;
  sv_schedule_options o = sv_schedule_default();
  o.kind = "cosin";
  assert_error(SV_INVALID, "cosine", sv_schedule_new(&s, &o));
  assert_null(s);
  o = sv_schedule_default();
  o.steps = 0;
  assert_error(SV_INVALID, "at least one", sv_schedule_new(&s, &o));
  o = sv_schedule_default();
  o.rate = NAN;
  assert_error(SV_INVALID, "learning rate", sv_schedule_new(&s, &o));
  o = sv_schedule_default();
  o.warm_up = -1;
  assert_error(SV_INVALID, "warm-up", sv_schedule_new(&s, &o));
  o = sv_schedule_default();
  o.size = 0;
  assert_error(SV_INVALID, "size", sv_schedule_new(&s, &o));
  assert_ok(sv_schedule_new(&s, NULL));
  assert_true(sv_schedule_at(s, NULL, 0) == 0.05);
  sv_schedule_free(s);
  sv_schedule_free(NULL);
}

/* The rate falls after more than one validation without improvement. */
static void test_plateau(void **state) {
  (void)state;
  sv_schedule *s;
  sv_plateau plateau = {0};
  sv_schedule_options o = sv_schedule_default();
  o.kind = "plateau 0.5 1";
  o.rate = 1;
  o.epochs = 9;
  assert_ok(sv_schedule_new(&s, &o));
  for (int i = 0; i < 3; i++) sv_schedule_see(s, &plateau, 2);
  assert_true(sv_schedule_at(s, &plateau, 3) == 0.5);
  assert_true(sv_schedule_at(s, NULL, 3) == 1);
  sv_schedule_free(s);
}

static void test_losses(void **state) {
  (void)state;
  sv_graph *graph;
  sv_loss_options o = sv_loss_default();
  sv_model *model = model_of("input 1x8x8; flatten; linear 3; classifier", 1);
  assert_ok(sv_model_with_loss(&graph, model, NULL));
  assert_int_equal(sv_graph_input_count(graph), 2);
  assert_int_equal(sv_graph_output_count(graph),
                   sv_graph_output_count(sv_model_graph(model)));
  sv_graph_free(graph);
  const float weights[] = {1, 2, -1};
  o.class_weights = weights;
  assert_error(SV_INVALID, "0 classes", sv_model_with_loss(&graph, model, &o));
  o.classes = 3;
  assert_error(SV_INVALID, "class 2 is -1",
               sv_model_with_loss(&graph, model, &o));
  assert_null(graph);
  const float fine[] = {1, 2, 0};
  o.class_weights = fine;
  o.mixed = true;
  assert_ok(sv_model_with_loss(&graph, model, &o));
  assert_true(sv_graph_value_named(graph, "svertka.mix.share").id > 0);
  sv_graph_free(graph);
  o = sv_loss_default();
  o.smoothing = 2;
  assert_error(SV_INVALID, "smoothing is 2",
               sv_model_with_loss(&graph, model, &o));
  sv_model_free(model);
  model = model_of("input 1x8x8; flatten; linear 3; sigmoid", 1);
  assert_error(SV_UNSUPPORTED, "", sv_model_with_loss(&graph, model, NULL));
  assert_null(graph);
  sv_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bits),
      cmocka_unit_test(test_plain_gradients),
      cmocka_unit_test(test_refused_step),
      cmocka_unit_test(test_loader_refused),
      cmocka_unit_test(test_older_options),
      cmocka_unit_test(test_rules_refused),
      cmocka_unit_test(test_plateau),
      cmocka_unit_test(test_losses),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
