/* The table of kernels that timing found: kept as text, read back, obeyed. */
#include "plan/choices.h"
#include "plan_nets.h"

static sv_plan *compile_for(sv_mode mode, const net *n, sv_choices *choices,
                            bool tune) {
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.mode = mode;
  o.batch = 4;
  o.threads = 2;
  o.choices = choices;
  o.tune = tune;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  return plan;
}

static sv_plan *compile(const net *n, sv_choices *choices, bool tune) {
  return compile_for(SV_INFER, n, choices, tune);
}

static bool same_kernels(const sv_plan *a, const sv_plan *b) {
  const sv_program *p = a->program, *q = b->program;
  if (p->step_count != q->step_count) return false;
  for (int s = 0; s < p->step_count; s++)
    if (strcmp(p->steps[s].name, q->steps[s].name) != 0) return false;
  return true;
}

static void a_table_is_obeyed(void **unused) {
  (void)unused;
  net n = make_net(build_branches, SV_F32);
  sv_choices *choices, *again;
  char *text;
  assert_ok(sv_choices_new(&choices));
  sv_plan *tuned = compile(&n, choices, true);
  int count = sv_choices_count(choices);
  assert_ok(sv_choices_print(choices, &text));
  assert_ok(sv_choices_parse(&again, text));
  assert_int_equal(sv_choices_count(again), count);
  /* Nothing is timed again, and nothing is added. */
  sv_plan *second = compile(&n, again, true);
  assert_int_equal(sv_choices_count(again), count);
  assert_true(same_kernels(tuned, second));
  sv_plan_free(tuned);
  sv_plan_free(second);
  sv_choices_free(choices);
  sv_choices_free(again);
  sv_plan_text_free(text);
  free_net(&n);
}

static int steps_of_ref(const sv_plan *plan) {
  int count = 0;
  for (int s = 0; s < plan->program->step_count; s++)
    count += strcmp(plan->program->steps[s].name, "ref") == 0;
  return count;
}

/* A kernel that the rules would not choose is chosen if the table has it; one
 * that this build lacks leaves its site to the rules. */
static void a_row_overrides_the_rules(void **unused) {
  (void)unused;
  net n = make_net(build_lenet, SV_F32);
  sv_plan *plan = compile(&n, NULL, false);
  int refs = steps_of_ref(plan);
  sv_plan_free(plan);
  static const char *const backends[] = {"ref", "vanished"};
  for (int i = 0; i < 2; i++) {
    sv_choices *choices;
    assert_ok(sv_choices_new(&choices));
    plan = compile(&n, choices, true);
    sv_plan_free(plan);
    /* The first site: later ones depend on its output's layout. */
    for (int k = choices->count - 1; k >= 0; k--) {
      sv_chosen *row = &choices->at[k];
      sv_free(row->backend);
      sv_free(row->kernel);
      assert_ok(sv_copy_text(&row->backend, k ? "vanished" : backends[i]));
      assert_ok(sv_copy_text(&row->kernel, "ref"));
      row->candidate = 0;
    }
    plan = compile(&n, choices, false);
    bool slower = choices->count && i == 0;
    assert_int_equal(steps_of_ref(plan) > refs, slower);
    sv_plan_free(plan);
    sv_choices_free(choices);
  }
  free_net(&n);
}

static void malformed_tables(void **unused) {
  (void)unused;
  static const char *const lines[] = {"dnnl",
                                      "dnnl x kernel\tsite",
                                      "dnnl 0 kernel",
                                      "dnnl 64 kernel\tsite",
                                      "dnnl -1 kernel\tsite",
                                      "dnnl 0\tsite with 1 word\n"};
  sv_choices *choices;
  char *heading;
  assert_ok(sv_choices_new(&choices));
  assert_ok(sv_choices_print(choices, &heading));
  sv_choices_free(choices);
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    char text[1024];
    snprintf(text, sizeof text, "%sdnnl 1 a b\tsite\n%s", heading, lines[i]);
    assert_error(SV_FORMAT, "line 3 of the kernel choices",
                 sv_choices_parse(&choices, text));
  }
  /* Of another processor. */
  assert_ok(sv_choices_parse(&choices, "svertka choices 1, other\nx"));
  assert_int_equal(sv_choices_count(choices), 0);
  sv_choices_free(choices);
  sv_plan_text_free(heading);
}

/* Wide enough for Winograd's kernels, whose weights only oneDNN can read. */
static void build_wide(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 3, 20, 20));
  for (int i = 0; i < 3; i++) x = sv_relu(g, same_conv(g, x, 64));
  sv_classifier_head(g, sv_linear(g, sv_flatten(g, x), 10));
}

/* Whatever is fastest, the tensors can be brought into its layouts. */
static void a_training_is_tuned(void **unused) {
  (void)unused;
  net n = make_net(build_wide, SV_F32);
  sv_choices *choices;
  assert_ok(sv_choices_new(&choices));
  sv_plan *plan = compile_for(SV_TRAIN, &n, choices, true);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_backward(plan));
  sv_plan_free(plan);
  sv_choices_free(choices);
  free_net(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_is_obeyed),
      cmocka_unit_test(a_row_overrides_the_rules),
      cmocka_unit_test(a_training_is_tuned),
      cmocka_unit_test(malformed_tables)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
