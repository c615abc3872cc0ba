/* A batch of no images through every architecture: nothing comes out, nothing
 * is learned, and what needs images says so. */
#include "plan_nets.h"

#include <svertka/plan.h>
#include <svertka/zoo.h>

enum { LARGEST = 30 << 20, FREE = 64 }; /* parameters; a free side */

static int64_t parameters_of(const sv_graph *g) {
  int64_t count = 0;
  for (int id = 1; id < g->value_count; id++)
    if (sv_role_is_trained(g->values[id].role))
      count += sv_shape_count(&g->values[id].shape);
  return count;
}

static sv_input_shape empty_input(const sv_graph *g, int id) {
  sv_input_shape input = {g->values[id].name, g->values[id].shape};
  for (int d = 1; d < input.shape.rank; d++)
    if (input.shape.dim[d] < 0) input.shape.dim[d] = FREE;
  input.shape.dim[0] = 0;
  return input;
}

static sv_status run_empty(const sv_graph *g, sv_state *state, sv_mode mode,
                           const char *backend, sv_tensor *y) {
  int image = sv_graph_data_input(g), label = sv_graph_label_input(g);
  const sv_input_shape inputs[] = {empty_input(g, image),
                                   empty_input(g, label ? label : image)};
  int at = 0;
  while (g->outputs[at].is_loss) at++;
  const char *name = g->outputs[at].name;
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.mode = mode;
  o.backend = backend;
  o.shapes = inputs;
  o.shape_count = label && mode == SV_TRAIN ? 2 : 1;
  o.keep = &name;
  o.keep_count = 1;
  SV_TRY(sv_plan_new(&plan, g, state, &o));
  sv_status status = sv_plan_forward(plan);
  if (status == SV_OK && mode == SV_TRAIN) status = sv_plan_backward(plan);
  if (status == SV_OK) status = sv_plan_value(plan, name, y);
  y->data = NULL; /* goes with the plan */
  sv_plan_free(plan);
  return status;
}

static void check(const char *name, const sv_graph *g, sv_state *state,
                  const char *backend) {
  sv_tensor y;
  if (run_empty(g, state, SV_INFER, backend, &y) != SV_OK)
    fail_msg("%s: %s", name, sv_error());
  if (y.shape.dim[0] != 0 || sv_shape_count(&y.shape) != 0)
    fail_msg("%s: %s of no images", name,
             sv_shape_text(&y.shape, (char[SV_SHAPE_TEXT]){0}));
  sv_status status = run_empty(g, state, SV_TRAIN, backend, &y);
  if (status != SV_OK && !strstr(sv_error(), "training needs two values"))
    fail_msg("%s, training: %s", name, sv_error());
}

static void test_no_images(void **unused) {
  (void)unused;
  int tried = 0;
  for (int i = 0; i < sv_zoo_count(); i++) {
    sv_graph *g;
    sv_state *state;
    assert_ok(sv_zoo_build(&g, sv_zoo_name(i), NULL));
    if (parameters_of(g) < LARGEST) {
      print_message("%s\n", sv_zoo_name(i));
      assert_ok(sv_state_new(&state, g, SV_F32));
      check(sv_zoo_name(i), g, state, NULL);
      check(sv_zoo_name(i), g, state, "ref");
      sv_state_free(state);
      tried++;
    }
    sv_graph_free(g);
  }
  assert_true(tried > 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_images)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
