/* The architectures against what is published of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <svertka/zoo.h>

#include "graph/analysis.h"

enum { LINE = 512, MOST_WORDS = 5 };

static int faults;

static bool analyse(sv_analysis *a, const char *model, bool training) {
  sv_graph *graph;
  sv_status status = sv_zoo_build(&graph, model, NULL);
  if (status == SV_OK) status = sv_analyse(a, graph, NULL, 1, NULL, training);
  sv_graph_free(graph);
  if (status == SV_OK) return true;
  print_error("%s: %s\n", model, sv_error());
  faults++;
  return false;
}

/* The last layer that is a map: its reader averages or flattens it. */
static int64_t last_field(const sv_analysis *a) {
  for (int i = 0; i < a->count; i++) {
    const sv_node *node = a->layers[i].node;
    const char *op = node->op->name;
    if (strcmp(op, "global_avg_pool") != 0 && strcmp(op, "flatten") != 0)
      continue;
    for (int k = i - 1; k >= 0; k--)
      if (a->layers[k].node->out[0] == node->in[0])
        return sv_reach_size(&a->layers[k].field.axis[0]);
  }
  return -1;
}

static int64_t field_of(const sv_analysis *a, const char *layer) {
  for (int i = 0; i < a->count; i++)
    if (strcmp(a->layers[i].node->name, layer) == 0)
      return sv_reach_size(&a->layers[i].field.axis[0]);
  fail_msg("no layer %s", layer);
  return -1;
}

static void compare(const char *model, const char *what, double found,
                    const char *expected, double tolerance) {
  if (strcmp(expected, "-") == 0) return;
  if (fabs(found - atof(expected)) <= tolerance) return;
  faults++;
  print_error("%s: %s %.6g, published are %s\n", model, what, found, expected);
}

static void check(char *const *word, int count) {
  sv_analysis a;
  const char *kind = word[0], *model = word[1];
  if (!analyse(&a, model, strcmp(kind, "training") == 0)) return;
  if (strcmp(kind, "layers") == 0) {
    compare(model, "weight layers", a.weight_layers, word[2], 0);
  } else if (strcmp(kind, "field") == 0) {
    compare(model, word[2], (double)field_of(&a, word[2]), word[3], 0);
  } else {
    compare(model, "parameters", (double)a.parameters, word[2], 0);
    if (count > 3)
      compare(model, "GMAC", 1e-9 * (double)a.macs, word[3], 5.001e-4);
    if (count > 4)
      compare(model, "receptive field", (double)last_field(&a), word[4], 0);
  }
  sv_analysis_free(&a);
}

static void test_published(void **state) {
  (void)state;
  char path[LINE], line[LINE];
  const char *source = getenv("SOURCE_DIR");
  snprintf(path, sizeof path, "%s/tests/fixtures/published.txt",
           source ? source : ".");
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  int rows = 0;
  while (fgets(line, sizeof line, file)) {
    char *word[MOST_WORDS], *rest = line;
    int count = 0;
    while (count < MOST_WORDS && (word[count] = strtok_r(rest, " \n", &rest)))
      count++;
    if (count == 0 || word[0][0] == '#') continue;
    assert_true(count >= 3);
    check(word, count);
    rows++;
  }
  fclose(file);
  assert_true(rows > 50);
  assert_int_equal(faults, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_published)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
