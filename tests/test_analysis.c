/* Counting on graphs: the numbers of the lecture, joins, shared parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <svertka/svertka.h>

#include "graph/analysis.h"

static sv_analysis analyse(const char *text, int64_t batch,
                           const sv_ints *image, bool training) {
  sv_graph *graph;
  sv_analysis a;
  if (sv_network_parse(&graph, NULL, text) != SV_OK) fail_msg("%s", sv_error());
  sv_status status = sv_analyse(&a, graph, NULL, batch, image, training);
  sv_graph_free(graph);
  if (status != SV_OK) fail_msg("%s: %s", text, sv_error());
  return a;
}

static const sv_layer *layer(const sv_analysis *a, const char *name) {
  for (int i = 0; i < a->count; i++)
    if (strcmp(a->layers[i].node->name, name) == 0) return &a->layers[i];
  fail_msg("no layer '%s'", name);
  return NULL;
}

static void assert_reach(const sv_receptive *s, int64_t step, int64_t first,
                         int64_t last) {
  assert_int_equal(s->step, step);
  assert_int_equal(s->per, 1);
  assert_int_equal(s->first, first);
  assert_int_equal(s->last, last);
  assert_int_equal(s->size, last - first + 1);
}

/* Parameters, MACs, weight layers and the size that the last layer sees. */
static const struct {
  const char *text;
  int64_t parameters, macs;
  int weight_layers;
  int64_t sees[2];
} numbers[] = {
    {"input 3x8x8; conv 1 3x3", 28, 972, 1, {3, 3}},
    {"input 3x8x8; conv 6 3x3; conv 10 3x3", 718, 14472, 2, {5, 5}},
    {"input 1x9x9; conv 1 5x5", 26, 625, 1, {5, 5}},
    {"input 1x9x9; conv 1 3x3; conv 1 3x3", 20, 666, 2, {5, 5}},
    {"input 1x9x9; conv 1 1x3; conv 1 3x1; conv 1 1x3; conv 1 3x1",
     16,
     516,
     4,
     {5, 5}},
    {"input 1x9x9; conv 1 3x3; max_pool 2 stride=2; conv 1 3x3",
     20,
     450,
     2,
     {8, 8}},
    {"input 16x224x224; conv 32 3x3 padding=same", 4640, 231211008, 1, {3, 3}},
    {"input 16x224x224; conv 8 1x1; conv 32 3x3 padding=same",
     2472,
     122028032,
     2,
     {3, 3}},
    {"input 4x9x9; conv 4 3x3 dilation=2 group=2", 76, 1800, 1, {5, 5}},
    /* ShuffleNet's: two groups of maps in turn. */
    {"input 4x8x8; conv 4 3x3 group=2; reshape 0x2x2x6x6\n"
     "transpose 0x2x1x3x4; reshape 0x4x6x6; conv 4 3x3 group=2",
     152,
     3744,
     2,
     {5, 5}},
    {"input 1x16x16; avg_pool 2 stride=2; weighted_avg_pool 2 stride=2",
     2,
     0,
     0,
     {4, 4}},
    {"input 3x16x16; window_pool 3 stride=2 padding=1; window_pool 4x2",
     0,
     1728 + 840,
     0,
     {9, 5}},
};

static void test_numbers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    sv_analysis a = analyse(numbers[i].text, 1, NULL, false);
    const sv_field *f = &a.layers[a.count - 1].field;
    assert_int_equal(a.parameters, numbers[i].parameters);
    assert_int_equal(a.macs, numbers[i].macs);
    assert_int_equal(a.weight_layers, numbers[i].weight_layers);
    assert_false(f->whole || f->none);
    for (int d = 0; d < 2; d++)
      assert_int_equal(f->axis[d].size, numbers[i].sees[d]);
    sv_analysis_clear(&a);
  }
}

static void test_lenet(void **state) {
  (void)state;
  sv_graph *graph;
  sv_analysis a;
  assert_int_equal(sv_zoo_build(&graph, "lenet5", NULL), SV_OK);
  assert_int_equal(sv_analyse(&a, graph, NULL, 4, NULL, false), SV_OK);
  assert_int_equal(a.parameters, 61706);
  assert_int_equal(a.macs, 4 * 416520);
  assert_int_equal(a.weight_layers, 5);
  assert_int_equal(a.input.dim[0], 4);
  const sv_layer *pool = layer(&a, "avg_pool2");
  assert_reach(&pool->field.axis[0], 4, 0, 15);
  assert_true(sv_receptive_centre(&pool->field.axis[1]) == 7.5);
  assert_int_equal(pool->neurons, 400);
  assert_int_equal(layer(&a, "conv3")->field.axis[0].size, 32);
  assert_true(layer(&a, "linear1")->field.whole);
  int without_loss = a.count;
  sv_analysis_clear(&a);
  assert_int_equal(sv_analyse(&a, graph, NULL, 1, NULL, true), SV_OK);
  assert_int_equal(a.count, without_loss + 1);
  sv_analysis_clear(&a);
  sv_graph_free(graph);
}

/* Padding counts as pixels before 0. */
static void test_joins(void **state) {
  (void)state;
  sv_analysis a = analyse(
      "input 1x8x8; a = conv 1 1x5 padding=same; "
      "b = conv(image) 1 3x1 padding=same; add(a, b); conv 1 3 stride=2",
      1, NULL, false);
  const sv_field *sum = &layer(&a, "add1")->field;
  assert_reach(&sum->axis[0], 1, -1, 1);
  assert_reach(&sum->axis[1], 1, -2, 2);
  const sv_field *last = &layer(&a, "conv1")->field;
  assert_reach(&last->axis[0], 2, -1, 3);
  assert_reach(&last->axis[1], 2, -2, 4);
  sv_analysis_clear(&a);
  a = analyse(
      "input 1x8x8; a = max_pool 2 stride=2; b = conv(image) 1 5; add(a, b)", 1,
      NULL, false);
  assert_true(layer(&a, "add1")->field.whole);
  sv_analysis_clear(&a);
}

static void test_shared_parameters(void **state) {
  (void)state;
  sv_analysis a = analyse(
      "x = input 1x8x8; w = parameter 1x1x3x3; s = parameter 9 role=statistic\n"
      "conv(x, w) padding=same; conv(., w) padding=same",
      1, NULL, false);
  assert_int_equal(a.parameters, 9);
  assert_int_equal(a.weight_layers, 1);
  assert_int_equal(a.macs, 2 * 64 * 9);
  sv_analysis_clear(&a);
}

static void test_free_size(void **state) {
  (void)state;
  const sv_ints image = {3, {3, 10, 20}}, flat = {1, {3}};
  sv_graph *graph;
  sv_analysis a =
      analyse("input 3x?x?; conv 2 3x3 padding=same", 1, &image, false);
  assert_int_equal(a.layers[0].output.dim[3], 20);
  sv_analysis_clear(&a);
  assert_int_equal(
      sv_network_parse(&graph, NULL, "input 3x?x?; conv 2 3x3 padding=same"),
      SV_OK);
  assert_int_equal(sv_analyse(&a, graph, NULL, 1, NULL, false), SV_INVALID);
  assert_int_equal(sv_analyse(&a, graph, NULL, 1, &flat, false), SV_INVALID);
  sv_graph_free(graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_lenet),
      cmocka_unit_test(test_joins),
      cmocka_unit_test(test_shared_parameters),
      cmocka_unit_test(test_free_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
