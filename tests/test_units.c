/* What `svertka units` counts, on networks whose every value is known. */
#include <math.h>

#include "bars.h"
#include "graph/model.h"

/* Of a state of known shapes: plain tensors in, numbers given. */
static void set(sv_model *model, const char *name, const float *numbers) {
  sv_tensor *t;
  assert_ok(sv_state_get(sv_model_state(model), name, &t));
  float *at = t->data;
  int64_t count = sv_shape_count(&t->shape);
  for (int64_t i = 0; i < count; i++) at[i] = numbers ? numbers[i] : 0;
  assert_ok(sv_state_set(sv_model_state(model), name, t));
  sv_tensor_free(t);
}

/* A step of training writes how pictures are prepared. */
static sv_model *prepared(const char *text, const sv_dataset *d) {
  sv_model *model = model_of(text, 3);
  sv_fit_options o = quick(NULL);
  o.epochs = 1;
  assert_ok(sv_fit(model, d, &o, NULL));
  return model;
}

static const sv_units_row *row_of(const sv_units *u, const char *name) {
  for (int i = 0; i < u->count; i++)
    if (strcmp(u->rows[i].name, name) == 0) return &u->rows[i];
  fail_msg("no row of %s", name);
  return NULL;
}

/* Four units of these values, whatever the picture. */
static void check_off(const char *activation, const float bias[4], double off,
                      int64_t dead) {
  char text[128], name[32];
  snprintf(text, sizeof text,
           "input 1x8x8; flatten; linear 4; %s; linear 3; softmax", activation);
  snprintf(name, sizeof name, "%s1", activation);
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = prepared(text, d);
  set(model, "linear1.weight", NULL);
  set(model, "linear1.bias", bias);
  sv_units u;
  sv_units_options o = sv_units_default();
  o.batch = 7;
  o.threads = 1;
  assert_ok(sv_units_measure(&u, model, d, &o));
  assert_int_equal(u.samples, TRAIN);
  assert_int_equal(u.count, 4); /* up to the scores */
  const sv_units_row *r = row_of(&u, name);
  assert_true(r->saturates && !row_of(&u, "linear1")->saturates);
  assert_int_equal(r->units, 4);
  assert_float_equal(r->off, off, 1e-12);
  assert_int_equal(r->dead, dead);
  sv_units_free(&u);
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_off(void **state) {
  (void)state;
  check_off("relu", (const float[]){-1, 0, 1, 2}, 0.5, 2);
  check_off("tanh", (const float[]){3, -1.9f, 1.8f, 0}, 0.5, 2);
  check_off("sigmoid", (const float[]){3.7f, -3.7f, 3.6f, -3.6f}, 0.5, 2);
  check_off("sigmoid", (const float[]){9, -9, 9, -9}, 1, 4);
}

/* A channel is dead only if it is off in every place of every picture. */
static void test_channels(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model =
      prepared("input 1x8x8; conv 3 1x1; relu; flatten; linear 3", d);
  set(model, "conv1.weight", (const float[]){1, 0, -1});
  set(model, "conv1.bias", (const float[]){0, -1, 0});
  sv_units u;
  assert_ok(sv_units_measure(&u, model, d, NULL));
  const sv_units_row *r = row_of(&u, "relu1");
  assert_int_equal(r->units, 3);
  assert_int_equal(r->dead, 1);
  assert_true(r->off > 0.6 && r->off < 0.7); /* x and -x: half of two thirds */
  sv_units_free(&u);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* The share of pixels that are as the one `shift` to the left, within 5 %. */
static double expected_unchanged(const sv_model *model, const sv_dataset *d,
                                 int shift) {
  sv_preprocess p;
  float x[SIDE * SIDE];
  int64_t same = 0, all = 0;
  assert_ok(sv_preprocess_load(&p, model));
  for (int64_t n = 0; n < sv_dataset_count(d); n++) {
    sv_image image;
    assert_ok(sv_dataset_image(d, n, &image));
    assert_ok(sv_preprocess_pixels(&p, &image, x));
    sv_image_free(&image);
    for (int i = 0; i < SIDE * SIDE; i++) {
      int column = i % SIDE - shift;
      column = column < 0 ? 0 : column >= SIDE ? SIDE - 1 : column;
      float a = x[i], b = x[i / SIDE * SIDE + column];
      same += fabsf(a - b) <= 0.05f * fmaxf(fabsf(a), fabsf(b));
      all++;
    }
  }
  sv_preprocess_free(&p);
  return (double)same / (double)all;
}

static void test_shift(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = prepared(
      "input 1x8x8; conv 2 1x1 bias=false; relu; flatten; linear 3", d);
  set(model, "conv1.weight", (const float[]){1, 0});
  set(model, "linear1.weight", NULL);
  set(model, "linear1.bias", (const float[]){0, 1, 0});
  sv_units u;
  sv_units_options o = sv_units_default();
  o.threads = 1;
  o.batch = 9;
  for (int shift = -2; shift <= 2; shift++) {
    if (!shift) continue;
    o.shift = shift;
    assert_ok(sv_units_measure(&u, model, d, &o));
    assert_float_equal(row_of(&u, "conv1")->unchanged,
                       expected_unchanged(model, d, shift), 1e-12);
    assert_float_equal(row_of(&u, "linear1")->unchanged, 1, 0);
    assert_float_equal(u.same_class, 1, 0);
    sv_units_free(&u);
  }
  o.shift = 8;
  assert_error(SV_INVALID, "8 wide", sv_units_measure(&u, model, d, &o));
  o.shift = 1;
  o.tolerance = 2;
  assert_error(SV_INVALID, "tolerance is 2",
               sv_units_measure(&u, model, d, &o));
  o.tolerance = 0.05;
  assert_ok(sv_model_set_meta(model, "svertka.image.permute", "1"));
  assert_error(SV_INVALID, "permuted", sv_units_measure(&u, model, d, &o));
  sv_model_free(model);
  sv_dataset_free(d);
}

static bool stop_now(void *context, int64_t done, int64_t total) {
  (void)context;
  assert_int_equal(total, 30);
  return done < 20;
}

static void test_samples(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = prepared(network, d);
  sv_units u;
  sv_units_options o = sv_units_default();
  o.samples = 30;
  assert_ok(sv_units_measure(&u, model, d, &o));
  assert_int_equal(u.samples, 30);
  sv_units_free(&u);
  o.report = stop_now;
  assert_error(SV_INTERRUPTED, "20", sv_units_measure(&u, model, d, &o));
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_off),
      cmocka_unit_test(test_channels),
      cmocka_unit_test(test_shift),
      cmocka_unit_test(test_samples),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
