/* What trainings can be asked for to learn from them: logged gradients, fewer
 * samples, pixels that are not normalised, or permuted. */
#include <math.h>

#include "bars.h"
#include "graph/model.h"

static const char deep[] =
    "input 1x8x8; conv 4 3x3; tanh; flatten; linear 5; relu; linear 3";

/* ---- Gradients ---- */

static double distance(const sv_model *a, const sv_model *b, const char *name) {
  sv_tensor *x, *y;
  assert_ok(sv_state_get(a->state, name, &x));
  assert_ok(sv_state_get(b->state, name, &y));
  const float *p = x->data, *q = y->data;
  double sum = 0;
  for (size_t i = 0; i < x->layout.bytes / sizeof *p; i++)
    sum += ((double)p[i] - q[i]) * ((double)p[i] - q[i]);
  sv_tensor_free(x);
  sv_tensor_free(y);
  return sum;
}

/* A plain step of rate r moves a layer by r times its gradient. */
static void test_gradients(void **state) {
  (void)state;
  static const char *const layers[] = {"conv1", "linear1", "linear2"};
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(deep, 3), *before = model_of(deep, 3);
  sv_fit_options o = quick(in_folder("step"));
  o.epochs = 1;
  o.batch = 60;
  o.validation = 0;
  o.rate = 0.5;
  o.schedule = "constant";
  o.momentum = o.weight_decay = 0;
  o.log_gradients = true;
  assert_ok(sv_fit(model, d, &o, NULL));
  size_t size;
  char *text = (char *)bytes_of(o.run, "gradients.csv", &size), *next = text;
  assert_string_equal(strsep(&next, "\n"), "epoch,conv1,linear1,linear2");
  assert_string_equal(strsep(&next, ","), "1");
  for (int i = 0; i < 3; i++) {
    char name[32];
    snprintf(name, sizeof name, "%s.weight", layers[i]);
    double moved = distance(model, before, name);
    snprintf(name, sizeof name, "%s.bias", layers[i]);
    moved += distance(model, before, name);
    double logged = strtod(strsep(&next, ",\n"), NULL);
    assert_true(logged > 1e-4);
    if (fabs(sqrt(moved) / o.rate / logged - 1) > 1e-4)
      fail_msg("%s: logged %g, moved %g", layers[i], logged,
               sqrt(moved) / o.rate);
  }
  assert_string_equal(next, "");
  free(text);
  sv_model_free(model);
  sv_model_free(before);
  sv_dataset_free(d);
}

/* Names are anything. */
static void test_gradients_names(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(
      "input 1x8x8; flatten; \"a,\\\"b\" = linear 4; relu; linear 3", 3);
  sv_fit_options o = quick(in_folder("names"));
  o.epochs = 1;
  o.log_gradients = true;
  size_t size;
  if (sv_fit(model, d, &o, NULL) != SV_OK) fail_msg("%s", sv_error());
  char *text = (char *)bytes_of(o.run, "gradients.csv", &size), *next = text;
  assert_string_equal(strsep(&next, "\n"), "epoch,\"a,\"\"b\",linear1");
  free(text);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* ---- Samples, pixels ---- */

static void test_samples(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  sv_fit_result result;
  o.epochs = 2;
  o.samples = 9;
  assert_ok(sv_fit(model, d, &o, &result));
  assert_int_equal(result.images, 18);
  assert_int_equal(result.held_out, 12);
  o.samples = 49;
  assert_error(SV_INVALID, "49 samples requested, but only 48",
               sv_fit(model, d, &o, NULL));
  o.samples = -1;
  assert_error(SV_INVALID, "samples is -1", sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

static void check_normalised(const sv_dataset *d, const char *how, bool centred,
                             bool scaled) {
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  sv_preprocess p;
  o.epochs = 1;
  o.normalise = how;
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_ok(sv_preprocess_load(&p, model));
  assert_int_equal(p.mean[0] != 0, centred);
  assert_int_equal(p.deviation[0] != 1, scaled);
  assert_string_equal(sv_model_meta(model, "svertka.train.normalise"), how);
  sv_preprocess_free(&p);
  sv_model_free(model);
}

static void test_normalise(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  check_normalised(d, "standard", true, true);
  check_normalised(d, "centre", true, false);
  check_normalised(d, "scale", false, true);
  check_normalised(d, "none", false, false);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  o.normalise = "mean";
  assert_error(SV_INVALID,
               "'mean'; expected one of: standard, centre, scale, none",
               sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* The model says so, eval and going on follow it, tuning cannot change it. */
static void test_permuted(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_dataset *t = open_bars("bars", 1, SV_SPLIT_TEST);
  sv_model *model = model_of("input 1x8x8; flatten; linear 3", 3);
  sv_fit_options o = quick(in_folder("permuted"));
  sv_metrics m;
  o.epochs = 12;
  o.permute_pixels = 5;
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_string_equal(sv_model_meta(model, "svertka.image.permute"), "5");
  assert_ok(sv_eval(&m, model, t, NULL));
  assert_true(m.top1 > 0.6);
  double top1 = m.top1;
  sv_metrics_free(&m);
  assert_ok(sv_model_set_meta(model, "svertka.image.permute", "6"));
  assert_ok(sv_eval(&m, model, t, NULL));
  assert_true(m.top1 < top1);
  sv_metrics_free(&m);
  o.run = NULL;
  assert_error(SV_INVALID, "it excludes permute-pixels",
               sv_fit(model, d, &o, NULL));
  o.permute_pixels = -1;
  o.normalise = "none";
  assert_error(SV_INVALID, "it excludes normalise", sv_fit(model, d, &o, NULL));
  o.normalise = "standard";
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_string_equal(sv_model_meta(model, "svertka.image.permute"), "6");
  sv_model_free(model);
  sv_dataset_free(d);
  sv_dataset_free(t);
}

static void test_resumed(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(in_folder("stopped"));
  watcher w = {.stop_at = 7};
  o.permute_pixels = 2;
  o.normalise = "centre";
  o.samples = 40;
  o.report = watch;
  o.context = &w;
  assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
  sv_model_free(model);
  assert_ok(sv_fit_open(&model, &o, in_folder("stopped")));
  assert_int_equal(o.permute_pixels, 2);
  assert_int_equal(o.samples, 40);
  sv_fit_options other = o;
  other.permute_pixels = 3;
  assert_error(SV_INVALID, "permute-pixels 2", sv_fit(model, d, &other, NULL));
  other = o;
  other.log_gradients = true;
  assert_error(SV_INVALID, "log-gradients", sv_fit(model, d, &other, NULL));
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gradients), cmocka_unit_test(test_gradients_names),
      cmocka_unit_test(test_samples),   cmocka_unit_test(test_normalise),
      cmocka_unit_test(test_permuted),  cmocka_unit_test(test_resumed),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
