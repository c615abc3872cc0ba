/* Dropout's random numbers: how many, the same again, others at the next step;
 * and nothing at inference. */
#include <math.h>
#include <string.h>
#include <svertka/layers.h>
#include <svertka/plan.h>

#include "one_node.h"

enum { COUNT = 1 << 16 };

/* mean((ratio-dropped x - 0)^2) of a batch of one. */
typedef struct net {
  sv_graph *graph;
  sv_state *state;
  sv_plan *plan;
} net;

static void begin(net *n, const char *attrs, sv_mode mode, int threads,
                  uint64_t seed) {
  static const char *const keep[] = {"y"}, *const gradients[] = {"x"};
  sv_shape shape = {2, {4, COUNT / 4}};
  expect_ok(sv_graph_new(&n->graph, "dropout"));
  sv_value x = sv_input(n->graph, "x", SV_F32, shape);
  sv_value y = sv_apply_text(n->graph, "dropout", &x, 1, attrs);
  sv_output(n->graph, "y", y);
  sv_plan_options o = sv_plan_default();
  o.mode = mode;
  o.threads = threads;
  o.seed = seed;
  o.keep = o.seeds = keep;
  o.gradients = gradients;
  o.keep_count = o.seed_count = o.gradient_count = 1;
  expect_ok(sv_state_new(&n->state, n->graph, SV_F32));
  expect_ok(sv_plan_new(&n->plan, n->graph, n->state, &o));
}

static void end(net *n) {
  sv_plan_free(n->plan);
  sv_state_free(n->state);
  sv_graph_free(n->graph);
}

/* Ones through it at one step; y, and the gradient for ones. */
static void run(net *n, uint64_t step, float *y, float *dx) {
  sv_tensor view;
  expect_ok(sv_plan_input(n->plan, "x", &view));
  for (int i = 0; i < COUNT; i++) ((float *)view.data)[i] = 1;
  expect_ok(sv_plan_seed(n->plan, "y", &view));
  for (int i = 0; i < COUNT; i++) ((float *)view.data)[i] = 1;
  sv_plan_set_step(n->plan, step);
  expect_ok(sv_plan_forward(n->plan));
  expect_ok(sv_plan_value(n->plan, "y", &view));
  memcpy(y, view.data, COUNT * sizeof *y);
  expect_ok(sv_plan_backward(n->plan));
  expect_ok(sv_plan_gradient(n->plan, "x", &view));
  memcpy(dx, view.data, COUNT * sizeof *dx);
}

static float y[COUNT], dx[COUNT], again[COUNT], waste[COUNT];

static void test_share(void **state) {
  (void)state;
  net n;
  begin(&n, "0.3", SV_TRAIN, 1, 5);
  run(&n, 0, y, dx);
  int kept = 0;
  for (int i = 0; i < COUNT; i++) {
    assert_true(y[i] == 0 || fabsf(y[i] - 1 / 0.7f) < 1e-6f);
    kept += y[i] != 0;
  }
  /* Four standard deviations of a binomial distribution. */
  assert_true(fabs(kept - 0.7 * COUNT) < 4 * sqrt(0.3 * 0.7 * COUNT));
  assert_memory_equal(y, dx, sizeof y);
  end(&n);
}

static void test_same_again(void **state) {
  (void)state;
  net one, two;
  begin(&one, "", SV_TRAIN, 1, 5);
  begin(&two, "", SV_TRAIN, 2, 5);
  run(&one, 7, y, dx);
  run(&two, 7, again, waste);
  assert_memory_equal(y, again, sizeof y);
  run(&one, 8, again, waste);
  assert_memory_not_equal(y, again, sizeof y);
  run(&one, 7, again, waste);
  assert_memory_equal(y, again, sizeof y);
  end(&one);
  end(&two);
  begin(&one, "", SV_TRAIN, 1, 6);
  run(&one, 7, again, waste);
  assert_memory_not_equal(y, again, sizeof y);
  end(&one);
}

static void test_own_seed(void **state) {
  (void)state;
  net one, two;
  begin(&one, "seed=3", SV_TRAIN, 1, 5);
  begin(&two, "seed=3", SV_TRAIN, 1, 6);
  run(&one, 0, y, dx);
  run(&two, 0, again, waste);
  assert_memory_equal(y, again, sizeof y);
  end(&one);
  end(&two);
}

static void test_inference(void **state) {
  (void)state;
  net n;
  char *text;
  begin(&n, "", SV_INFER, 1, 5);
  run(&n, 0, y, dx);
  for (int i = 0; i < COUNT; i++) assert_true(y[i] == 1 && dx[i] == 1);
  expect_ok(sv_plan_explain(n.plan, &text));
  assert_null(strstr(text, "dropout1"));
  sv_plan_text_free(text);
  end(&n);
  begin(&n, "training=true", SV_INFER, 1, 5);
  run(&n, 0, y, dx);
  assert_memory_equal(y, dx, sizeof y);
  int kept = 0;
  for (int i = 0; i < COUNT; i++) kept += y[i] != 0;
  assert_true(kept > 0 && kept < COUNT);
  end(&n);
}

/* In a network whose tensors lie in blocks: no reorder for its sake, and the
 * same numbers are left out as by the reference, which has none. */
static void test_blocks(void **state) {
  (void)state;
  enum { SIZE = 2 * 16 * 10 * 10, OUT = 2 * 16 * 6 * 6 };
  static float got[2][OUT], gradient[2][SIZE];
  static const char *const keep[] = {"y"}, *const of[] = {"x"};
  for (int k = 0; k < 2; k++) {
    net n;
    expect_ok(sv_graph_new(&n.graph, "blocks"));
    sv_value v = sv_input(n.graph, "x", SV_F32, sv_shape_of(4, 2, 16, 10, 10));
    v = sv_dropout(n.graph, sv_conv(n.graph, v, 16, 3), 0.5);
    sv_output(n.graph, "y", sv_conv(n.graph, v, 16, 3));
    sv_plan_options o = sv_plan_default();
    o.mode = SV_TRAIN;
    o.threads = 1;
    o.backend = k == 0 ? "ref" : NULL;
    o.keep = o.seeds = keep;
    o.gradients = of;
    o.keep_count = o.seed_count = o.gradient_count = 1;
    expect_ok(sv_state_new(&n.state, n.graph, SV_F32));
    expect_ok(sv_state_init(n.state, n.graph, 3));
    expect_ok(sv_plan_new(&n.plan, n.graph, n.state, &o));
    sv_tensor view;
    expect_ok(sv_plan_input(n.plan, "x", &view));
    for (int i = 0; i < SIZE; i++) ((float *)view.data)[i] = sinf((float)i);
    expect_ok(sv_plan_seed(n.plan, "y", &view));
    for (int i = 0; i < OUT; i++) ((float *)view.data)[i] = cosf((float)i);
    expect_ok(sv_plan_forward(n.plan));
    expect_ok(sv_plan_value(n.plan, "y", &view));
    memcpy(got[k], view.data, sizeof got[k]);
    expect_ok(sv_plan_backward(n.plan));
    expect_ok(sv_plan_gradient(n.plan, "x", &view));
    memcpy(gradient[k], view.data, sizeof gradient[k]);
    char *text;
    expect_ok(sv_plan_explain(n.plan, &text));
    const char *from = strstr(text, "conv1 "), *to = strstr(text, "conv2 ");
    const char *reorder = strstr(from, "reorder ");
    assert_true(!reorder || reorder > to);
    sv_plan_text_free(text);
    end(&n);
  }
  for (int i = 0; i < OUT; i++)
    assert_true(fabsf(got[0][i] - got[1][i]) < 1e-4);
  for (int i = 0; i < SIZE; i++)
    assert_true(fabsf(gradient[0][i] - gradient[1][i]) < 1e-4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_share),    cmocka_unit_test(test_same_again),
      cmocka_unit_test(test_own_seed), cmocka_unit_test(test_inference),
      cmocka_unit_test(test_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
