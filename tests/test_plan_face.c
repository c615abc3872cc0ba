/* What a plan tells: errors that name the fault, and its table. */
#include "plan_nets.h"

/* ---- Errors ---- */

static sv_plan *never; /* what a refused call must leave NULL */

static void expect(const char *words, const net *n, const sv_plan_options *o) {
  assert_error(SV_INVALID, words, sv_plan_new(&never, n->graph, n->state, o));
  assert_null(never);
}

static void unknown_names_are_refused(void **unused) {
  (void)unused;
  static const char *const nothing[] = {"nothing"};
  net n = make_net(build_lenet, SV_F32);
  sv_plan_options o = sv_plan_default();
  o.keep = nothing;
  o.keep_count = 1;
  expect("nothing", &n, &o);
  o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.gradients = nothing;
  o.gradient_count = 1;
  expect("nothing", &n, &o);
  o = sv_plan_default();
  o.seeds = nothing;
  o.seed_count = 1;
  expect("nothing", &n, &o);
  o = sv_plan_default();
  sv_input_shape shape = {"nothing", sv_shape_of(1, 1)};
  o.shapes = &shape;
  o.shape_count = 1;
  expect("nothing", &n, &o);
  o = sv_plan_default();
  o.backend = "abacus";
  expect("abacus", &n, &o);
  o = sv_plan_default();
  o.batch = 0;
  expect("batch", &n, &o);
  free_net(&n);
}

static void wrong_shapes_are_refused(void **unused) {
  (void)unused;
  net n = make_net(build_lenet, SV_F32);
  sv_plan_options o = sv_plan_default();
  sv_input_shape shape = {"image", sv_shape_of(4, 2, 3, 32, 32)};
  o.shapes = &shape;
  o.shape_count = 1;
  expect("input 'image': expected ?x1x32x32, found 2x3x32x32", &n, &o);
  shape.shape = sv_shape_of(3, 1, 32, 32);
  expect("image", &n, &o);
  shape.shape = sv_shape_of(4, -1, 1, 32, 32);
  expect("image", &n, &o);
  o = sv_plan_default();
  o.batch = INT64_MAX / 8;
  expect("image", &n, &o);
  free_net(&n);
}

static void states_of_others_are_refused(void **unused) {
  (void)unused;
  net lenet = make_net(build_lenet, SV_F32), mlp = make_net(build_mlp, SV_F32);
  assert_error(SV_INVALID, "conv1.weight",
               sv_plan_new(&never, lenet.graph, mlp.state, NULL));
  assert_null(never);
  free_net(&lenet);
  free_net(&mlp);
}

static void build_broken(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 4, 4));
  sv_output(g, "y", sv_conv(g, x, 3, 5)); /* larger than the image */
}

static void build_endless(sv_graph *g) {
  (void)sv_input(g, "image", SV_F32, sv_shape_of(2, -1, 4));
}

static void broken_graphs_are_refused(void **unused) {
  (void)unused;
  sv_graph *g;
  assert_ok(sv_graph_new(&g, "broken"));
  build_broken(g);
  assert_error(SV_INVALID, "conv1", sv_plan_new(&never, g, NULL, NULL));
  sv_graph_free(g);
  net n = make_net(build_endless, SV_F32);
  expect("output", &n, NULL);
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  expect("loss", &n, &o);
  free_net(&n);
}

static void plans_refuse_what_they_have_not(void **unused) {
  (void)unused;
  net n = make_net(build_lenet, SV_F32);
  sv_plan *plan = make_plan(&n, SV_INFER, 1, NULL);
  sv_tensor view;
  assert_error(SV_INVALID, "no backward", sv_plan_backward(plan));
  assert_error(SV_INVALID, "nobody", sv_plan_input(plan, "nobody", &view));
  assert_error(SV_INVALID, "nobody", sv_plan_value(plan, "nobody", &view));
  assert_error(SV_INVALID, "keep", sv_plan_value(plan, "tanh1", &view));
  assert_error(SV_INVALID, "conv1.weight",
               sv_plan_gradient(plan, "conv1.weight", &view));
  assert_error(SV_INVALID, "probabilities",
               sv_plan_seed(plan, "probabilities", &view));
  sv_plan_free(plan);
  plan = make_plan(&n, SV_TRAIN, 1, NULL);
  assert_error(SV_INVALID, "forward", sv_plan_backward(plan));
  assert_error(SV_INVALID, "image", sv_plan_gradient(plan, "image", &view));
  sv_plan_free(plan);
  sv_plan_free(NULL);
  free_net(&n);
}

/* A label that is no class: the run fails and names the node; the next run with
 * a good one is as if nothing had been. */
static void a_run_may_fail(void **unused) {
  (void)unused;
  net n = make_net(build_mlp, SV_F32);
  sv_plan *plan = make_plan(&n, SV_TRAIN, 2, NULL);
  sv_tensor label;
  fill_inputs(plan, 1);
  run(plan);
  sv_tensor loss = value_of(plan, "loss");
  double before = sv_tensor_get(&loss, 0);
  assert_ok(sv_plan_input(plan, "label", &label));
  sv_tensor_set(&label, 1, 10);
  assert_error(SV_INVALID, "label", sv_plan_forward(plan));
  fill_inputs(plan, 1);
  run(plan);
  loss = value_of(plan, "loss");
  assert_true(sv_tensor_get(&loss, 0) == before);
  sv_plan_free(plan);
  free_net(&n);
}

/* ---- The table ---- */

static int count(const char *text, const char *word) {
  int found = 0;
  for (; (text = strstr(text, word)); text += strlen(word)) found++;
  return found;
}

static void the_table_names_everything(void **unused) {
  (void)unused;
  static const char *const nodes[] = {"conv1", "tanh1",   "avg_pool1", "conv2",
                                      "conv3", "linear1", "linear2"};
  static const char *const backends[] = {NULL, "ref"};
  for (int i = 0; i < 2; i++) {
    net n = make_net(build_lenet, SV_F32);
    sv_plan *plan = make_plan(&n, SV_TRAIN, 64, backends[i]);
    char *text;
    assert_ok(sv_plan_explain(plan, &text));
    for (size_t k = 0; k < sizeof nodes / sizeof *nodes; k++)
      assert_true(count(text, nodes[k]) >= 2); /* forward and backward */
    assert_true(count(text, "backward data") >= 9);
    assert_true(count(text, "backward params") >= 1);
    assert_int_equal(count(text, "arena"), 1);
    assert_non_null(strstr(text, "64x6x28x28"));
    if (backends[i]) assert_int_equal(count(text, "reorder "), 0);
    /* What it says at the end is what it lists. */
    int said = -1, steps;
    const char *sum = strstr(text, " steps, ");
    assert_non_null(sum);
    while (sum > text && sum[-1] != '\n') sum--;
    assert_int_equal(sscanf(sum, "%d steps, %d of them", &steps, &said), 2);
    assert_int_equal(said, count(text, "  reorder "));
    sv_plan_text_free(text);
    sv_plan_free(plan);
    free_net(&n);
  }
  sv_plan_text_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_names_are_refused),
      cmocka_unit_test(wrong_shapes_are_refused),
      cmocka_unit_test(states_of_others_are_refused),
      cmocka_unit_test(broken_graphs_are_refused),
      cmocka_unit_test(plans_refuse_what_they_have_not),
      cmocka_unit_test(a_run_may_fail),
      cmocka_unit_test(the_table_names_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
