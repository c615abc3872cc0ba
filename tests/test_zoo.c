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
#include <svertka/layers.h>
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
        return a->layers[k].field.axis[0].size;
  }
  return -1;
}

static int64_t field_of(const sv_analysis *a, const char *layer) {
  for (int i = 0; i < a->count; i++)
    if (strcmp(a->layers[i].node->name, layer) == 0)
      return a->layers[i].field.axis[0].size;
  fail_msg("no layer %s", layer);
  return -1;
}

/* Half of the last digit that is given. */
static double half_digit(const char *number) {
  const char *point = strchr(number, '.');
  return 0.50001 * pow(10, point ? -(double)strlen(point + 1) : 0);
}

static void compare(const char *model, const char *what, double found,
                    const char *expected, double tolerance) {
  if (strcmp(expected, "-") == 0) return;
  if (fabs(found - atof(expected)) <= tolerance) return;
  faults++;
  print_error("%s: %s %.6g, published are %s\n", model, what, found, expected);
}

/* ---- Layer by layer ---- */

static bool is(const sv_layer *l, const char *op) {
  return strcmp(l->node->op->name, op) == 0;
}

/* "6@28x28", or "84". */
static int write_size(char *text, size_t room, const sv_shape *s) {
  if (s->rank == 2) return snprintf(text, room, " %lld", (long long)s->dim[1]);
  return snprintf(text, room, " %lld@%lldx%lld", (long long)s->dim[1],
                  (long long)s->dim[2], (long long)s->dim[3]);
}

/* As VGG's table has it: maps, kernels but 3x3, a bar for a pooling. */
static int write_stacked(char *text, size_t room, const sv_layer *l) {
  if (is(l, "max_pool")) return snprintf(text, room, " |");
  if (is(l, "lrn")) return snprintf(text, room, " LRN");
  int at = snprintf(text, room, " %lld", (long long)l->output.dim[1]);
  if (!is(l, "conv")) return at;
  long long kernel = ((const sv_conv_attrs *)l->node->attrs)->kernel.at[0];
  if (kernel == 3) return at;
  return at +
         snprintf(text + at, room - (size_t)at, "(%lldx%lld)", kernel, kernel);
}

static int write_count(char *text, size_t room, const sv_layer *l) {
  if (!l->parameters) return 0;
  return snprintf(text, room, " %lld", (long long)l->parameters);
}

static bool has_size(const sv_layer *l) {
  return is(l, "conv") || is(l, "linear") || is(l, "max_pool") ||
         is(l, "avg_pool") || is(l, "lrn");
}

static void check_layers(const char *kind, const char *model,
                         const char *expected) {
  char text[LINE];
  size_t at = 0;
  sv_analysis a;
  if (!analyse(&a, model, false)) return;
  for (int i = 0; i < a.count; i++) {
    const sv_layer *l = &a.layers[i];
    assert_true(at < LINE - 64);
    if (strcmp(kind, "counts") == 0)
      at += (size_t)write_count(text + at, LINE - at, l);
    else if (!has_size(l))
      continue;
    else if (strcmp(kind, "sizes") == 0)
      at += (size_t)write_size(text + at, LINE - at, &l->output);
    else
      at += (size_t)write_stacked(text + at, LINE - at, l);
  }
  if (strcmp(text + 1, expected) != 0) {
    faults++;
    print_error("%s: %s%s, published are %s\n", model, kind, text, expected);
  }
  sv_analysis_clear(&a);
}

/* In the order in which the network has them. */
static void check_losses(const char *model, const char *expected) {
  char text[LINE] = " ";
  int at = 0;
  sv_analysis a;
  if (!analyse(&a, model, true)) return;
  for (int i = 0; i < a.graph->output_count; i++) {
    const sv_graph_output *o = &a.graph->outputs[i];
    if (o->is_loss)
      at += snprintf(text + at, LINE - (size_t)at, " %g", (double)o->weight);
  }
  if (strcmp(text + 1, expected) != 0) {
    faults++;
    print_error("%s: losses%s, published are %s\n", model, text, expected);
  }
  sv_analysis_clear(&a);
}

/* ---- The file ---- */

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
      compare(model, "GMAC", 1e-9 * (double)a.macs, word[3],
              half_digit(word[3]));
    if (count > 4)
      compare(model, "receptive field", (double)last_field(&a), word[4], 0);
  }
  sv_analysis_clear(&a);
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
    while (count < 2 && (word[count] = strtok_r(rest, " \n", &rest))) count++;
    if (count == 0 || word[0][0] == '#') continue;
    rows++;
    if (strcmp(word[0], "losses") == 0) {
      rest[strcspn(rest, "\n")] = '\0';
      check_losses(word[1], rest);
      continue;
    }
    if (strcmp(word[0], "sizes") == 0 || strcmp(word[0], "stack") == 0 ||
        strcmp(word[0], "counts") == 0) {
      rest[strcspn(rest, "\n")] = '\0';
      check_layers(word[0], word[1], rest);
      continue;
    }
    while (count < MOST_WORDS && (word[count] = strtok_r(rest, " \n", &rest)))
      count++;
    assert_true(count >= 3);
    check(word, count);
  }
  fclose(file);
  assert_true(rows > 90);
  assert_int_equal(faults, 0);
}

/* ---- What cannot be ---- */

static void refuse(const char *model, const sv_zoo_data *data,
                   const char *words) {
  sv_graph *graph;
  assert_int_equal(sv_zoo_build(&graph, model, data), SV_INVALID);
  assert_null(graph);
  if (!strstr(sv_error(), words))
    fail_msg("%s: \"%s\" does not say \"%s\"", model, sv_error(), words);
}

static void test_unknown_parameter(void **state) {
  (void)state;
  for (int i = 0; i < sv_zoo_count(); i++) {
    char model[LINE], words[LINE];
    snprintf(model, sizeof model, "%s:klasses=3", sv_zoo_name(i));
    snprintf(words, sizeof words,
             "%s has no parameter 'klasses'; its parameters are ",
             sv_zoo_name(i));
    refuse(model, NULL, words);
    assert_non_null(strstr(sv_error(), "channels"));
  }
}

/* On 1x1 a network can be written down, or the error says which layer has
 * nothing left and what size would do; and that one does. */
static void test_too_small(void **state) {
  (void)state;
  int refused = 0;
  for (int i = 0; i < sv_zoo_count(); i++) {
    const sv_zoo_data dot = {.height = 1, .width = 1};
    char model[LINE];
    sv_graph *graph;
    sv_status status = sv_zoo_build(&graph, sv_zoo_name(i), &dot);
    sv_graph_free(graph);
    if (status == SV_OK) continue;
    const char *least = strstr(sv_error(), "too small, expected size=");
    if (!least) fail_msg("%s: %s", sv_zoo_name(i), sv_error());
    snprintf(model, sizeof model, "%s:size=%d", sv_zoo_name(i),
             atoi(least + strlen("too small, expected size=")));
    if (sv_zoo_build(&graph, model, NULL) != SV_OK) fail_msg("%s", sv_error());
    sv_graph_free(graph);
    refused++;
  }
  assert_true(refused > 5);
  refuse("vgg", &(sv_zoo_data){10, 1, 28, 28},
         "vgg: pool5: kernel 2x2 does not fit the 1x1 input; the image is too "
         "small, expected size=32 or more");
  refuse("googlenet:size=64", NULL,
         "aux1.avg_pool1: kernel 5x5 does not fit the 4x4 input; the image is "
         "too small, expected size=79 or more, or auxiliary=false");
  refuse(
      "unet:form=paper,size=64", NULL,
      "mirror: a border of 92 does not fit the 64x64 image; the image is too "
      "small, expected size=93 or more");
  refuse("unet:form=paper,size=0", NULL, "size is 0 (any), but form=paper");
  refuse("inception_v3:size=28", NULL,
         "expected size=299 or more, 75 with auxiliary=false");
  refuse("vgg:size=0", NULL, "size is 0 (any), but the linear layers");
  refuse("nin:size=3x8x8", NULL, "expected one or height x width");
  assert_null(strstr(sv_error(), "too small"));
  refuse("resnext:depth=34", NULL, "blocks have no groups");
  refuse("resnet:depth=18,stride_on=1x1", NULL, "blocks have no 1x1");
  refuse("resnet:depth=19,size=1", NULL, "depth is 19, expected 18, 34");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_published),
                                     cmocka_unit_test(test_unknown_parameter),
                                     cmocka_unit_test(test_too_small)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
