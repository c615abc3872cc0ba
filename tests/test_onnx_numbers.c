/* Numbers of a file beyond all bounds: attributes, and shapes that are computed
 * from constants. Refused by one line, when it is loaded or when a plan looks
 * at the shapes, before memory is asked for. */
#include "onnx_files.h"

#include <math.h>

#include "graph/model.h"

/* y = OP(x, .., k), x 1x2x4x4, k a list at input `port` or an attribute. */
typedef struct lone {
  const char *op, *name; /* of the attribute; NULL: k is an input */
  int port, count;
  int64_t k[18];
  float real; /* not 0: `count` of it instead */
  sv_status status;
  const char *words;
} lone;

static void init(toy *t, const lone *l) {
  static char *inputs[4], *x[] = {"x"};
  static float reals[18];
  static int64_t dims[1];
  toy_init(t);
  for (int i = 0; i < 18; i++) reals[i] = l->real;
  for (int i = 0; i < 4; i++) inputs[i] = i == 0 ? "x" : "";
  inputs[l->port] = "k";
  dims[0] = l->count;
  Onnx__NodeProto *node = &t->node[1];
  node->op_type = (char *)l->op;
  node->n_input = l->name ? 1 : (size_t)l->port + 1;
  node->input = l->name ? x : inputs;
  t->set.version = 18;
  t->nodes[0] = node;
  t->graph.n_node = 1;
  Onnx__TensorProto *k = &t->tensor[0];
  k->name = "k";
  k->n_dims = 1;
  k->dims = dims;
  k->data_type = l->real != 0 ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
                              : ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
  k->raw_data.len = (size_t)l->count * (l->real != 0 ? 4 : 8);
  k->raw_data.data = l->real != 0 ? (uint8_t *)reals : (uint8_t *)l->k;
  if (!l->name) return;
  Onnx__AttributeProto *a = &t->attribute[0];
  node->n_attribute = 1;
  node->attribute = t->attributes;
  a->name = (char *)l->name;
  a->n_ints = l->count > 1 ? (size_t)l->count : 0;
  a->ints = (int64_t *)l->k;
  a->has_i = l->count == 1;
  a->i = l->k[0];
  a->type = l->count == 1 ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
                          : ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
}

static sv_status load_and_plan(const toy *t) {
  sv_model *model;
  sv_plan *plan = NULL;
  sv_plan_options options = sv_plan_default();
  options.threads = 1;
  sv_status status = toy_load(t, &model);
  if (status != SV_OK) return status;
  status = sv_plan_new(&plan, model->graph, model->state, &options);
  if (status == SV_OK) status = sv_plan_forward(plan);
  sv_plan_free(plan);
  sv_model_free(model);
  return status;
}

#define BIG INT32_MAX
#define FARTHEST INT64_MAX
static const lone lones[] = {
    {"ConstantOfShape", 0, 0, 3, {BIG, BIG, BIG}, 0, SV_NO_MEMORY, "too large"},
    {"ConstantOfShape",
     0,
     0,
     3,
     {0, FARTHEST, FARTHEST},
     0,
     SV_NO_MEMORY,
     "too large"},
    {"ConstantOfShape", 0, 0, 1, {-1}, 0, SV_INVALID, "dimension 0 is -1"},
    {"ConstantOfShape", 0, 0, 9, {1}, 0, SV_UNSUPPORTED, "9 dimensions"},
    {"Expand",
     0,
     1,
     8,
     {BIG, BIG, 1, 1, 1, 1, 1, 1},
     0,
     SV_NO_MEMORY,
     "its output of 2147483647x2147483647x1x1x1x2x4x4 is too large"},
    {"Expand", 0, 1, 4, {FARTHEST, 1, 1, 1}, 0, SV_INVALID, "expand: shape is"},
    {"Expand", 0, 1, 9, {1}, 0, SV_UNSUPPORTED, "shape has 9 dimensions"},
    {"Tile", 0, 1, 4, {BIG, BIG, BIG, BIG}, 0, SV_NO_MEMORY, "too large"},
    {"Tile", 0, 1, 4, {0, BIG, BIG, BIG}, 0, SV_NO_MEMORY, "too large"},
    {"Tile", 0, 1, 4, {-1, 1, 1, 1}, 0, SV_INVALID, "tile: repeats is -1"},
    {"Reshape",
     0,
     1,
     4,
     {BIG, BIG, BIG, BIG},
     0,
     SV_INVALID,
     "cannot have the shape"},
    {"Reshape", 0, 1, 2, {-1, -1}, 0, SV_INVALID, "has two dimensions of -1"},
    {"Reshape", 0, 1, 2, {-7, 1}, 0, SV_INVALID, "reshape: shape is -7"},
    {"Reshape", 0, 1, 9, {1}, 0, SV_UNSUPPORTED, "shape has 9 dimensions"},
    {"Reshape", 0, 1, 17, {1}, 0, SV_UNSUPPORTED, "shape has 17 values"},
    {"Unsqueeze", 0, 1, 5, {0, 1, 2, 3, 4}, 0, SV_UNSUPPORTED, "9 dimensions"},
    {"Pad", 0, 1, 8, {1 << 24 | 1}, 0, SV_INVALID, "pad: pads is 16777217"},
    {"Pad", 0, 1, 8, {INT64_MIN}, 0, SV_INVALID, "pad: pads is -9.22"},
    {"Pad", 0, 1, 8, {1 << 24, 1 << 24, 1 << 24}, 0, SV_NO_MEMORY, "too large"},
    {"Pad", 0, 1, 8, {0, 0, -4}, 0, SV_INVALID, "do not fit dimension 2"},
    {"Resize",
     0,
     2,
     4,
     {0},
     NAN,
     SV_INVALID,
     "a dimension of 1 cannot become nan"},
    {"Resize",
     0,
     2,
     4,
     {0},
     INFINITY,
     SV_INVALID,
     "a dimension of 1 cannot become"},
    {"Resize", 0, 2, 4, {0}, -2, SV_INVALID, "a dimension of 1 cannot become"},
    {"Resize",
     0,
     2,
     4,
     {0},
     1e-30f,
     SV_INVALID,
     "a dimension of 1 cannot become"},
    {"Resize", 0, 2, 4, {0}, 4e6f, SV_NO_MEMORY, "too large"},
    {"Resize", 0, 3, 4, {1, 2, FARTHEST, 4}, 0, SV_INVALID, "resize: sizes is"},
    {"Gather", 0, 1, 1, {-5}, 0, SV_INVALID, "index -5, expected -1 to 0"},
    {"Gather", 0, 1, 1, {INT64_MIN}, 0, SV_INVALID, ", expected -1 to 0"},
    {"Gather", "axis", 0, 1, {7}, 0, SV_FORMAT, "'index' is missing"},
    {"Split",
     "num_outputs",
     0,
     1,
     {BIG},
     0,
     SV_INVALID,
     "split: parts is 2147483647, expected 0 to 1024"},
    {"Split", "num_outputs", 0, 1, {-1}, 0, SV_INVALID, "split: parts is -1"},
    {"DepthToSpace", "blocksize", 0, 1, {0}, 0, SV_INVALID, "block is 0"},
    {"DepthToSpace",
     "blocksize",
     0,
     1,
     {FARTHEST},
     0,
     SV_INVALID,
     "block is 9.22"},
    {"MaxPool",
     "kernel_shape",
     0,
     2,
     {FARTHEST, FARTHEST},
     0,
     SV_INVALID,
     "kernel is"},
    {"MaxPool",
     "kernel_shape",
     0,
     2,
     {1 << 24, 9},
     0,
     SV_INVALID,
     "does not fit the 4x4 input"},
    {"LpPool", "kernel_shape", 0, 2, {0, 0}, 0, SV_INVALID, "kernel is 0"},
    {"LRN", "size", 0, 1, {FARTHEST}, 0, SV_INVALID, "lrn: size is"},
    {"Flatten", "axis", 0, 1, {INT64_MIN}, 0, SV_INVALID, "flatten: axis is"},
    {"Softmax", "axis", 0, 1, {FARTHEST}, 0, SV_INVALID, "softmax: axis is"},
    {"Transpose", "perm", 0, 4, {0, 0, 0, 0}, 0, SV_INVALID, "twice"},
    {"Transpose", "perm", 0, 4, {FARTHEST, 0, 1, 2}, 0, SV_INVALID, "perm is"},
};

static void test_lones(void **state) {
  (void)state;
  int wrong = 0;
  for (size_t i = 0; i < sizeof lones / sizeof lones[0]; i++) {
    const lone *l = &lones[i];
    toy t;
    init(&t, l);
    sv_status status = load_and_plan(&t);
    if (status == l->status && strstr(sv_error(), l->words) &&
        !strchr(sv_error(), '\n'))
      continue;
    print_error("%s (case %zu): %d, \"%s\" does not say \"%s\"\n", l->op, i,
                (int)status, sv_error(), l->words);
    wrong++;
  }
  assert_int_equal(wrong, 0);
}

/* Each attribute of a convolution beyond what it may be. */
static void test_windows(void **state) {
  (void)state;
  static const char *const names[] = {"strides", "dilations", "pads", "group"};
  static const int64_t numbers[] = {0, -1, FARTHEST, INT64_MIN};
  for (int n = 0; n < 4; n++)
    for (int i = n == 2; i < 4; i++) { /* no padding is fine */
      int64_t ints[] = {numbers[i], numbers[i], numbers[i], numbers[i]};
      char words[32];
      toy t;
      toy_init(&t);
      t.node[0].n_attribute = 2;
      t.attribute[1].name = (char *)names[n];
      t.attribute[1].n_ints = n == 2 ? 4 : 2;
      t.attribute[1].ints = ints;
      t.attribute[1].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
      if (n == 3) {
        t.attribute[1].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        t.attribute[1].n_ints = 0;
        t.attribute[1].has_i = 1;
        t.attribute[1].i = numbers[i];
      }
      snprintf(words, sizeof words, "conv: %s is ",
               n == 0   ? "stride"
               : n == 1 ? "dilation"
               : n == 2 ? "padding"
                        : "group");
      assert_error(SV_INVALID, words, load_and_plan(&t));
    }
}

/* Far numbers that mean the ends of what there is. */
static void test_slices(void **state) {
  (void)state;
  static const int64_t ends[] = {INT64_MIN, -5, -1, 0, 3, 4, FARTHEST};
  enum { ENDS = sizeof ends / sizeof ends[0] };
  for (int n = 0; n < ENDS * ENDS * ENDS; n++) {
    int64_t start = ends[n % ENDS], end = ends[n / ENDS % ENDS];
    int64_t step = ends[n / ENDS / ENDS];
    char text[256];
    sv_graph *graph;
    if (step == 0) continue;
    snprintf(text, sizeof text,
             "input 2x4x4; slice starts=%lld ends=%lld axes=2 steps=%lld",
             (long long)start, (long long)end, (long long)step);
    assert_ok(sv_network_parse(&graph, "n", text));
    int64_t left = graph->values[graph->value_count - 1].shape.dim[2];
    assert_true(left >= 0 && left <= 4);
    sv_graph_free(graph);
  }
}

/* Of nothing nothing is left, backwards too. */
static void test_nothing(void **state) {
  (void)state;
  sv_graph *graph;
  assert_ok(sv_network_parse(&graph, "n",
                             "input 2x4x4; slice starts=0 ends=0 axes=2\n"
                             "slice starts=-1 ends=-9 axes=2 steps=-1"));
  assert_int_equal(graph->values[graph->value_count - 1].shape.dim[2], 0);
  sv_graph_free(graph);
}

/* More products of taps than there is room for. */
static void test_cubic(void **state) {
  (void)state;
  sv_graph *graph;
  assert_error(SV_UNSUPPORTED, "4 dimensions before the last change by cubic",
               sv_network_parse(&graph, "n",
                                "input 2x2x2x2x2 batch=none\n"
                                "resize 2,2,2,2,1 cubic"));
}

static void test_shapes(void **state) {
  (void)state;
  sv_graph *graph;
  assert_ok(sv_graph_new(&graph, "g"));
  sv_value x = sv_input(graph, "x", SV_F32,
                        (sv_shape){3, {-1, (int64_t)1 << 30, 1 << 20}});
  assert_true(x.id < 0);
  assert_error(SV_INVALID, "'x': a shape of -1x1073741824x1048576 is too large",
               sv_graph_check(graph));
  sv_graph_free(graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lones),  cmocka_unit_test(test_windows),
      cmocka_unit_test(test_slices), cmocka_unit_test(test_nothing),
      cmocka_unit_test(test_cubic),  cmocka_unit_test(test_shapes),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
