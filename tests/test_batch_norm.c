/* Batch normalisation in a plan: running statistics become what they should
 * when a step is committed, and not before; a single value per channel. */
#include <string.h>
#include <svertka/layers.h>
#include <svertka/plan.h>

#include "one_node.h"

typedef struct net {
  sv_graph *graph;
  sv_state *state;
  sv_plan *plan;
} net;

static sv_status build(net *n, int64_t batch, int64_t size,
                       const char *backend) {
  static const char *const seeds[] = {"y"};
  *n = (net){0};
  expect_ok(sv_graph_new(&n->graph, "norm"));
  sv_value x =
      sv_input(n->graph, "x", SV_F32, (sv_shape){4, {batch, 2, size, size}});
  sv_name(n->graph, "bn");
  sv_output(n->graph, "y", sv_batch_norm(n->graph, x));
  expect_ok(sv_state_new(&n->state, n->graph, SV_F32));
  expect_ok(sv_state_init(n->state, n->graph, 1));
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.backend = backend;
  o.threads = 1;
  o.seeds = seeds;
  o.seed_count = 1;
  return sv_plan_new(&n->plan, n->graph, n->state, &o);
}

static void begin(net *n, int64_t batch, int64_t size, const char *backend) {
  sv_tensor view;
  expect_ok(build(n, batch, size, backend));
  expect_ok(sv_plan_input(n->plan, "x", &view));
  for (int64_t i = 0; i < sv_shape_count(&view.shape); i++)
    ((float *)view.data)[i] = (float)(i % 5);
}

static void end(net *n) {
  sv_plan_free(n->plan);
  sv_state_free(n->state);
  sv_graph_free(n->graph);
}

static void check(const net *n, const char *name, double expected) {
  sv_tensor *found;
  expect_ok(sv_state_get(n->state, name, &found));
  assert_true(fabs(sv_tensor_get(found, 0) - expected) < 1e-5);
  sv_tensor_free(found);
}

/* Mean and population variance of channel 0. */
static void measure(const net *n, double *mean, double *var) {
  sv_tensor view;
  double sum = 0, squares = 0;
  expect_ok(sv_plan_input(n->plan, "x", &view));
  int64_t maps = view.shape.dim[2] * view.shape.dim[3];
  int64_t count = view.shape.dim[0] * maps;
  for (int64_t k = 0; k < count; k++) {
    double x = ((float *)view.data)[k / maps * 2 * maps + k % maps];
    sum += x;
    squares += x * x;
  }
  *mean = sum / (double)count;
  *var = squares / (double)count - *mean * *mean;
}

static void test_running(void **state) {
  (void)state;
  static const char *const backends[] = {NULL, "ref"};
  for (int b = 0; b < 2; b++) {
    net n;
    double mean, var;
    begin(&n, 3, 5, backends[b]);
    measure(&n, &mean, &var);
    check(&n, "bn.mean", 0);
    check(&n, "bn.var", 1);
    expect_ok(sv_plan_forward(n.plan));
    expect_ok(sv_plan_forward(n.plan));
    check(&n, "bn.mean", 0);
    expect_ok(sv_plan_commit(n.plan));
    check(&n, "bn.mean", 0.1 * mean);
    check(&n, "bn.var", 0.9 + 0.1 * var);
    expect_ok(sv_plan_forward(n.plan));
    expect_ok(sv_plan_commit(n.plan));
    check(&n, "bn.mean", 0.19 * mean);
    check(&n, "bn.var", 0.81 + 0.19 * var);
    end(&n);
  }
}

/* It is known before anything runs. */
static void test_single_value(void **state) {
  (void)state;
  net n;
  expect_error(build(&n, 1, 1, NULL),
               "bn: training needs two values or more per channel to know "
               "their variance, its input x is 1x2x1x1");
  end(&n);
  begin(&n, 2, 1, NULL);
  expect_ok(sv_plan_forward(n.plan));
  end(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_running),
      cmocka_unit_test(test_single_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
