/* What the tests of src/plan share: small networks, data for them, a step of
 * descent. */
#ifndef SV_TESTS_PLAN_NETS_H
#define SV_TESTS_PLAN_NETS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <svertka/layers.h>

#include "asserts.h"
#include "base/memory.h"
#include "base/random.h"
#include "graph/state.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

/* ---- Networks ---- */

typedef struct net {
  sv_graph *graph;
  sv_state *state;
} net;

typedef void (*net_builder)(sv_graph *g);

static inline net make_net(net_builder build, sv_dtype precision) {
  net n;
  assert_ok(sv_graph_new(&n.graph, "net"));
  build(n.graph);
  assert_ok(sv_graph_check(n.graph));
  assert_ok(sv_state_new(&n.state, n.graph, precision));
  assert_ok(sv_state_init(n.state, n.graph, 7));
  return n;
}

static inline void free_net(net *n) {
  sv_state_free(n->state);
  sv_graph_free(n->graph);
}

static inline sv_value same_conv(sv_graph *g, sv_value x, int64_t channels) {
  sv_conv_attrs attrs = sv_conv_default();
  attrs.channels = channels;
  attrs.kernel = sv_square(3);
  attrs.padding.rule = SV_PAD_SAME_UPPER;
  return sv_conv_with(g, x, &attrs);
}

static inline void build_lenet(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 32, 32));
  x = sv_avg_pool(g, sv_tanh(g, sv_conv(g, x, 6, 5)), 2, 2);
  x = sv_avg_pool(g, sv_tanh(g, sv_conv(g, x, 16, 5)), 2, 2);
  x = sv_flatten(g, sv_tanh(g, sv_conv(g, x, 120, 5)));
  x = sv_tanh(g, sv_linear(g, x, 84));
  sv_classifier_head(g, sv_linear(g, x, 10));
}

static inline void build_mlp(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 28, 28));
  x = sv_relu(g, sv_linear(g, sv_flatten(g, x), 300));
  x = sv_relu(g, sv_linear(g, x, 100));
  sv_classifier_head(g, sv_linear(g, x, 10));
}

/* Two branches that join, twice, and a shortcut around both. */
static inline void build_branches(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 3, 16, 16));
  x = sv_relu(g, same_conv(g, x, 16));
  sv_value start = x;
  for (int i = 0; i < 2; i++) {
    sv_value left = same_conv(g, sv_relu(g, same_conv(g, x, 24)), 16);
    sv_value right = sv_tanh(g, same_conv(g, x, 16));
    x = sv_relu(g, sv_add(g, left, right));
  }
  x = sv_max_pool(g, sv_add(g, x, start), 2, 2);
  sv_classifier_head(g, sv_linear(g, sv_flatten(g, x), 10));
}

enum { CHAIN = 20 };
static inline void build_chain(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 8, 12, 12));
  for (int i = 0; i < CHAIN; i++) x = sv_tanh(g, same_conv(g, x, 8));
  x = sv_avg_pool(g, x, 12, 12);
  sv_classifier_head(g, sv_linear(g, sv_flatten(g, x), 10));
}

/* ---- Plans ---- */

static inline sv_plan *make_plan(const net *n, sv_mode mode, int64_t batch,
                                 const char *backend) {
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.mode = mode;
  o.batch = batch;
  o.backend = backend;
  o.threads = 2;
  o.seed = 3;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  return plan;
}

/* Numbers in -1 .. 1, or labels below 10, that follow from `seed` alone. */
static inline void fill(sv_tensor view, uint64_t seed) {
  sv_random random = {.seed = seed};
  int64_t count = sv_shape_count(&view.shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(&view, i,
                  view.dtype == SV_I64
                      ? (double)sv_random_below(&random, (uint64_t)i, 10)
                      : 2 * sv_random_uniform(&random, (uint64_t)i) - 1);
}

/* All inputs of the plan. */
static inline void fill_inputs(sv_plan *plan, uint64_t seed) {
  for (int i = 0; i < plan->own_count; i++)
    if (!plan->own[i].is_seed)
      fill(plan->own[i].tensor, seed + 1000 * (uint64_t)i);
}

static inline sv_tensor value_of(sv_plan *plan, const char *name) {
  sv_tensor view;
  assert_ok(sv_plan_value(plan, name, &view));
  return view;
}

static inline sv_tensor gradient_of(sv_plan *plan, const char *name) {
  sv_tensor view;
  assert_ok(sv_plan_gradient(plan, name, &view));
  return view;
}

static inline void run(sv_plan *plan) {
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_backward(plan));
}

/* Every trained parameter goes down its gradient, as it lies. */
static inline void descend(const net *n, sv_plan *plan, double rate) {
  for (int i = 0; i < n->state->count; i++) {
    sv_slot *slot = &n->state->slots[i];
    if (!sv_role_is_trained(slot->role)) continue;
    sv_tensor gradient = gradient_of(plan, slot->name);
    assert_true(sv_layout_equal(&gradient.layout, &slot->tensor.layout));
    float *w = slot->tensor.data;
    const float *d = gradient.data;
    for (size_t k = 0; k < slot->tensor.layout.bytes / sizeof *w; k++)
      w[k] -= (float)rate * d[k];
  }
  sv_state_touch(n->state);
}

static inline void step(const net *n, sv_plan *plan, uint64_t seed,
                        double rate) {
  fill_inputs(plan, seed);
  run(plan);
  descend(n, plan, rate);
}

/* ---- Comparing ---- */

/* max|a - b| / max|b| of two tensors in any layouts; `least` is taken for
 * max|b| where that is smaller. */
static inline double distance(const sv_tensor *a, const sv_tensor *b,
                              double least) {
  sv_tensor *x, *y;
  double worst = 0, largest = least;
  assert_true(sv_shape_equal(&a->shape, &b->shape));
  assert_ok(sv_tensor_clone(&x, a));
  assert_ok(sv_tensor_clone(&y, b));
  int64_t count = sv_shape_count(&a->shape);
  for (int64_t i = 0; i < count; i++) {
    double difference = fabs(sv_tensor_get(x, i) - sv_tensor_get(y, i));
    worst = isfinite(difference) ? fmax(worst, difference) : INFINITY;
    largest = fmax(largest, fabs(sv_tensor_get(y, i)));
  }
  sv_tensor_free(x);
  sv_tensor_free(y);
  return largest > 0 ? worst / largest : worst;
}

static inline void assert_close(const char *what, const sv_tensor *a,
                                const sv_tensor *b, double most) {
  double found = distance(a, b, 0);
  if (!(found <= most))
    fail_msg("%s is off by %.3g, the most is %.0e", what, found, most);
}

/* The same names and numbers in both states; most 0: the same bits. */
static inline void assert_states_close(const sv_state *a, const sv_state *b,
                                       double most) {
  assert_int_equal(a->count, b->count);
  for (int i = 0; i < a->count; i++) {
    assert_string_equal(a->slots[i].name, b->slots[i].name);
    assert_close(a->slots[i].name, &a->slots[i].tensor, &b->slots[i].tensor,
                 most);
  }
}

#endif
