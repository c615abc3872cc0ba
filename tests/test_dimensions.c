/* Layers that take images take lines (N C W), too, and run; of solids
 * (N C D H W) they say by their name what they expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <svertka/network.h>
#include <svertka/plan.h>
#include <svertka/state.h>

#include "base/error.h"

static const char *const layers[] = {
    "conv 4 3 stride=2 padding=1", "conv 6 3 group=3 dilation=2",
    "conv_transpose 4 3 stride=2", "max_pool 3 2 padding=1",
    "avg_pool 3 2 ceil_mode=true", "weighted_avg_pool 2 2",
    "window_pool 3 2 padding=1",
};
/* These take any number of dimensions. */
static const char *const any[] = {
    "global_avg_pool", "global_max_pool", "batch_norm", "instance_norm",
    "group_norm 3",    "layer_norm",      "lrn",        "dropout 0.5",
    "prelu",           "softmax 1",       "relu",
};

static void expect_ok(sv_status status) {
  if (status != SV_OK) fail_msg("%s", sv_error());
}

typedef struct net {
  sv_graph *graph;
  sv_state *state;
  sv_plan *plan;
} net;

/* The layer, named `layer`, behind this input. */
static sv_status compile(net *n, const char *input, const char *layer) {
  static const char *const gradients[] = {"image"}, *const seeds[] = {"layer"};
  char text[160];
  snprintf(text, sizeof text, "input %s; layer = %s", input, layer);
  *n = (net){0};
  SV_TRY(sv_network_parse(&n->graph, NULL, text));
  SV_TRY(sv_state_new(&n->state, n->graph, SV_F32));
  SV_TRY(sv_state_init(n->state, n->graph, 1));
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.batch = 2;
  o.threads = 1;
  o.keep = o.seeds = seeds;
  o.gradients = gradients;
  o.keep_count = o.seed_count = o.gradient_count = 1;
  return sv_plan_new(&n->plan, n->graph, n->state, &o);
}

static void release(net *n) {
  sv_plan_free(n->plan);
  sv_state_free(n->state);
  sv_graph_free(n->graph);
}

static void run_line(const char *layer) {
  net n;
  sv_tensor view;
  if (compile(&n, "6x15", layer) != SV_OK)
    fail_msg("%s: %s", layer, sv_error());
  expect_ok(sv_plan_forward(n.plan));
  expect_ok(sv_plan_backward(n.plan));
  expect_ok(sv_plan_value(n.plan, "layer", &view));
  assert_int_equal(view.shape.rank, 3);
  assert_int_equal(view.shape.dim[0], 2);
  release(&n);
}

static void test_lines(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    run_line(layers[i]);
  for (size_t i = 0; i < sizeof any / sizeof *any; i++) run_line(any[i]);
}

static void test_solids(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    net n;
    assert_int_not_equal(compile(&n, "6x4x9x9", layers[i]), SV_OK);
    if (!strstr(sv_error(), "layer: ") || !strstr(sv_error(), "N C H W"))
      fail_msg("%s: %s", layers[i], sv_error());
    assert_null(strchr(sv_error(), '\n'));
    release(&n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_solids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
