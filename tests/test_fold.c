/* A folded model computes what the model did, with fewer nodes. */
#include "onnx_files.h"

#include <math.h>

#include "base/random.h"
#include "drawn.h"
#include "same_model.h"
#include "tensor/tensor.h"

/* ---- Models, with batch normalisations that do something ---- */

static void shake(sv_state *state) {
  for (int i = 0; i < state->count; i++) {
    sv_slot *slot = &state->slots[i];
    bool norm = slot->role == SV_STATISTIC || slot->role == SV_SCALE;
    bool var = strstr(slot->name, "var") != NULL;
    if (!norm && slot->role != SV_BIAS) continue;
    draw_all(&slot->tensor, slot->name);
    for (int64_t k = 0; k < sv_shape_count(&slot->tensor.shape); k++) {
      double x = sv_tensor_get(&slot->tensor, k);
      if (slot->role == SV_SCALE || var) x = 1 + 0.5 * x;
      sv_tensor_set(&slot->tensor, k, x);
    }
  }
  sv_state_touch(state);
}

static sv_model *model_of(const char *text) {
  sv_graph *graph;
  sv_model *model;
  assert_ok(strchr(text, ';') ? sv_network_parse(&graph, "net", text)
                              : sv_zoo_build(&graph, text, NULL));
  assert_ok(sv_model_new(&model, graph, 7));
  shake(model->state);
  return model;
}

static sv_plan *run(const sv_model *model) {
  sv_plan *plan;
  sv_plan_options options = sv_plan_default();
  options.threads = 1;
  options.batch = 2;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  for (int id = 1; id < model->graph->value_count; id++) {
    const sv_value_info *value = &model->graph->values[id];
    sv_tensor x;
    if (value->kind != SV_VALUE_INPUT || value->role != SV_DATA) continue;
    if (sv_plan_input(plan, value->name, &x) == SV_OK)
      draw_all(&x, value->name);
  }
  assert_ok(sv_plan_forward(plan));
  return plan;
}

static void assert_close(const sv_tensor *a, const sv_tensor *b) {
  double apart = 0, most = 0;
  assert_true(sv_shape_equal(&a->shape, &b->shape));
  for (int64_t i = 0; i < sv_shape_count(&b->shape); i++) {
    double y = sv_tensor_get(b, i);
    apart = fmax(apart, fabs(sv_tensor_get(a, i) - y));
    most = fmax(most, fabs(y));
  }
  if (!(apart <= 1e-5 * most)) fail_msg("off by %g of %g", apart, most);
}

static void assert_same_results(const sv_model *a, const sv_model *b) {
  sv_plan *x = run(a), *y = run(b);
  for (int i = 0; i < a->graph->output_count; i++) {
    const sv_graph_output *output = &a->graph->outputs[i];
    sv_tensor expected, got;
    if (output->is_loss) continue;
    assert_ok(sv_plan_value(x, output->name, &expected));
    assert_ok(sv_plan_value(y, output->name, &got));
    assert_close(&got, &expected);
  }
  sv_plan_free(x);
  sv_plan_free(y);
}

static int count_op(const sv_model *model, const char *op) {
  int count = 0;
  for (int i = 0; i < model->graph->node_count; i++)
    count += strcmp(model->graph->nodes[i].op->name, op) == 0;
  return count;
}

/* The same results; what is saved of it is read back; there is nothing more to
 * fold. The caller frees the result. */
static sv_model *check(const sv_model *model, sv_folded *what) {
  sv_model *folded, *loaded, *again;
  sv_folded more;
  assert_ok(sv_model_fold(&folded, model, what));
  assert_same_results(model, folded);
  assert_int_equal(count_op(folded, "batch_norm"), what->norms_left);
  assert_ok(sv_model_save(folded, in_folder("folded.onnx")));
  assert_ok(sv_model_load(&loaded, in_folder("folded.onnx")));
  assert_same_results(model, loaded);
  assert_same_state(folded->state, loaded->state);
  assert_same_state(loaded->state, folded->state);
  assert_ok(sv_model_fold(&again, folded, &more));
  assert_int_equal(more.norms + more.passed + more.constants, 0);
  assert_same_model(folded, again);
  sv_model_free(again);
  sv_model_free(loaded);
  return folded;
}

/* ---- What is folded ---- */

static void test_cases(void **state) {
  (void)state;
  static const struct {
    const char *network;
    sv_folded what;
    int nodes;
  } cases[] = {
      /* layers */
      {"input 3x7x8; conv 4 3x3 bias=false; batch_norm; relu", {1, 0, 0, 0}, 2},
      {"input 3x7x8; conv 4 3x3; batch_norm epsilon=0.1; relu",
       {1, 0, 0, 0},
       2},
      {"input 4x9x8; conv 6 3x2 group=2 stride=2 dilation=2; batch_norm",
       {1, 0, 0, 0},
       1},
      {"input 4x12; conv 6 3; batch_norm; tanh", {1, 0, 0, 0}, 2},
      {"input 4x5x6; conv_transpose 6 3 stride=2; batch_norm; relu",
       {1, 0, 0, 0},
       2},
      {("input 4x5x6; conv_transpose 6 2 stride=2 group=2 bias=false\n"
        "batch_norm"),
       {1, 0, 0, 0},
       1},
      {"input 9; linear 5; batch_norm; relu", {1, 0, 0, 0}, 2},
      {"input 9; linear 5 bias=false alpha=-1.5; batch_norm", {1, 0, 0, 0}, 1},
      {("input 9; linear 5 transpose_w=false alpha=0.5 beta=-2; batch_norm\n"
        "relu; linear 4; batch_norm"),
       {2, 0, 0, 0},
       3},
      {"input 3x7x8; conv 4 3x3; batch_norm; batch_norm; relu",
       {2, 0, 0, 0},
       2},
      /* nothing but what passes in between */
      {"input 3x7x8; conv 4 3x3; identity; dropout; batch_norm; identity",
       {1, 0, 3, 0},
       1},
      {"input 9; linear 5; dropout 0.3; relu; dropout 0.4; softmax",
       {0, 0, 2, 0},
       3},
      /* what stays */
      {"input 3x7x8; batch_norm; conv 4 3x3; relu; batch_norm",
       {0, 2, 0, 0},
       4},
      {"input 3x7x8; max_pool 2 2; batch_norm", {0, 1, 0, 0}, 2},
      {"input 3x7x8; c = conv 4 3x3; batch_norm; add(., c)", {0, 1, 0, 0}, 3},
      {"input 3x7x8; c = conv 4 3x3; batch_norm; output a; output(c) b",
       {0, 1, 0, 0},
       2},
      {"input 3x7x8; conv 4 3x3; batch_norm training=true", {0, 1, 0, 0}, 2},
      {"input 3x7x8; c = conv 4 3x3; max_pool(c) 2 2; dropout training=true "
       "ratio=0",
       {0, 0, 1, 0},
       2},
      {"input 3x2x2; identity; output a", {0, 0, 0, 0}, 1},
      {"input 3x2x2; r = relu; identity; output a; output(r) b",
       {0, 0, 0, 0},
       2},
      /* constants */
      {("x = input 3x2x2; c = parameter 3x1x1 role=constant init=ones\n"
        "n = neg(c); e = exp(n); mul(x, e)"),
       {0, 0, 0, 2},
       1},
      {("x = input 6; w = parameter 4x6 role=weight; t = transpose(w) 1,0\n"
        "matmul(x, t)"),
       {0, 0, 0, 1},
       1},
      {("x = input 64; c = parameter 1 role=constant init=ones\n"
        "e = expand(c) 64,64; matmul(x, e)"),
       {0, 0, 0, 0},
       2},
      {("x = input 2x3x4 batch=none; s = shape; t = slice(s) 0 1\n"
        "m = parameter 1 type=i64 role=constant init=\"constant -1\"\n"
        "c = concat(t, m) axis=0; reshape(x, c); relu"),
       {0, 0, 0, 3},
       2},
      {("x = input 3x4; s = shape; t = slice(s) 0 1\n"
        "m = parameter 1 type=i64 role=constant init=\"constant -1\"\n"
        "c = concat(t, m) axis=0; reshape(x, c)"),
       {0, 0, 0, 0},
       4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    print_message("%s\n", cases[i].network);
    sv_model *model = model_of(cases[i].network);
    sv_folded what;
    sv_model *folded = check(model, &what);
    assert_int_equal(what.norms, cases[i].what.norms);
    assert_int_equal(what.norms_left, cases[i].what.norms_left);
    assert_int_equal(what.passed, cases[i].what.passed);
    assert_int_equal(what.constants, cases[i].what.constants);
    assert_int_equal(folded->graph->node_count, cases[i].nodes);
    sv_model_free(folded);
    sv_model_free(model);
  }
}

/* ---- Tensors ---- */

/* A weight that another layer reads keeps its numbers for that one. */
static void test_shared(void **state) {
  (void)state;
  sv_model *model = model_of(
      "x = input 2x8x8; w = parameter 2x2x3x3 role=weight\n"
      "b = parameter 2 role=bias; one = conv(x, w, b) 2 3x3; batch_norm; relu\n"
      "two = conv(., w, b) 2 3x3; batch_norm; relu; three = conv(., w, b) 2 "
      "3x3");
  sv_folded what;
  sv_model *folded = check(model, &what);
  assert_int_equal(what.norms, 2);
  assert_int_equal(folded->graph->node_count, 5);
  static const char *const names[] = {"w", "w_2", "w_3", "b", "b_2", "b_3"};
  for (int i = 0; i < 6; i++)
    assert_true(sv_state_find(folded->state, names[i]) >= 0);
  assert_int_equal(folded->state->count, 6);
  sv_model_free(folded);
  sv_model_free(model);
}

/* New biases are named after their weights; metadata stay. */
static void test_names(void **state) {
  (void)state;
  sv_model *model = model_of(
      "input 1x6x6; c = conv 2 3x3 bias=false; n = batch_norm; relu; dropout\n"
      "flatten; f = linear 3; classifier");
  sv_folded what;
  assert_ok(sv_model_set_meta(model, "svertka.labels", "a\nb\nc"));
  sv_model *folded = check(model, &what);
  static const char *const names[] = {"c.weight", "c.bias", "f.weight",
                                      "f.bias"};
  assert_int_equal(folded->state->count, 4);
  for (int i = 0; i < 4; i++)
    assert_true(sv_state_find(folded->state, names[i]) >= 0);
  assert_string_equal(sv_model_meta(folded, "svertka.labels"), "a\nb\nc");
  assert_string_equal(sv_model_meta(folded, "svertka.folded"), "batch_norm");
  assert_int_equal(folded->graph->output_count, 1);
  assert_string_equal(folded->graph->outputs[0].name, "probabilities");
  assert_int_equal(sv_graph_label_input(folded->graph), 0);
  sv_model_free(folded);
  sv_model_free(model);
}

/* A variance that no square root can be taken of stays where it was. */
static void test_numbers(void **state) {
  (void)state;
  sv_model *model =
      model_of("input 1x3x3; c = conv 2 3x3; n = batch_norm; relu");
  sv_model *folded;
  sv_folded what;
  int var = sv_state_find(model->state, "n.var");
  assert_true(var >= 0);
  sv_tensor_set(&model->state->slots[var].tensor, 1, -1);
  assert_ok(sv_model_fold(&folded, model, &what));
  assert_int_equal(what.norms_left, 1);
  assert_null(sv_model_meta(folded, "svertka.folded"));
  sv_model_free(folded);
  sv_model_free(model);
}

/* ---- The zoo ---- */

static void test_zoo(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int left; /* batch normalisations */
  } cases[] = {
      {"lenet5:dropout=0.5", 0},
      {"resnet:depth=18,width=0.125,size=64,classes=5", 0},
      {"resnet_small:depth=8,form=v2,width=0.5", -1},
      {"densenet_small:depth=22", -1},
      {"wrn:depth=10,width=1,dropout=0.3", -1},
      {"vgg:config=A,norm=true,width=0.125,hidden=16,size=32", 0},
      {"mobilenet_v2:width=0.25,size=64,classes=5", 0},
      {"shufflenet_v2:width=0.5,size=64,classes=5", 0},
      {"efficientnet:size=64,classes=5", 0},
      {"inception_small:width=0.25", 0},
      {"unet:depth=2,maps=8,size=32", 0},
      {"fcn_small:size=32", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    print_message("%s\n", cases[i].name);
    sv_model *model = model_of(cases[i].name);
    sv_folded what;
    sv_model *folded = check(model, &what);
    assert_int_equal(what.norms + what.norms_left,
                     count_op(model, "batch_norm"));
    if (cases[i].left >= 0)
      assert_int_equal(what.norms_left, cases[i].left);
    else
      assert_true(what.norms > 0 && what.norms_left > 0);
    assert_int_equal(count_op(folded, "dropout"), 0);
    sv_model_free(folded);
    sv_model_free(model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases), cmocka_unit_test(test_shared),
      cmocka_unit_test(test_names), cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_zoo),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
