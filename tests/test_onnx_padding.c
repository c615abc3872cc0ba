/* Paddings that are rules are saved in numbers wherever these do not depend on
 * a size that is free: others read SAME with dilation, with steps longer than
 * the window, and with ceil_mode otherwise than ONNX says, or not at all. */
#include "onnx_files.h"

#include "base/text.h"
#include "op/attrs.h"
#include "tensor/tensor.h"

enum { BATCH = 2 };

static sv_model *model_of(const char *text) {
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_network_parse(&graph, "net", text));
  assert_ok(sv_model_new(&model, graph, 7));
  return model;
}

static sv_model *reload(const sv_model *model) {
  sv_model *loaded;
  assert_ok(sv_model_save(model, in_folder("padding.onnx")));
  assert_ok(sv_model_load(&loaded, in_folder("padding.onnx")));
  return loaded;
}

/* An attribute of node 0 as text. */
static void expect_attribute(const sv_model *model, const char *name,
                             const char *expected) {
  const sv_node *node = &model->graph->nodes[0];
  sv_text text = {0};
  sv_attr_print(&text, sv_attr_find(node->op, name), node->attrs);
  assert_string_equal(text.at ? text.at : "", expected);
  sv_text_clear(&text);
}

/* The first output for an image of this size. */
static sv_tensor *run(const sv_model *model, int64_t height, int64_t width) {
  sv_plan_options options = sv_plan_default();
  const char *name =
      model->graph->values[sv_graph_data_input(model->graph)].name;
  sv_input_shape shape = {name, sv_shape_of(4, BATCH, 2, height, width)};
  sv_plan *plan;
  sv_tensor view, *copy;
  options.shapes = &shape;
  options.shape_count = 1;
  options.exact = true;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  assert_ok(sv_plan_input(plan, name, &view));
  for (int64_t i = 0; i < sv_shape_count(&view.shape); i++)
    sv_tensor_set(&view, i, (double)(i * 37 % 19) / 8 - 1);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, model->graph->outputs[0].name, &view));
  assert_ok(sv_tensor_clone(&copy, &view));
  sv_plan_free(plan);
  return copy;
}

static void expect_same_run(const sv_model *a, const sv_model *b,
                            int64_t height, int64_t width) {
  sv_tensor *x = run(a, height, width), *y = run(b, height, width);
  assert_true(sv_shape_equal(&x->shape, &y->shape));
  for (int64_t i = 0; i < sv_shape_count(&x->shape); i++)
    assert_float_equal(sv_tensor_get(x, i), sv_tensor_get(y, i), 1e-6);
  sv_tensor_free(x);
  sv_tensor_free(y);
}

/* The numbers by hand: total = (ceil(n / s) - 1) s + d (k - 1) + 1 - n, half of
 * it at each end. Of reversed convolutions, d (k - 1) + 1 - s. */
static const struct {
  const char *network, *padding;
  int64_t height, width;
} cases[] = {
    {"input 2x10x9; conv 3 3x3 padding=same dilation=2", "2x2x2x2", 10, 9},
    {"input 2x7x6; conv 3 2x3 padding=same_lower stride=2 dilation=2x1",
     "1x1x1x0", 7, 6},
    {"input 2x7x7; conv 3 1x2 padding=same stride=3", "0x0x0x1", 7, 7},
    {"input 2x9x9; conv 3 1x1 padding=same stride=2", "0", 9, 9},
    {"input 2x7x6; max_pool 3 2 padding=same dilation=2", "2x1x2x2", 7, 6},
    {"input 2x7x6; max_pool 3 2 padding=same ceil_mode=true", "1x0x1x1", 7, 6},
    {"input 2x7x5; max_pool 2 2 padding=valid ceil_mode=true", "0", 7, 5},
    {"input 2x7x6; avg_pool 3 2 padding=same dilation=2", "2x1x2x2", 7, 6},
    {"input 2x8x8; avg_pool 2 3 padding=same count_padding=true", "0", 8, 8},
    {"input 2x8x7; lp_pool 2x4 3 padding=same_lower", "0x2x0x1", 8, 7},
    {"input 2x7x6; window_pool 3 2 padding=same", "1x0x1x1", 7, 6},
    {"input 2x5x5; conv_transpose 3 4 stride=2 padding=same", "1x1x1x1", 5, 5},
    {"input 2x5x5; conv_transpose 3 1 stride=2 padding=same", "0", 5, 5},
    {"input 2x5x6; conv_transpose 3 2 stride=2 dilation=2 padding=same_lower",
     "1x1x0x0", 5, 6},
    {"input 2x5x6; conv_transpose 3 4 stride=2 padding=same "
     "output_shape=11x13",
     "0x0x1x1", 5, 6},
    /* Free sizes that the numbers do not depend on ... */
    {"input 2x?x?; conv 3 3x3 padding=same dilation=2", "2x2x2x2", 9, 8},
    {"input 2x?x?; conv 3 2x2 padding=same_lower", "1x1x0x0", 9, 8},
    {"input 2x?x?; conv 3 1x1 padding=same stride=2", "0", 9, 8},
    {"input 2x?x6; max_pool 3x4 1x2 padding=same", "1x1x1x1", 9, 6},
    {"input 2x?x?; avg_pool 3 2 padding=valid ceil_mode=true", "0", 8, 8},
    {"input 2x?x?; conv_transpose 3 4 stride=2 padding=same", "1x1x1x1", 9, 8},
    {"input 2x?x?; conv_transpose 3 1 stride=3 padding=same", "0", 9, 8},
    /* ... and those on which they do. */
    {"input 2x?x?; conv 3 3x3 padding=same stride=2", "same", 9, 8},
    {"input 2x8x?; max_pool 2 3 padding=same_lower", "same_lower", 8, 10},
};

static void test_rules(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    print_message("%s\n", cases[i].network);
    sv_model *built = model_of(cases[i].network);
    sv_model *loaded = reload(built);
    expect_attribute(loaded, "padding", cases[i].padding);
    expect_same_run(built, loaded, cases[i].height, cases[i].width);
    sv_model_free(loaded);
    sv_model_free(built);
  }
}

/* Free sizes: the same for every image. */
static void test_free_sizes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (!strstr(cases[i].network, "x?x?")) continue;
    sv_model *built = model_of(cases[i].network);
    sv_model *loaded = reload(built);
    for (int64_t size = 7; size < 13; size++)
      expect_same_run(built, loaded, size, 20 - size);
    sv_model_free(loaded);
    sv_model_free(built);
  }
}

/* What hangs over and what is missing follow from the rule, too. */
static void test_what_goes_with_them(void **state) {
  (void)state;
  static const struct {
    const char *network, *name, *value;
  } rest[] = {
      {"input 2x7x5; max_pool 2 2 padding=valid ceil_mode=true", "ceil_mode",
       "false"},
      {"input 2x7x6; avg_pool 3 2 padding=same ceil_mode=true", "ceil_mode",
       "false"},
      {"input 2x7x6; avg_pool 3 2 ceil_mode=true", "ceil_mode", "true"},
      {"input 2x5x5; conv_transpose 3 1 stride=2 padding=same",
       "output_padding", "1x1"},
      {"input 2x5x6; conv_transpose 3 4 stride=2 padding=same "
       "output_shape=11x13",
       "output_shape", ""},
  };
  for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
    sv_model *built = model_of(rest[i].network), *loaded = reload(built);
    expect_attribute(loaded, rest[i].name, rest[i].value);
    sv_model_free(loaded);
    sv_model_free(built);
  }
}

/* Other runtimes refuse a pooling whose padding is as large as its kernel,
 * which dilation allows: a pad node or a convolution is written. */
static void test_much_padding(void **state) {
  (void)state;
  static const struct {
    const char *network, *first;
  } much[] = {
      {"input 2x9x8; max_pool 2 dilation=2 padding=2", "pad"},
      {"input 2x?x?; max_pool 2 stride=3 dilation=3 padding=1,2,3,0", "pad"},
      {"input 2x9x8; max_pool 3 2 dilation=2 padding=3 ceil_mode=true", "pad"},
      {"input 2x9x8; lp_pool 3 dilation=2 padding=1,0,3,2 p=1", "pad"},
      {"input 2x9x8; avg_pool 2 dilation=2 padding=2 count_padding=true",
       "conv"},
      {"input 2x9x8; avg_pool 2 dilation=2 padding=2", "conv"},
      {"input 2x?x?; avg_pool 2x3 3 dilation=2 padding=2,1,1,3", "conv"},
      {"input 2x9x8; avg_pool 3 2 dilation=2 padding=3 ceil_mode=true", "conv"},
      {"input 2x9x8; max_pool 2 dilation=2 padding=1", "max_pool"},
      {"input 2x?x?; max_pool 2 2 dilation=2 padding=2 ceil_mode=true",
       "max_pool"},
  };
  for (size_t i = 0; i < sizeof much / sizeof much[0]; i++) {
    print_message("%s\n", much[i].network);
    sv_model *built = model_of(much[i].network), *loaded = reload(built);
    assert_string_equal(loaded->graph->nodes[0].op->name, much[i].first);
    expect_same_run(built, loaded, 9, 8);
    sv_model_free(loaded);
    sv_model_free(built);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_free_sizes),
      cmocka_unit_test(test_what_goes_with_them),
      cmocka_unit_test(test_much_padding),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
