/* Folds of `svertka summary`: what is folded has the columns of what it is said
 * to be like, in every network of the zoo, and no layer is lost or told twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <svertka/zoo.h>

#include "base/text.h"
#include "graph/analysis.h"
#include "op/attrs.h"

#include "cli/summary_rows.c" /* the program is no library */

static int folded; /* layers, in all networks */

/* What the columns are made of, but for the receptive field's size. */
static void write_columns(const sv_layer *l, sv_text *text) {
  char in[SV_SHAPE_TEXT], out[SV_SHAPE_TEXT];
  sv_text_add(text, "%s %s -> %s, %lld parameters, %lld neurons, %lld MACs, ",
              l->node->op->name, sv_shape_text(&l->input, in),
              sv_shape_text(&l->output, out), (long long)l->parameters,
              (long long)l->neurons, (long long)l->macs);
  sv_text_add(text, "%lld bytes, connected %lld, step", (long long)l->bytes,
              (long long)l->connected);
  for (int d = 0; d < 2; d++)
    sv_text_add(text, " %g", sv_receptive_step(&l->field.axis[d]));
  for (const sv_attr *row = l->node->op->attrs; row && row->name; row++) {
    sv_text_add(text, " %s=", row->name);
    sv_attr_print(text, row, l->node->attrs);
  }
}

static void assert_like(const char *network, const sv_analysis *a, int layer,
                        int original) {
  sv_text found = {0}, expected = {0};
  write_columns(&a->layers[layer], &found);
  write_columns(&a->layers[original], &expected);
  if (strcmp(found.at, expected.at) != 0)
    fail_msg("%s: %s is folded as %s\n%s\n%s", network,
             a->layers[layer].node->name, a->layers[original].node->name,
             found.at, expected.at);
  sv_text_clear(&found);
  sv_text_clear(&expected);
  folded++;
}

/* Between two repeats every layer's field grows by the same. */
static void assert_growth(const char *network, const sv_analysis *a,
                          const summary_row *row, int layers) {
  int64_t growth = 0;
  for (int i = 0; i < row->count; i++) {
    const sv_field *f = &a->layers[row->first + i].field;
    const sv_field *o = &a->layers[row->first + i - layers].field;
    if (f->none || f->whole) return;
    int64_t grown = f->axis[0].size - o->axis[0].size;
    if (i == 0) growth = grown;
    if (grown != growth)
      fail_msg("%s: fields of folded layers grow by %lld and by %lld", network,
               (long long)growth, (long long)grown);
  }
}

static void check(const char *network) {
  sv_graph *graph;
  sv_analysis a;
  summary_rows rows = {0};
  if (sv_zoo_build(&graph, network, NULL) != SV_OK ||
      sv_analyse(&a, graph, NULL, 1, NULL, false) != SV_OK ||
      summary_group(&rows, &a, false) != SV_OK)
    fail_msg("%s: %s", network, sv_error());
  int next = 0; /* the first layer that no row has shown */
  for (int i = 0; i < rows.count; i++) {
    const summary_row *row = &rows.at[i];
    if (row->kind == ROW_GROUP) continue;
    if (row->first != next)
      fail_msg("%s: %s is the next row, after layer %d", network,
               a.layers[row->first].node->name, next - 1);
    next += row->kind == ROW_LAYER ? 1 : row->count;
    if (row->kind != ROW_FOLD) continue;
    int layers = row->count / row->times;
    assert_int_equal(layers * row->times, row->count);
    for (int k = 0; k < row->count; k++)
      assert_like(network, &a, row->first + k, row->like[0].first + k % layers);
    assert_growth(network, &a, row, layers);
  }
  assert_int_equal(next, a.count);
  summary_rows_free(&rows);
  sv_analysis_clear(&a);
  sv_graph_free(graph);
}

static void folds_equals_alone(void **state) {
  (void)state;
  for (int i = 0; i < sv_zoo_count(); i++) {
    check(sv_zoo_name(i));
    for (int k = 0; sv_zoo_alias_name(i, k); k++)
      check(sv_zoo_alias_name(i, k));
  }
  assert_true(folded > 1000); /* the deep residual networks */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(folds_equals_alone)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
