/* Networks as text: what each construct becomes, where faults are told, and
 * that no text brings the reader down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svertka/svertka.h>

#include "any_text.h"
#include "graph/graph.h"
#include "op/attrs.h"
#include "zoo/architecture.h"

static sv_graph *parse(const char *text) {
  sv_graph *graph;
  if (sv_network_parse(&graph, NULL, text) != SV_OK)
    fail_msg("%s: %s", text, sv_error());
  return graph;
}

static const sv_value_info *value_of(const sv_graph *graph, const char *name) {
  int id = sv_graph_find(graph, name);
  if (!id) fail_msg("no value '%s'", name);
  return &graph->values[id];
}

static void assert_shape(const sv_graph *graph, const char *name,
                         const char *expected) {
  char text[SV_SHAPE_TEXT];
  assert_string_equal(sv_shape_text(&value_of(graph, name)->shape, text),
                      expected);
}

/* ---- What is written becomes what the builder would make ---- */

static void test_statements(void **state) {
  (void)state;
  sv_graph *g = parse(
      "# comments, blank lines and semicolons\n\n;;"
      "input 3x8x8; conv 6 3x3; relu # one line\n"
      "\tconv 10 kernel=3x3 stride=2;");
  assert_int_equal(g->node_count, 3);
  assert_string_equal(g->nodes[0].name, "conv1");
  assert_string_equal(g->nodes[2].op->name, "conv");
  assert_shape(g, "image", "-1x3x8x8");
  assert_shape(g, "conv1.weight", "6x3x3x3");
  assert_int_equal(g->output_count, 1);
  assert_string_equal(g->outputs[0].name, "output");
  assert_string_equal(g->values[g->outputs[0].value].name, "conv2");
  sv_graph_free(g);
}

static void test_branches(void **state) {
  (void)state;
  sv_graph *g = parse(
      "x = input 4x6x6\n"
      "\"left arm\" = conv 2 1x1\n"
      "right = conv(x) 2 1x1\n"
      "sum = add(\n  \"left arm\",\n  .  # the one before: right\n)\n"
      "output(right) other; output main\n");
  const sv_node *sum = &g->nodes[2];
  assert_string_equal(sum->name, "sum");
  assert_int_equal(sum->in[0], sv_graph_find(g, "left arm"));
  assert_int_equal(sum->in[1], sv_graph_find(g, "right"));
  assert_int_equal(g->output_count, 2);
  assert_int_equal(g->outputs[0].value, sv_graph_find(g, "right"));
  assert_string_equal(g->outputs[1].name, "main");
  assert_int_equal(g->outputs[1].value, sv_graph_find(g, "sum"));
  sv_graph_free(g);
}

static void test_declarations(void **state) {
  (void)state;
  sv_graph *g = parse(
      "a = input 3x8x8 batch=4; b = input 3x?xW; c = input 5 batch=none\n"
      "d = input 2x2 batch=N type=f64; label; classes = label 7x7 type=i32\n"
      "w = parameter 6x3x3x3 init=\"constant 0.5\"\n"
      "s = parameter 6 role=statistic\n"
      "conv(a, w, -) padding=same; output\n");
  assert_shape(g, "a", "4x3x8x8");
  assert_shape(g, "b", "-1x3x-1x-1");
  assert_null(value_of(g, "b")->symbol[2]);
  assert_string_equal(value_of(g, "b")->symbol[3], "W");
  assert_shape(g, "c", "5");
  assert_shape(g, "d", "-1x2x2");
  assert_string_equal(value_of(g, "d")->symbol[0], "N");
  assert_int_equal(value_of(g, "d")->dtype, SV_F64);
  assert_shape(g, "label", "-1");
  assert_int_equal(value_of(g, "label")->dtype, SV_I64);
  assert_shape(g, "classes", "-1x7x7");
  assert_int_equal(value_of(g, "classes")->dtype, SV_I32);
  assert_int_equal(value_of(g, "classes")->role, SV_LABEL);
  assert_int_equal(value_of(g, "s")->role, SV_STATISTIC);
  assert_string_equal(value_of(g, "w")->init, "constant 0.5");
  assert_int_equal(g->nodes[0].in[1], sv_graph_find(g, "w"));
  assert_int_equal(g->nodes[0].in[2], 0);
  assert_shape(g, "conv1", "4x6x8x8");
  sv_graph_free(g);
}

static void test_losses(void **state) {
  (void)state;
  sv_graph *g = parse(
      "input 4; label; linear(image) 3; cross_entropy(., label)\n"
      "loss; linear(image) 3; cross_entropy(., label); loss side weight=0.3");
  assert_int_equal(g->output_count, 2);
  assert_true(g->outputs[0].is_loss && g->outputs[1].is_loss);
  assert_string_equal(g->outputs[0].name, "loss");
  assert_string_equal(g->outputs[1].name, "side");
  assert_true(g->outputs[0].weight == 1 && g->outputs[1].weight == 0.3);
  sv_graph_free(g);
  g = parse("input 4; linear 3; classifier");
  assert_int_equal(g->output_count, 2);
  assert_string_equal(g->outputs[0].name, "probabilities");
  assert_true(sv_graph_label_input(g) > 0);
  sv_graph_free(g);
}

static void test_zoo_as_text(void **state) {
  (void)state;
  sv_graph *text = parse(
      "input 1x32x32; conv 6 5; tanh; avg_pool 2 stride=2\n"
      "conv 16 5; tanh; avg_pool 2 stride=2; conv 120 5; tanh\n"
      "flatten; linear 84; tanh; linear 10; classifier");
  sv_graph *zoo;
  assert_int_equal(sv_zoo_build(&zoo, "lenet5", NULL), SV_OK);
  assert_int_equal(text->node_count, zoo->node_count);
  for (int i = 0; i < zoo->node_count; i++) {
    assert_ptr_equal(text->nodes[i].op, zoo->nodes[i].op);
    assert_string_equal(text->nodes[i].name, zoo->nodes[i].name);
    assert_memory_equal(text->nodes[i].attrs, zoo->nodes[i].attrs,
                        zoo->nodes[i].op->attrs_size);
  }
  assert_int_equal(text->value_count, zoo->value_count);
  sv_graph_free(text);
  sv_graph_free(zoo);
}

static void test_zoo_follows_data(void **state) {
  (void)state;
  const sv_zoo_data data = {
      .classes = 7, .channels = 3, .height = 20, .width = 30};
  sv_graph *g;
  assert_int_equal(sv_zoo_build(&g, "mlp:size=5", &data), SV_OK);
  assert_shape(g, "image", "-1x3x5x5");
  sv_graph_free(g);
  assert_int_equal(sv_zoo_build(&g, "mlp", &data), SV_OK);
  assert_shape(g, "image", "-1x3x20x30");
  assert_shape(g, "linear3.weight", "7x100");
  sv_graph_free(g);
}

/* ---- Written and read back ---- */

static void assert_same_value(const sv_graph *a, int i, const sv_graph *b,
                              int j) {
  const sv_value_info *v = &a->values[i], *w = &b->values[j];
  assert_int_equal(i == 0, j == 0);
  if (i == 0) return;
  assert_string_equal(v->name, w->name);
  assert_int_equal(v->kind, w->kind);
  assert_int_equal(v->role, w->role);
  assert_int_equal(v->dtype, w->dtype);
  assert_true(sv_shape_equal(&v->shape, &w->shape));
  assert_string_equal(v->init ? v->init : "", w->init ? w->init : "");
  for (int d = 0; d < v->shape.rank; d++)
    assert_string_equal(v->symbol[d] ? v->symbol[d] : "",
                        w->symbol[d] ? w->symbol[d] : "");
}

static void assert_same_node(const sv_graph *a, const sv_graph *b, int i) {
  const sv_node *n = &a->nodes[i], *m = &b->nodes[i];
  assert_string_equal(n->name, m->name);
  assert_ptr_equal(n->op, m->op);
  if (!sv_attrs_equal(n->op, n->attrs, m->attrs)) fail_msg("%s", n->name);
  assert_int_equal(n->in_count, m->in_count);
  for (int k = 0; k < n->in_count; k++)
    assert_same_value(a, n->in[k], b, m->in[k]);
  assert_int_equal(n->out_count, m->out_count);
  for (int k = 0; k < n->out_count; k++)
    assert_same_value(a, n->out[k], b, m->out[k]);
}

/* Value ids may differ, nothing else. */
static void assert_reads_back(const sv_graph *a) {
  char *text;
  sv_graph *b;
  assert_int_equal(sv_network_write(&text, a), SV_OK);
  if (sv_network_parse(&b, a->name, text) != SV_OK)
    fail_msg("%s in\n%s", sv_error(), text);
  assert_int_equal(a->value_count, b->value_count);
  for (int i = 1; i < a->value_count; i++)
    assert_same_value(a, i, b, sv_graph_find(b, a->values[i].name));
  assert_int_equal(a->node_count, b->node_count);
  for (int i = 0; i < a->node_count; i++) assert_same_node(a, b, i);
  assert_int_equal(a->output_count, b->output_count);
  for (int i = 0; i < a->output_count; i++) {
    const sv_graph_output *o = &a->outputs[i], *p = &b->outputs[i];
    assert_string_equal(o->name, p->name);
    assert_same_value(a, o->value, b, p->value);
    assert_int_equal(o->is_loss, p->is_loss);
    assert_true(o->weight == p->weight);
  }
  sv_graph_free(b);
  sv_network_text_free(text);
}

static const char *const networks[] = {
    "input 3x8x8; conv 6 3x3; relu; conv 10 3x3 stride=2 padding=same",
    "input 3x8x8; conv 6 3x3 bias=false; relu; flatten; linear 4; classifier",
    "x = input 4x6x6\n\"left arm\" = conv 2 1x1\nright = conv(x) 2 1x1\n"
    "sum = add(\"left arm\", right); output(right) \"o=1\"; output main",
    "a = input 3x8x8 batch=4; b = input 3,?,max_w batch=N\n"
    "c = input 5 batch=none type=f64; label; l = label 7x7\n"
    "w = parameter 6x3x3x3 init=\"constant 0.5\"; v = parameter 6x3x3x3\n"
    "s = parameter 6 role=statistic; t = parameter 3 role=constant type=i64\n"
    "conv(a, w) padding=same; conv(a, w, s); conv(a, v) padding=same\n"
    "\"conv 9\" = conv(a) 3 3 node=conv7; conv 3 3; output",
    "image = input 4; l = label; linear(image) 3; cross_entropy(., l)\n"
    "loss; linear(image) 3; cross_entropy(., l); loss side weight=0.3",
    "n = input scalar; s = input scalar batch=none; label batch=none\n"
    "w = parameter scalar; v = parameter 1 role=bias; mul(n, w); add(., s)",
    "input 3x8x8; w = parameter 4x3x3x3; conv1.bias = parameter 4 role=bias\n"
    "conv(., w, conv1.bias) 4 3x3; output",
    "input 2x6x6; batch_norm init.var=ones; prelu; "
    "prelu init=\"constant 0.25\"",
    "input 2x6x6; top, where = max_pool 2 stride=2; add(top, top); "
    "output(where)",
};

static void test_writing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
    sv_graph *graph = parse(networks[i]);
    assert_reads_back(graph);
    sv_graph_free(graph);
  }
}

static void assert_zoo_reads_back(const char *name) {
  sv_graph *graph;
  if (sv_zoo_build(&graph, name, NULL) != SV_OK)
    fail_msg("%s: %s", name, sv_error());
  print_message("%s\n", name);
  assert_reads_back(graph);
  sv_graph_free(graph);
}

/* Every word that a parameter of the network takes, every switch turned. */
static int write_forms(const sv_architecture *of) {
  const char *name = of->table.name;
  static const char *const switches[] = {"false", "true", NULL};
  int count = 0;
  for (const sv_attr *row = of->table.attrs; row->name; row++) {
    const char *const *words = row->type == SV_ATTR_BOOL     ? switches
                               : row->type == SV_ATTR_CHOICE ? row->choices
                                                             : NULL;
    for (int i = 0; words && words[i]; i++, count++) {
      char form[128];
      snprintf(form, sizeof form, "%s:%s=%s", name, row->name, words[i]);
      /* What a word needs besides. */
      if (strcmp(form, "fcn_small:form=paper") == 0) strcat(form, ",window=7");
      assert_zoo_reads_back(form);
    }
  }
  return count;
}

static void test_writing_zoo(void **state) {
  (void)state;
  static const char *const forms[] = {
      "vgg:config=C,norm=true", "resnet:depth=34,form=v2",
      "densenet:depth=161",     "densenet_small:depth=40,bottleneck=false",
      "resnet_small:depth=110", "wrn:depth=28,width=10,dropout=0.3",
      "fcn:size=0,stride=16",   "unet:size=0,depth=3"};
  int count = 0;
  assert_true(sv_zoo_count() > 0);
  for (int i = 0; i < sv_zoo_count(); i++) {
    assert_zoo_reads_back(sv_zoo_name(i));
    count += write_forms(sv_architecture_at(i));
  }
  assert_true(count > 40);
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    assert_zoo_reads_back(forms[i]);
}

static void test_written_text(void **state) {
  (void)state;
  static const char *const expected[] = {
      "image = input 3x8x8\n"
      "skip = conv 6 3x3 padding=same\n"
      "relu\n"
      "add(skip, .)\n"
      "conv 10 3x3 bias=false\n"
      "output\n",
      "image = input 4\n"
      "label = label\n"
      "linear 3\n"
      "cross_entropy(., label)\n"
      "loss side weight=0.3\n"};
  for (int i = 0; i < 2; i++) {
    sv_graph *graph = parse(expected[i]);
    char *text;
    assert_int_equal(sv_network_write(&text, graph), SV_OK);
    assert_string_equal(text, expected[i]);
    sv_network_text_free(text);
    sv_graph_free(graph);
  }
}

/* ---- Faults, with their places ---- */

static const struct {
  const char *text, *message;
} faults[] = {
    {"", "network:1:1: the network is empty"},
    {"conv 6 3x3", "network:1:1: "},
    {"input 3x8x8; a = ", "network:1:18: an operator is missing"},
    {"input 3x8x8; 6 = relu", "network:1:14: unexpected '6'"},
    {"input 3x8x8\nrelu\nrelu(a)", "network:3:6: unknown value 'a'"},
    {"input 3x8x8; relu(image", "network:1:18: '(' is not closed"},
    {"input 3x8x8; relu(image;", "network:1:18: '(' is not closed"},
    {"input 3x8x8; relu(image relu)",
     "network:1:25: unexpected 'r', expected , or )"},
    {"input 3x8x8; a, relu", "network:1:21: expected '='"},
    {"input 3x8x8; relu 3", "network:1:19: relu: unexpected '3'"},
    {"input 3x8x8; conv 6 kernel = 3", "network:1:21: an attribute is"},
    {"input 3x8x8; conv 6 kernel= 3", "network:1:21: an attribute is"},
    {"input 3x8x8; conv 6 3 size=1", "network:1:23: conv has no 'size'"},
    {"input 3x8x8; {", "network:1:14: unexpected '{'"},
    {"input 3x8x8; }", "network:1:14: unexpected '}'"},
    {"input 3x8x8; relu {", "network:1:19: unexpected '{': it follows only"},
    {"input 3x8x8; conv $c", "network:1:20: parameters exist only"},
    {"input", "network:1:1: input needs a size"},
    {"input 3xx8", "network:1:7: "},
    {"input 3x", "network:1:7: "},
    {"input 3x0", "network:1:7: "},
    {"input 3x-1", "network:1:7: "},
    {"input 1x1x1x1x1x1x1x1x1", "network:1:7: more than 8 dimensions"},
    {"input 3x8x8 5", "network:1:13: input has no '5'"},
    {"input 3x8x8 type=f31", "network:1:13: unknown type=f31"},
    {"input 3x8x8 role=bias", "network:1:13: input has no 'role'"},
    {"input 3; input(image) 3", "network:1:10: input takes no values"},
    {"input 3; input 4", "network:1:10: two values are named 'image'"},
    {"input 3; parameter 4", "network:1:10: parameter needs one name"},
    {"input 3; w = parameter ?", "network:1:14: "},
    {"input 3; x = output", "network:1:10: output produces no value"},
    {"input 3x?x?; flatten; linear 10",
     "network:1:23: linear1: the size of its weight depends on the "
     "image size, which is free"},
    {"input 3x?x8; conv 4 3x3\nmax_pool 2x2; layer_norm 1",
     "network:2:15: layer_norm1: the size of its scale depends on the image "
     "size"},
    {"input ?x8x8; conv 4 3x3", "network:1:14: conv1: the size of its weight"},
    {"input 4; w = parameter 3x4; linear(image, w) 3 bias=true",
     "network:1:29: linear: bias=true contradicts the inputs, which give "
     "false"},
    {"input 4; w = parameter 3x4; v = parameter 3; linear(image, w, v) 3 "
     "bias=false",
     "network:1:46: linear: bias=false contradicts the inputs, which give "
     "true"},
    {"input 3; dropout 1.1",
     "network:1:18: dropout: ratio is 1.1, expected 0 to 1"},
    {"input 3; output \"\"", "network:1:17: a name is empty"},
    {"input 3; output a b", "network:1:19: output has no 'b'"},
    {"input 3; loss weight=-1", "network:1:15: weight=-1"},
    {"input 3; loss", "network:1:10: loss 'loss' is not a scalar"},
    {"input 3; output; output", "network:1:18: two outputs"},
    {"classifier", "network:1:1: classifier needs scores"},
    {"input 3; classifier 4", "network:1:21: classifier has no '4'"},
    {"input 3x8x8; relu(., .)",
     "network:1:14: relu1: expected 1 input, 2 given"},
    {"input 3x8x8; relu(-)", "network:1:14: relu1: its input"},
    {"input 3x8x8; \"relu", "network:1:14: the double quote"},
    {"input 3x8x8; \"\" = relu", "network:1:14: a name is empty"},
    {"input 3x8x8; a, b = relu", "network:1:17: "},
};

static void test_faults(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    sv_graph *graph;
    if (sv_network_parse(&graph, NULL, faults[i].text) == SV_OK)
      fail_msg("'%s' is read", faults[i].text);
    assert_null(graph);
    size_t length = strlen(faults[i].message);
    if (strncmp(sv_error(), faults[i].message, length) != 0)
      fail_msg("'%s': '%s', not '%s'", faults[i].text, sv_error(),
               faults[i].message);
  }
}

static void test_long_word(void **state) {
  (void)state;
  char text[600] = "input 3x8x8; ";
  memset(text + strlen(text), 'a', 500);
  sv_graph *graph;
  assert_int_equal(sv_network_parse(&graph, "f.txt", text), SV_INVALID);
  assert_non_null(strstr(sv_error(), "f.txt:1:14: a word is longer"));
}

static void test_any_text(void **state) {
  (void)state;
  static const char original[] =
      "x = input 3x8x8 batch=N # comment\n"
      "a = conv(x) 4 3x3 padding=same; \"b\" = relu; add(a, .)\n"
      "flatten; linear 10; classifier; output o";
  spoil_text(original, "=();,#\"x.- \n09?", 3000, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_statements),
      cmocka_unit_test(test_branches),
      cmocka_unit_test(test_declarations),
      cmocka_unit_test(test_losses),
      cmocka_unit_test(test_zoo_as_text),
      cmocka_unit_test(test_zoo_follows_data),
      cmocka_unit_test(test_writing),
      cmocka_unit_test(test_writing_zoo),
      cmocka_unit_test(test_written_text),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_long_word),
      cmocka_unit_test(test_any_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
