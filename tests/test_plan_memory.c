/* Plans and memory: what is shared, what is overwritten, what stays. */
#include "plan_nets.h"

static const net_builder builders[] = {build_lenet, build_mlp, build_branches,
                                       build_chain};
enum { BUILDERS = sizeof builders / sizeof *builders };

/* The arena is at most 1.1 times the largest sum of live bytes; nothing is
 * smaller than what it must hold. */
static void arena_is_tight(void **unused) {
  (void)unused;
  static const char *const backends[] = {NULL, "ref"};
  for (int i = 0; i < BUILDERS; i++)
    for (int b = 0; b < 2; b++)
      for (int training = 0; training < 2; training++) {
        net n = make_net(builders[i], SV_F32);
        sv_mode mode = training ? SV_TRAIN : SV_INFER;
        sv_plan *plan = make_plan(&n, mode, 16, backends[b]);
        sv_plan_memory m = sv_plan_memory_use(plan);
        assert_true(m.arena >= m.peak);
        assert_true((double)m.arena <= 1.1 * (double)m.peak);
        assert_true(m.peak <= m.total);
        sv_plan_free(plan);
        free_net(&n);
      }
}

/* Bytes of an activation of the chain at this batch. */
static size_t activation(int64_t batch) {
  return (size_t)batch * 8 * 12 * 12 * sizeof(float);
}

/* Computed by hand, not by the plan: two activations are enough for inference,
 * whatever the depth; training holds the output of each tanh. */
static void depth_costs_nothing_at_inference(void **unused) {
  (void)unused;
  net n = make_net(build_chain, SV_F32);
  sv_plan *plan = make_plan(&n, SV_INFER, 16, "ref");
  sv_plan_memory m = sv_plan_memory_use(plan);
  assert_true(m.arena <= 2 * activation(16) + (1 << 13));
  sv_plan_free(plan);
  plan = make_plan(&n, SV_INFER, 16, NULL);
  sv_plan_memory fast = sv_plan_memory_use(plan);
  assert_true(fast.arena <= fast.total / 5);
  sv_plan_free(plan);
  plan = make_plan(&n, SV_TRAIN, 16, "ref");
  m = sv_plan_memory_use(plan);
  assert_true(m.arena >= CHAIN * activation(16));
  assert_true(m.arena <= (CHAIN + 3) * activation(16));
  sv_plan_free(plan);
  free_net(&n);
}

/* Parameters' gradients have a place of their own, each once. */
static void gradients_have_their_place(void **unused) {
  (void)unused;
  net n = make_net(build_mlp, SV_F32);
  sv_plan *plan = make_plan(&n, SV_TRAIN, 4, "ref");
  size_t parameters = 0;
  for (int i = 0; i < n.state->count; i++)
    parameters += n.state->slots[i].tensor.layout.bytes;
  sv_plan_memory m = sv_plan_memory_use(plan);
  assert_true(m.gradient >= parameters);
  assert_true(m.gradient <= parameters + 64 * (size_t)n.state->count);
  sv_plan_free(plan);
  plan = make_plan(&n, SV_INFER, 4, "ref");
  assert_int_equal(sv_plan_memory_use(plan).gradient, 0);
  sv_plan_free(plan);
  free_net(&n);
}

/* ---- Nothing is read that was not written ---- */

static void poison(sv_plan *plan) {
  sv_program *p = plan->program;
  memset(p->arena, 0xff, p->memory.arena);
  memset(p->gradients, 0xff, p->memory.gradient);
}

static void old_numbers_are_not_read(void **unused) {
  (void)unused;
  for (int i = 0; i < BUILDERS; i++) {
    net n = make_net(builders[i], SV_F32);
    sv_plan *plan = make_plan(&n, SV_TRAIN, 5, NULL);
    sv_plan *other = make_plan(&n, SV_TRAIN, 5, NULL);
    fill_inputs(plan, 1);
    fill_inputs(other, 1);
    run(plan);
    poison(other);
    run(other);
    poison(plan);
    run(plan);
    for (int k = 0; k < n.state->count; k++) {
      const char *name = n.state->slots[k].name;
      sv_tensor a = gradient_of(plan, name), b = gradient_of(other, name);
      assert_close(name, &a, &b, 0);
    }
    sv_plan_free(plan);
    sv_plan_free(other);
    free_net(&n);
  }
}

/* ---- Nothing is overwritten that is needed ---- */

static void build_in_place(sv_graph *g) {
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 3, 6, 6));
  sv_value a = (sv_name(g, "a"), sv_relu(g, x)); /* over an input: never */
  sv_value b = (sv_name(g, "b"), sv_tanh(g, a)); /* a is kept */
  sv_value c = (sv_name(g, "c"), sv_sigmoid(g, b));
  sv_value d = (sv_name(g, "d"), sv_relu(g, c)); /* c is read again */
  sv_value e = (sv_name(g, "e"), sv_add(g, sv_add(g, d, d), c));
  sv_output(g, "y", (sv_name(g, "f"), sv_flatten(g, e)));
  sv_output(g, "same", e); /* and through a view */
}

static void kept_values_survive(void **unused) {
  (void)unused;
  static const char *const keep[] = {"a", "x"};
  net n = make_net(build_in_place, SV_F32);
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.batch = 2;
  o.keep = keep;
  o.keep_count = 2;
  assert_ok(sv_plan_new(&plan, n.graph, n.state, &o));
  fill_inputs(plan, 9);
  sv_tensor x;
  assert_ok(sv_plan_input(plan, "x", &x));
  for (int repeat = 0; repeat < 2; repeat++) { /* the input is as it was */
    assert_ok(sv_plan_forward(plan));
    sv_tensor a = value_of(plan, "a"), y = value_of(plan, "y");
    sv_tensor same = value_of(plan, "same"), kept = value_of(plan, "x");
    assert_close("x", &kept, &x, 0);
    assert_int_equal(y.shape.rank, 2);
    int64_t count = sv_shape_count(&x.shape);
    for (int64_t i = 0; i < count; i++) {
      double v = sv_tensor_get(&x, i), r = v > 0 ? v : 0;
      double c = 1 / (1 + exp(-tanh(r)));
      assert_true(fabs(sv_tensor_get(&a, i) - r) < 1e-6);
      assert_true(fabs(sv_tensor_get(&y, i) - 3 * c) < 1e-5);
      assert_true(fabs(sv_tensor_get(&same, i) - 3 * c) < 1e-5);
    }
  }
  sv_plan_free(plan);
  free_net(&n);
}

/* A graph whose output is its input, or a view of it: nothing runs. */
static void build_nothing(sv_graph *g) {
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(3, -1, 2, 3));
  sv_output(g, "same", x);
  sv_output(g, "flat", sv_flatten(g, x));
}

static void views_need_no_step(void **unused) {
  (void)unused;
  static const char *const x[] = {"x"}, *const flat[] = {"flat"};
  net n = make_net(build_nothing, SV_F32);
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.batch = 4;
  o.gradients = x;
  o.seeds = flat;
  o.gradient_count = o.seed_count = 1;
  assert_ok(sv_plan_new(&plan, n.graph, n.state, &o));
  fill_inputs(plan, 2);
  sv_tensor in, seed;
  assert_ok(sv_plan_input(plan, "x", &in));
  assert_ok(sv_plan_seed(plan, "flat", &seed));
  fill(seed, 3);
  run(plan);
  sv_tensor same = value_of(plan, "same"), out = value_of(plan, "flat");
  sv_tensor gradient = gradient_of(plan, "x");
  assert_close("same", &same, &in, 0);
  assert_int_equal(sv_shape_count(&out.shape), 24);
  assert_memory_equal(out.data, in.data, 24 * sizeof(float));
  assert_memory_equal(gradient.data, seed.data, 24 * sizeof(float));
  sv_plan_free(plan);
  free_net(&n);
}

/* ---- What follows from the state alone runs once per state ---- */

static void build_prepared(sv_graph *g) {
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(2, -1, 4));
  sv_value w =
      sv_parameter(g, "w", SV_WEIGHT, SV_F32, sv_shape_of(2, 3, 4), NULL);
  sv_name(g, "squashed");
  sv_value in[] = {x, sv_tanh(g, w)};
  sv_name(g, "y");
  sv_output(g, "out", sv_apply_text(g, "linear", in, 2, "bias=false"));
}

static void constants_follow_the_state(void **unused) {
  (void)unused;
  net n = make_net(build_prepared, SV_F32);
  sv_plan *plan = make_plan(&n, SV_INFER, 2, NULL);
  fill_inputs(plan, 4);
  sv_tensor *w, x;
  assert_ok(sv_plan_input(plan, "x", &x));
  assert_ok(sv_state_get(n.state, "w", &w));
  assert_true(sv_plan_memory_use(plan).constant >= 12 * sizeof(float));
  for (int round = 0; round < 3; round++) {
    fill(*w, 50 + (uint64_t)round);
    assert_ok(sv_state_set(n.state, "w", w));
    for (int repeat = 0; repeat < 2; repeat++) {
      assert_ok(sv_plan_forward(plan));
      sv_tensor out = value_of(plan, "out");
      double expected = 0;
      for (int k = 0; k < 4; k++)
        expected += sv_tensor_get(&x, k) * tanh(sv_tensor_get(w, k));
      assert_true(fabs(sv_tensor_get(&out, 0) - expected) < 1e-5);
    }
  }
  sv_tensor_free(w);
  sv_plan_free(plan);
  free_net(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_is_tight),
      cmocka_unit_test(depth_costs_nothing_at_inference),
      cmocka_unit_test(gradients_have_their_place),
      cmocka_unit_test(old_numbers_are_not_read),
      cmocka_unit_test(kept_values_survive),
      cmocka_unit_test(views_need_no_step),
      cmocka_unit_test(constants_follow_the_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
