/* Windows, shape rules with their errors, costs. */
#include "one_node.h"

#include <svertka/layers.h>

#include "geometry/window.h"

/* ---- Windows ---- */

typedef struct axis_case {
  int64_t in, kernel, stride, dilation;
  const char *padding;
  bool ceil_mode;
  int64_t out, begin, end;
} axis_case;

static void test_windows(void **state) {
  (void)state;
  static const axis_case cases[] = {
      {32, 5, 1, 1, "valid", false, 28, 0, 0},
      {28, 2, 2, 1, "0", false, 14, 0, 0},
      {224, 7, 2, 1, "3", false, 112, 3, 3},
      {5, 3, 1, 1, "same", false, 5, 1, 1},
      {5, 2, 1, 1, "same", false, 5, 0, 1}, /* even: one more at the end */
      {5, 2, 1, 1, "same_lower", false, 5, 1, 0}, /* at the beginning */
      {5, 4, 1, 1, "same", false, 5, 1, 2},
      {5, 4, 1, 1, "same_lower", false, 5, 2, 1},
      {7, 3, 2, 1, "same", false, 4, 1, 1},
      {6, 3, 2, 1, "same", false, 3, 0, 1},
      {6, 1, 2, 1, "same", false, 3, 0, 0}, /* the stride leaps over the rest */
      {5, 3, 1, 2, "same", false, 5, 2, 2},
      {4, 3, 1, 1, "full", false, 6, 2, 2},
      {4, 3, 1, 2, "full", false, 8, 4, 4},
      {6, 3, 2, 1, "0", false, 2, 0, 0},
      {6, 3, 2, 1, "0", true, 3, 0, 0},
      {7, 3, 2, 1, "0", true, 3, 0, 0},
      {6, 3, 2, 1, "valid", true, 2, 0, 0},
      {2, 3, 3, 1, "1", true, 1, 1, 1}, /* a second window would be padding */
      {5, 2, 1, 1, "1,2", false, 7, 1, 2},
  };
  for (size_t i = 0; i < count_of(cases); i++) {
    const axis_case *c = &cases[i];
    sv_ints kernel = {1, {c->kernel}}, stride = {1, {c->stride}};
    sv_ints dilation = {1, {c->dilation}};
    lone l;
    expect_ok(start(&l, "conv", ""));
    expect_ok(sv_attr_parse(l.node.op, l.attrs,
                            sv_attr_find(l.node.op, "padding"), c->padding));
    const sv_padding *padding = &((sv_conv_attrs *)l.attrs)->padding;
    sv_shape x = {.rank = 3, .dim = {1, 1, c->in}};
    sv_window w;
    expect_ok(sv_window_resolve(&w, &x, &kernel, &stride, &dilation, padding,
                                c->ceil_mode));
    assert_int_equal(w.out[1], c->out);
    assert_int_equal(w.begin[1], c->begin);
    assert_int_equal(w.end[1], c->end);
    assert_int_equal(w.out[0], 1);
  }
}

/* sv_window_taps and sv_window_outputs are the same pairs seen from two sides,
 * and those that lie inside of the image. */
static void test_window_taps(void **state) {
  (void)state;
  sv_window w = {.in = {5, 7},
                 .out = {6, 4},
                 .kernel = {3, 4},
                 .stride = {1, 3},
                 .dilation = {2, 1},
                 .begin = {3, 2}};
  for (int d = 0; d < 2; d++)
    for (int64_t o = 0; o < w.out[d]; o++)
      for (int64_t k = 0; k < w.kernel[d]; k++) {
        int64_t at = o * w.stride[d] - w.begin[d] + k * w.dilation[d];
        bool inside = at >= 0 && at < w.in[d];
        int64_t first, last;
        sv_window_taps(&w, d, o, &first, &last);
        assert_int_equal(inside, first <= k && k < last);
        sv_window_outputs(&w, d, k, &first, &last);
        assert_int_equal(inside, first <= o && o < last);
      }
}

/* ---- Shapes ---- */

static void test_infer_errors(void **state) {
  (void)state;
  refuse("max_pool", "5x5", sv_shape_of(4, 1, 1, 4, 4),
         "kernel 5x5 does not fit the 4x4 input");
  refuse("max_pool", "5x5 padding=0,0,0,1", sv_shape_of(4, 1, 1, 4, 4),
         "kernel 5x5 does not fit the 4x4 input (padded 4x5)");
  refuse("max_pool", "3x3 dilation=2", sv_shape_of(4, 1, 1, 4, 4),
         "kernel 5x5 (dilated) does not fit the 4x4 input");
  refuse("max_pool", "2x2 padding=2", sv_shape_of(4, 1, 1, 4, 4),
         "window 0 along the height lies entirely in the padding");
  refuse("avg_pool", "2x2x2", sv_shape_of(4, 1, 1, 4, 4),
         "kernel has 3 numbers, expected 1 or 2");
  refuse("avg_pool", "2 padding=1,1,1", sv_shape_of(4, 1, 1, 4, 4),
         "padding has 3 values, expected 1, 2 or 4");
  refuse("avg_pool", "", sv_shape_of(4, 1, 1, 4, 4),
         "the kernel's size is missing");
  refuse("max_pool", "2", sv_shape_of(5, 1, 1, 4, 4, 4),
         "input is 1x1x4x4x4, expected N C H W or N C W");
  refuse("max_pool", "2", sv_shape_of(4, 1, 1, 0, 4),
         "input is 1x1x0x4, expected an image");
  refuse("softmax", "2", sv_shape_of(2, 3, 4), "axis is 2, expected -2 to 1");
  refuse("flatten", "3", sv_shape_of(2, 3, 4), "axis is 3, expected -2 to 2");
  refuse("pad", "-2", sv_shape_of(4, 1, 1, 4, 4),
         "pads of -2 and -2 do not fit dimension 2 of 1x1x4x4");
  refuse("pad", "1,2,3", sv_shape_of(4, 1, 1, 4, 4),
         "pads has 3 values, expected 1, 2 or 4");
  refuse("add", "", sv_shape_of(2, 3, 4), "input b is missing");
}

static void test_parameter_errors(void **state) {
  (void)state;
  lone l;
  expect_ok(start(&l, "linear", "10"));
  give_shape(&l, SV_F32, sv_shape_of(4, 1, 16, 5, 5));
  give_shape(&l, SV_F32, sv_shape_of(2, 10, 400));
  expect_error(infer(&l),
               "input x is 1x16x5x5, expected N K; add flatten before it");
  expect_ok(start(&l, "conv", "6 3x3 group=2"));
  give_shape(&l, SV_F32, sv_shape_of(4, 1, 3, 5, 5));
  give_shape(&l, SV_F32, sv_shape_of(4, 6, 3, 3, 3));
  expect_error(infer(&l),
               "group 2 does not divide both 3 input maps and 6 output "
               "maps");
  expect_ok(start(&l, "conv", "6 3x3"));
  give_shape(&l, SV_F32, sv_shape_of(4, 1, 3, 5, 5));
  give_shape(&l, SV_F32, sv_shape_of(4, 6, 1, 5, 5));
  expect_error(infer(&l), "input w is 6x1x5x5, expected 6x3x3x3");
  expect_ok(start(&l, "add", ""));
  give_shape(&l, SV_F32, sv_shape_of(2, 6, 1));
  give_shape(&l, SV_F32, sv_shape_of(2, 5, 2));
  expect_error(infer(&l), "shapes 6x1 and 5x2 cannot be broadcast together");
  expect_ok(start(&l, "add", ""));
  give_shape(&l, SV_F32, sv_shape_of(1, 6));
  give_shape(&l, SV_F64, sv_shape_of(1, 6));
  expect_error(infer(&l), "input b is f64, but input a is f32");
  expect_ok(start(&l, "tanh", ""));
  give_shape(&l, SV_I64, sv_shape_of(1, 6));
  expect_error(infer(&l), "input x is i64, expected f32");
}

static void test_cost(void **state) {
  (void)state;
  lone l;
  sv_cost cost = sv_cost_pointwise();
  expect_ok(start(&l, "conv", "6 5x5 stride=2 padding=2 dilation=1x2"));
  give_shape(&l, SV_F32, sv_shape_of(4, 2, 3, 16, 16));
  give_shape(&l, SV_F32, sv_shape_of(4, 6, 3, 5, 5));
  expect_ok(infer(&l));
  expect_ok(l.node.op->cost(&l.node, l.in, l.out, &cost));
  assert_int_equal(cost.macs, 2 * 6 * 8 * 6 * 3 * 5 * 5);
  assert_true(cost.spatial);
  assert_int_equal(cost.axis[0].step, 2);
  assert_int_equal(cost.axis[0].first, -2);
  assert_int_equal(cost.axis[0].last, 2);
  assert_int_equal(cost.axis[1].last, 6);
  expect_ok(start(&l, "linear", "10"));
  give_shape(&l, SV_F32, sv_shape_of(2, 3, 84));
  give_shape(&l, SV_F32, sv_shape_of(2, 10, 84));
  expect_ok(infer(&l));
  cost = sv_cost_pointwise();
  expect_ok(l.node.op->cost(&l.node, l.in, l.out, &cost));
  assert_int_equal(cost.macs, 3 * 10 * 84);
  assert_false(cost.spatial);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_window_taps),
      cmocka_unit_test(test_infer_errors),
      cmocka_unit_test(test_parameter_errors),
      cmocka_unit_test(test_cost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
