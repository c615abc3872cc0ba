/* The operators: their tables, the text of attributes, and the lecture's
 * numbers by the reference. opcheck compares the arithmetic with other
 * programs. */
#include <stdlib.h>

#include "one_node.h"

#include "base/near.h"

/* ---- Tables ---- */

static void check_ports(const sv_op *op, const sv_port *ports) {
  assert_non_null(ports);
  assert_non_null(ports[0].name);
  for (int i = 0; ports[i].name; i++) {
    assert_true(strlen(ports[i].name) > 0);
    assert_non_null(sv_role_name(ports[i].role));
    if (ports[i].variadic) assert_null(ports[i + 1].name);
    if (sv_role_is_trained(ports[i].role)) {
      assert_non_null(op->parameter);
      assert_non_null(op->ref.backward_params);
    }
    for (int j = 0; j < i; j++)
      assert_string_not_equal(ports[i].name, ports[j].name);
  }
}

static size_t size_of(const sv_attr *row) {
  static const size_t sizes[] = {[SV_ATTR_INT] = sizeof(int64_t),
                                 [SV_ATTR_FLOAT] = sizeof(float),
                                 [SV_ATTR_BOOL] = sizeof(bool),
                                 [SV_ATTR_CHOICE] = sizeof(int),
                                 [SV_ATTR_INTS] = sizeof(sv_ints),
                                 [SV_ATTR_FLOATS] = sizeof(sv_floats),
                                 [SV_ATTR_PADDING] = sizeof(sv_padding)};
  return sizes[row->type];
}

static void check_attr(const sv_op *op, const sv_attr *row) {
  assert_non_null(row->help);
  assert_true(strlen(row->help) > 0);
  assert_true(row->offset + size_of(row) <= op->attrs_size);
  assert_true(row->min <= row->max);
  assert_true(!row->until || row->since <= row->until);
  assert_int_equal(row->type == SV_ATTR_CHOICE, row->choices != NULL);
  if (row->slot) assert_true(row->slot > 0 && row->onnx);
  for (const sv_attr *other = op->attrs; other != row; other++) {
    /* One attribute, one place; different ones do not overlap. */
    bool same = strcmp(other->name, row->name) == 0;
    assert_int_equal(same, other->offset == row->offset);
    if (same) assert_int_equal(other->type, row->type);
    if (row->position) assert_int_not_equal(other->position, row->position);
  }
}

static void check_masks(const sv_op *op) {
  const sv_reference *ref = &op->ref;
  unsigned in = SV_PORT(sv_op_in_count(op)), out = SV_PORT(sv_op_out_count(op));
  assert_true(ref->data_reads_in < in && ref->params_reads_in < in);
  assert_true(ref->data_reads_out < out && ref->params_reads_out < out);
  assert_non_null(ref->forward);
  bool differentiable = false;
  for (int i = 0; i < sv_op_in_count(op); i++)
    differentiable |= op->in[i].role == SV_DATA && !op->in[i].no_gradient;
  assert_int_equal(ref->backward_data != NULL, differentiable);
}

static void test_tables(void **state) {
  (void)state;
  assert_true(sv_registry_count() >= 14);
  for (int i = 0; i < sv_registry_count(); i++) {
    const sv_entry *entry = sv_registry_at(i);
    const sv_op *op = entry->op;
    print_message("  %s\n", op->name);
    assert_string_equal(op->name, entry->op_f64->name);
    assert_ptr_equal(sv_registry_of(entry->op_f64), entry);
    assert_ptr_equal(sv_registry_find(op->name), entry);
    assert_non_null(op->summary);
    assert_non_null(op->infer);
    check_ports(op, op->in);
    check_ports(op, op->out);
    check_masks(op);
    int positions = 0;
    for (const sv_attr *row = op->attrs; row && row->name; row++) {
      check_attr(op, row);
      positions += row->position > 0;
    }
    for (int n = 1; n <= positions; n++)
      assert_non_null(sv_attr_at_position(op, n));
    lone l;
    expect_ok(start(&l, op->name, ""));
    expect_ok(sv_attrs_check(op, l.attrs));
  }
}

static void test_registry(void **state) {
  (void)state;
  const sv_entry *entry;
  expect_error(sv_registry_require(&entry, "conw"),
               "unknown operator 'conw'; did you mean conv?");
  expect_error(sv_registry_require(&entry, "maxpool"),
               "unknown operator 'maxpool'; did you mean max_pool?");
  expect_error(sv_registry_require(&entry, "transformer"),
               "unknown operator 'transformer'");
  assert_null(entry);
  assert_ptr_equal(sv_registry_onnx("Conv", 1), op_of("conv"));
  assert_ptr_equal(sv_registry_onnx("Gemm", 13), op_of("linear"));
  assert_ptr_equal(sv_registry_onnx("Gemm", 6), op_of("linear"));
  assert_null(sv_registry_onnx("Gemm", 5));
  assert_null(sv_registry_onnx("conv", 13));
  assert_null(sv_backend_find("abacus"));
  assert_true(sv_is_near("rleu", "relu"));
  assert_false(sv_is_near("a", "b"));
}

/* ---- Text ---- */

static void round_trip(const sv_op *op, const sv_attr *row, const char *value) {
  lone first, second;
  expect_ok(start(&first, op->name, ""));
  expect_ok(start(&second, op->name, ""));
  expect_ok(sv_attr_parse(op, first.attrs, row, value));
  sv_text text = {0};
  sv_attr_print(&text, row, first.attrs);
  char *printed;
  expect_ok(sv_text_take(&text, &printed));
  expect_ok(sv_attr_parse(op, second.attrs, row, printed));
  assert_memory_equal(first.attrs, second.attrs, op->attrs_size);
  sv_free(printed);
}

static bool is_allowed(const sv_attr *row, const char *word) {
  bool number = row->type == SV_ATTR_FLOAT || row->type == SV_ATTR_INT;
  double value = atof(word);
  bool bounded = row->min != 0 || row->max != 0;
  return !number || !bounded || (value >= row->min && value <= row->max);
}

static void test_text_round_trip(void **state) {
  (void)state;
  static const char *const samples[][5] = {
      [SV_ATTR_INT] = {"1", "2"},
      [SV_ATTR_FLOAT] = {"0.1", "-3e-7", "16777217", "0.333333333"},
      [SV_ATTR_BOOL] = {"true", "false"},
      [SV_ATTR_INTS] = {"", "3", "3x1", "1,2,1,2"},
      [SV_ATTR_FLOATS] = {"", "0.5", "1,-0.25"},
      [SV_ATTR_PADDING] = {"0", "1", "1x2", "same", "full"}};
  for (int i = 0; i < sv_registry_count(); i++) {
    const sv_op *op = sv_registry_at(i)->op;
    for (const sv_attr *row = op->attrs; row && row->name; row++) {
      if (!sv_attr_is_first(op, row)) continue;
      const char *const *words = row->choices;
      if (!words) words = samples[row->type];
      for (int k = 0; k < 5 && words[k]; k++)
        if (is_allowed(row, words[k])) round_trip(op, row, words[k]);
      lone l;
      expect_ok(start(&l, op->name, ""));
      assert_true(sv_attr_is_default(op, row, l.attrs));
    }
  }
}

static void test_text_errors(void **state) {
  (void)state;
  static const struct {
    const char *op, *text, *message;
  } cases[] = {
      {"conv", "6 3y3", "conv: kernel is '3y3', expected integers such as 3x3"},
      {"conv", "six", "conv: channels is 'six', expected an integer"},
      {"conv", "6 3x3 1",
       "conv: unexpected '1': conv takes 2 values without name="},
      {"conv", "6 3x3 strid=2",
       "conv: unknown attribute 'strid'; did you mean stride?"},
      {"conv", "6 channels=6", "conv: channels is given twice"},
      {"conv", "6 0x3", "conv: kernel is 0, expected 1 to 16777216"},
      {"conv", "6 99999999999999999999",
       "conv: kernel is '99999999999999999999', expected integers such "
       "as 3x3"},
      {"conv", "padding=some",
       "conv: padding is 'some', expected same, same_lower, valid, full or "
       "numbers such as 1x1"},
      {"conv", "padding=-1", "conv: padding is -1, expected 0 to 16777216"},
      {"conv", "bias=no", "conv: bias is 'no', expected true or false"},
      {"pad", "1 mirror",
       "pad: border is 'mirror', expected constant, reflect, edge, wrap"},
      {"pad", "1 value=nan", "pad: value is 'nan', expected a number"},
      {"relu", "1", "relu: unexpected '1': it has no attributes"},
      {"relu", "slope=1", "relu: unknown attribute 'slope'; it has none"},
      {"flatten", "begin=1", "flatten: unknown attribute 'begin'; it has axis"},
  };
  for (size_t i = 0; i < count_of(cases); i++) {
    lone l;
    expect_error(start(&l, cases[i].op, cases[i].text), cases[i].message);
  }
}

/* An attribute that holds an integer, as one. */
static int64_t whole(const lone *l, const char *attr) {
  return (int64_t)sv_attr_number(&l->node, attr);
}

/* What a file of an old opset leaves out means what it meant then. */
static void test_old_defaults(void **state) {
  (void)state;
  lone l;
  expect_ok(start(&l, "softmax", ""));
  assert_int_equal(whole(&l, "axis"), -1);
  assert_int_equal(whole(&l, "flat"), 0);
  sv_attrs_default_at(l.node.op, l.attrs, 12);
  assert_int_equal(whole(&l, "axis"), 1);
  assert_int_equal(whole(&l, "flat"), 1);
  expect_ok(start(&l, "linear", ""));
  assert_int_equal(whole(&l, "transpose_w"), 1);
  sv_attrs_default_at(l.node.op, l.attrs, 13);
  assert_int_equal(whole(&l, "transpose_w"), 0);
}

/* ---- The lecture's numbers ---- */

static const double image[] = {1, 3, -1, 0, 2,  -2, 0, 5,
                               4, 1, -1, 3, -3, 0,  1, 2};

static void test_gold_convolution(void **state) {
  (void)state;
  lone l;
  expect_ok(start(&l, "conv", ""));
  give(&l, sv_shape_of(4, 1, 1, 4, 4), image);
  give(&l, sv_shape_of(4, 1, 1, 2, 2), (double[]){1, 0, 2, -1});
  expect_ok(forward(&l));
  static const double y[] = {7, -1, -6, 9, 1, -5, -2, 0, -1};
  expect_numbers(&l, sv_shape_of(4, 1, 1, 3, 3), y);
  finish(&l);
  expect_ok(start(&l, "relu", ""));
  give(&l, sv_shape_of(4, 1, 1, 3, 3), y);
  expect_ok(forward(&l));
  expect_numbers(&l, sv_shape_of(4, 1, 1, 3, 3),
                 (double[]){7, 0, 0, 9, 1, 0, 0, 0, 0});
  finish(&l);
}

static void test_gold_pooling(void **state) {
  (void)state;
  lone l;
  expect_ok(start(&l, "max_pool", "2x2 2"));
  give(&l, sv_shape_of(4, 1, 1, 4, 4), image);
  expect_ok(forward(&l));
  expect_numbers(&l, sv_shape_of(4, 1, 1, 2, 2), (double[]){3, 5, 4, 3});
  finish(&l);
  static const double waves[] = {1, 2, 1, 2, 1, 2, 3, 1, 3, 1, 3, 1,
                                 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1};
  expect_ok(start(&l, "max_pool", "2x2 2"));
  give(&l, sv_shape_of(4, 1, 1, 4, 6), waves);
  expect_ok(forward(&l));
  expect_numbers(&l, sv_shape_of(4, 1, 1, 2, 3), (double[]){3, 3, 3, 1, 1, 1});
  finish(&l);
}

static void test_softmax_is_stable(void **state) {
  (void)state;
  lone l;
  expect_ok(start(&l, "softmax", ""));
  give(&l, sv_shape_of(2, 3, 2),
       (double[]){1000, 1000, -1000, -1000, 1000, -1000});
  expect_ok(forward(&l));
  expect_numbers(&l, sv_shape_of(2, 3, 2), (double[]){.5, .5, .5, .5, 1, 0});
  finish(&l);
}

static void test_label_out_of_range(void **state) {
  (void)state;
  static const struct {
    int64_t label;
    const char *message;
  } cases[] = {{10, "label 10 of sample 1 is not one of 3 classes"},
               {-1, "label -1 of sample 1 is not one of 3 classes"}};
  for (size_t i = 0; i < count_of(cases); i++) {
    lone l;
    expect_ok(start(&l, "cross_entropy", ""));
    give(&l, sv_shape_of(2, 2, 3), (double[]){1, 2, 3, 4, 5, 6});
    sv_shape labels = sv_shape_of(1, 2);
    give_shape(&l, SV_I64, labels);
    expect_ok(sv_tensor_new(&l.input[1], SV_I64, &labels));
    sv_tensor_set(l.input[1], 1, (double)cases[i].label);
    expect_error(forward(&l), cases[i].message);
    finish(&l);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tables),
      cmocka_unit_test(test_registry),
      cmocka_unit_test(test_text_round_trip),
      cmocka_unit_test(test_text_errors),
      cmocka_unit_test(test_old_defaults),
      cmocka_unit_test(test_gold_convolution),
      cmocka_unit_test(test_gold_pooling),
      cmocka_unit_test(test_softmax_is_stable),
      cmocka_unit_test(test_label_out_of_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
