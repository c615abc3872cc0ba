/* Functions of a file itself become the nodes that they stand for. */
#include "onnx_files.h"

#include "graph/model.h"
#include "onnx/load.h"

/* y = block(block(x)), block(u) = LeakyRelu(Relu(u), alpha = slope) */
typedef struct nested {
  toy toy;
  Onnx__FunctionProto function, *functions[3];
  Onnx__NodeProto inner[2], *inners[2];
  Onnx__AttributeProto slope[2], alpha, *slopes[2], *alphas[1];
  char *in[1], *mid[1], *out[1], *words[1];
} nested;

static void init_function(nested *n) {
  onnx__function_proto__init(n->functions[0] = &n->function);
  n->in[0] = "u";
  n->mid[0] = "r";
  n->out[0] = "v";
  n->words[0] = "slope";
  n->function.name = "Block";
  n->function.domain = "local";
  n->function.n_input = n->function.n_output = 1;
  n->function.input = n->in;
  n->function.output = n->out;
  n->function.n_attribute = 1;
  n->function.attribute = n->words;
  for (int i = 0; i < 2; i++) {
    onnx__node_proto__init(n->inners[i] = &n->inner[i]);
    n->inner[i].op_type = i ? "LeakyRelu" : "Relu";
    n->inner[i].n_input = n->inner[i].n_output = 1;
    n->inner[i].input = i ? n->mid : n->in;
    n->inner[i].output = i ? n->out : n->mid;
  }
  onnx__attribute_proto__init(n->alphas[0] = &n->alpha);
  n->alpha.name = "alpha";
  n->alpha.ref_attr_name = "slope";
  n->inner[1].n_attribute = 1;
  n->inner[1].attribute = n->alphas;
  n->function.n_node = 2;
  n->function.node = n->inners;
  n->function.n_opset_import = 1;
  n->function.opset_import = n->toy.sets;
}

static void init(nested *n) {
  static char *names[] = {"x", "h", "y"};
  memset(n, 0, sizeof *n);
  toy_init(&n->toy);
  init_function(n);
  for (int i = 0; i < 2; i++) {
    Onnx__NodeProto *call = &n->toy.node[i];
    *call = n->toy.node[3];
    call->op_type = "Block";
    call->domain = "local";
    call->n_input = call->n_output = 1;
    call->input = &names[i];
    call->output = &names[i + 1];
    onnx__attribute_proto__init(n->slopes[i] = &n->slope[i]);
    n->slope[i].name = "slope";
    n->slope[i].has_type = n->slope[i].has_f = 1;
    n->slope[i].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    n->slope[i].f = i ? 0.5f : 0.25f;
    call->n_attribute = 1;
    call->attribute = &n->slopes[i];
  }
  n->toy.model.n_functions = 1;
  n->toy.model.functions = n->functions;
}

static void check_alpha(const sv_model *model, int node, const char *alpha) {
  char *text;
  assert_string_equal(model->graph->nodes[node].op->name, "leaky_relu");
  assert_ok(sv_network_write(&text, model->graph));
  assert_non_null(strstr(text, alpha));
  sv_network_text_free(text);
}

static void test_inlined(void **state) {
  (void)state;
  nested n;
  sv_model *model;
  init(&n);
  assert_ok(toy_load(&n.toy, &model));
  assert_int_equal(model->graph->node_count, 4);
  check_alpha(model, 1, "0.25");
  check_alpha(model, 3, "0.5");
  assert_string_equal(model->graph->values[model->graph->nodes[0].out[0]].name,
                      "h/r");
  assert_string_equal(model->graph->values[model->graph->nodes[3].out[0]].name,
                      "y");
  sv_model_free(model);
  n.toy.node[0].n_attribute = 0; /* the operator's own default, 0.01 */
  assert_ok(toy_load(&n.toy, &model));
  check_alpha(model, 3, "0.5");
  sv_model_free(model);
}

static void refuse(const nested *n, sv_status status, const char *words) {
  sv_model *model;
  assert_error(status, words, toy_load(&n->toy, &model));
  assert_null(model);
}

static void test_refused(void **state) {
  (void)state;
  nested n;
  Onnx__OperatorSetIdProto old, *olds[] = {&old};
  onnx__operator_set_id_proto__init(&old);
  old.has_version = 1;
  old.version = 13;
  init(&n);
  n.function.opset_import = olds;
  refuse(&n, SV_UNSUPPORTED,
         "its function is for opset 13, the model for opset 17");
  init(&n);
  n.functions[1] = &n.function;
  n.toy.model.n_functions = 2;
  refuse(&n, SV_UNSUPPORTED, "two functions have its name and domain");
  init(&n);
  static char *two[] = {"x", "x"};
  n.toy.node[0].n_input = 2;
  n.toy.node[0].input = two;
  refuse(&n, SV_FORMAT, "2 inputs and 1 outputs, but its function has 1 and 1");
  init(&n);
  n.function.n_attribute = n.toy.node[0].n_attribute = 0;
  refuse(&n, SV_UNSUPPORTED, "default of its attribute 'slope'");
  init(&n);
  n.function.domain = "elsewhere";
  refuse(&n, SV_UNSUPPORTED, "domain 'local' is not supported");
}

/* What is wrong inside of a function: named as the call's own. */
static void test_inside(void **state) {
  (void)state;
  nested n;
  static char *nowhere[] = {"nowhere"}, *long_name[1];
  char name[SV_ONNX_LONGEST_NAME + 2];
  init(&n);
  n.inner[1].input = nowhere;
  refuse(&n, SV_FORMAT, "no source for the tensor 'y/nowhere'");
  init(&n);
  n.inner[1].output = n.mid;
  refuse(&n, SV_FORMAT, "two tensors are named 'h/r'");
  init(&n);
  n.inner[0].input = n.mid;
  refuse(&n, SV_FORMAT, "is computed from its own output");
  init(&n);
  n.inner[0].op_type = "Frobnicate";
  refuse(&n, SV_UNSUPPORTED, "operator is not supported at opset 17");
  init(&n);
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  long_name[0] = name;
  n.inner[0].output = n.inner[1].input = long_name;
  refuse(&n, SV_UNSUPPORTED, "a name of 4099 bytes, at most 4096");
  assert_null(strchr(sv_error(), '\n'));
}

/* A function that calls itself, and two that call each other. */
static void test_recursion(void **state) {
  (void)state;
  nested n;
  Onnx__FunctionProto other;
  Onnx__NodeProto back, *backs[] = {&back};
  init(&n);
  n.inner[0].op_type = "Block";
  n.inner[0].domain = "local";
  refuse(&n, SV_UNSUPPORTED, "function calls are nested more than 16 deep");
  assert_null(strchr(sv_error(), '\n'));
  init(&n);
  back = n.inner[0];
  back.op_type = "Block";
  back.domain = n.inner[0].domain = "local";
  other = n.function;
  other.name = n.inner[0].op_type = "Other";
  other.n_node = 1;
  other.node = backs;
  n.functions[1] = &other;
  n.toy.model.n_functions = 2;
  refuse(&n, SV_UNSUPPORTED, "function calls are nested more than 16 deep");
}

/* Wide instead of deep: each level calls the next so many times. */
enum { WIDE = 100, LEVELS = 4 };

static void widen(nested *n, Onnx__FunctionProto level[LEVELS], int levels) {
  static char *names[] = {"Block", "B", "C", "D"};
  static Onnx__NodeProto calls[LEVELS], *many[LEVELS][WIDE];
  static Onnx__FunctionProto *functions[LEVELS];
  init(n);
  for (int k = 0; k < levels; k++) {
    level[k] = n->function;
    level[k].name = names[k];
    level[k].n_node = k < levels - 1 ? WIDE : 0;
    level[k].node = k < levels - 1 ? many[k] : NULL;
    functions[k] = &level[k];
    for (int i = 0; k < levels - 1 && i < WIDE; i++) {
      onnx__node_proto__init(many[k][i] = &calls[k]);
      calls[k].op_type = names[k + 1];
      calls[k].domain = "local";
    }
  }
  n->toy.model.functions = functions;
  n->toy.model.n_functions = (size_t)levels;
  n->toy.graph.n_node = 1;
}

static void test_wide(void **state) {
  (void)state;
  nested n;
  Onnx__FunctionProto level[LEVELS];
  widen(&n, level, 3); /* 10,101 calls of nothing, and nobody makes y */
  refuse(&n, SV_FORMAT, "no source for the tensor");
  widen(&n, level, 4); /* a million */
  refuse(&n, SV_UNSUPPORTED, "more than 32768 function calls");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inlined), cmocka_unit_test(test_refused),
      cmocka_unit_test(test_inside),  cmocka_unit_test(test_recursion),
      cmocka_unit_test(test_wide),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
