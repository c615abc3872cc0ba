/* Another classifier in the place of every kind of one that exporters write:
 * tests/fixtures/heads, scripts/make_fixtures_heads.py. */
#include "onnx_files.h"

#include <math.h>

#include "graph/model.h"
#include "tensor/tensor.h"

static char place[512];

static void path_of(char *path, size_t size, const char *name) {
  snprintf(path, size, "%s/%s", place, name);
}

static long long parameters(const sv_model *model) {
  long long count = 0;
  for (int i = 0; i < model->state->count; i++)
    if (sv_role_is_trained(model->state->slots[i].role))
      count += sv_shape_count(&model->state->slots[i].tensor.shape);
  return count;
}

/* Two images in, `classes` numbers for each out, none of them NaN. */
static void check_runs(const sv_model *model, int classes, const char *name) {
  sv_plan *plan;
  sv_tensor y, x;
  sv_plan_options o = sv_plan_default();
  o.batch = 2;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  assert_ok(sv_plan_input(plan, "x", &x));
  for (int64_t i = 0; i < 128; i++)
    sv_tensor_set(&x, i, 0.01 * (double)(i * i % 97));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "y", &y));
  if (sv_shape_count(&y.shape) != 2 * classes || y.shape.dim[0] != 2)
    fail_msg("%s: its output is %s, expected %d classes", name,
             sv_shape_text(&y.shape, (char[SV_SHAPE_TEXT]){0}), classes);
  for (int64_t i = 0; i < 2 * classes; i++) {
    double score = sv_tensor_get(&y, i);
    if (score != score) fail_msg("%s: NaN", name);
  }
  sv_plan_free(plan);
}

static void check_head(const char *name, long long before, long long after) {
  char path[640], file[96];
  sv_model *model;
  snprintf(file, sizeof file, "%s.onnx", name);
  path_of(path, sizeof path, file);
  assert_ok(sv_model_load(&model, path));
  if (parameters(model) != before)
    fail_msg("%s: %lld parameters, expected %lld", name, parameters(model),
             before);
  check_runs(model, 5, name);
  if (sv_model_new_head(model, 3, 1, NULL) != SV_OK)
    fail_msg("%s: %s", name, sv_error());
  if (parameters(model) != after)
    fail_msg("%s: %lld parameters with three classes, expected %lld", name,
             parameters(model), after);
  check_runs(model, 3, name);
  assert_ok(sv_model_save(model, in_folder("head.onnx")));
  sv_model_free(model);
  assert_ok(sv_model_load(&model, in_folder("head.onnx")));
  assert_int_equal(parameters(model), after);
  check_runs(model, 3, name);
  sv_model_free(model);
}

/* Which of several outputs holds the scores is said, never guessed: the first
 * one here is of the backbone. */
static void test_outputs(void **state) {
  (void)state;
  char path[640];
  sv_model *model;
  sv_classifier *c;
  path_of(path, sizeof path, "several_outputs.onnx");
  assert_ok(sv_model_load(&model, path));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "1"));
  static const char several[] =
      "network 'several' has several outputs, 'c', 's', 'y': --output NAME "
      "(svertka.output) selects the one with the class scores";
  assert_error(SV_INVALID, several, sv_model_new_head(model, 3, 1, NULL));
  assert_error(SV_INVALID, several, sv_classifier_new(&c, model, 1));
  assert_ok(sv_model_set_meta(model, "svertka.output", "z"));
  assert_error(SV_INVALID, "has no output 'z'",
               sv_model_new_head(model, 3, 1, NULL));
  assert_ok(sv_model_set_meta(model, "svertka.output", "y"));
  assert_ok(sv_model_new_head(model, 3, 1, NULL));
  assert_ok(sv_model_save(model, in_folder("head.onnx")));
  sv_model_free(model);
  assert_ok(sv_model_load(&model, in_folder("head.onnx")));
  assert_int_equal(parameters(model), 36 + 12 + 3);
  assert_error(SV_INVALID, "weights are random",
               sv_classifier_new(&c, model, 1));
  sv_model_allow_random(model);
  assert_ok(sv_classifier_new(&c, model, 1));
  assert_int_equal(sv_classifier_classes(c), 3);
  sv_classifier_free(c);
  sv_model_free(model);
}

/* ---- Over a larger image ---- */

enum { SIDE = 8, HEIGHT = 12, WIDTH = 10, DOWN = 5, ACROSS = 3, CLASSES = 5 };

static double pixel(int y, int x) {
  return 0.01 * ((y * 37 + x * x * 11) % 97);
}

/* What the model says of the part of the image at (top, left). */
static void run(const sv_model *model, int height, int width, int top, int left,
                double *scores) {
  sv_plan *plan;
  sv_tensor x, y;
  sv_plan_options o = sv_plan_default();
  const sv_input_shape size = {"x", {4, {1, 1, height, width}}};
  o.shapes = &size;
  o.shape_count = 1;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  assert_ok(sv_plan_input(plan, "x", &x));
  for (int i = 0; i < height * width; i++)
    sv_tensor_set(&x, i, pixel(top + i / width, left + i % width));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "y", &y));
  for (int64_t i = 0; i < sv_shape_count(&y.shape); i++)
    scores[i] = sv_tensor_get(&y, i);
  sv_plan_free(plan);
}

static void check_slides(const char *name, const sv_model *model,
                         const sv_model *slid) {
  static double all[CLASSES * DOWN * ACROSS], one[CLASSES];
  run(slid, HEIGHT, WIDTH, 0, 0, all);
  for (int i = 0; i < DOWN * ACROSS; i++) {
    run(model, SIDE, SIDE, i / ACROSS, i % ACROSS, one);
    for (int k = 0; k < CLASSES; k++)
      if (fabs(one[k] - all[k * DOWN * ACROSS + i]) > 1e-4)
        fail_msg("%s: class %d at %d is %g, expected %g", name, k, i,
                 all[k * DOWN * ACROSS + i], one[k]);
  }
}

/* What computes along the classes in pieces is refused. */
static void test_slides(void **state) {
  (void)state;
  static const char *const refused[] = {"transpose_twice", "softmax_in_pieces",
                                        "channels_last"};
  char path[640], file[96], name[64];
  path_of(path, sizeof path, "list.txt");
  FILE *list = fopen(path, "r");
  assert_non_null(list);
  while (fscanf(list, "%63s %*d %*d", name) == 1) {
    sv_model *model, *slid;
    bool slides = true;
    snprintf(file, sizeof file, "%s.onnx", name);
    path_of(path, sizeof path, file);
    for (int i = 0; i < 3; i++) slides &= strcmp(name, refused[i]) != 0;
    assert_ok(sv_model_load(&model, path));
    sv_status status = sv_model_convolve(&slid, model, NULL);
    if ((status == SV_OK) != slides)
      fail_msg("%s: %s", name, slides ? sv_error() : "it is not refused");
    if (slides) check_slides(name, model, slid);
    sv_model_free(slid);
    sv_model_free(model);
  }
  fclose(list);
}

static void test_heads(void **state) {
  (void)state;
  char path[640], name[64];
  long long before, after;
  int files = 0;
  snprintf(place, sizeof place, "%s/tests/fixtures/heads",
           getenv("SOURCE_DIR"));
  path_of(path, sizeof path, "list.txt");
  FILE *list = fopen(path, "r");
  assert_non_null(list);
  for (; fscanf(list, "%63s %lld %lld", name, &before, &after) == 3; files++)
    check_head(name, before, after);
  fclose(list);
  assert_int_equal(files, 27);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads),
                                     cmocka_unit_test(test_outputs),
                                     cmocka_unit_test(test_slides)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
