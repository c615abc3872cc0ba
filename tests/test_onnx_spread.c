/* Before opset 7 attributes said how one input is spread over another. */
#include <math.h>

#include "onnx_files.h"

#include <svertka/plan.h>

#include "tensor/tensor.h"

/* conv, then c = Add(a, b) with attributes, then relu: as a conv with a bias b.
 */
typedef struct spread {
  toy toy;
  char *add_in[2], *add_out[1];
  Onnx__AttributeProto broadcast, axis, *attributes[3];
} spread;

static void set_int(Onnx__AttributeProto *a, char *name, int64_t value) {
  onnx__attribute_proto__init(a);
  a->name = name;
  a->has_type = a->has_i = 1;
  a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
  a->i = value;
}

static void init(spread *s) {
  memset(s, 0, sizeof *s);
  toy *t = &s->toy;
  toy_init(t);
  t->set.version = 6;
  t->node[0].n_input = 2;
  t->node[2] = t->node[1];
  t->graph.n_node = 3;
  t->node[1].op_type = "Add";
  t->node[1].n_input = 2;
  t->node[1].input = s->add_in;
  t->node[1].output = s->add_out;
  s->add_in[0] = t->conv_out[0];
  s->add_in[1] = "b";
  s->add_out[0] = t->relu_in[0] = "c";
  t->node[2].name = "third";
  set_int(s->attributes[0] = &s->broadcast, "broadcast", 1);
  set_int(s->attributes[1] = &s->axis, "axis", 1);
  t->node[1].attribute = s->attributes;
  t->node[1].n_attribute = 2;
}

/* What y becomes where x is 0, 1, 2, ... */
static void run(const toy *t, float y[27]) {
  sv_model *model;
  sv_plan *plan;
  sv_tensor view;
  const sv_plan_options options = sv_plan_default();
  assert_ok(toy_load(t, &model));
  assert_ok(sv_plan_new(&plan, sv_model_graph(model), sv_model_state(model),
                        &options));
  assert_ok(sv_plan_input(plan, "x", &view));
  for (int i = 0; i < 32; i++) sv_tensor_set(&view, i, i);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "y", &view));
  for (int i = 0; i < 27; i++) y[i] = (float)sv_tensor_get(&view, i);
  sv_plan_free(plan);
  sv_model_free(model);
}

static void test_axis(void **state) {
  (void)state;
  toy plain;
  spread s;
  float expected[27], found[27];
  toy_init(&plain);
  run(&plain, expected);
  init(&s);
  for (s.axis.i = 1; s.axis.i >= -3; s.axis.i -= 4) { /* from the end, too */
    run(&s.toy, found);
    for (int i = 0; i < 27; i++)
      assert_true(fabsf(found[i] - expected[i]) <= 1e-4f);
  }
}

/* Without an axis the last dimensions are meant: as numpy has it. */
static void test_last(void **state) {
  (void)state;
  spread s;
  float expected[27], found[27];
  init(&s);
  s.toy.node[1].n_attribute = 1;
  run(&s.toy, found);
  s.toy.set.version = 7;
  s.toy.node[1].n_attribute = 0;
  run(&s.toy, expected);
  assert_memory_equal(found, expected, sizeof found);
}

static void test_refused(void **state) {
  (void)state;
  spread s;
  sv_model *model;
  init(&s);
  s.axis.i = 4;
  assert_error(SV_FORMAT, "'b' cannot be broadcast from dimension 4 on",
               toy_load(&s.toy, &model));
  s.axis.i = INT64_MAX;
  assert_error(SV_FORMAT,
               "'b' cannot be broadcast from dimension 9223372036854775807",
               toy_load(&s.toy, &model));
  s.axis.i = INT64_MIN;
  assert_error(SV_FORMAT,
               "'b' cannot be broadcast from dimension -922337203685477580",
               toy_load(&s.toy, &model));
  init(&s);
  s.add_in[0] = "b";
  s.add_in[1] = s.toy.conv_out[0];
  assert_error(SV_UNSUPPORTED, "expected a constant there",
               toy_load(&s.toy, &model));
  init(&s);
  s.toy.set.version = 7;
  assert_error(SV_UNSUPPORTED, "'broadcast' is not supported at opset 7",
               toy_load(&s.toy, &model));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_axis),
      cmocka_unit_test(test_last),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
