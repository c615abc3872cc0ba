/* Files that somebody has spoilt: each refused by one line, none crashes. */
#include "onnx_files.h"

#include "graph/model.h"
#include "onnx/load.h"

/* ---- Faults, one at a time ---- */

static void no_graph(toy *t) { t->model.graph = NULL; }
static void no_opset(toy *t) { t->model.n_opset_import = 0; }
static void future(toy *t) { t->set.version = 1000; }
static void opset_twice(toy *t) {
  static Onnx__OperatorSetIdProto other;
  other = t->set;
  other.version++;
  t->sets[1] = &other;
  t->model.n_opset_import = 2;
}
static void no_output(toy *t) { t->graph.n_output = 0; }
static void unknown_operator(toy *t) { t->node[1].op_type = "Frobnicate"; }
static void no_operator(toy *t) { t->node[1].op_type = NULL; }
static void unknown_domain(toy *t) { t->node[1].domain = "com.example"; }
static void unknown_attribute(toy *t) { t->attribute[0].name = "flavour"; }
static void unnamed_attribute(toy *t) { t->attribute[0].name = NULL; }
static void attribute_twice(toy *t) {
  t->attribute[1] = t->attribute[0];
  t->node[0].n_attribute = 2;
}
static void wrong_type(toy *t) {
  t->attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
}
static void out_of_bounds(toy *t) { t->kernel[0] = -7; }
static void one_number(toy *t) { t->attribute[0].n_ints = 1; }
static void function_attribute(toy *t) {
  t->attribute[0].ref_attr_name = "outer";
}
static void long_attribute(toy *t) {
  static int64_t many[1000];
  t->attribute[0].n_ints = 1000;
  t->attribute[0].ints = many;
}
static void unknown_word(toy *t) {
  t->attribute[0] = t->attribute[1];
  t->attribute[0].name = "auto_pad";
  t->attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
  t->attribute[0].has_s = 1;
  t->attribute[0].s.data = (uint8_t *)"SOMEHOW";
  t->attribute[0].s.len = 7;
}
static void missing_input(toy *t) { t->relu_in[0] = "nowhere"; }
static void left_out_input(toy *t) { t->conv_in[1] = ""; }
static void missing_output(toy *t) { t->y.name = "nowhere"; }
static void too_many_inputs(toy *t) {
  static char *inputs[] = {"a", "b"};
  t->node[1].input = inputs;
  t->node[1].n_input = 2;
}
static void too_many_outputs(toy *t) {
  static char *outputs[] = {"y", "z"};
  t->node[1].output = outputs;
  t->node[1].n_output = 2;
}
static void cycle(toy *t) { t->conv_in[0] = "y"; }
static void alias_of_itself(toy *t) {
  static char *names[] = {"p", "q"};
  for (int i = 2; i < 4; i++) {
    t->node[i].op_type = "Identity";
    t->node[i].n_input = t->node[i].n_output = 1;
    t->node[i].input = &names[i - 2];
    t->node[i].output = &names[3 - i];
  }
  t->conv_in[0] = "p";
  t->graph.n_node = 4;
}
/* Names that are copied wherever they are used. */
static char *long_name(void) {
  static char name[SV_ONNX_LONGEST_NAME + 2];
  memset(name, 'n', sizeof name - 1);
  return name;
}
static void long_tensor_name(toy *t) {
  t->tensor[0].name = t->conv_in[1] = long_name();
}
static void long_node_name(toy *t) { t->node[0].name = long_name(); }
static void tensor_twice(toy *t) { t->tensor[1].name = "w"; }
static void unnamed_tensor(toy *t) { t->tensor[1].name = NULL; }
static void made_twice(toy *t) { t->relu_out[0] = "a"; }
static void input_twice(toy *t) {
  t->inputs[1] = &t->x;
  t->graph.n_input = 2;
}
static void cut_tensor(toy *t) { t->tensor[0].raw_data.len -= 4; }
static void long_tensor(toy *t) { t->tensor[1].n_float_data = 2; }
static void huge_tensor(toy *t) {
  for (int i = 0; i < 4; i++) t->w_dims[i] = INT32_MAX;
}
static void huge_dimension(toy *t) { t->w_dims[0] = INT64_MAX; }
static void hidden_dimension(toy *t) {
  for (int i = 0; i < 3; i++) t->w_dims[i] = INT32_MAX;
  t->w_dims[3] = 0;
  t->tensor[0].raw_data.len = 0;
}
static void negative_dimension(toy *t) { t->w_dims[0] = -3; }
static void deep_tensor(toy *t) { t->tensor[0].n_dims = SV_MAX_RANK + 1; }
static void text_tensor(toy *t) {
  t->tensor[0].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
}
static void unknown_tensor(toy *t) { t->tensor[0].data_type = 99; }
static void quantised_tensor(toy *t) { t->tensor[0].data_type = 22; }
static void elsewhere(toy *t) {
  t->tensor[0].has_data_location = 1;
  t->tensor[0].data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  t->tensor[0].has_raw_data = 0;
}
static void segment(toy *t) {
  static Onnx__TensorProto__Segment part;
  onnx__tensor_proto__segment__init(&part);
  t->tensor[0].segment = &part;
}
static void sparse(toy *t) {
  static Onnx__SparseTensorProto tensor, *tensors[] = {&tensor};
  onnx__sparse_tensor_proto__init(&tensor);
  tensor.values = &t->tensor[2];
  t->tensor[2].name = "few";
  t->relu_in[0] = "few";
  t->graph.n_sparse_initializer = 1;
  t->graph.sparse_initializer = tensors;
}
static void quantised(toy *t) {
  static Onnx__TensorAnnotation note, *notes[] = {&note};
  onnx__tensor_annotation__init(&note);
  t->graph.n_quantization_annotation = 1;
  t->graph.quantization_annotation = notes;
}
static void not_a_tensor(toy *t) {
  t->x_type.value_case = ONNX__TYPE_PROTO__VALUE__NOT_SET;
}
static void shapeless(toy *t) { t->x_tensor.shape = NULL; }
static void huge_input(toy *t) {
  for (int i = 0; i < 4; i++) t->x_dim[i].dim_value = INT32_MAX;
}
static void text_input(toy *t) {
  t->x_tensor.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
}
static void same_metadata(toy *t) {
  static Onnx__StringStringEntryProto entry, *entries[] = {&entry, &entry};
  onnx__string_string_entry_proto__init(&entry);
  entry.key = "author";
  t->model.n_metadata_props = 2;
  t->model.metadata_props = entries;
}
static void much_metadata(toy *t) {
  enum { MANY = SV_ONNX_MOST_METADATA + 1 };
  static Onnx__StringStringEntryProto entry[MANY], *entries[MANY];
  static char keys[MANY][8];
  for (int i = 0; i < MANY; i++) {
    onnx__string_string_entry_proto__init(entries[i] = &entry[i]);
    snprintf(keys[i], sizeof keys[i], "%d", i);
    entry[i].key = keys[i];
  }
  t->model.n_metadata_props = MANY;
  t->model.metadata_props = entries;
}
static void many_outputs(toy *t) {
  enum { MANY = SV_ONNX_MOST_OUTPUTS + 1 };
  static Onnx__ValueInfoProto *outputs[MANY];
  for (int i = 0; i < MANY; i++) outputs[i] = t->outputs[0];
  t->graph.n_output = MANY;
  t->graph.output = outputs;
}
static void output_twice(toy *t) {
  t->outputs[1] = t->outputs[0];
  t->graph.n_output = 2;
}
static void unknown_role(toy *t) {
  static Onnx__StringStringEntryProto entry, *entries[] = {&entry};
  onnx__string_string_entry_proto__init(&entry);
  entry.key = "svertka.role.w";
  entry.value = "king";
  t->model.n_metadata_props = 1;
  t->model.metadata_props = entries;
}
static void empty_constant(toy *t) {
  t->node[2].op_type = "Constant";
  t->node[2].n_output = 1;
  t->node[2].output = t->conv_in;
  t->graph.n_node = 3;
  t->graph.n_input = 0;
}
/* The ratio of a dropout comes from a node. */
static void computed_attribute(toy *t) {
  static char *inputs[] = {"a", "c"}, *outputs[] = {"c"};
  t->node[2].op_type = "Tanh";
  t->node[2].n_input = t->node[2].n_output = 1;
  t->node[2].input = inputs;
  t->node[2].output = outputs;
  t->node[1].op_type = "Dropout";
  t->node[1].n_input = 2;
  t->node[1].input = inputs;
  t->graph.n_node = 3;
}

static const struct {
  void (*spoil)(toy *t);
  sv_status status;
  const char *words; /* in the message, besides the file's name */
} faults[] = {
    {no_graph, SV_FORMAT, "has no graph"},
    {no_opset, SV_FORMAT, "does not name its opset"},
    {future, SV_UNSUPPORTED, "opset 1000, the newest known is"},
    {opset_twice, SV_FORMAT, "declares both opset 17 and opset"},
    {no_output, SV_FORMAT, "has no output"},
    {unknown_operator, SV_UNSUPPORTED, "node 'second' (Frobnicate)"},
    {no_operator, SV_FORMAT, "node 'second' (?): has no operator"},
    {unknown_domain, SV_UNSUPPORTED, "domain 'com.example' is not supported"},
    {unknown_attribute, SV_UNSUPPORTED,
     "node 'first' (Conv): attribute 'flavour' is not supported"},
    {unnamed_attribute, SV_FORMAT, "an attribute has no name"},
    {attribute_twice, SV_FORMAT, "attribute 'kernel_shape' is given twice"},
    {wrong_type, SV_FORMAT, "'kernel_shape' holds floats, expected ints"},
    {one_number, SV_FORMAT,
     "node 'first' (Conv): attribute 'kernel_shape' has 1 numbers, expected 2"},
    {out_of_bounds, SV_INVALID, "node 'first' (Conv): conv: kernel is -7"},
    {function_attribute, SV_UNSUPPORTED, "refers to a function's"},
    {long_attribute, SV_UNSUPPORTED, "has 1000 values, at most"},
    {unknown_word, SV_UNSUPPORTED, "'auto_pad' is 'SOMEHOW'"},
    {missing_input, SV_FORMAT, "node 'second' (Relu): no source for"},
    {left_out_input, SV_FORMAT,
     "node 'first' (Conv): its input 'w' is missing"},
    {missing_output, SV_FORMAT, "output 'nowhere': no source for"},
    {too_many_inputs, SV_UNSUPPORTED, "input 1, 'b', is not supported"},
    {too_many_outputs, SV_UNSUPPORTED, "output 1, 'z', is not supported"},
    {cycle, SV_FORMAT, "is computed from its own output"},
    {alias_of_itself, SV_FORMAT, "computed from its"},
    {long_tensor_name, SV_UNSUPPORTED, "a name of 4097 bytes, at most 4096"},
    {long_node_name, SV_UNSUPPORTED, "a name of 4097 bytes, at most 4096"},
    {tensor_twice, SV_FORMAT, "two tensors are named 'w'"},
    {unnamed_tensor, SV_FORMAT, "a tensor has no name"},
    {made_twice, SV_FORMAT, "two tensors are named 'a'"},
    {input_twice, SV_FORMAT, "two tensors are named 'x'"},
    {cut_tensor, SV_FORMAT, "tensor 'w': 92 bytes of data"},
    {long_tensor, SV_FORMAT, "tensor 'b': 2 values, but its shape 3 needs 3"},
    {huge_tensor, SV_FORMAT, "tensor 'w': a shape of"},
    {huge_dimension, SV_FORMAT, "tensor 'w': a dimension of"},
    {hidden_dimension, SV_FORMAT, "tensor 'w': a shape of"},
    {negative_dimension, SV_FORMAT, "tensor 'w': a dimension of -3"},
    {deep_tensor, SV_UNSUPPORTED, "tensor 'w': 9 dimensions"},
    {text_tensor, SV_UNSUPPORTED, "tensor 'w': data type string"},
    {unknown_tensor, SV_FORMAT, "tensor 'w': unknown data type 99"},
    {quantised_tensor, SV_UNSUPPORTED, "tensor 'w': data type int4"},
    {elsewhere, SV_UNSUPPORTED, "tensor 'w': its data are in another file"},
    {segment, SV_UNSUPPORTED, "tensor 'w': is a segment"},
    {sparse, SV_UNSUPPORTED, "the tensor 'few': is sparse"},
    {quantised, SV_UNSUPPORTED, "quantised"},
    {not_a_tensor, SV_UNSUPPORTED, "input 'x': is not declared as a tensor"},
    {shapeless, SV_UNSUPPORTED, "input 'x': the number of dimensions"},
    {huge_input, SV_FORMAT, "input 'x': a shape of"},
    {text_input, SV_UNSUPPORTED, "input 'x': data type string"},
    {same_metadata, SV_FORMAT, "metadata 'author' are given twice"},
    {much_metadata, SV_UNSUPPORTED, "more than 4096 metadata"},
    {many_outputs, SV_UNSUPPORTED, "4097 outputs, at most 4096 are supported"},
    {output_twice, SV_INVALID, "two outputs are named 'y'"},
    {unknown_role, SV_FORMAT, "'king' is not a role"},
    {empty_constant, SV_FORMAT, "(Constant): 0 attributes"},
    {computed_attribute, SV_UNSUPPORTED, "its input 'c' (ratio) is computed"},
};

static void test_faults(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    toy t;
    sv_model *model;
    toy_init(&t);
    faults[i].spoil(&t);
    assert_error(faults[i].status, faults[i].words, toy_load(&t, &model));
    assert_null(model);
    assert_int_equal(strncmp(sv_error(), "toy.onnx: ", 10), 0);
    assert_null(strchr(sv_error(), '\n'));
  }
}

/* Shape arithmetic that divides by zero: one line once the shapes are known. */
static void test_division_by_zero(void **state) {
  (void)state;
  static const char *const types[] = {"Shape", "Sub", "Div", "Reshape"};
  static char *in[][2] = {{"x"}, {"s", "s"}, {"s", "z"}, {"x", "d"}};
  static char *out[][1] = {{"s"}, {"z"}, {"d"}, {"y"}};
  toy t;
  sv_model *model;
  sv_plan *plan;
  toy_init(&t);
  t.graph.n_node = 4;
  for (int i = 0; i < 4; i++) {
    Onnx__NodeProto *node = &t.node[i];
    onnx__node_proto__init(node);
    t.nodes[i] = node;
    node->name = node->op_type = (char *)types[i];
    node->n_input = i == 0 ? 1 : 2;
    node->input = in[i];
    node->n_output = 1;
    node->output = out[i];
  }
  assert_ok(toy_load(&t, &model));
  sv_plan_options o = sv_plan_default();
  assert_int_equal(sv_plan_new(&plan, model->graph, model->state, &o),
                   SV_INVALID);
  assert_string_equal(sv_error(), "Div: element 0: a division by zero");
  sv_model_free(model);
}

/* A long chain of names that all mean the same, read from its end over and
 * over: the way is gone once. */
static void test_aliases(void **state) {
  (void)state;
  enum { LONG = 8000, READERS = 3000 };
  static Onnx__NodeProto node[LONG + READERS], *nodes[LONG + READERS];
  static char names[LONG + READERS + 1][8];
  static char *pointers[LONG + READERS + 1], *pairs[READERS][2];
  toy t;
  sv_model *model;
  toy_init(&t);
  for (int i = 0; i <= LONG + READERS; i++) {
    snprintf(names[i], sizeof names[i], i ? "n%d" : "x", i);
    pointers[i] = names[i];
  }
  for (int i = 0; i < LONG + READERS; i++) {
    bool reader = i >= LONG;
    onnx__node_proto__init(nodes[i] = &node[i]);
    node[i].op_type = reader ? "MatMul" : "Identity"; /* not computed */
    node[i].n_input = reader ? 2 : 1;
    node[i].input = &pointers[i];
    node[i].n_output = 1;
    node[i].output = &pointers[i + 1];
    if (!reader) continue;
    node[i].input = pairs[i - LONG];
    pairs[i - LONG][0] = pointers[i];
    pairs[i - LONG][1] = pointers[LONG];
  }
  t.tensor[0].name = "x"; /* of a constant Identities are names */
  t.graph.n_input = 0;
  t.graph.node = nodes;
  t.graph.n_node = LONG + READERS;
  t.y.name = pointers[LONG + READERS];
  assert_ok(toy_load(&t, &model));
  assert_int_equal(model->graph->node_count, READERS);
  sv_model_free(model);
}

/* What looks odd and is allowed. */
static void test_oddities(void **state) {
  (void)state;
  toy t;
  sv_model *model;
  toy_init(&t); /* the list of nodes the other way round */
  t.nodes[0] = &t.node[1];
  t.nodes[1] = &t.node[0];
  assert_ok(toy_load(&t, &model));
  assert_string_equal(model->graph->nodes[0].name, "first");
  sv_model_free(model);
  toy_init(&t); /* a part that nothing needs is not looked at */
  t.node[2].op_type = "Frobnicate";
  t.graph.n_node = 3;
  assert_ok(toy_load(&t, &model));
  assert_int_equal(model->graph->node_count, 2);
  sv_model_free(model);
  toy_init(&t); /* a name that means something in the training part only */
  t.conv_out[0] = t.relu_in[0] = "svertka.as/nothing";
  assert_ok(toy_load(&t, &model));
  assert_int_equal(model->graph->node_count, 2);
  sv_model_free(model);
  toy_init(&t); /* two nodes of one name, one without */
  t.node[1].name = "first";
  assert_ok(toy_load(&t, &model));
  assert_string_equal(model->graph->nodes[1].name, "first_2");
  sv_model_free(model);
}

/* ---- Bytes ---- */

/* Whatever these bytes are: a model, or an error with its one line. */
static bool try_bytes(const uint8_t *bytes, size_t size) {
  sv_model *model;
  sv_onnx_load_options options = {.training = true};
  /* A copy of exactly this size: reading past the end is seen. */
  uint8_t *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  sv_status status = sv_onnx_load_memory(&model, "f", copy, size, &options);
  free(copy);
  if (status != SV_OK) {
    assert_null(model);
    assert_int_equal(strncmp(sv_error(), "f: ", 3), 0);
    assert_true(strlen(sv_error()) > 3);
    return false;
  }
  sv_model_free(model);
  return true;
}

/* A whole checkpoint: several kinds of operators, losses, records. */
static uint8_t *checkpoint(size_t *size) {
  sv_graph *graph;
  sv_model *model;
  unsigned char *bytes;
  assert_ok(sv_network_parse(
      &graph, "net",
      "input 2x6x6; conv 3 2x2 padding=same; pad 1 reflect; relu\n"
      "weighted_avg_pool 2x2 2x2; max_pool 2x2; flatten; linear 3\n"
      "classifier"));
  assert_ok(sv_model_new(&model, graph, 1));
  assert_ok(sv_model_set_meta(model, "author", "a test"));
  int index;
  assert_ok(sv_state_add(model->state, "moment", SV_RECORD, SV_F32,
                         &(sv_shape){1, {5}}, NULL, &index));
  sv_onnx_save_options options = {.training = true};
  assert_ok(sv_onnx_save(model, in_folder("checkpoint.onnx"), &options));
  sv_model_free(model);
  FILE *file = fopen(in_folder("checkpoint.onnx"), "rb");
  assert_non_null(file);
  bytes = malloc(1 << 16);
  assert_non_null(bytes);
  *size = fread(bytes, 1, 1 << 16, file);
  fclose(file);
  assert_true(*size > 1000 && *size < 1 << 16);
  return bytes;
}

static void test_truncated(void **state) {
  (void)state;
  size_t size;
  uint8_t *bytes = checkpoint(&size);
  int whole = 0;
  for (size_t cut = 0; cut < size; cut++) whole += try_bytes(bytes, cut);
  /* Only cuts between two parts, after the graph, leave a model. */
  assert_true(whole < 10);
  assert_true(try_bytes(bytes, size));
  free(bytes);
}

static void test_flipped(void **state) {
  (void)state;
  static const uint8_t flips[] = {0x01, 0x08, 0x40, 0x80, 0xff};
  size_t size;
  uint8_t *bytes = checkpoint(&size);
  for (size_t at = 0; at < size; at++)
    for (size_t i = 0; i < sizeof flips; i++) {
      bytes[at] ^= flips[i];
      try_bytes(bytes, size);
      bytes[at] ^= flips[i];
    }
  free(bytes);
}

/* Parts cut out, doubled, filled with noise. */
static void test_shuffled(void **state) {
  (void)state;
  enum { ROUNDS = 4000 };
  size_t size;
  uint8_t *bytes = checkpoint(&size);
  uint8_t *other = malloc(2 * size);
  assert_non_null(other);
  uint32_t random = 1;
  for (int round = 0; round < ROUNDS; round++) {
    size_t place[4];
    for (int i = 0; i < 4; i++) {
      random = random * 1664525 + 1013904223;
      place[i] = random / 7 % size;
    }
    memcpy(other, bytes, size);
    size_t length = place[0] % 64 + 1, from = place[1], to = place[2];
    if (length > size - from) length = size - from;
    if (length > size - to) length = size - to;
    if (round % 3 == 0) memmove(other + to, bytes + from, length);
    if (round % 3 == 1) memset(other + to, (int)(place[3] & 0xff), length);
    if (round % 3 == 2)
      memmove(other + to, other + to + length, size - to - length);
    try_bytes(other, round % 3 == 2 ? size - length : size);
  }
  free(other);
  free(bytes);
}

/* Attributes that hold graphs that hold nodes that hold attributes. */
static void test_recursion(void **state) {
  (void)state;
  enum { ROOM = 1 << 20 };
  uint8_t *bytes = malloc(ROOM);
  assert_non_null(bytes);
  static const uint8_t tags[] = {0x3a, 0x0a, 0x2a, 0x32}; /* graph node ... */
  size_t size = 0;
  for (int depth = 0; depth < 100000; depth++) {
    /* From the inside out: field, length, what was there. */
    uint8_t head[8];
    size_t n = 0, left = size;
    head[n++] = depth == 99999 ? tags[0] : tags[1 + (99998 - depth) % 3];
    for (; left >= 128; left >>= 7) head[n++] = (uint8_t)(left | 128);
    head[n++] = (uint8_t)left;
    if (size + n > ROOM) break;
    memcpy(bytes + ROOM - size - n, head, n);
    size += n;
  }
  /* The outermost must be a model's graph. */
  bytes[ROOM - size] = tags[0];
  assert_false(try_bytes(bytes + ROOM - size, size));
  assert_non_null(strstr(sv_error(), "are nested too deeply"));
  free(bytes);
}

/* Two bytes in the file would become hundreds in memory: there is a limit. */
static void test_memory(void **state) {
  (void)state;
  enum { ROOM = 4 << 20 };
  uint8_t *bytes = malloc(ROOM + 8);
  assert_non_null(bytes);
  size_t at = 0;
  bytes[at++] = 0x3a; /* a graph of ROOM bytes */
  for (size_t left = ROOM; left; left >>= 7)
    bytes[at++] = (uint8_t)(left >= 128 ? left | 128 : left);
  for (size_t i = 0; i < ROOM; i += 2) {
    bytes[at + i] = 0x0a; /* nodes of no byte each */
    bytes[at + i + 1] = 0;
  }
  assert_false(try_bytes(bytes, at + ROOM));
  assert_non_null(strstr(sv_error(), "of 'node', at most 262144"));
  free(bytes);
}

static void test_no_onnx(void **state) {
  (void)state;
  sv_model *model;
  assert_false(try_bytes((const uint8_t *)"", 0));
  assert_non_null(strstr(sv_error(), "an empty file"));
  assert_false(try_bytes((const uint8_t *)"hello, world\n", 13));
  assert_non_null(strstr(sv_error(), "not a valid ONNX file"));
  assert_error(SV_IO, "nothing.onnx: cannot open",
               sv_model_load(&model, in_folder("nothing.onnx")));
  assert_error(SV_IO, "not a regular file", sv_model_load(&model, folder));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_faults),    cmocka_unit_test(test_aliases),
      cmocka_unit_test(test_oddities),  cmocka_unit_test(test_division_by_zero),
      cmocka_unit_test(test_truncated), cmocka_unit_test(test_flipped),
      cmocka_unit_test(test_shuffled),  cmocka_unit_test(test_recursion),
      cmocka_unit_test(test_memory),    cmocka_unit_test(test_no_onnx),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
