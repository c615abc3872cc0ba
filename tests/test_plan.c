/* Plans and their results: gradients, sharing of the state, errors. */
#include <pthread.h>

#include "plan_nets.h"

/* ---- Gradients are right, and add up ---- */

/* Every parameter of a small LeNet and its input, in double, against finite
 * differences of the loss. */
static void build_tiny(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 10, 10));
  x = sv_avg_pool(g, sv_tanh(g, sv_conv(g, x, 3, 3)), 2, 2);
  x = sv_weighted_avg_pool(g, sv_sigmoid(g, sv_conv(g, x, 4, 3)), 2, 2);
  sv_classifier_head(g, sv_linear(g, sv_flatten(g, x), 10));
}

static double loss_of(sv_plan *plan) {
  assert_ok(sv_plan_forward(plan));
  sv_tensor loss = value_of(plan, "loss");
  return sv_tensor_get(&loss, 0);
}

static void check_slope(sv_plan *plan, sv_state *state, sv_tensor *x,
                        const sv_tensor *gradient) {
  const double h = 1e-5;
  int64_t count = sv_shape_count(&x->shape);
  for (int64_t i = 0; i < count; i += 1 + count / 9) {
    double before = sv_tensor_get(x, i);
    sv_tensor_set(x, i, before + h);
    sv_state_touch(state);
    double above = loss_of(plan);
    sv_tensor_set(x, i, before - h);
    sv_state_touch(state);
    double slope = (above - loss_of(plan)) / (2 * h);
    sv_tensor_set(x, i, before);
    sv_state_touch(state);
    assert_true(fabs(slope - sv_tensor_get(gradient, i)) < 1e-8);
  }
}

static void slopes_are_right_in_double(void **unused) {
  (void)unused;
  static const char *const image[] = {"image"};
  net n = make_net(build_tiny, SV_F64);
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.batch = 3;
  o.gradients = image;
  o.gradient_count = 1;
  assert_ok(sv_plan_new(&plan, n.graph, n.state, &o));
  fill_inputs(plan, 5);
  sv_tensor x;
  assert_ok(sv_plan_input(plan, "image", &x));
  assert_int_equal(x.dtype, SV_F64);
  run(plan);
  for (int i = -1; i < n.state->count; i++) {
    sv_tensor *from = i < 0 ? &x : &n.state->slots[i].tensor, *copy;
    sv_tensor gradient =
        gradient_of(plan, i < 0 ? "image" : n.state->slots[i].name);
    assert_ok(sv_tensor_clone(&copy, &gradient));
    check_slope(plan, n.state, from, copy);
    sv_tensor_free(copy);
    run(plan);
  }
  sv_plan_free(plan);
  free_net(&n);
}

/* One weight for two layers, or the same numbers in two weights. */
static void build_two_weights(sv_graph *g, bool shared) {
  sv_shape shape = sv_shape_of(2, 6, 6);
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(2, -1, 6));
  sv_value a = sv_parameter(g, "a", SV_WEIGHT, SV_F32, shape, NULL);
  sv_value b =
      shared ? a : sv_parameter(g, "b", SV_WEIGHT, SV_F32, shape, NULL);
  for (int i = 0; i < 3; i++) {
    sv_value in[] = {x, i == 1 ? b : a};
    x = sv_tanh(g, sv_apply_text(g, "linear", in, 2, "bias=false"));
  }
  sv_classifier_head(g, sv_linear(g, x, 10));
}
static void build_shared(sv_graph *g) { build_two_weights(g, true); }
static void build_apart(sv_graph *g) { build_two_weights(g, false); }

static void shared_weights_add_up(void **unused) {
  (void)unused;
  static const char *const backends[] = {NULL, "ref"};
  for (int i = 0; i < 2; i++) {
    net one = make_net(build_shared, SV_F32),
        two = make_net(build_apart, SV_F32);
    sv_tensor *weight;
    assert_ok(sv_state_get(one.state, "a", &weight));
    assert_ok(sv_state_set(two.state, "a", weight));
    assert_ok(sv_state_set(two.state, "b", weight));
    sv_plan *p = make_plan(&one, SV_TRAIN, 5, backends[i]);
    sv_plan *q = make_plan(&two, SV_TRAIN, 5, backends[i]);
    fill_inputs(p, 1);
    fill_inputs(q, 1);
    run(p);
    run(q);
    sv_tensor sum = gradient_of(p, "a"), a = gradient_of(q, "a"), *plain;
    sv_tensor b = gradient_of(q, "b"), *first, *second;
    assert_ok(sv_tensor_clone(&plain, &sum));
    assert_ok(sv_tensor_clone(&first, &a));
    assert_ok(sv_tensor_clone(&second, &b));
    for (int k = 0; k < 36; k++)
      sv_tensor_set(first, k,
                    sv_tensor_get(first, k) + sv_tensor_get(second, k));
    assert_close("a", plain, first, 1e-6);
    sv_tensor_free(weight);
    sv_tensor_free(plain);
    sv_tensor_free(first);
    sv_tensor_free(second);
    sv_plan_free(p);
    sv_plan_free(q);
    free_net(&one);
    free_net(&two);
  }
}

/* y = x + x + tanh x: dx = dy (2 + 1 - tanh^2 x). */
static void build_readers(sv_graph *g) {
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(2, -1, 8));
  sv_output(g, "y", sv_add(g, sv_add(g, x, x), sv_tanh(g, x)));
}

static void readers_add_up(void **unused) {
  (void)unused;
  static const char *const x_name[] = {"x"}, *const y_name[] = {"y"};
  net n = make_net(build_readers, SV_F32);
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.batch = 3;
  o.gradients = x_name;
  o.seeds = y_name;
  o.gradient_count = o.seed_count = 1;
  assert_ok(sv_plan_new(&plan, n.graph, n.state, &o));
  sv_tensor x, seed;
  assert_ok(sv_plan_input(plan, "x", &x));
  assert_ok(sv_plan_seed(plan, "y", &seed));
  for (uint64_t round = 0; round < 3; round++) {
    fill(x, round);
    fill(seed, 100 + round);
    run(plan);
    sv_tensor dx = gradient_of(plan, "x");
    for (int i = 0; i < 24; i++) {
      double t = tanh(sv_tensor_get(&x, i));
      double expected = sv_tensor_get(&seed, i) * (3 - t * t);
      assert_true(fabs(sv_tensor_get(&dx, i) - expected) < 1e-5);
    }
  }
  sv_plan_free(plan);
  free_net(&n);
}

/* Two losses with weights 2 and -0.5 of the same kind are 1.5 times one. */
static void build_losses(sv_graph *g, int count) {
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(2, -1, 8));
  sv_value label = sv_label(g, "label", sv_shape_of(1, -1));
  x = sv_linear(g, x, 10);
  sv_value loss = sv_cross_entropy(g, x, label);
  sv_loss(g, "one", loss, count == 1 ? 1 : 2);
  if (count == 2) sv_loss(g, "two", sv_cross_entropy(g, x, label), -0.5);
}
static void build_one_loss(sv_graph *g) { build_losses(g, 1); }
static void build_two_losses(sv_graph *g) { build_losses(g, 2); }

static void losses_have_weights(void **unused) {
  (void)unused;
  net one = make_net(build_one_loss, SV_F32);
  net two = make_net(build_two_losses, SV_F32);
  sv_plan *p = make_plan(&one, SV_TRAIN, 4, NULL);
  sv_plan *q = make_plan(&two, SV_TRAIN, 4, NULL);
  fill_inputs(p, 1);
  fill_inputs(q, 1);
  run(p);
  run(q);
  sv_tensor a = gradient_of(p, "linear1.weight");
  sv_tensor b = gradient_of(q, "linear1.weight");
  for (int i = 0; i < 80; i++)
    assert_true(fabs(1.5 * sv_tensor_get(&a, i) - sv_tensor_get(&b, i)) < 1e-6);
  sv_plan_free(p);
  sv_plan_free(q);
  free_net(&one);
  free_net(&two);
}

/* The mean over a batch is the mean over its halves. */
static void batches_average(void **unused) {
  (void)unused;
  net n = make_net(build_lenet, SV_F32);
  sv_plan *whole = make_plan(&n, SV_TRAIN, 6, NULL);
  sv_plan *half = make_plan(&n, SV_TRAIN, 3, NULL);
  sv_tensor image, label, part, part_label;
  fill_inputs(whole, 3);
  run(whole);
  assert_ok(sv_plan_input(whole, "image", &image));
  assert_ok(sv_plan_input(whole, "label", &label));
  assert_ok(sv_plan_input(half, "image", &part));
  assert_ok(sv_plan_input(half, "label", &part_label));
  sv_tensor *sum = NULL;
  for (int i = 0; i < 2; i++) {
    memcpy(part.data, (char *)image.data + (size_t)i * part.layout.bytes,
           part.layout.bytes);
    memcpy(part_label.data,
           (char *)label.data + (size_t)i * part_label.layout.bytes,
           part_label.layout.bytes);
    run(half);
    sv_tensor gradient = gradient_of(half, "conv1.weight"), *copy;
    assert_ok(sv_tensor_clone(&copy, &gradient));
    for (int k = 0; i && k < 150; k++)
      sv_tensor_set(copy, k,
                    (sv_tensor_get(copy, k) + sv_tensor_get(sum, k)) / 2);
    sv_tensor_free(sum);
    sum = copy;
  }
  sv_tensor expected = gradient_of(whole, "conv1.weight");
  assert_close("conv1.weight", sum, &expected, 1e-5);
  sv_tensor_free(sum);
  sv_plan_free(whole);
  sv_plan_free(half);
  free_net(&n);
}

/* ---- The hook ---- */

typedef struct calls {
  int count, stop_at;
  char names[64][64];
} calls;

static sv_status note(void *context, const char *name, const sv_tensor *t) {
  calls *c = context;
  assert_non_null(t->data);
  snprintf(c->names[c->count++], sizeof c->names[0], "%s", name);
  if (c->count == c->stop_at) return SV_INTERRUPTED;
  return SV_OK;
}

/* Each parameter once; the last layer's first. */
static void the_hook_sees_each_once(void **unused) {
  (void)unused;
  static const net_builder builders[] = {build_lenet, build_branches,
                                         build_shared};
  static const char *const backends[] = {NULL, "ref"};
  for (int i = 0; i < 6; i++) {
    net n = make_net(builders[i / 2], SV_F32);
    sv_plan *plan = make_plan(&n, SV_TRAIN, 2, backends[i % 2]);
    calls c = {0};
    sv_plan_on_gradient(plan, note, &c);
    fill_inputs(plan, 1);
    run(plan);
    assert_int_equal(c.count, n.state->count);
    for (int k = 0; k < n.state->count; k++) {
      int found = 0;
      for (int j = 0; j < c.count; j++)
        found += strcmp(c.names[j], n.state->slots[k].name) == 0;
      assert_int_equal(found, 1);
    }
    if (i < 4) /* a weight or the bias of the last layer, then of the first */
      assert_memory_equal(c.names[0], "linear", 6);
    if (i < 4) assert_memory_equal(c.names[c.count - 1], "conv1", 5);
    c = (calls){.stop_at = 2};
    assert_int_equal(sv_plan_backward(plan), SV_INTERRUPTED);
    assert_int_equal(c.count, 2);
    sv_plan_free(plan);
    free_net(&n);
  }
}

/* ---- Several plans on one state ---- */

/* Steps of batch 8 and a last one of 5; `guests`: other plans come, run and go
 * in between. */
static sv_state *trained(bool guests, net *n) {
  *n = make_net(build_branches, SV_F32);
  sv_plan *plan = make_plan(n, SV_TRAIN, 8, NULL);
  sv_plan *guest = NULL; /* the last one stays a step longer */
  for (uint64_t i = 0; i < 4; i++) {
    if (guests) {
      guest = make_plan(n, i % 2 ? SV_INFER : SV_TRAIN, 3 + (int64_t)i, NULL);
      fill_inputs(guest, 77);
      assert_ok(sv_plan_forward(guest));
    }
    step(n, plan, i, 0.05);
    if (i < 3) sv_plan_free(guest);
  }
  sv_plan *last = make_plan(n, SV_TRAIN, 5, NULL);
  sv_plan_free(guest);
  step(n, last, 9, 0.05);
  sv_plan_free(last);
  step(n, plan, 10, 0.05);
  sv_plan_free(plan);
  return n->state;
}

static void plans_come_and_go(void **unused) {
  (void)unused;
  net a, b;
  assert_states_close(trained(false, &a), trained(true, &b), 0);
  free_net(&a);
  free_net(&b);
}

static void steps_repeat_bit_by_bit(void **unused) {
  (void)unused;
  net a, b;
  assert_states_close(trained(false, &a), trained(false, &b), 0);
  free_net(&a);
  free_net(&b);
}

/* A plan compiled before another one moved the parameters sees them where they
 * are now; its backward pass does not read where they were. */
static void parameters_may_move(void **unused) {
  (void)unused;
  net n = make_net(build_branches, SV_F32);
  sv_plan_options o = sv_plan_default();
  static const char *const seeds[] = {"probabilities"};
  sv_plan *early, *fresh;
  o.seeds = seeds;
  o.seed_count = 1;
  o.backend = "ref"; /* reads them where they lie */
  assert_ok(sv_plan_new(&early, n.graph, n.state, &o));
  fill_inputs(early, 3);
  assert_ok(sv_plan_forward(early));
  sv_tensor view = value_of(early, "probabilities"), *before;
  assert_ok(sv_tensor_clone(&before, &view));
  sv_plan *training = make_plan(&n, SV_TRAIN, 4, NULL);
  sv_status late = sv_plan_backward(early); /* right, or refused */
  if (late != SV_OK) assert_non_null(strstr(sv_error(), "forward"));
  assert_ok(sv_plan_forward(early));
  view = value_of(early, "probabilities");
  assert_close("probabilities", &view, before, 1e-5);
  step(&n, training, 1, 0.1);
  assert_ok(sv_plan_new(&fresh, n.graph, n.state, &o));
  fill_inputs(fresh, 3);
  sv_tensor seed;
  assert_ok(sv_plan_seed(early, "probabilities", &seed));
  fill(seed, 5);
  assert_ok(sv_plan_seed(fresh, "probabilities", &seed));
  fill(seed, 5);
  run(early);
  run(fresh);
  sv_tensor a = gradient_of(early, "conv1.weight");
  sv_tensor b = gradient_of(fresh, "conv1.weight");
  assert_close("conv1.weight", &a, &b, 1e-5);
  sv_tensor_free(before);
  sv_plan_free(training);
  sv_plan_free(early);
  sv_plan_free(fresh);
  free_net(&n);
}

/* A network without a fixed size at several sizes, from the same weights. */
static void build_any_size(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 2, -1, -1));
  x = sv_relu(g, same_conv(g, x, 8));
  sv_output(g, "map", same_conv(g, sv_max_pool(g, x, 2, 2), 3));
}

static sv_plan *plan_of_size(const net *n, int size, const char *backend) {
  sv_input_shape shape = {"image", sv_shape_of(4, 1, 2, size, size + 3)};
  sv_plan_options o = sv_plan_default();
  sv_plan *plan;
  o.shapes = &shape;
  o.shape_count = 1;
  o.backend = backend;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  fill_inputs(plan, 6);
  assert_ok(sv_plan_forward(plan));
  return plan;
}

static void sizes_share_weights(void **unused) {
  (void)unused;
  net n = make_net(build_any_size, SV_F32);
  for (int size = 2; size < 34; size += 5) {
    sv_plan *fast = plan_of_size(&n, size, NULL);
    sv_plan *slow = plan_of_size(&n, size, "ref");
    sv_tensor a = value_of(fast, "map"), b = value_of(slow, "map");
    assert_int_equal(a.shape.dim[2], size / 2);
    assert_close("map", &a, &b, 1e-5);
    sv_plan_free(fast);
    sv_plan_free(slow);
  }
  free_net(&n);
}

typedef struct reader {
  const net *n;
  float probabilities[20];
} reader;

static void *read_model(void *context) {
  reader *r = context;
  sv_plan *plan = make_plan(r->n, SV_INFER, 2, NULL);
  fill_inputs(plan, 8);
  for (int i = 0; i < 20; i++) assert_ok(sv_plan_forward(plan));
  sv_tensor out = value_of(plan, "probabilities");
  memcpy(r->probabilities, out.data, sizeof r->probabilities);
  sv_plan_free(plan);
  return NULL;
}

static void threads_share_a_state(void **unused) {
  (void)unused;
  net n = make_net(build_lenet, SV_F32);
  reader readers[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    readers[i].n = &n;
    assert_int_equal(pthread_create(&threads[i], NULL, read_model, &readers[i]),
                     0);
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  for (int i = 1; i < 3; i++)
    assert_memory_equal(readers[i].probabilities, readers[0].probabilities,
                        sizeof readers[0].probabilities);
  free_net(&n);
}

/* ---- Backends ---- */

/* Ten steps by the fast kernels end where ten by the reference end. */
static void backends_agree_after_steps(void **unused) {
  (void)unused;
  static const net_builder builders[] = {build_lenet, build_mlp, build_branches,
                                         build_chain};
  for (int i = 0; i < 4; i++) {
    net fast = make_net(builders[i], SV_F32),
        slow = make_net(builders[i], SV_F32);
    sv_plan *p = make_plan(&fast, SV_TRAIN, 8, NULL);
    sv_plan *q = make_plan(&slow, SV_TRAIN, 8, "ref");
    for (uint64_t s = 0; s < 10; s++) {
      step(&fast, p, s, 0.05);
      step(&slow, q, s, 0.05);
    }
    assert_states_close(fast.state, slow.state, 1e-4);
    sv_plan_free(p);
    sv_plan_free(q);
    free_net(&fast);
    free_net(&slow);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slopes_are_right_in_double),
      cmocka_unit_test(shared_weights_add_up),
      cmocka_unit_test(readers_add_up),
      cmocka_unit_test(losses_have_weights),
      cmocka_unit_test(batches_average),
      cmocka_unit_test(the_hook_sees_each_once),
      cmocka_unit_test(steps_repeat_bit_by_bit),
      cmocka_unit_test(plans_come_and_go),
      cmocka_unit_test(parameters_may_move),
      cmocka_unit_test(sizes_share_weights),
      cmocka_unit_test(threads_share_a_state),
      cmocka_unit_test(backends_agree_after_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
