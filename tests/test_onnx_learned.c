/* Which tensors of a foreign file are learned when it is trained: MatMul and
 * Add are a linear layer, too. */
#include "onnx_files.h"

#include "graph/model.h"
#include "tensor/tensor.h"

/* x 1x2x4x4 -matmul w 4x3-> p -add b 3-> y */
static void toy_products(toy *t) {
  static char *in[2][2] = {{"x", "w"}, {"p", "b"}}, *out[] = {"p", "y"};
  static char *types[] = {"MatMul", "Add"};
  toy_init(t);
  for (int i = 0; i < 2; i++) {
    t->node[i] = t->node[2];
    t->node[i].op_type = types[i];
    t->node[i].n_input = 2;
    t->node[i].input = in[i];
    t->node[i].n_output = 1;
    t->node[i].output = &out[i];
  }
  t->tensor[0].n_dims = 2;
  t->w_dims[0] = 4;
  t->w_dims[1] = 3;
  t->tensor[0].raw_data.len = 48;
}

static void check_roles(const toy *t, sv_role w, sv_role b) {
  sv_model *model;
  assert_ok(toy_load(t, &model));
  assert_int_equal(role_of(model, "w"), w);
  assert_int_equal(role_of(model, "b"), b);
  /* As it is saved it says so itself. */
  assert_ok(sv_model_save(model, in_folder("learned.onnx")));
  sv_model_free(model);
  assert_ok(sv_model_load(&model, in_folder("learned.onnx")));
  assert_int_equal(role_of(model, "w"), w);
  assert_int_equal(role_of(model, "b"), b);
  sv_model_free(model);
}

static void test_linear(void **state) {
  (void)state;
  toy t;
  toy_products(&t);
  check_roles(&t, SV_WEIGHT, SV_BIAS);
  static char *swapped[] = {"b", "p"}; /* the sum the other way round */
  t.node[1].input = swapped;
  check_roles(&t, SV_WEIGHT, SV_BIAS);
}

/* What no weight made is shifted by a constant: a mean, say. A product element
 * by element is a scale, but not after an activation. */
static void test_constants(void **state) {
  (void)state;
  toy t;
  static char *sum[] = {"x", "b"}, *product[] = {"s", "w"};
  static char *shifted[] = {"s"}, *end[] = {"y"};
  toy_products(&t);
  t.node[1].input = sum;
  t.node[1].output = shifted;
  t.node[0].input = product;
  t.node[0].output = end;
  t.b_dims[0] = 4;
  t.tensor[1].n_float_data = 4;
  t.tensor[1].float_data = t.w;
  check_roles(&t, SV_WEIGHT, SV_CONSTANT);
  toy_products(&t);
  t.node[1].op_type = "Mul";
  check_roles(&t, SV_WEIGHT, SV_SCALE);
  static char *p[] = {"p"}, *a[] = {"a"}, *ab[] = {"a", "b"}, *y[] = {"y"};
  toy_node(&t, 1, "Relu", p, 1, a);
  toy_node(&t, 2, "Mul", ab, 2, y);
  check_roles(&t, SV_WEIGHT, SV_CONSTANT);
}

/* As nn.Linear is exported where nothing is optimised: its weight 3x4 comes
 * through a Transpose. */
static void test_moved(void **state) {
  (void)state;
  static char *w[] = {"w"}, *v[] = {"v"}, *xv[] = {"x", "v"}, *p[] = {"p"},
              *pb[] = {"p", "b"}, *y[] = {"y"};
  toy t;
  toy_products(&t);
  t.w_dims[0] = 3;
  t.w_dims[1] = 4;
  toy_node(&t, 0, "Transpose", w, 1, v);
  toy_node(&t, 1, "MatMul", xv, 2, p);
  toy_node(&t, 2, "Add", pb, 2, y);
  check_roles(&t, SV_WEIGHT, SV_BIAS);
}

/* What a port learns is learned through a Reshape, a single number too. */
static void test_slope(void **state) {
  (void)state;
  static char *ws[] = {"w", "s"}, *v[] = {"v"}, *xv[] = {"x", "v"},
              *y[] = {"y"};
  static int64_t one = 1, shape[] = {1, 1, 1}, three = 3;
  toy t;
  sv_model *model;
  toy_init(&t);
  t.tensor[0] = t.tensor[1];
  t.tensor[0].name = "w";
  t.tensor[0].dims = &one;
  t.tensor[0].n_float_data = 1;
  t.tensor[1] = t.tensor[2];
  t.tensor[1].name = "s";
  t.tensor[1].n_dims = 1;
  t.tensor[1].dims = &three;
  t.tensor[1].has_data_type = 1;
  t.tensor[1].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
  t.tensor[1].n_int64_data = 3;
  t.tensor[1].int64_data = shape;
  toy_node(&t, 0, "Reshape", ws, 2, v);
  toy_node(&t, 1, "PRelu", xv, 2, y);
  assert_ok(toy_load(&t, &model));
  const sv_op *prelu = model->graph->nodes[0].op;
  assert_string_equal(prelu->name, "prelu");
  assert_int_equal(role_of(model, "w"), prelu->in[1].role);
  assert_int_equal(model->state->slots[0].tensor.shape.rank, 3);
  sv_model_free(model);
}

/* x -split 1 1-> a part, as the default exporter of PyTorch writes it: a
 * Slice; what is no constant, or not there, is told. A size below 0: none. */
static void make_part(toy *t, int64_t size, int64_t place) {
  static char *split[] = {"x", "size"}, *seq[] = {"seq"},
              *at[] = {"seq", "place"}, *y[] = {"y"};
  static char *names[] = {"size", "place"};
  static int64_t numbers[2];
  toy_init(t);
  numbers[0] = size;
  numbers[1] = place;
  for (int i = 0; i < 2; i++) {
    t->tensor[i] = t->tensor[3];
    t->tensor[i].name = names[i];
    t->tensor[i].has_data_type = 1;
    t->tensor[i].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    t->tensor[i].n_int64_data = 1;
    t->tensor[i].int64_data = &numbers[i];
  }
  toy_node(t, 0, "SplitToSequence", split, size < 0 ? 1 : 2, seq);
  toy_node(t, 1, "SequenceAt", at, 2, y);
  t->node[0].n_attribute = 1;
  t->node[0].attribute = t->attributes;
  t->attribute[0] = t->attribute[3];
  t->attribute[0].name = "axis";
  t->attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
  t->attribute[0].has_i = 1;
  t->attribute[0].i = 2;
}

static sv_status load_part(toy *t, int64_t size, int64_t place) {
  sv_model *model;
  make_part(t, size, place);
  SV_TRY(toy_load(t, &model));
  assert_int_equal(model->graph->node_count, 1);
  assert_string_equal(model->graph->nodes[0].op->name, "slice");
  const sv_value_info *part = &model->graph->values[2];
  assert_string_equal(part->name, "y");
  assert_int_equal(part->shape.dim[1], 2);
  assert_int_equal(part->shape.dim[2], size < 4 && place ? 1 : 3);
  sv_model_free(model);
  return SV_OK;
}

static void test_parts(void **state) {
  (void)state;
  toy t;
  assert_ok(load_part(&t, 3, 0));
  assert_ok(load_part(&t, 3, 1)); /* the last one is smaller */
  assert_ok(load_part(&t, -1, 3));
  assert_ok(load_part(&t, -1, -1));
  assert_error(SV_UNSUPPORTED, "SequenceAt): part -1 of its sequence",
               load_part(&t, 3, -1));
  assert_error(SV_FORMAT, "SequenceAt): its sequence has a part of 0",
               load_part(&t, 0, 0));
  assert_error(SV_FORMAT, "is not a sequence of parts of a tensor",
               load_part(&t, INT64_MAX, 0));
  sv_model *model;
  make_part(&t, 3, 0);
  t.attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
  assert_error(SV_FORMAT, "its sequence: attribute 'axis' holds a float",
               toy_load(&t, &model));
  make_part(&t, 3, 0);
  t.node[0].output = (char *[]){"other", "seq"};
  t.node[0].n_output = 2;
  assert_error(SV_UNSUPPORTED, "SequenceAt): operator is not supported",
               toy_load(&t, &model));
}

/* x -instance_norm one d-> p -mul w-> q -add b-> y: "one" is a Constant, as
 * where a normalisation has no scale, so w is what is learned in its place. If
 * its numbers are not 1, it is a scale, too. */
static void test_empty_norm(void **state) {
  (void)state;
  static char *xod[] = {"x", "one", "d"}, *one[] = {"one"}, *p[] = {"p"},
              *pw[] = {"p", "w"}, *q[] = {"q"}, *qb[] = {"q", "b"},
              *y[] = {"y"};
  static const float ones[] = {1, 1}, twos[] = {2, 2};
  for (int filled = 0; filled < 2; filled++) {
    toy t;
    sv_model *model;
    toy_init(&t);
    toy_node(&t, 0, "Constant", NULL, 0, one);
    toy_node(&t, 1, "InstanceNormalization", xod, 3, p);
    toy_node(&t, 2, "Mul", pw, 2, q);
    toy_node(&t, 3, "Add", qb, 2, y);
    t.node[0].n_attribute = 1;
    t.node[0].attribute = t.attributes;
    t.attribute[0] = t.attribute[3];
    t.attribute[0].name = "value";
    t.attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    t.attribute[0].t = &t.tensor[3];
    for (int i = 0; i < 4; i++) {
      static char *names[] = {"w", "b", "d", "one"};
      t.tensor[i] = t.tensor[1];
      t.tensor[i].name = names[i];
      t.tensor[i].n_dims = i < 2 ? 3 : 1;
      t.tensor[i].dims = t.w_dims;
      t.tensor[i].n_float_data = 2;
    }
    t.w_dims[0] = 2;
    t.w_dims[1] = t.w_dims[2] = 1;
    t.tensor[3].float_data = (float *)(uintptr_t)(filled ? ones : twos);
    t.graph.n_initializer = 3;
    assert_ok(toy_load(&t, &model));
    assert_int_equal(role_of(model, "one"), filled ? SV_CONSTANT : SV_SCALE);
    assert_int_equal(role_of(model, "w"), SV_SCALE);
    assert_int_equal(role_of(model, "b"), SV_BIAS);
    assert_int_equal(role_of(model, "d"), SV_BIAS);
    sv_model_free(model);
  }
}

/* x / sqrt(x) -mul w-> -add b-> y: the end of a layer normalisation in pieces.
 */
static void test_quotient(void **state) {
  (void)state;
  static char *x[] = {"x"}, *r[] = {"r"}, *xr[] = {"x", "r"}, *p[] = {"p"},
              *pw[] = {"p", "w"}, *q[] = {"q"}, *qb[] = {"q", "b"},
              *y[] = {"y"};
  toy t;
  toy_init(&t);
  toy_node(&t, 0, "Sqrt", x, 1, r);
  toy_node(&t, 1, "Div", xr, 2, p);
  toy_node(&t, 2, "Mul", pw, 2, q);
  toy_node(&t, 3, "Add", qb, 2, y);
  t.b_dims[0] = 4;
  for (int i = 0; i < 2; i++) {
    t.tensor[i] = t.tensor[1];
    t.tensor[i].name = i ? "b" : "w";
    t.tensor[i].n_float_data = 4;
    t.tensor[i].float_data = t.w;
  }
  check_roles(&t, SV_SCALE, SV_BIAS);
}

/* Clip's bound as PyTorch writes F.relu6's: an integer, cast to x's type.
 */
static void test_bound(void **state) {
  (void)state;
  static char *six[] = {"six"}, *like[] = {"six", "x"}, *high[] = {"high"},
              *clip[] = {"x", "", "high"}, *y[] = {"y"};
  toy t;
  sv_model *model;
  sv_plan *plan;
  toy_init(&t);
  toy_node(&t, 0, "Constant", NULL, 0, six);
  toy_node(&t, 1, "CastLike", like, 2, high);
  toy_node(&t, 2, "Clip", clip, 3, y);
  t.node[0].n_attribute = 1;
  t.node[0].attribute = t.attributes;
  t.attribute[0] = t.attribute[3];
  t.attribute[0].name = "value_int";
  t.attribute[0].type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
  t.attribute[0].has_i = 1;
  t.attribute[0].i = 6;
  assert_ok(toy_load(&t, &model));
  sv_plan_options options = sv_plan_default();
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  sv_plan_free(plan);
  sv_model_free(model);
}

/* ---- Files of other programs: scripts/make_fixtures_learned.py ---- */

static const sv_role counted[] = {SV_WEIGHT, SV_BIAS, SV_SCALE, SV_STATISTIC};

static void check_counts(const sv_model *model, const long long *expected,
                         const char *name) {
  for (int r = 0; r < 4; r++) {
    long long count = 0;
    for (int i = 0; i < model->state->count; i++)
      if (model->state->slots[i].role == counted[r])
        count += sv_shape_count(&model->state->slots[i].tensor.shape);
    if (count != expected[r])
      fail_msg("%s: %lld elements have the role %s, expected %lld", name, count,
               sv_role_name(counted[r]), expected[r]);
  }
}

static void test_files(void **state) {
  (void)state;
  char name[64], folder[512], path[600];
  long long n[4];
  int files = 0;
  snprintf(folder, sizeof folder, "%s/tests/fixtures/learned",
           getenv("SOURCE_DIR"));
  snprintf(path, sizeof path, "%s/roles.txt", folder);
  FILE *list = fopen(path, "r");
  assert_non_null(list);
  while (fscanf(list, "%63s %lld %lld %lld %lld", name, &n[0], &n[1], &n[2],
                &n[3]) == 5) {
    sv_model *model;
    snprintf(path, sizeof path, "%s/%s/model.onnx", folder, name);
    assert_ok(sv_model_load(&model, path));
    check_counts(model, n, name);
    assert_ok(sv_model_save(model, in_folder("learned.onnx")));
    sv_model_free(model);
    assert_ok(sv_model_load(&model, in_folder("learned.onnx")));
    check_counts(model, n, name);
    sv_model_free(model);
    files++;
  }
  fclose(list);
  assert_int_equal(files, 21);
}

/* x -matmul v-> p -add b-> y, v what a ConstantOfShape of this shape makes. */
static sv_status load_filled(int64_t rows, int64_t columns) {
  static char *shape[] = {"shape"}, *v[] = {"v"}, *xv[] = {"x", "v"},
              *p[] = {"p"}, *pb[] = {"p", "b"}, *y[] = {"y"};
  static int64_t two = 2, numbers[2];
  toy t;
  sv_model *model;
  toy_products(&t);
  numbers[0] = rows;
  numbers[1] = columns;
  t.tensor[0] = t.tensor[3];
  t.tensor[0].name = "shape";
  t.tensor[0].n_dims = 1;
  t.tensor[0].dims = &two;
  t.tensor[0].has_data_type = 1;
  t.tensor[0].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
  t.tensor[0].n_int64_data = 2;
  t.tensor[0].int64_data = numbers;
  toy_node(&t, 0, "ConstantOfShape", shape, 1, v);
  toy_node(&t, 1, "MatMul", xv, 2, p);
  toy_node(&t, 2, "Add", pb, 2, y);
  SV_TRY(toy_load(&t, &model));
  assert_int_equal(role_of(model, "v"), SV_WEIGHT);
  assert_int_equal(role_of(model, "b"), SV_BIAS);
  sv_model_free(model);
  return SV_OK;
}

/* A hundred bytes ask for any amount of memory. */
static void test_bounds(void **state) {
  (void)state;
  assert_ok(load_filled(4, 3));
  assert_error(SV_UNSUPPORTED,
               "(ConstantOfShape): it computes a constant of "
               "1000000x1000000, but at most 268435456 elements",
               load_filled(1000000, 1000000));
  assert_error(SV_NO_MEMORY, "is too large", load_filled(1ll << 40, 1ll << 40));
  assert_error(SV_INVALID, "dimension 0 is -1", load_filled(-1, 3));
}

/* What the file says counts; a file of ours says all. */
static void test_said(void **state) {
  (void)state;
  toy t;
  static Onnx__StringStringEntryProto entry, *entries[] = {&entry};
  onnx__string_string_entry_proto__init(&entry);
  toy_products(&t);
  entry.key = "svertka.role.w";
  entry.value = "constant";
  t.model.n_metadata_props = 1;
  t.model.metadata_props = entries;
  check_roles(&t, SV_CONSTANT, SV_CONSTANT);
  toy_products(&t);
  t.model.producer_name = "svertka";
  check_roles(&t, SV_CONSTANT, SV_CONSTANT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_linear),   cmocka_unit_test(test_constants),
      cmocka_unit_test(test_moved),    cmocka_unit_test(test_empty_norm),
      cmocka_unit_test(test_bound),    cmocka_unit_test(test_slope),
      cmocka_unit_test(test_quotient), cmocka_unit_test(test_parts),
      cmocka_unit_test(test_said),     cmocka_unit_test(test_files),
      cmocka_unit_test(test_bounds),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
