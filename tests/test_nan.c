/* NaN is never hidden: what reads a network's results refuses them, and says
 * where it began. */

#include "plan_nets.h"

static sv_tensor *numbers(sv_tensor *t, float *data, sv_shape shape) {
  *t = (sv_tensor){.dtype = SV_F32, .shape = shape, .data = data};
  assert_ok(sv_layout_plain(&t->layout, SV_F32, &shape));
  return t;
}

static void build_log(sv_graph *g) {
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 1, 2, 2));
  sv_name(g, "half");
  x = sv_conv(g, x, 1, 1);
  sv_name(g, "logarithm");
  x = sv_apply_text(g, "log", &x, 1, "");
  x = sv_apply_text(g, "relu", &x, 1, "");
  sv_output(g, "y", sv_apply_text(g, "global_max_pool", &x, 1, ""));
}

static sv_plan *run_with(net *n, float weight, float pixel, sv_mode mode) {
  sv_tensor t;
  sv_plan *plan;
  float w[1] = {weight}, b[1] = {0};
  sv_plan_options o = sv_plan_default();
  o.mode = mode;
  assert_ok(sv_state_set(n->state, "half.weight",
                         numbers(&t, w, sv_shape_of(4, 1, 1, 1, 1))));
  assert_ok(
      sv_state_set(n->state, "half.bias", numbers(&t, b, sv_shape_of(1, 1))));
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  assert_ok(sv_plan_input(plan, "x", &t));
  for (int i = 0; i < 4; i++) ((float *)t.data)[i] = i == 2 ? pixel : 1;
  assert_ok(sv_plan_forward(plan));
  return plan;
}

static void check(float weight, float pixel, const char *where) {
  net n = make_net(build_log, SV_F32);
  sv_plan *plan = run_with(&n, weight, pixel, SV_INFER);
  if (where)
    assert_error(SV_NUMERIC, where, sv_plan_check_numbers(plan, "y"));
  else
    assert_ok(sv_plan_check_numbers(plan, "y"));
  sv_plan_free(plan);
  free_net(&n);
}

static void the_place_is_named(void **unused) {
  (void)unused;
  check(0.5F, 1, NULL);
  check(0.5F, 0, NULL); /* the logarithm of 0 is minus infinity */
  check(NAN, 1, "'half.weight' of node 'half' (conv) contains NaN");
  check(INFINITY, 1, "'half.weight' of node 'half' (conv) contains infinity");
  check(0.5F, NAN, "input 'x' contains NaN");
  check(0.5F, -1, "NaN first appeared in the output of node 'logarithm' (log)");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_place_is_named)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
