/* Long sums: of 262,144 numbers of one sign, in float against the reference in
 * double, forward and backward, by all backends and by the reference. Added one
 * after the other in float they would be off by a thousandth. */
#include <svertka/network.h>

#include "plan_nets.h"

static const struct {
  const char *text;
  double most; /* 0: 1e-4 */
  int batch;
} networks[] = {
    {"input 1x512x512; global_avg_pool", 0, 1},
    {"input 1x512x512; avg_pool 512", 0, 1},
    {"input 1x512x512; global_lp_pool", 0, 1},
    {"input 1x512x512; lp_pool 512 stride=1", 0, 1},
    {"input 1x512x512; weighted_avg_pool 512", 0, 1},
    {"input 1x512x512; conv 2 1x1", 0, 1},
    /* oneDNN adds up the gradient of weights within an image in float: the
     * bound that docs/performance.md states. */
    {"input 1x512x512; conv 1 3x3 padding=same", 2e-3, 1},
    {"input 1x512x512; conv 1 512x512", 0, 1},
    {"input 2x512x256; conv 2 1x1 group=2", 2e-3, 1},
    {"input 1x512x512; conv_transpose 1 1x1", 0, 1},
    {"input 16x128x128; conv 16 3x3 padding=same", 0, 1},
    /* Slices of a batch: in each layout of oneDNN's, grouped, 1-D, transposed,
     * not divided evenly; the kernels for few channels. */
    {"input 24x128x128; conv 8 3x3 padding=same", 0, 16},
    {"input 3x128x128; conv 16 3x3 padding=same stride=2", 0, 61},
    {"input 16x4096; conv 8 3 padding=same", 0, 32},
    {"input 16x128x64; conv 32 1x1 group=2", 0, 32},
    {"input 4x64x64; conv_transpose 4 2x2 stride=2", 0, 64},
    {"input 1x28x28; conv 6 5x5", 0, 512},
    {"input 4x32x32; conv 6 3x3 padding=same", 0, 256},
    {"input 4; linear 3", 0, 262144},
    {"input 1x1x1; conv 262144 1x1", 0, 1},
    {"input 1x1x1; conv_transpose 1 512x512", 0, 1},
    {"input 8x256x128; conv 8 1x1", 0, 1},
    {"input 8x256x128; conv 8 3x3 padding=same group=8", 0, 1},
    {"input 262144; linear 2", 0, 1},
    {"input 1x512x512; flatten; linear 3", 0, 1},
    {"input 1x512x512; prelu", 0, 1},
    {"input 1x512x512; batch_norm", 0, 1},
    {"input 1x512x512; layer_norm axis=1", 0, 1},
    {"input 4x256x256; layer_norm axis=-1", 0, 1},
    {"input 1x512x512; instance_norm", 0, 1},
    {"input 2x512x256; group_norm 1", 0, 1},
    {"input 1x512x512; rms_norm axis=1", 0, 1},
    {"input 1x512x512; mean_variance_norm", 0, 1},
    {"input 262144; lp_norm", 0, 1},
    {"input 262144; softmax", 0, 1},
    {"input 262144; log_softmax", 0, 1},
    {"input 1x512x512; reduce_sum", 0, 1},
    {"input 1x512x512; reduce_mean 2,3", 0, 1},
    {"input 1x512x512; reduce_l1", 0, 1},
    {"input 1x512x512; reduce_l2", 0, 1},
    {"input 1x512x512; reduce_sum_square", 0, 1},
    {"input 1x512x512; reduce_log_sum", 0, 1},
    {"input 1x512x512; reduce_log_sum_exp", 0, 1},
    /* The gradient of what is repeated. */
    {"input 1x1x1; expand 1x1x512x512", 0, 1},
    {"input 1x1x1; tile 1x1x512x512", 0, 1},
    {"input 1x1x1; e = expand 1x1x512x512; c = greater_or_equal(e, e)\n"
     "where(c, image, e)",
     0, 1},
    {"input 1x1x1; e = expand 1x1x512x512; i = argmax(e) 1\n"
     "gather(image, i) 0",
     0, 1},
    {"input 32768x1x1; s = slice(image) starts=0 ends=1 axes=1\n"
     "e = expand(s) 1x1x512x512; i = argmax(e) 1; gather(image, i) 1",
     0, 1},
    {"input 1x1x1; resize 512,512", 0, 1},
    {"input 1x1x1; resize 1,262144 mode=linear", 0, 1},
    {"input 1x2x2; pad 255 border=edge", 0, 1},
    {"input 1x2x2; pad 255 border=wrap", 0, 1},
};

enum { MOST = 8 };

typedef struct result {
  int count;
  sv_tensor *at[MOST];
} result;

/* 0.1 and 0.2 in turn. */
static void set_all(sv_tensor *t) {
  int64_t count = sv_shape_count(&t->shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(t, i, 0.1 + 0.1 * (double)(i % 2));
}

static void keep(result *r, const sv_tensor *t) {
  assert_true(r->count < MOST);
  assert_ok(sv_tensor_clone(&r->at[r->count++], t));
}

/* The output, the gradients of every parameter and of the input. */
static result run_in(const sv_graph *g, int batch, sv_dtype precision,
                     const char *backend) {
  sv_state *state;
  sv_plan *plan;
  sv_tensor view;
  result r = {0};
  const char *y = g->outputs[0].name, *x = g->values[1].name;
  sv_plan_options o = sv_plan_default();
  o.backend = backend;
  o.batch = batch;
  o.seeds = &y;
  o.seed_count = 1;
  o.gradients = &x;
  o.gradient_count = 1;
  assert_ok(sv_state_new(&state, g, precision));
  for (int i = 0; i < state->count; i++) set_all(&state->slots[i].tensor);
  assert_ok(sv_plan_new(&plan, g, state, &o));
  assert_ok(sv_plan_input(plan, x, &view));
  set_all(&view);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, y, &view));
  keep(&r, &view);
  assert_ok(sv_plan_seed(plan, y, &view));
  set_all(&view);
  assert_ok(sv_plan_backward(plan));
  for (int i = 0; i < state->count; i++)
    if (sv_role_is_trained(state->slots[i].role)) {
      assert_ok(sv_plan_gradient(plan, state->slots[i].name, &view));
      keep(&r, &view);
    }
  assert_ok(sv_plan_gradient(plan, x, &view));
  keep(&r, &view);
  sv_plan_free(plan);
  sv_state_free(state);
  return r;
}

static double difference(const sv_tensor *got, const sv_tensor *expected) {
  double worst = 0, largest = 1e-3;
  int64_t count = sv_shape_count(&expected->shape);
  for (int64_t i = 0; i < count; i++) {
    double a = sv_tensor_get(got, i), b = sv_tensor_get(expected, i);
    worst = fmax(worst, fabs(a - b));
    largest = fmax(largest, fabs(b));
  }
  return worst / largest;
}

static int compare(const char *text, double most, const char *backend,
                   const result *got, const result *expected) {
  int wrong = 0;
  for (int i = 0; i < expected->count; i++) {
    double error = difference(got->at[i], expected->at[i]);
    if (error <= (most > 0 && !backend && i == 1 ? most : 1e-4)) continue;
    print_error("%s (%s): %s %d is off by %.2g\n", text,
                backend ? backend : "all backends", i ? "gradient" : "output",
                i, error);
    wrong++;
  }
  return wrong;
}

static void clear(result *r) {
  for (int i = 0; i < r->count; i++) sv_tensor_free(r->at[i]);
}

static void long_sums_are_right(void **unused) {
  (void)unused;
  int wrong = 0;
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
    sv_graph *g;
    assert_ok(sv_network_parse(&g, "network", networks[i].text));
    result expected = run_in(g, networks[i].batch, SV_F64, NULL);
    for (int k = 0; k < 2; k++) {
      const char *backend = k ? "ref" : NULL;
      result got = run_in(g, networks[i].batch, SV_F32, backend);
      wrong +=
          compare(networks[i].text, networks[i].most, backend, &got, &expected);
      clear(&got);
    }
    clear(&expected);
    sv_graph_free(g);
  }
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(long_sums_are_right)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
