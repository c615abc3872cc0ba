/* Images whose channels come last: tests/fixtures/nhwc and its numbers of ONNX
 * Runtime, scripts/make_fixtures_nhwc.py. */
#include "onnx_files.h"

#include <math.h>

#include <svertka/classify.h>
#include <svertka/data.h>

#include "graph/image_layout.h"
#include "graph/model.h"
#include "rewrite/channels_first.h"

enum { CLASSES = 4, LARGEST = 8 * 10 * 3 };

typedef struct expected {
  char name[64];
  int height, width, channels;
  double told[CLASSES];
} expected;

static sv_model *load(const expected *e) {
  char path[640], size[32];
  sv_model *model;
  snprintf(path, sizeof path, "%s/tests/fixtures/nhwc/%s.onnx",
           getenv("SOURCE_DIR"), e->name);
  assert_ok(sv_model_load(&model, path));
  snprintf(size, sizeof size, "%dx%dx%d", e->channels, e->height, e->width);
  assert_ok(sv_model_set_meta(model, "svertka.image.size", size));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean",
                              e->channels == 3 ? "0,0,0" : "0"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation",
                              e->channels == 3 ? "1,1,1" : "1"));
  return model;
}

static void paint(const expected *e, uint8_t *pixels, sv_image *image) {
  for (int y = 0; y < e->height; y++)
    for (int x = 0; x < e->width; x++)
      for (int c = 0; c < e->channels; c++)
        *pixels++ = (uint8_t)(31 * y + 17 * x + 71 * c);
  *image = (sv_image){.pixels = pixels - e->height * e->width * e->channels,
                      .width = e->width,
                      .height = e->height,
                      .channels = e->channels};
}

static void check_told(const expected *e, const float *p, const char *how) {
  for (int i = 0; i < CLASSES; i++)
    if (fabs((double)p[i] - e->told[i]) > 1e-5)
      fail_msg("%s, %s: class %d is %g, expected %g", e->name, how, i,
               (double)p[i], e->told[i]);
}

static void check_classifier(const expected *e, const sv_model *model,
                             const char *how) {
  static uint8_t pixels[LARGEST];
  sv_image image;
  sv_classifier *c;
  const float *p;
  paint(e, pixels, &image);
  assert_ok(sv_classifier_new(&c, model, 1));
  assert_ok(sv_classify_image(c, &image, &p));
  check_told(e, p, how);
  sv_classifier_free(c);
}

/* One position of the map: the image has the network's own size. */
static void check_map(const expected *e, const sv_model *model) {
  static uint8_t pixels[LARGEST];
  sv_image image;
  sv_class_map map;
  paint(e, pixels, &image);
  assert_ok(sv_classify_map(&map, model, &image, NULL));
  assert_int_equal(map.height * map.width, 1);
  check_told(e, map.probabilities, "map");
  sv_class_map_free(&map);
}

/* Saved it still takes what it took. */
static void check_saved(const expected *e, const sv_model *model) {
  sv_model *again;
  assert_ok(sv_model_save(model, in_folder("nhwc.onnx")));
  assert_ok(sv_model_load(&again, in_folder("nhwc.onnx")));
  assert_true(sv_graph_channels_last(again->graph));
  check_classifier(e, again, "saved");
  sv_model_free(again);
}

static void check(const expected *e) {
  sv_model *model = load(e), *turned;
  const sv_ints image = {3, {e->channels, e->height, e->width}};
  assert_true(sv_graph_channels_last(model->graph));
  check_classifier(e, model, "as it is");
  check_saved(e, model);
  if (strcmp(e->name, "dense") != 0) check_map(e, model);
  assert_ok(sv_model_channels_first(&turned, model, &image));
  assert_false(sv_graph_channels_last(turned->graph));
  check_classifier(e, turned, "turned");
  sv_model_free(turned);
  sv_model_free(model);
}

static void test_files(void **state) {
  (void)state;
  char path[640];
  expected e;
  int files = 0;
  snprintf(path, sizeof path, "%s/tests/fixtures/nhwc/expected.txt",
           getenv("SOURCE_DIR"));
  FILE *list = fopen(path, "r");
  assert_non_null(list);
  while (fscanf(list, "%63s %d %d %d %lf %lf %lf %lf", e.name, &e.height,
                &e.width, &e.channels, &e.told[0], &e.told[1], &e.told[2],
                &e.told[3]) == 8) {
    check(&e);
    files++;
  }
  fclose(list);
  assert_int_equal(files, 6);
}

/* What is said goes before what is found, and what fits neither is told in the
 * words of the input, not of metadata that are not there. */
static void test_said(void **state) {
  (void)state;
  const expected e = {"joined", 8, 10, 3, {0}};
  sv_preprocess p;
  sv_model *model = load(&e);
  assert_ok(sv_model_set_meta(model, "svertka.image.layout", "nchw"));
  sv_classifier *c;
  assert_error(SV_INVALID, "is 1x8x10x3 of f32, but the metadata say 1x3x8x10",
               sv_classifier_new(&c, model, 1));
  sv_model_free(model);
  model = load(&e);
  assert_ok(sv_model_set_meta(model, "svertka.image.layout", "last"));
  assert_error(SV_FORMAT,
               "svertka.image.layout: \"last\", expected nchw or nhwc",
               sv_preprocess_load(&p, model));
  sv_model_free(model);
  toy t;
  toy_init(&t); /* x 1x2x4x4 */
  assert_ok(toy_load(&t, &model));
  assert_error(SV_INVALID,
               "input 'x' is 1x2x4x4; as N x C x H x W it has 2 channels, "
               "expected 1 or 3 (--layout, svertka.image.layout,",
               sv_preprocess_load(&p, model));
  sv_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_files),
                                     cmocka_unit_test(test_said)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
