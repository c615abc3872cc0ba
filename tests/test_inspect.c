/* Reading networks, their analysis and the operators' tables through public
 * headers alone, as a host program does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <svertka/svertka.h>

#include "asserts.h"

static sv_graph *network(const char *text) {
  sv_graph *graph;
  assert_ok(sv_network_parse(&graph, NULL, text));
  return graph;
}

/* ---- Inputs and outputs ---- */

static void test_inputs(void **state) {
  (void)state;
  sv_graph *g = network(
      "input 3,max_h,8; conv 4 3x3 padding=same; global_avg_pool; flatten\n"
      "classifier");
  assert_int_equal(sv_graph_input_count(g), 2);
  sv_value_desc image = sv_graph_describe(g, sv_graph_input_at(g, 0));
  assert_string_equal(image.name, "image");
  assert_int_equal(image.kind, SV_VALUE_INPUT);
  assert_int_equal(image.role, SV_DATA);
  assert_int_equal(image.dtype, SV_F32);
  assert_int_equal(image.shape.rank, 4);
  assert_int_equal(image.shape.dim[0], -1);
  assert_int_equal(image.shape.dim[1], 3);
  assert_int_equal(image.shape.dim[2], -1);
  assert_string_equal(image.symbol[2], "max_h");
  assert_null(image.symbol[1]);
  assert_int_equal(image.producer, -1);
  assert_int_equal(sv_graph_image_input(g).id, sv_graph_input_at(g, 0).id);
  sv_value_desc label = sv_graph_describe(g, sv_graph_input_at(g, 1));
  assert_int_equal(label.role, SV_LABEL);
  assert_int_equal(label.dtype, SV_I64);
  sv_graph_free(g);
}

static void test_outputs(void **state) {
  (void)state;
  sv_graph *g = network("input 4x4x4; flatten; linear 5; classifier");
  bool scores = false, loss = false;
  for (int i = 0; i < sv_graph_output_count(g); i++) {
    sv_output_desc o = sv_graph_output_at(g, i);
    sv_value_desc v = sv_graph_describe(g, o.value);
    assert_int_equal(v.kind, SV_VALUE_NODE);
    assert_true(v.producer >= 0 && v.producer < sv_graph_node_count(g));
    if (o.is_loss) {
      loss = true;
      assert_true(o.weight == 1);
      assert_int_equal(v.shape.rank, 0);
    } else {
      scores = true;
      assert_int_equal(v.shape.rank, 2);
      assert_int_equal(v.shape.dim[1], 5);
    }
  }
  assert_true(scores && loss);
  sv_graph_free(g);
}

static void test_beyond(void **state) {
  (void)state;
  sv_graph *g = network("input 1x4x4; relu");
  for (int i = -1; i <= 2; i += 3) {
    assert_int_equal(sv_graph_input_at(g, i).id, 0);
    assert_null(sv_graph_output_at(g, i).name);
    assert_null(sv_graph_node(g, i));
  }
  const sv_node *relu = sv_graph_node(g, 0);
  assert_int_equal(sv_node_input(relu, -1).id, 0);
  assert_int_equal(sv_node_input(relu, 1).id, 0);
  assert_int_equal(sv_node_output(relu, 1).id, 0);
  int beyond = sv_graph_value_count(g) + 1;
  assert_null(sv_graph_describe(g, (sv_value){beyond}).name);
  assert_null(sv_graph_describe(g, (sv_value){0}).name);
  assert_non_null(sv_graph_describe(g, (sv_value){beyond - 1}).name);
  assert_int_equal(sv_graph_value_named(g, "nothing").id, 0);
  sv_graph_free(g);
}

/* A copy is a graph of its own; two image inputs are not one. */
static void test_copy(void **state) {
  (void)state;
  sv_graph *copy, *g = network("a = input 1x4x4; b = input 1x4x4; add(a, b)");
  assert_ok(sv_graph_copy(&copy, g));
  sv_graph_free(g);
  assert_int_equal(sv_graph_input_count(copy), 2);
  assert_int_equal(sv_graph_image_input(copy).id, 0);
  assert_string_equal(sv_node_name(sv_graph_node(copy, 0)), "add1");
  sv_graph_free(copy);
}

static void test_state(void **unused) {
  (void)unused;
  sv_state *state;
  sv_graph *g = network("input 3x8x8; conv 6 3x3");
  assert_ok(sv_state_new(&state, g, SV_F32));
  sv_shape shape = sv_state_shape(state, 0);
  assert_int_equal(sv_shape_count(&shape), 6 * 3 * 3 * 3);
  assert_true(sv_role_is_trained(sv_state_role(state, 0)));
  assert_false(sv_role_is_trained(SV_STATISTIC));
  sv_state_free(state);
  sv_graph_free(g);
}

/* ---- Nodes ---- */

static void test_nodes(void **state) {
  (void)state;
  sv_graph *g = network(
      "input 3x32x32; conv 6 3x3 stride=2 padding=same; relu\n"
      "conv 6 3x3 stride=2; conv 6 3x3 stride=2");
  char text[SV_ATTR_TEXT];
  assert_int_equal(sv_graph_node_count(g), 4);
  const sv_node *conv = sv_graph_node(g, 0), *relu = sv_graph_node(g, 1);
  assert_string_equal(sv_node_name(conv), "conv1");
  assert_string_equal(sv_op_name(sv_node_op(conv)), "conv");
  assert_string_equal(sv_node_attr(conv, "kernel", text), "3x3");
  assert_string_equal(sv_node_attr(conv, "padding", text), "same");
  assert_string_equal(sv_node_attr(conv, "dilation", text), "");
  assert_string_equal(sv_node_attr(relu, "kernel", text), "");
  assert_int_equal(sv_node_input_count(conv), 3);
  sv_value_desc weight = sv_graph_describe(g, sv_node_input(conv, 1));
  assert_string_equal(weight.name, "conv1.weight");
  assert_int_equal(weight.kind, SV_VALUE_STATE);
  assert_int_equal(weight.role, SV_WEIGHT);
  assert_int_equal(sv_shape_count(&weight.shape), 6 * 3 * 3 * 3);
  assert_int_equal(sv_node_output(conv, 0).id, sv_node_input(relu, 0).id);
  assert_int_equal(sv_graph_describe(g, sv_node_input(relu, 0)).producer, 0);
  assert_int_equal(sv_graph_value_named(g, "conv1.weight").id,
                   sv_node_input(conv, 1).id);
  assert_false(sv_node_same(conv, relu));
  assert_false(sv_node_same(conv, sv_graph_node(g, 2)));
  assert_true(sv_node_same(sv_graph_node(g, 2), sv_graph_node(g, 3)));
  sv_graph_free(g);
}

/* ---- Analysis ---- */

/* LeNet-5 as in the lecture: 61,706 parameters, 416,520 MACs an image. */
static void test_analysis(void **state) {
  (void)state;
  sv_graph *g;
  sv_analysis *a;
  sv_analysis_options options = sv_analysis_default();
  options.batch = 4;
  assert_ok(sv_zoo_build(&g, "lenet5", NULL));
  assert_ok(sv_analysis_new(&a, g, &options));
  sv_graph_free(g);
  sv_totals totals = sv_analysis_totals(a);
  assert_int_equal(totals.parameters, 61706);
  assert_int_equal(totals.macs, 4 * 416520);
  assert_int_equal(totals.weight_layers, 5);
  assert_int_equal(totals.input.dim[0], 4);
  const sv_graph *part = sv_analysis_graph(a);
  assert_int_equal(sv_analysis_count(a), sv_graph_node_count(part));
  bool seen = false;
  for (int i = 0; i < sv_analysis_count(a); i++) {
    const sv_layer *layer = sv_analysis_layer(a, i);
    assert_ptr_equal(layer->node, sv_graph_node(part, i));
    sv_shape shape = sv_analysis_shape(a, sv_node_output(layer->node, 0));
    assert_true(sv_shape_equal(&shape, &layer->output));
    if (strcmp(sv_node_name(layer->node), "avg_pool2") != 0) continue;
    seen = true;
    assert_int_equal(layer->neurons, 400);
    assert_int_equal(layer->field.axis[0].size, 16);
    assert_true(sv_receptive_step(&layer->field.axis[0]) == 4);
    assert_true(sv_receptive_centre(&layer->field.axis[1]) == 7.5);
  }
  assert_true(seen);
  assert_null(sv_analysis_layer(a, -1));
  assert_null(sv_analysis_layer(a, sv_analysis_count(a)));
  assert_int_equal(sv_analysis_shape(a, (sv_value){0}).rank, -1);
  sv_analysis_free(a);
  sv_analysis_free(NULL);
}

static void test_analysis_errors(void **state) {
  (void)state;
  sv_analysis *a;
  sv_graph *g = network("input 1,h,w; conv 2 3x3");
  assert_error(SV_INVALID, "free", sv_analysis_new(&a, g, NULL));
  assert_null(a);
  sv_analysis_options options = sv_analysis_default();
  const sv_ints image = {3, {1, 9, 7}}, flat = {0};
  options.image = &image;
  assert_ok(sv_analysis_new(&a, g, &options));
  assert_int_equal(sv_analysis_layer(a, 0)->output.dim[2], 7);
  sv_analysis_free(a);
  options.image = &flat;
  assert_error(SV_INVALID, "dimensions", sv_analysis_new(&a, g, &options));
  options = sv_analysis_default();
  options.batch = 0;
  assert_error(SV_INVALID, "batch is 0", sv_analysis_new(&a, g, &options));
  sv_graph_free(g);
}

/* A shorter struct of an older version is read as far as it goes; a longer one,
 * or one without its size, is refused. */
static void test_sizes(void **state) {
  (void)state;
  sv_analysis *a;
  sv_graph *g = network("input 1,h,w; conv 2 3x3");
  const sv_ints image = {3, {1, 9, 7}};
  sv_analysis_options options = sv_analysis_default();
  options.batch = 2;
  options.image = &image;
  options.size = offsetof(sv_analysis_options, image);
  assert_error(SV_INVALID, "free", sv_analysis_new(&a, g, &options));
  options.size = offsetof(sv_analysis_options, training);
  assert_ok(sv_analysis_new(&a, g, &options));
  assert_int_equal(sv_analysis_totals(a).input.dim[0], 2);
  sv_analysis_free(a);
  options.size = sizeof options + 8;
  assert_error(SV_INVALID, "newer version", sv_analysis_new(&a, g, &options));
  options.size = 0;
  assert_error(SV_INVALID, "its size is 0", sv_analysis_new(&a, g, &options));
  sv_graph_free(g);
}

/* ---- Tables ---- */

static void test_operator(void **state) {
  (void)state;
  const sv_op *op;
  assert_error(SV_INVALID, "did you mean conv", sv_op_find(&op, "cnov"));
  assert_null(op);
  assert_ok(sv_op_find(&op, "conv"));
  assert_true(strlen(sv_op_summary(op)) > 0);
  assert_string_equal(sv_op_input(op, 1)->name, "w");
  assert_int_equal(sv_op_input(op, 1)->role, SV_WEIGHT);
  assert_true(sv_op_input(op, 2)->optional);
  assert_null(sv_op_input(op, 3));
  assert_null(sv_op_input(op, -1));
  assert_string_equal(sv_op_output(op, 0)->name, "y");
  assert_string_equal(sv_op_onnx(op, 0)->type, "Conv");
  assert_null(sv_op_onnx(op, 1));
  int backends = 0;
  while (sv_op_backend(op, backends)) backends++;
  assert_true(backends > 0);
  assert_string_equal(sv_op_backend(op, backends - 1), "ref");
  sv_attr_desc attr;
  bool kernel = false;
  int attrs = 0;
  for (; sv_op_attr(op, attrs, &attr); attrs++)
    if (strcmp(attr.name, "kernel") == 0) {
      kernel = true;
      assert_int_equal(attr.type, SV_ATTR_INTS);
      assert_string_equal(attr.onnx, "kernel_shape");
      assert_true(attr.position > 0 && strlen(attr.help) > 0);
      assert_null(attr.choices);
    }
  assert_true(kernel);
  assert_false(sv_op_attr(op, attrs, &attr));
  assert_false(sv_op_attr(op, -1, &attr));
}

/* Each table ends, its names differ, and each operator finds itself. */
static void test_operators(void **state) {
  (void)state;
  enum { MOST = 100 };
  assert_null(sv_op_at(-1));
  assert_null(sv_op_at(sv_op_count()));
  for (int i = 0; i < sv_op_count(); i++) {
    const sv_op *op = sv_op_at(i), *found;
    sv_attr_desc attr, other;
    assert_ok(sv_op_find(&found, sv_op_name(op)));
    assert_ptr_equal(op, found);
    int count = 0;
    for (; sv_op_attr(op, count, &attr); count++) {
      assert_true(count < MOST);
      for (int k = 0; k < count; k++) {
        assert_true(sv_op_attr(op, k, &other));
        assert_string_not_equal(attr.name, other.name);
      }
      if (attr.type == SV_ATTR_CHOICE) assert_non_null(attr.choices[0]);
    }
  }
}

static void test_zoo_tables(void **state) {
  (void)state;
  sv_attr_desc attr;
  assert_int_equal(sv_zoo_find("nothing"), -1);
  for (int i = 0; i < sv_zoo_count(); i++) {
    assert_int_equal(sv_zoo_find(sv_zoo_name(i)), i);
    assert_true(strlen(sv_zoo_source(i)) > 0);
    assert_string_equal(sv_op_name(sv_zoo_parameters(i)), sv_zoo_name(i));
    assert_true(sv_op_attr(sv_zoo_parameters(i), 0, &attr));
    assert_null(sv_op_input(sv_zoo_parameters(i), 0));
    assert_null(sv_op_onnx(sv_zoo_parameters(i), 0));
    assert_null(sv_op_backend(sv_zoo_parameters(i), 0));
  }
  int vgg = sv_zoo_find("vgg16");
  assert_string_equal(sv_zoo_name(vgg), "vgg");
  for (int k = 0; sv_zoo_alias_name(vgg, k); k++)
    if (strcmp(sv_zoo_alias_name(vgg, k), "vgg16") == 0)
      assert_string_equal(sv_zoo_alias_parameters(vgg, k), "config=D");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inputs),    cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_beyond),    cmocka_unit_test(test_nodes),
      cmocka_unit_test(test_analysis),  cmocka_unit_test(test_analysis_errors),
      cmocka_unit_test(test_sizes),     cmocka_unit_test(test_operator),
      cmocka_unit_test(test_operators), cmocka_unit_test(test_zoo_tables),
      cmocka_unit_test(test_copy),      cmocka_unit_test(test_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
