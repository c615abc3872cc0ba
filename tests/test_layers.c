/* Layers through the builder: the lecture's shapes and parameters. */
#include "one_node.h"

#include <svertka/layers.h>

#include "graph/graph.h"

static int64_t count_parameters(const sv_graph *graph) {
  int64_t count = 0;
  for (int i = 1; i < graph->value_count; i++)
    if (graph->values[i].kind == SV_VALUE_STATE)
      count += sv_shape_count(&graph->values[i].shape);
  return count;
}

/* A network as a text of operators on one input. */
static sv_graph *build(sv_shape input, const char *const *ops,
                       sv_shape *output) {
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "net"));
  sv_value x = sv_input(g, "image", SV_F32, input);
  for (; *ops; ops++) {
    char op[32];
    size_t length = strcspn(*ops, " ");
    memcpy(op, *ops, length);
    op[length] = '\0';
    x = sv_apply_text(g, op, &x, 1, *ops + length);
  }
  expect_ok(sv_graph_check(g));
  *output = sv_value_shape(g, x);
  return g;
}

static void test_gold_parameters(void **state) {
  (void)state;
  static const struct {
    int size, channels;
    const char *ops[6];
    int64_t parameters;
    int map, maps;
  } cases[] = {
      {8, 3, {"conv 1 3x3"}, 28, 6, 1},
      {8, 3, {"conv 6 3x3", "conv 10 3x3"}, 6 * 28 + 550, 4, 10},
      {5, 1, {"conv 1 5x5"}, 26, 1, 1},
      {5, 1, {"conv 1 3x3", "conv 1 3x3"}, 20, 1, 1},
      {5,
       1,
       {"conv 1 1x3", "conv 1 3x1", "conv 1 1x3", "conv 1 3x1"},
       16,
       1,
       1},
      {8, 1, {"conv 1 3x3", "max_pool 2x2 2", "conv 1 3x3"}, 20, 1, 1},
      {224, 16, {"conv 32 3x3 padding=same"}, 4640, 224, 32},
      {224, 16, {"conv 8 1x1", "conv 32 3x3 padding=1"}, 2472, 224, 32},
  };
  for (size_t i = 0; i < count_of(cases); i++) {
    int size = cases[i].size;
    sv_shape y;
    sv_graph *g = build(sv_shape_of(4, -1, cases[i].channels, size, size),
                        cases[i].ops, &y);
    assert_int_equal(count_parameters(g), cases[i].parameters);
    assert_int_equal(y.dim[1], cases[i].maps);
    assert_int_equal(y.dim[2], cases[i].map);
    assert_int_equal(y.dim[3], cases[i].map);
    sv_graph_free(g);
  }
  static const char *const dense[] = {"flatten", "linear 36", NULL};
  sv_shape y;
  sv_graph *g = build(sv_shape_of(4, -1, 3, 8, 8), dense, &y);
  assert_int_equal(count_parameters(g), 6948);
  sv_graph_free(g);
}

static void test_lenet(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "lenet5"));
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 28, 28));
  x = sv_pad(g, x, SV_BORDER_CONSTANT, (int64_t[]){2, 2, 2, 2}, 0);
  x = sv_avg_pool(g, sv_tanh(g, sv_conv(g, x, 6, 5)), 2, 2);
  x = sv_avg_pool(g, sv_tanh(g, sv_conv(g, x, 16, 5)), 2, 2);
  x = sv_tanh(g, sv_conv(g, x, 120, 5));
  sv_shape shape = sv_value_shape(g, x);
  assert_true(sv_shape_equal(&shape, &(sv_shape){4, {1, 120, 1, 1}}));
  x = sv_tanh(g, sv_linear(g, sv_flatten(g, x), 84));
  sv_classifier_head(g, sv_linear(g, x, 10));
  expect_ok(sv_graph_check(g));
  assert_int_equal(count_parameters(g), 61706);
  assert_int_equal(g->output_count, 2);
  assert_string_equal(g->outputs[0].name, "probabilities");
  assert_string_equal(g->outputs[1].name, "loss");
  int label = sv_graph_find(g, "label");
  assert_int_equal(g->values[label].dtype, SV_I64);
  assert_int_equal(g->values[label].shape.dim[0], -1);
  sv_graph_free(g);
}

/* In ONNX LeNet's pooling is an average and a 1x1 convolution of each map. */
static void test_expand(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "pool"));
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 6, 28, 28));
  sv_weighted_avg_pool(g, x, 2, 2);
  expect_ok(sv_graph_check(g));
  assert_int_equal(count_parameters(g), 12);
  const sv_node *node = &g->nodes[0];
  sv_value in[] = {{node->in[0]}, {node->in[1]}, {node->in[2]}}, out[1];
  expect_ok(node->op->expand(node, g, in, out));
  assert_int_equal(count_parameters(g), 12);
  assert_int_equal(g->node_count, 3);
  assert_string_equal(g->nodes[1].op->name, "avg_pool");
  assert_string_equal(g->nodes[2].op->name, "conv");
  assert_int_equal((int)sv_attr_number(&g->nodes[2], "group"), 6);
  sv_shape shape = sv_value_shape(g, out[0]);
  assert_true(sv_shape_equal(&shape, &(sv_shape){4, {1, 6, 14, 14}}));
  sv_graph_free(g);
}

/* Each short form is the operator of its name; numbers reach the attributes. */
static void test_activations(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "net"));
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 6, 5, 5));
  sv_clip(g, sv_leaky_relu(g, sv_elu(g, x, 0.5), 0.25), -1, 6);
  sv_hard_sigmoid(g, sv_prelu(g, x));
  sv_hard_swish(g, sv_selu(g, sv_gelu(g, sv_silu(g, sv_mish(g, x)))));
  sv_log_softmax(g, sv_softplus(g, sv_softsign(g, x)));
  sv_div(g, sv_mul(g, sv_sub(g, x, x), x), x);
  expect_ok(sv_graph_check(g));
  static const char *const names[] = {
      "elu",          "leaky_relu", "clip",     "prelu",
      "hard_sigmoid", "mish",       "silu",     "gelu",
      "selu",         "hard_swish", "softsign", "softplus",
      "log_softmax",  "sub",        "mul",      "div"};
  assert_int_equal(g->node_count, 16);
  for (int i = 0; i < g->node_count; i++)
    assert_string_equal(g->nodes[i].op->name, names[i]);
  assert_true(sv_attr_number(&g->nodes[0], "alpha") == 0.5);
  assert_true(sv_attr_number(&g->nodes[1], "alpha") == 0.25);
  assert_true(sv_attr_number(&g->nodes[2], "min") == -1);
  assert_true(sv_attr_number(&g->nodes[2], "max") == 6);
  assert_true(sv_attr_number(&g->nodes[4], "alpha") == 1.0F / 6);
  assert_int_equal(count_parameters(g), 6); /* a slope for each channel */
  sv_graph_free(g);
}

/* The same of windows, normalisations and losses. */
static void test_short_forms(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "net"));
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 6, 8, 8));
  sv_global_max_pool(g, sv_window_pool(g, x, 3, 2));
  sv_layer_norm(g, sv_group_norm(g, sv_instance_norm(g, x), 3), 1);
  sv_lrn_attrs lrn = sv_lrn_default();
  lrn.k = 2;
  sv_lrn_with(g, sv_lrn(g, x), &lrn);
  sv_batch_norm_attrs norm = sv_batch_norm_default();
  norm.epsilon = 0.25;
  sv_batch_norm_with(g, x, &norm);
  sv_value error = sv_squared_error(g, sv_matmul(g, x, x), x);
  expect_ok(sv_graph_check(g));
  static const struct {
    const char *op, *attribute;
    double number;
  } expected[] = {{"window_pool", "window", SV_WINDOW_BINOMIAL},
                  {"global_max_pool", NULL, 0},
                  {"instance_norm", NULL, 0},
                  {"group_norm", "groups", 3},
                  {"layer_norm", "axis", 1},
                  {"lrn", "k", 1},
                  {"lrn", "k", 2},
                  {"batch_norm", "epsilon", 0.25},
                  {"matmul", NULL, 0},
                  {"squared_error", NULL, 0}};
  assert_int_equal(g->node_count, count_of(expected));
  for (int i = 0; i < g->node_count; i++) {
    const char *attribute = expected[i].attribute;
    assert_string_equal(g->nodes[i].op->name, expected[i].op);
    if (attribute)
      assert_true(sv_attr_number(&g->nodes[i], attribute) ==
                  expected[i].number);
  }
  assert_int_equal(sv_value_shape(g, error).rank, 0);
  sv_graph_free(g);
}

static void test_scopes(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "net"));
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 8, 8));
  for (int i = 0; i < 2; i++) {
    sv_scope_push(g, "layer1.%d", i);
    x = sv_conv(g, x, 2, 3);
    sv_scope_push(g, "side");
    x = (sv_name(g, "act"), sv_relu(g, x));
    sv_parameter(g, "spare", SV_WEIGHT, SV_F32, sv_shape_of(1, 3), NULL);
    sv_scope_pop(g);
    x = sv_relu(g, x);
    sv_scope_pop(g);
  }
  x = sv_relu(g, x);
  expect_ok(sv_graph_check(g));
  static const char *const names[] = {
      "layer1.0.conv1", "layer1.0.conv1.weight", "layer1.0.conv1.bias",
      "layer1.0.relu1", "layer1.0.side.act",     "layer1.0.side.spare",
      "layer1.1.relu1", "layer1.1.side.act",     "relu1"};
  for (size_t i = 0; i < count_of(names); i++)
    if (!sv_graph_find(g, names[i])) fail_msg("no '%s'", names[i]);
  assert_int_equal(g->node_count, 7);
  sv_scope_pop(g);
  assert_int_equal(sv_graph_check(g), SV_INVALID);
  sv_scope_push(g, "a failed graph takes this");
  sv_graph_free(g);
}

static void test_long_scope(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "net"));
  for (int i = 0; i < 60; i++) sv_scope_push(g, "abc");
  expect_ok(sv_graph_check(g));
  sv_scope_push(g, "d");
  assert_int_equal(sv_graph_check(g), SV_INVALID);
  assert_non_null(strstr(sv_error(), "longer than 240 bytes"));
  sv_graph_free(g);
}

static void expect_shape(const sv_graph *g, sv_value value, sv_shape expected) {
  sv_shape found = sv_value_shape(g, value);
  expect_ok(sv_graph_check(g));
  assert_true(sv_shape_equal(&found, &expected));
}

/* What moves numbers, on images of one size and of any. */
static void test_moves(void **state) {
  (void)state;
  for (int size = -1; size <= 256; size += 257) {
    sv_graph *g;
    int64_t n = size < 0 ? 256 : size;
    expect_ok(sv_graph_new(&g, "net"));
    sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 8, size, size));
    sv_value a = sv_split_equally(g, x, 2, 1), b = sv_output_of(g, a, 1);
    expect_shape(g, b, (sv_shape){4, {1, 4, n, n}});
    sv_value y = sv_concat(g, (sv_value[]){a, x, b}, 3, 1);
    expect_shape(g, y, (sv_shape){4, {1, 16, n, n}});
    y = sv_channel_shuffle(g, y, 4);
    expect_shape(g, y, (sv_shape){4, {1, 16, n, n}});
    y = sv_slice(g, y, 1, 2, -2);
    expect_shape(g, y, (sv_shape){4, {1, 12, n, n}});
    y = sv_conv_transpose(g, y, 3, 4, 2);
    expect_shape(g, y, (sv_shape){4, {1, 3, 2 * n, 2 * n}});
    y = sv_resize_by(g, y, SV_SAMPLE_LINEAR, 0.5);
    expect_shape(g, y, (sv_shape){4, {1, 3, n, n}});
    y = sv_resize_to(g, y, SV_SAMPLE_NEAREST, 1, 5);
    expect_shape(g, y, (sv_shape){4, {1, 3, 1, 5}});
    y = sv_squeeze(g, y, (sv_ints){1, {2}});
    expect_shape(g, y, (sv_shape){3, {1, 3, 5}});
    y = sv_transpose(g, y, (sv_ints){3, {0, 2, 1}});
    expect_shape(g, y, (sv_shape){3, {1, 5, 3}});
    y = sv_reshape(g, y, (sv_ints){2, {0, -1}});
    expect_shape(g, y, (sv_shape){2, {1, 15}});
    sv_graph_free(g);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_gold_parameters),
      cmocka_unit_test(test_lenet),
      cmocka_unit_test(test_expand),
      cmocka_unit_test(test_activations),
      cmocka_unit_test(test_short_forms),
      cmocka_unit_test(test_scopes),
      cmocka_unit_test(test_long_scope),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
