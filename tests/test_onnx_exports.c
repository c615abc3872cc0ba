/* What PyTorch's exporters write for torchvision's networks, thinner and
 * without weights, which both sides draw: each file is loaded and answers as
 * ONNX Runtime does, on every backend, and still does when it was saved and
 * loaded again. The files, the numbers and how they are drawn:
 * scripts/make_fixtures_exports.py. */
#include <math.h>

#include "onnx_files.h"

#include <svertka/plan.h>

#include "drawn.h"
#include "graph/model.h"
#include "ops/attrs.h"

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

/* Unpacks the bytes of NAME.onnx; the caller frees them with protobuf-c's. */
static Onnx__ModelProto *read_file(const char *name) {
  enum { ROOM = 1 << 20 };
  char path[1200];
  uint8_t *bytes = malloc(ROOM);
  assert_non_null(bytes);
  snprintf(path, sizeof path, "%s/%s.onnx", place, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t size = fread(bytes, 1, ROOM, file);
  assert_true(size > 0 && size < ROOM);
  fclose(file);
  Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, size, bytes);
  assert_non_null(model);
  free(bytes);
  return model;
}

static bool ends_in(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The numbers of a weight, if the tensor is one: raw data without a byte. */
static void fill_tensor(Onnx__TensorProto *tensor) {
  if (tensor->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
      tensor->n_dims == 0)
    return;
  int64_t count = tensor->dims[0], fan = 1;
  for (size_t d = 1; d < tensor->n_dims; d++) fan *= tensor->dims[d];
  count *= fan;
  bool scale =
      ends_in(tensor->name, ".weight") || ends_in(tensor->name, "_var");
  double low = 0, factor = 0.1;
  if (tensor->n_dims > 1) {
    factor = sqrt(6 / (double)fan);
  } else if (scale) {
    low = 1;
    factor = 0.2;
  }
  float *numbers = malloc((size_t)count * sizeof *numbers);
  assert_non_null(numbers);
  uint64_t key = sv_hash_text(tensor->name);
  for (int64_t i = 0; i < count; i++)
    numbers[i] = (float)(low + factor * draw(key, i));
  tensor->has_raw_data = 1;
  tensor->raw_data.data = (uint8_t *)numbers;
  tensor->raw_data.len = (size_t)count * sizeof *numbers;
}

static sv_model *load(const char *name) {
  Onnx__ModelProto *proto = read_file(name);
  for (size_t i = 0; i < proto->graph->n_initializer; i++)
    fill_tensor(proto->graph->initializer[i]);
  size_t size = onnx__model_proto__get_packed_size(proto);
  uint8_t *bytes = malloc(size);
  assert_non_null(bytes);
  onnx__model_proto__pack(proto, bytes);
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

static void assert_same_files(const char *a, const char *b) {
  enum { PART = 1 << 12 };
  char left[PART], right[PART];
  size_t read;
  FILE *one = fopen(a, "rb"), *other = fopen(b, "rb");
  assert_true(one && other);
  do {
    read = fread(left, 1, PART, one);
    assert_int_equal(fread(right, 1, PART, other), read);
    assert_memory_equal(left, right, read);
  } while (read == PART);
  fclose(one);
  fclose(other);
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
