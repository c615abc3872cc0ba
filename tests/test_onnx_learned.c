/* Which tensors of a foreign file are learned when it is trained: MatMul and
 * Add are a linear layer, too. */
#include "onnx_files.h"

#include "graph/model.h"

/* x 1x2x4x4 -matmul w 4x3-> p -add b 3-> y */
static void toy_products(toy *t) {
  static char *in[2][2] = {{"x", "w"}, {"p", "b"}}, *out[] = {"p", "y"};
  static char *types[] = {"MatMul", "Add"};
  toy_init(t);
  for (int i = 0; i < 2; i++) {
    t->node[i] = t->node[2];
    t->node[i].op_type = types[i];
    t->node[i].n_input = 2;
    t->node[i].input = in[i];
    t->node[i].n_output = 1;
    t->node[i].output = &out[i];
  }
  t->tensor[0].n_dims = 2;
  t->w_dims[0] = 4;
  t->w_dims[1] = 3;
  t->tensor[0].raw_data.len = 48;
}

static sv_role role_of(const sv_model *model, const char *name) {
  for (int i = 0; i < model->state->count; i++)
    if (strcmp(model->state->slots[i].name, name) == 0)
      return model->state->slots[i].role;
  fail_msg("no tensor '%s'", name);
  return SV_DATA;
}

static void check_roles(const toy *t, sv_role w, sv_role b) {
  sv_model *model;
  assert_ok(toy_load(t, &model));
  assert_int_equal(role_of(model, "w"), w);
  assert_int_equal(role_of(model, "b"), b);
  /* As it is saved it says so itself. */
  assert_ok(sv_model_save(model, in_folder("learned.onnx")));
  sv_model_free(model);
  assert_ok(sv_model_load(&model, in_folder("learned.onnx")));
  assert_int_equal(role_of(model, "w"), w);
  assert_int_equal(role_of(model, "b"), b);
  sv_model_free(model);
}

static void test_linear(void **state) {
  (void)state;
  toy t;
  toy_products(&t);
  check_roles(&t, SV_WEIGHT, SV_BIAS);
  static char *swapped[] = {"b", "p"}; /* the sum the other way round */
  t.node[1].input = swapped;
  check_roles(&t, SV_WEIGHT, SV_BIAS);
}

/* What no weight made is shifted by a constant: a mean, say. A product element
 * by element is no sum. */
static void test_constants(void **state) {
  (void)state;
  toy t;
  static char *sum[] = {"x", "b"}, *product[] = {"s", "w"};
  static char *shifted[] = {"s"}, *end[] = {"y"};
  toy_products(&t);
  t.node[1].input = sum;
  t.node[1].output = shifted;
  t.node[0].input = product;
  t.node[0].output = end;
  t.b_dims[0] = 4;
  t.tensor[1].n_float_data = 4;
  t.tensor[1].float_data = t.w;
  check_roles(&t, SV_WEIGHT, SV_CONSTANT);
  toy_products(&t);
  t.node[1].op_type = "Mul";
  check_roles(&t, SV_WEIGHT, SV_CONSTANT);
}

/* What the file says counts; a file of ours says all. */
static void test_said(void **state) {
  (void)state;
  toy t;
  static Onnx__StringStringEntryProto entry, *entries[] = {&entry};
  onnx__string_string_entry_proto__init(&entry);
  toy_products(&t);
  entry.key = "svertka.role.w";
  entry.value = "constant";
  t.model.n_metadata_props = 1;
  t.model.metadata_props = entries;
  check_roles(&t, SV_CONSTANT, SV_CONSTANT);
  toy_products(&t);
  t.model.producer_name = "svertka";
  check_roles(&t, SV_CONSTANT, SV_CONSTANT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_linear),
      cmocka_unit_test(test_constants),
      cmocka_unit_test(test_said),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
