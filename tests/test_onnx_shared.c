/* What a foreign file writes once for several tensors is several. */
#include "onnx_files.h"

#include "graph/model.h"
#include "tensor/tensor.h"

/* x 1x2x4x4 -batch_norm-> p -batch_norm-> y, as an exporter writes it
 * that holds equal tensors once: scale and variance are "one", of both layers;
 * the second one's by way of an Identity, which the first node is. */
static void toy_shared(toy *t) {
  static char *names[] = {"x", "one", "zero", "zero", "one",
                          "p", "two", "zero", "zero", "one"};
  static char *one[] = {"one"}, *two[] = {"two"}, *p[] = {"p"}, *y[] = {"y"};
  static const float ones[] = {1, 1}, zeros[] = {0, 0};
  toy_init(t);
  for (int i = 0; i < 3; i++) {
    t->node[i] = t->node[2];
    t->node[i].op_type = i ? "BatchNormalization" : "Identity";
    t->node[i].name = i == 2 ? "second" : i ? "first" : "same";
    t->node[i].n_input = i ? 5 : 1;
    t->node[i].input = i ? names + 5 * (i - 1) : one;
    t->node[i].n_output = 1;
    t->node[i].output = i == 2 ? y : i ? p : two;
  }
  t->graph.n_node = 3;
  for (int i = 0; i < 2; i++) {
    t->tensor[i] = t->tensor[1];
    t->tensor[i].name = i ? "zero" : "one";
    t->tensor[i].dims = t->b_dims;
    t->tensor[i].n_float_data = 2;
    t->tensor[i].float_data = (float *)(uintptr_t)(i ? zeros : ones);
  }
  t->b_dims[0] = 2;
}

static const char *input_name(const sv_model *model, int node, int i) {
  const sv_graph *g = model->graph;
  return g->values[g->nodes[node].in[i]].name;
}

static void test_shared(void **state) {
  (void)state;
  static const char *const names[2][5] = {
      {"x", "one", "zero", "zero_2", "one_2"},
      {"p", "two", "zero_3", "zero_4", "one_3"}};
  static const sv_role roles[] = {SV_DATA, SV_SCALE, SV_BIAS, SV_STATISTIC,
                                  SV_STATISTIC};
  toy t;
  sv_model *model;
  toy_shared(&t);
  assert_ok(toy_load(&t, &model));
  assert_int_equal(model->graph->node_count, 2);
  for (int n = 0; n < 2; n++)
    for (int i = 0; i < 5; i++) {
      assert_string_equal(input_name(model, n, i), names[n][i]);
      if (i) assert_int_equal(role_of(model, names[n][i]), roles[i]);
    }
  for (int i = 0; i < model->state->count; i++) {
    const sv_slot *slot = &model->state->slots[i];
    float expected = slot->name[0] == 'z' ? 0 : 1;
    for (int k = 0; k < 2; k++)
      assert_true(sv_tensor_get(&slot->tensor, k) == expected);
  }
  sv_model_free(model);
  t.model.producer_name = "svertka"; /* a file of ours means what it says */
  assert_ok(toy_load(&t, &model));
  assert_string_equal(input_name(model, 0, 4), "one");
  assert_string_equal(input_name(model, 1, 1), "one");
  sv_model_free(model);
}

/* x -conv w b-> a -conv w b-> c -conv v b-> y: the first two are one layer that
 * is used twice, the third one only begins with the same bias. */
static void test_tied(void **state) {
  (void)state;
  static char *in[3][3] = {{"x", "w", "b"}, {"a", "w", "b"}, {"c", "v", "b"}};
  static char *out[] = {"a", "c", "y"};
  toy t;
  sv_model *model;
  toy_init(&t);
  t.w_dims[0] = t.w_dims[1] = t.b_dims[0] = 2;
  t.w_dims[2] = t.w_dims[3] = t.kernel[0] = t.kernel[1] = 1;
  t.tensor[0].raw_data.len = 16;
  t.tensor[1].n_float_data = 2;
  t.tensor[2] = t.tensor[0];
  t.tensor[2].name = "v";
  t.graph.n_initializer = t.graph.n_node = 3;
  for (int i = 0; i < 3; i++) {
    t.node[i] = t.node[0];
    t.node[i].name = out[i];
    t.node[i].input = in[i];
    t.node[i].output = &out[i];
  }
  assert_ok(toy_load(&t, &model));
  for (int i = 0; i < 3; i++) {
    assert_string_equal(input_name(model, i, 1), i < 2 ? "w" : "v");
    assert_string_equal(input_name(model, i, 2), i < 2 ? "b" : "b_2");
  }
  assert_int_equal(role_of(model, "b_2"), SV_BIAS);
  sv_model_free(model);
}

/* What is computed with the same numbers is another tensor than the variance,
 * by its name or another one, before and behind the normalisation. */
static void test_computed(void **state) {
  (void)state;
  static char *own[2][2] = {{"x", "one"}, {"x", "two"}};
  static char *sum[] = {"p", "r"}, *p[] = {"p"}, *r[] = {"r"}, *y[] = {"y"};
  for (int k = 0; k < 4; k++) {
    toy t;
    sv_model *model;
    toy_shared(&t); /* 0: Identity, 1: the first, 2: Mul, 3: Add */
    int norm = k / 2 ? 2 : 1, mul = 3 - norm;
    t.node[norm] = t.node[1];
    t.node[norm].output = p;
    t.node[mul] = t.node[3];
    t.node[mul].op_type = "Mul";
    t.node[mul].n_input = 2;
    t.node[mul].input = own[k % 2];
    t.node[mul].n_output = 1;
    t.node[mul].output = r;
    t.node[3] = t.node[mul];
    t.node[3].op_type = "Add";
    t.node[3].input = sum;
    t.node[3].output = y;
    t.graph.n_node = 4;
    t.b_dims[0] = 2;
    t.x_dim[3].dim_value = 2;
    assert_ok(toy_load(&t, &model));
    assert_string_not_equal(input_name(model, mul - 1, 1),
                            input_name(model, norm - 1, 4));
    sv_model_free(model);
  }
}

/* A name that is taken is passed by. */
static void test_taken(void **state) {
  (void)state;
  toy t;
  sv_model *model;
  toy_shared(&t);
  t.tensor[2] = t.tensor[0];
  t.tensor[2].name = "one_2";
  t.graph.n_initializer = 3;
  assert_ok(toy_load(&t, &model));
  assert_string_equal(input_name(model, 0, 4), "one_3");
  assert_string_equal(input_name(model, 1, 4), "one_4");
  sv_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shared),
      cmocka_unit_test(test_tied),
      cmocka_unit_test(test_computed),
      cmocka_unit_test(test_taken),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
