/* Models saved and loaded: nothing is lost, nothing is invented. */
#include "onnx_files.h"

#include "onnx/conformance.h"
#include "same_model.h"
#include "tensor/tensor.h"

/* Networks in which every operator and most of the attributes appear. */
static const char *const networks[] = {
    "input 3x8x8; conv 6 3x3; relu; conv 10 3x3",
    ("input 3x17x19; conv 8 3x3 padding=same stride=2; tanh\n"
     "a = pad 1,2,1,2 wrap; max_pool 3x3 2\n"
     "conv 8 2x2 dilation=2 group=2; sigmoid"),
    ("input 3x17x19; pad 2 reflect; conv 8 3x3 padding=full; tanh\n"
     "pad 1x2 edge; avg_pool 3x3 2x2 padding=1x1 count_padding=true\n"
     "b = conv 8 3x3 padding=same_lower bias=false\n"
     "c = conv(b) 8 3x3 padding=same; add(b, c); relu; flatten; linear 7"),
    ("input 3x17x19; pad 2 constant value=0.5; avg_pool 3x3 2x2 dilation=2\n"
     "max_pool 2x2 padding=valid ceil_mode=true; softmax 1; output a\n"
     "flatten; linear 5 bias=false; output b"),
    "input 4x20; conv 6 3 padding=1; max_pool 2 2; avg_pool 2 1; softmax",
    ("x = input 3x8x8; a = conv 6 3x3; output(a) one; output(a) two\n"
     "output(x) three; flatten(a); linear 4; classifier"),
    "input 2x?x?; conv 4 3x3 padding=same; tanh",
    "input 3x8x8; conv 4 3x3; batch_norm training=true; relu",
};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

static sv_model *model_of(const char *text) {
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_network_parse(&graph, "net", text));
  assert_ok(sv_model_new(&model, graph, 7));
  return model;
}

static sv_model *reload(const sv_model *model, const char *name,
                        bool training) {
  sv_onnx_save_options save = {.training = training};
  sv_onnx_load_options load = {.training = training};
  sv_model *loaded;
  assert_ok(sv_onnx_save(model, in_folder(name), &save));
  assert_ok(sv_onnx_load(&loaded, in_folder(name), &load));
  return loaded;
}

static bool has_losses(const sv_graph *graph) {
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i].is_loss) return true;
  return false;
}

static void check_round_trip(const char *text, bool training) {
  sv_model *built = model_of(text);
  sv_model *once = reload(built, "once.onnx", training);
  sv_model *twice = reload(once, "twice.onnx", training);
  if ((training || !has_losses(built->graph)) && !strstr(text, "two")) {
    assert_same_nodes(built->graph, once->graph);
    assert_same_outputs(built->graph, once->graph);
  }
  assert_same_state(built->state, once->state);
  assert_same_nodes(once->graph, twice->graph);
  assert_same_values(once->graph, twice->graph);
  assert_same_outputs(once->graph, twice->graph);
  assert_same_state(once->state, twice->state);
  assert_same_state(twice->state, once->state);
  assert_same_files(in_folder("once.onnx"), in_folder("twice.onnx"));
  sv_model_free(built);
  sv_model_free(once);
  sv_model_free(twice);
}

static void test_round_trip(void **state) {
  (void)state;
  for (int i = 0; i < NETWORKS; i++) check_round_trip(networks[i], false);
}

/* What ONNX has not becomes what it has, and trained tensors stay trained. */
static void test_expansion(void **state) {
  (void)state;
  const char *text = "input 2x6x6; weighted_avg_pool 2x2 2x2; tanh";
  sv_model *built = model_of(text);
  sv_model *loaded = reload(built, "wide.onnx", false);
  assert_int_equal(loaded->graph->node_count, 3);
  assert_string_equal(loaded->graph->nodes[1].op->name, "conv");
  assert_same_state(built->state, loaded->state);
  sv_model_free(loaded);
  /* A checkpoint has it as it was. */
  loaded = reload(built, "wide.onnx", true);
  assert_same_nodes(built->graph, loaded->graph);
  assert_same_state(built->state, loaded->state);
  sv_model_free(loaded);
  sv_model_free(built);
}

/* A window of fixed numbers is the weight of a convolution that stays fixed. */
static void test_fixed_window(void **state) {
  (void)state;
  sv_model *built = model_of("input 2x6x6; w = window_pool 3x2 2; tanh");
  sv_model *loaded = reload(built, "window.onnx", false);
  const sv_node *conv = &loaded->graph->nodes[0];
  assert_string_equal(conv->op->name, "conv");
  assert_int_equal(loaded->graph->values[conv->in[1]].role, SV_CONSTANT);
  const sv_tensor *w = &loaded->state->slots[0].tensor;
  assert_int_equal(sv_shape_count(&w->shape), 12);
  for (int i = 0; i < 12; i++)
    assert_true(sv_tensor_get(w, i) == (i / 2 % 3 == 1 ? 0.25 : 0.125));
  sv_model *again = reload(loaded, "again.onnx", false);
  assert_same_files(in_folder("window.onnx"), in_folder("again.onnx"));
  assert_int_equal(again->graph->values[again->graph->nodes[0].in[1]].role,
                   SV_CONSTANT);
  sv_model_free(again);
  sv_model_free(loaded);
  loaded = reload(built, "window.onnx", true);
  assert_same_nodes(built->graph, loaded->graph);
  sv_model_free(loaded);
  sv_model_free(built);
}

/* ---- Training ---- */

static void test_training(void **state) {
  (void)state;
  sv_model *built = model_of(
      "input 1x6x6; h = conv 4 3x3; p = weighted_avg_pool 2x2 2x2; tanh\n"
      "flatten; linear 3; classifier");
  int index;
  /* An auxiliary head with a weight of its own, on the middle. */
  sv_graph *g = built->graph;
  sv_value middle = {sv_graph_find(g, "h")};
  sv_value target = sv_input(g, "target", SV_F32, sv_shape_of(4, -1, 4, 4, 4));
  sv_value pair[] = {middle, target};
  sv_loss(g, "auxiliary", sv_apply(g, "squared_error", pair, 2, NULL), 0.3);
  assert_ok(sv_graph_check(g));
  assert_ok(sv_state_add(built->state, "h.weight.moment", SV_RECORD, SV_F32,
                         &(sv_shape){4, {4, 1, 3, 3}}, NULL, &index));
  sv_tensor_set(&built->state->slots[index].tensor, 5, 0.125);
  assert_ok(sv_state_add(built->state, "step", SV_RECORD, SV_I64,
                         &(sv_shape){.rank = 0}, NULL, &index));
  *(int64_t *)built->state->slots[index].tensor.data = INT64_MAX - 1;
  assert_ok(sv_model_set_meta(built, "svertka.train.optimiser", "sgd"));
  sv_model *loaded = reload(built, "last.onnx", true);
  assert_same_nodes(built->graph, loaded->graph);
  assert_same_outputs(built->graph, loaded->graph);
  assert_same_state(built->state, loaded->state);
  assert_same_state(loaded->state, built->state);
  int label = sv_graph_find(loaded->graph, "label");
  assert_int_equal(loaded->graph->values[label].role, SV_LABEL);
  assert_int_equal(loaded->graph->values[label].dtype, SV_I64);
  assert_string_equal(sv_model_meta(loaded, "svertka.train.optimiser"), "sgd");
  sv_model *again = reload(loaded, "again.onnx", true);
  assert_same_files(in_folder("last.onnx"), in_folder("again.onnx"));
  sv_model_free(again);
  sv_model_free(loaded);
  /* As a model, it is what it infers with. */
  assert_ok(sv_model_load(&loaded, in_folder("last.onnx")));
  assert_false(has_losses(loaded->graph));
  assert_int_equal(sv_graph_label_input(loaded->graph), 0);
  assert_int_equal(sv_state_find(loaded->state, "step"), -1);
  sv_model_free(loaded);
  sv_model_free(built);
}

/* ---- Metadata, versions, files ---- */

static void test_metadata(void **state) {
  (void)state;
  sv_model *built = model_of(networks[0]);
  const char *const keys[] = {"svertka.labels", "b", "a", "empty"};
  const char *const values[] = {"Shirt\nBag", "\xd1\x81", "line\ttab", ""};
  for (int i = 0; i < 4; i++)
    assert_ok(sv_model_set_meta(built, keys[i], values[i]));
  sv_model *loaded = reload(built, "meta.onnx", false);
  assert_int_equal(sv_model_meta_count(loaded), 4);
  for (int i = 0; i < 4; i++) {
    assert_string_equal(sv_model_meta_key(loaded, i), keys[i]);
    assert_string_equal(sv_model_meta(loaded, keys[i]), values[i]);
  }
  sv_model_free(loaded);
  sv_model_free(built);
}

static int64_t saved_opset(const char *text) {
  sv_model *built = model_of(text);
  sv_model *loaded = reload(built, "version.onnx", false);
  int64_t opset = loaded->graph->opset;
  sv_model_free(loaded);
  sv_model_free(built);
  return opset;
}

/* The oldest that can say it. */
static void test_versions(void **state) {
  (void)state;
  assert_int_equal(saved_opset("input 1x4x4; pad 1 reflect"), 17);
  assert_int_equal(saved_opset("input 1x4x4; pad 1 wrap"), 19);
  assert_int_equal(saved_opset("input 1x6x6; avg_pool 2x2 dilation=2"), 19);
}

static void test_not_written(void **state) {
  (void)state;
  sv_model *built = model_of(networks[0]);
  assert_ok(sv_model_save(built, in_folder("kept.onnx")));
  assert_error(SV_IO, "cannot write",
               sv_model_save(built, in_folder("nowhere/model.onnx")));
  sv_model_free(built);
  /* A fault leaves the file that was there. */
  size_t before, after;
  uint8_t *old = file_bytes(in_folder("kept.onnx"), &before);
  built = model_of("x = input 1x4x4; a = relu; output(a) x");
  assert_error(SV_INVALID, "output 'x' has the same name as another value",
               sv_model_save(built, in_folder("kept.onnx")));
  sv_model_free(built);
  uint8_t *kept = file_bytes(in_folder("kept.onnx"), &after);
  assert_int_equal(before, after);
  assert_memory_equal(old, kept, before);
  free(old);
  free(kept);
}

/* What ONNX cannot say is told before anything is trained or written. */
static void test_cannot_be_saved(void **state) {
  (void)state;
  sv_model *built = model_of("input 3x5x5; batch_norm spatial=false; relu");
  assert_error(SV_UNSUPPORTED,
               "it cannot be saved: batch_norm1: spatial cannot be expressed",
               sv_onnx_save_check(built, NULL));
  assert_error(SV_UNSUPPORTED, "batch_norm1: spatial cannot be expressed",
               sv_model_save(built, in_folder("spatial.onnx")));
  assert_int_not_equal(access(in_folder("spatial.onnx"), F_OK), 0);
  sv_model_free(built);
  /* Without pixels there is no difference. */
  sv_graph *graph;
  assert_error(SV_INVALID,
               "spatial=false contradicts the inputs, which give true",
               sv_network_parse(&graph, "net",
                                "input 5; batch_norm spatial=false; relu"));
}

/* ---- Data types ---- */

static void check_types(toy *t, const float expected[3]) {
  sv_model *model;
  assert_ok(toy_load(t, &model));
  int b = sv_state_find(model->state, "b");
  assert_true(b >= 0);
  assert_int_equal(model->state->slots[b].tensor.dtype, SV_F32);
  assert_memory_equal(model->state->slots[b].tensor.data, expected, 12);
  sv_model_free(model);
}

static void test_types(void **state) {
  (void)state;
  static const float expected[] = {1, -2.5f, 0.375f};
  double doubles[] = {1, -2.5, 0.375};
  uint16_t halves[] = {0x3c00, 0xc100, 0x3600};
  uint16_t brains[] = {0x3f80, 0xc020, 0x3ec0};
  int32_t half_ints[] = {0x3c00, 0xc100, 0x3600};
  struct {
    int type;
    void *raw;
    size_t size;
  } cases[] = {
      {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, (void *)(uintptr_t)expected, 12},
      {ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE, doubles, 24},
      {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, halves, 6},
      {ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16, brains, 6},
  };
  toy t;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    toy_init(&t);
    t.tensor[1].data_type = cases[i].type;
    t.tensor[1].n_float_data = 0;
    t.tensor[1].has_raw_data = 1;
    t.tensor[1].raw_data.data = cases[i].raw;
    t.tensor[1].raw_data.len = cases[i].size;
    check_types(&t, expected);
  }
  toy_init(&t);
  t.tensor[1].n_float_data = 0;
  t.tensor[1].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
  t.tensor[1].n_double_data = 3;
  t.tensor[1].double_data = doubles;
  check_types(&t, expected);
  toy_init(&t);
  t.tensor[1].n_float_data = 0;
  t.tensor[1].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
  t.tensor[1].n_int32_data = 3;
  t.tensor[1].int32_data = half_ints;
  check_types(&t, expected);
}

/* Weights may be listed as inputs, as they were once; a Constant, under the
 * name that an Identity gives it, is one as well. */
/* The type of what the second output holds, as a plan finds it. */
static sv_dtype second_dtype(const sv_model *model) {
  sv_plan *plan;
  sv_tensor view;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, NULL));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "m", &view));
  assert_true(sv_tensor_get(&view, 0) == 1);
  sv_dtype dtype = view.dtype;
  sv_plan_free(plan);
  return dtype;
}

/* Before opset 10 the mask of a dropout is of real numbers, and stays so in a
 * newer file. */
static void test_mask(void **state) {
  (void)state;
  static char *names[] = {"y", "m"};
  for (int opset = 7; opset < 12; opset++) {
    sv_model *model;
    toy t;
    toy_init(&t);
    t.set.version = opset;
    t.node[1].op_type = "Dropout";
    t.node[1].n_output = 2;
    t.node[1].output = names;
    Onnx__ValueInfoProto mask;
    onnx__value_info_proto__init(&mask);
    mask.name = "m";
    t.outputs[1] = &mask;
    t.graph.n_output = 2;
    Onnx__TypeProto type = t.y_type;
    Onnx__TypeProto__Tensor tensor = t.y_tensor;
    tensor.elem_type = opset < 10 ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
                                  : ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    type.tensor_type = &tensor;
    mask.type = &type;
    assert_ok(toy_load(&t, &model));
    assert_int_equal(second_dtype(model), opset < 10 ? SV_F32 : SV_BOOL);
    sv_model *loaded = reload(model, "mask.onnx", false);
    assert_int_equal(second_dtype(loaded), opset < 10 ? SV_F32 : SV_BOOL);
    sv_model_free(loaded);
    sv_model_free(model);
  }
}

/* A text, or what else is no number, may be there if nothing reads it. */
static void test_unread_constants(void **state) {
  (void)state;
  static char *name[] = {"label"}, *read[] = {"a", "label"};
  static const struct {
    char *attribute;
    Onnx__AttributeProto__AttributeType type;
  } kinds[] = {
      {"value_string", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING},
      {"value_strings", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS},
      {"sparse_value", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    sv_model *model;
    toy t;
    toy_init(&t);
    t.attribute[1].name = kinds[i].attribute;
    t.attribute[1].type = kinds[i].type;
    t.node[2].op_type = "Constant";
    t.node[2].n_output = 1;
    t.node[2].output = name;
    t.node[2].n_attribute = 1;
    t.node[2].attribute = &t.attributes[1];
    t.graph.n_node = 3;
    assert_ok(toy_load(&t, &model));
    assert_int_equal(model->graph->node_count, 2);
    sv_model_free(model);
    t.node[1].op_type = "Add";
    t.node[1].n_input = 2;
    t.node[1].input = read;
    assert_error(SV_UNSUPPORTED,
                 "node 'second' (Add): the tensor 'label': "
                 "attribute '",
                 toy_load(&t, &model));
  }
}

/* So may a sparse initialiser. */
static void test_unread_sparse(void **state) {
  (void)state;
  Onnx__SparseTensorProto sparse, *all[] = {&sparse};
  Onnx__TensorProto values;
  sv_model *model;
  toy t;
  toy_init(&t);
  onnx__sparse_tensor_proto__init(&sparse);
  onnx__tensor_proto__init(&values);
  sparse.values = &values;
  values.name = "few";
  t.graph.n_sparse_initializer = 1;
  t.graph.sparse_initializer = all;
  assert_ok(toy_load(&t, &model));
  sv_model_free(model);
}

static void test_constants(void **state) {
  (void)state;
  static char *name[] = {"c"};
  sv_model *model;
  toy t;
  toy_init(&t);
  Onnx__ValueInfoProto b = t.x;
  b.name = "b";
  t.inputs[1] = &b;
  t.graph.n_input = 2;
  check_types(&t, t.b);
  toy_init(&t);
  t.node[2].op_type = "Constant";
  t.node[2].n_output = 1;
  t.node[2].output = name;
  t.node[2].n_attribute = 1;
  t.node[2].attribute = &t.attributes[1];
  t.attribute[1].name = "value_floats";
  t.attribute[1].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
  t.attribute[1].n_floats = 3;
  t.attribute[1].floats = t.b;
  t.node[3].op_type = "Identity";
  t.node[3].n_input = t.node[3].n_output = 1;
  t.node[3].input = name;
  t.node[3].output = &t.conv_in[2];
  t.graph.n_initializer = 1;
  t.graph.n_node = 4;
  t.nodes[0] = &t.node[2];
  t.nodes[1] = &t.node[3];
  t.nodes[2] = &t.node[0];
  t.nodes[3] = &t.node[1];
  assert_ok(toy_load(&t, &model));
  int at = sv_state_find(model->state, "b");
  assert_true(at >= 0);
  assert_int_equal(sv_state_role(model->state, at), SV_BIAS);
  assert_memory_equal(model->state->slots[at].tensor.data, t.b, sizeof t.b);
  sv_model_free(model);
}

static void test_symbols(void **state) {
  (void)state;
  toy t;
  sv_model *model;
  toy_init(&t);
  t.x_dim[0].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
  t.x_dim[0].dim_param = "batch";
  t.x_dim[3].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
  t.y_tensor.shape = &t.x_shape;
  assert_ok(toy_load(&t, &model));
  sv_model *again = reload(model, "symbols.onnx", false);
  for (int i = 0; i < 2; i++) {
    const sv_graph *graph = (i ? again : model)->graph;
    const sv_value_info *x = &graph->values[sv_graph_find(graph, "x")];
    const sv_value_info *y = &graph->values[sv_graph_find(graph, "y")];
    assert_int_equal(x->shape.dim[0], -1);
    assert_string_equal(x->symbol[0], "batch");
    assert_int_equal(x->shape.dim[3], -1);
    assert_null(x->symbol[3]);
    assert_string_equal(y->symbol[0], "batch");
  }
  sv_model_free(again);
  sv_model_free(model);
}

/* ---- Conformance ---- */

typedef struct told {
  int counts[SV_OUTCOME_COUNT];
  char reason[512];
} told;

static sv_status tell(void *context, const sv_conformance_result *result) {
  told *t = context;
  t->counts[result->outcome]++;
  snprintf(t->reason, sizeof t->reason, "%s", result->reason);
  return SV_OK;
}

static void write_tensor(const char *name, int type, int64_t *dims, size_t rank,
                         void *data, size_t size) {
  Onnx__TensorProto proto;
  uint8_t bytes[1024];
  onnx__tensor_proto__init(&proto);
  proto.n_dims = rank;
  proto.dims = dims;
  proto.has_data_type = proto.has_raw_data = 1;
  proto.data_type = type;
  proto.raw_data.data = data;
  proto.raw_data.len = size;
  assert_true(onnx__tensor_proto__get_packed_size(&proto) < sizeof bytes);
  write_plain(name, bytes, onnx__tensor_proto__pack(&proto, bytes));
}

/* The toy, all zeros in, so max(b, 0) out: 0, 1, 2 in maps of 3x3. */
static told run_toy(const toy *t, int type, int64_t last, float first) {
  float zeros[32] = {0}, y[27];
  int64_t x_dims[] = {1, 2, 4, 4}, y_dims[] = {1, 3, 3, last};
  size_t size;
  uint8_t *bytes = toy_pack(t, &size);
  for (int i = 0; i < 27; i++) y[i] = (float)(i / 9);
  y[0] += first;
  mkdir(in_folder("suite"), 0777);
  mkdir(in_folder("suite/test_toy"), 0777);
  mkdir(in_folder("suite/test_toy/test_data_set_0"), 0777);
  write_plain("suite/test_toy/model.onnx", bytes, size);
  free(bytes);
  write_tensor("suite/test_toy/test_data_set_0/input_0.pb", 1, x_dims, 4, zeros,
               sizeof zeros);
  write_tensor("suite/test_toy/test_data_set_0/output_0.pb", type, y_dims, 4, y,
               (size_t)(9 * last) * 4);
  told result = {.reason = ""};
  sv_conformance_options options = {
      .threads = 1, .report = tell, .context = &result};
  assert_ok(sv_conformance_run(in_folder("suite"), &options));
  return result;
}

static void test_conformance(void **state) {
  (void)state;
  toy t;
  toy_init(&t);
  told r = run_toy(&t, 1, 3, 0);
  assert_int_equal(r.counts[SV_OUTCOME_PASS], 1);
  /* The files are those of the inputs without an initialiser. */
  Onnx__ValueInfoProto listed;
  onnx__value_info_proto__init(&listed);
  listed.name = "w";
  t.inputs[0] = &listed;
  t.inputs[1] = &t.x;
  t.graph.n_input = 2;
  r = run_toy(&t, 1, 3, 0);
  assert_int_equal(r.counts[SV_OUTCOME_PASS], 1);
  t.inputs[0] = &t.x;
  t.graph.n_input = 1;
  r = run_toy(&t, 1, 3, 0.001f);
  assert_int_equal(r.counts[SV_OUTCOME_FAIL], 1);
  assert_non_null(strstr(r.reason, "'y' differs by 0.001"));
  r = run_toy(&t, 1, 2, 0);
  assert_int_equal(r.counts[SV_OUTCOME_FAIL], 1);
  assert_non_null(strstr(r.reason, "'y' is 1x3x3x3, expected 1x3x3x2"));
  r = run_toy(&t, 6, 3, 0);
  assert_int_equal(r.counts[SV_OUTCOME_FAIL], 1);
  assert_non_null(strstr(r.reason, "'y' is f32, expected i32"));
  t.node[1].op_type = "Frobnicate";
  r = run_toy(&t, 1, 3, 0);
  assert_int_equal(r.counts[SV_OUTCOME_UNSUPPORTED], 1);
  assert_string_equal(
      r.reason,
      "node 'second' (Frobnicate): operator is not supported at opset 17");
  write_plain("suite/test_toy/model.onnx", "nonsense", 8);
  sv_conformance_options options = {.report = tell, .context = &r};
  memset(&r, 0, sizeof r);
  assert_ok(sv_conformance_run(in_folder("suite"), &options));
  assert_int_equal(r.counts[SV_OUTCOME_FAIL], 1);
  mkdir(in_folder("bare"), 0777);
  assert_error(SV_INVALID, "bare: contains no tests",
               sv_conformance_run(in_folder("bare"), &options));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_expansion),
      cmocka_unit_test(test_fixed_window),
      cmocka_unit_test(test_training),
      cmocka_unit_test(test_metadata),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_not_written),
      cmocka_unit_test(test_cannot_be_saved),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_mask),
      cmocka_unit_test(test_constants),
      cmocka_unit_test(test_unread_constants),
      cmocka_unit_test(test_unread_sparse),
      cmocka_unit_test(test_symbols),
      cmocka_unit_test(test_conformance),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
