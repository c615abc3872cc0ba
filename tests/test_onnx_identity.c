/* Load, save, load is the identity on a model: names, attributes, shapes, free
 * dimensions with their names, tensors, roles, metadata. Over the zoo, our
 * fixtures and ONNX's backend tests. */
#include "onnx_files.h"

#include <dirent.h>

#include "same_model.h"

/* What is looked at: a failed assertion does not know. */
static char at[1024] = "nothing";

static int tell(void **state) {
  (void)state;
  print_message("last looked at: %s\n", at);
  return 0;
}

/* The model, from whatever file, is what is read back; and the same bytes are
 * written again. */
static sv_model *check_identity(const sv_model *model) {
  sv_model *once, *twice;
  assert_ok(sv_model_save(model, in_folder("once.onnx")));
  assert_ok(sv_model_load(&once, in_folder("once.onnx")));
  assert_ok(sv_model_save(once, in_folder("twice.onnx")));
  assert_same_files(in_folder("once.onnx"), in_folder("twice.onnx"));
  assert_ok(sv_model_load(&twice, in_folder("twice.onnx")));
  assert_same_model(once, twice);
  sv_model_free(twice);
  return once;
}

/* ---- Models that were built here ---- */

/* With few numbers: the form, not their count, is what is looked at. */
static sv_model *small_model(const char *name) {
  static const char *const small[] = {":hidden=16,width=0.125",
                                      ":width=0.125",
                                      ":hidden=16",
                                      ":growth=4",
                                      ":group_width=1,cardinality=4",
                                      ""};
  enum { COUNT = sizeof small / sizeof small[0] };
  sv_graph *graph = NULL;
  sv_model *model;
  char text[256];
  for (int i = 0; i < COUNT && !graph; i++) {
    snprintf(text, sizeof text, "%s%s", name, small[i]);
    if (sv_zoo_build(&graph, text, NULL) != SV_OK) graph = NULL;
  }
  if (!graph) fail_msg("%s", sv_error());
  assert_ok(sv_model_new(&model, graph, 1));
  assert_ok(sv_model_set_meta(model, "svertka.labels", "a\nb"));
  return model;
}

/* What a file holds of a network: from its outputs on. */
static sv_graph *inference_part(const sv_graph *graph) {
  sv_graph *part;
  int roots[16], count = 0;
  assert_ok(sv_graph_copy(&part, graph));
  for (int i = 0; i < part->output_count && count < 16; i++)
    if (!part->outputs[i].is_loss) roots[count++] = part->outputs[i].value;
  assert_ok(sv_graph_prune(part, roots, count));
  return part;
}

/* Nodes, and inputs with their sizes, are those that were built. */
static void assert_built(const sv_graph *built, const sv_graph *loaded) {
  sv_graph *part = inference_part(built);
  if (part->node_count == loaded->node_count) /* else some were expanded */
    assert_same_nodes(part, loaded);
  for (int id = 1; id < loaded->value_count; id++) {
    const sv_value_info *y = &loaded->values[id];
    if (y->kind == SV_VALUE_NODE) continue;
    const sv_value_info *x = &part->values[sv_graph_find(part, y->name)];
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->role, y->role);
    assert_int_equal(x->dtype, y->dtype);
    assert_true(sv_shape_equal(&x->shape, &y->shape));
    bool named = x->symbol[0] != NULL; /* else a batch is called N */
    for (int d = !named; d < SV_MAX_RANK; d++)
      assert_string_equal(x->symbol[d] ? x->symbol[d] : "",
                          y->symbol[d] ? y->symbol[d] : "");
  }
  sv_graph_free(part);
}

static void test_zoo(void **state) {
  (void)state;
  for (int i = 0; i < sv_zoo_count(); i++) {
    snprintf(at, sizeof at, "%s", sv_zoo_name(i));
    sv_model *built = small_model(sv_zoo_name(i));
    sv_model *loaded = check_identity(built);
    assert_built(built->graph, loaded->graph);
    assert_same_state(built->state, loaded->state);
    sv_model_free(loaded);
    sv_model_free(built);
  }
}

/* Sizes that are free, with names and without; of outputs those that follow. */
static void test_free_sizes(void **state) {
  (void)state;
  static const struct {
    const char *network;
    int64_t size[4]; /* of the first output */
    const char *symbol[4];
  } cases[] = {
      {"input 3x?x?; conv 4 3x3 padding=same; global_avg_pool; flatten",
       {-1, 4},
       {"N", NULL}},
      {"input 3,height,width batch=samples; conv 4 3x3; relu; max_pool 2 2",
       {-1, 4, -1, -1},
       {"samples", NULL, NULL, NULL}},
      {"input 3,height,width; conv 4 3x3 padding=same; transpose 0,1,3,2",
       {-1, 4, -1, -1},
       {"N", NULL, "width", "height"}},
      {("a = input 3,height,? batch=N; b = input 3,height,8 batch=N\n"
        "concat(a, b) axis=3; relu; output joined"),
       {-1, 3, -1, -1},
       {"N", NULL, "height", NULL}},
      {"input 1x8x8 batch=none; shape; output sizes", {3}, {NULL}},
      {"input 2x?x?; s = shape; slice starts=2 ends=4; output rest",
       {2},
       {NULL}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sv_graph *graph;
    sv_model *built;
    snprintf(at, sizeof at, "%s", cases[i].network);
    assert_ok(sv_network_parse(&graph, "net", cases[i].network));
    assert_ok(sv_model_new(&built, graph, 1));
    sv_model *loaded = check_identity(built);
    assert_built(built->graph, loaded->graph);
    int id = loaded->graph->outputs[0].value;
    const sv_value_info *y = &loaded->graph->values[id];
    for (int d = 0; d < y->shape.rank; d++) {
      const char *symbol = cases[i].symbol[d] ? cases[i].symbol[d] : "";
      assert_int_equal(y->shape.dim[d], cases[i].size[d]);
      assert_string_equal(y->symbol[d] ? y->symbol[d] : "", symbol);
    }
    sv_model_free(loaded);
    sv_model_free(built);
  }
}

/* ---- Files of others ---- */

/* Saved as a few of ONNX's nodes: a newer version than ours has one for it. */
static bool is_expanded(const sv_graph *graph) {
  for (int i = 0; i < graph->node_count; i++)
    if (graph->nodes[i].op->expand) return true;
  return false;
}

/* The models of the tests in a folder that load: how many. */
static int check_folder(const char *path) {
  struct dirent **entries;
  int loaded = 0, count = scandir(path, &entries, NULL, alphasort);
  assert_true(count > 0);
  for (int i = 0; i < count; i++) {
    sv_model *model, *again;
    if (entries[i]->d_name[0] != '.') {
      snprintf(at, sizeof at, "%s/%s/model.onnx", path, entries[i]->d_name);
      if (sv_model_load(&model, at) == SV_OK) {
        again = check_identity(model);
        if (model->graph->node_count == again->graph->node_count)
          assert_same_model(model, again);
        else
          assert_true(is_expanded(model->graph));
        sv_model_free(again);
        sv_model_free(model);
        loaded++;
      }
    }
    free(entries[i]);
  }
  free(entries);
  return loaded;
}

static void test_fixtures(void **state) {
  (void)state;
  const char *source = getenv("SOURCE_DIR");
  char path[512];
  snprintf(path, sizeof path, "%s/tests/fixtures/onnx", source ? source : ".");
  assert_true(check_folder(path) >= 72);
  snprintf(path, sizeof path, "%s/tests/fixtures/graphs",
           source ? source : ".");
  assert_true(check_folder(path) >= 60);
}

/* ONNX's backend tests, as far as they load. */
static void test_conformance(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int least;
  } parts[] = {{"node", 500},
               {"simple", 6},
               {"pytorch-converted", 58},
               {"pytorch-operator", 24}};
  const char *data = getenv("ONNX_TESTDATA");
  char path[512];
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s",
             data ? data : "/usr/share/libonnx-testdata/data", parts[i].name);
    int loaded = check_folder(path);
    print_message("%s: %d models\n", parts[i].name, loaded);
    assert_true(loaded >= parts[i].least);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_zoo, tell),
      cmocka_unit_test_teardown(test_free_sizes, tell),
      cmocka_unit_test_teardown(test_fixtures, tell),
      cmocka_unit_test_teardown(test_conformance, tell),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
