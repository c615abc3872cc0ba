/* What PyTorch's exporters write for torchvision's networks, thinner and
 * without weights, which both sides draw: each file is loaded and answers as
 * ONNX Runtime does, on every backend, and still does when it was saved and
 * loaded again. The files, the numbers and how they are drawn:
 * scripts/make_fixtures_exports.py. */
#include <math.h>

#include "onnx_files.h"

#include <svertka/plan.h>

#include "exports.h"
#include "graph/model.h"
#include "op/attrs.h"

enum { MOST = 64, LONGEST = 64 };

/* A line of outputs.txt and the numbers below it. */
typedef struct expected {
  char name[LONGEST]; /* of the file, without .onnx */
  sv_shape image, scores;
  int count, step; /* every step-th number of the scores is told */
  double number[MOST];
} expected;

static char place[1024]; /* tests/fixtures/exports */
static int faults;

/* ---- The file with its weights ---- */

static sv_model *load(const char *name) {
  char path[1200];
  snprintf(path, sizeof path, "%s/%s.onnx", place, name);
  Onnx__ModelProto *proto = export_read(path);
  assert_non_null(proto);
  assert_true(export_fill(proto));
  size_t size;
  uint8_t *bytes = export_pack(proto, &size);
  assert_non_null(bytes);
  onnx__model_proto__free_unpacked(proto, NULL);
  sv_model *model;
  assert_ok(sv_onnx_load_memory(&model, name, bytes, size, NULL));
  free(bytes);
  return model;
}

/* ---- Answers ---- */

/* The first numbers of `scores` are written, as many as are expected. */
static void run(const sv_model *model, const expected *e,
                const sv_plan_options *chosen, double *scores) {
  sv_plan_options options = *chosen;
  sv_input_shape shape = {"image", e->image};
  sv_plan *plan;
  sv_tensor view;
  options.shapes = &shape;
  options.shape_count = 1;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  assert_ok(sv_plan_input(plan, "image", &view));
  draw_all(&view, "image");
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "scores", &view));
  assert_true(sv_shape_equal(&view.shape, &e->scores));
  for (int i = 0; i < e->count; i++)
    scores[i] = sv_tensor_get(&view, (int64_t)i * e->step);
  sv_plan_free(plan);
}

static void compare(const sv_model *model, const expected *e,
                    const sv_plan_options *options, const char *what) {
  double scores[MOST], apart = 0, most = 0;
  run(model, e, options, scores);
  for (int i = 0; i < e->count; i++) {
    apart = fmax(apart, fabs(scores[i] - e->number[i]));
    most = fmax(most, fabs(e->number[i]));
  }
  if (apart <= 1e-4 * most) return;
  print_error("%s, %s: off by %.2e\n", e->name, what, apart / most);
  faults++;
}

/* Saved and loaded it is the same, to the bit, and is saved as the same. */
static void check_saved(const sv_model *model, const expected *e) {
  const sv_plan_options options = sv_plan_default();
  double before[MOST], after[MOST];
  sv_model *again;
  char *once = strdup(in_folder("once.onnx"));
  char *twice = strdup(in_folder("twice.onnx"));
  assert_ok(sv_onnx_save(model, once, NULL));
  assert_ok(sv_onnx_load(&again, once, NULL));
  assert_ok(sv_onnx_save(again, twice, NULL));
  run(model, e, &options, before);
  run(again, e, &options, after);
  for (int i = 0; i < e->count; i++) assert_true(before[i] == after[i]);
  assert_same_files(once, twice);
  sv_model_free(again);
  free(once);
  free(twice);
}

static void check(const expected *e) {
  sv_plan_options options = sv_plan_default();
  sv_model *model = load(e->name);
  compare(model, e, &options, "as it runs");
  options.exact = true;
  compare(model, e, &options, "exact");
  options.backend = "ref";
  compare(model, e, &options, "reference");
  check_saved(model, e);
  sv_model_free(model);
}

/* ---- The list ---- */

static void read_shape(FILE *file, sv_shape *shape) {
  long long dim;
  *shape = (sv_shape){0};
  while (shape->rank < SV_MAX_RANK && fscanf(file, "%*[ ]%lld", &dim) == 1)
    shape->dim[shape->rank++] = dim;
}

static bool read_expected(FILE *file, expected *e) {
  if (fscanf(file, "%63s", e->name) != 1) return false;
  for (int i = 0; i < 4; i++) {
    long long dim;
    assert_int_equal(fscanf(file, "%lld", &dim), 1);
    e->image.dim[i] = dim;
  }
  e->image.rank = 4;
  assert_int_equal(fscanf(file, " :"), 0);
  read_shape(file, &e->scores);
  int64_t count = sv_shape_count(&e->scores);
  e->step = (int)((count + MOST - 1) / MOST);
  e->count = (int)((count + e->step - 1) / e->step);
  for (int i = 0; i < e->count; i++)
    assert_int_equal(fscanf(file, "%lf", &e->number[i]), 1);
  return true;
}

static void test_exports(void **state) {
  (void)state;
  char path[1200];
  const char *source = getenv("SOURCE_DIR");
  snprintf(place, sizeof place, "%s/tests/fixtures/exports",
           source ? source : ".");
  snprintf(path, sizeof path, "%s/outputs.txt", place);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "#%*[^\n]"), 0);
  static expected e;
  int files = 0;
  for (; read_expected(file, &e); files++) check(&e);
  fclose(file);
  assert_int_equal(files, 37);
  assert_int_equal(faults, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_exports)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
