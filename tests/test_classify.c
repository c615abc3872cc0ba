/* A model as a product calls it: pixels of any layout, scores or probabilities,
 * several threads; and the pictures made of what it says. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <svertka/svertka.h>

#include "asserts.h"

enum { SIDE = 2 };

/* Grey images of 2x2; scores are the sums of the left and of the right column,
 * from 0 to 2. */
static sv_model *make_model(const char *text, const char *labels) {
  static const float rows[] = {1, 0, 1, 0, 0, 1, 0, 1};
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_network_parse(&graph, "columns", text));
  assert_ok(sv_model_new(&model, graph, 1));
  sv_tensor *weight;
  assert_ok(sv_state_get(sv_model_state(model), "linear1.weight", &weight));
  memcpy(weight->data, rows, sizeof rows);
  assert_ok(sv_state_set(sv_model_state(model), "linear1.weight", weight));
  sv_tensor_free(weight);
  assert_ok(sv_model_set_meta(model, "svertka.image.size", "1x2x2"));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "1"));
  if (labels) assert_ok(sv_model_set_meta(model, "svertka.labels", labels));
  return model;
}

static const char scores[] = "input 1x2x2; flatten; linear 2";
static const char classes[] = "input 1x2x2; flatten; linear 2; classifier";

/* e^2 / (e^2 + e^0) */
static const double sure = 0.880797077978;

static void test_pixels(void **state) {
  (void)state;
  const char *const texts[] = {scores, classes};
  const uint8_t left[] = {255, 0, 255, 0};
  for (int i = 0; i < 2; i++) {
    sv_model *model = make_model(texts[i], "left\nright");
    sv_classifier *c;
    const float *p;
    int top[2];
    assert_ok(sv_classifier_new(&c, model, 1));
    assert_int_equal(sv_classifier_classes(c), 2);
    assert_string_equal(sv_classifier_label(c, 1), "right");
    assert_null(sv_classifier_label(c, 2));
    assert_int_equal(sv_classifier_preprocess(c)->width, SIDE);
    assert_ok(sv_classify_pixels(c, left, SIDE, SIDE, 1, 0, &p));
    assert_float_equal(p[0], sure, 1e-6);
    assert_float_equal(p[0] + p[1], 1, 1e-6);
    sv_classifier_top(c, 2, top);
    assert_int_equal(top[0], 0);
    assert_int_equal(top[1], 1);
    sv_classifier_free(c);
    sv_model_free(model);
  }
}

/* The same picture as RGB, with bytes between the rows, upside down, larger. */
static void test_layouts(void **state) {
  (void)state;
  sv_model *model = make_model(classes, NULL);
  sv_classifier *c;
  const float *p;
  assert_ok(sv_classifier_new(&c, model, 1));
  assert_string_equal(sv_classifier_label(c, 1), "1");
  const uint8_t rgb[] = {0, 0, 0, 255, 255, 255, 9, 9,
                         0, 0, 0, 255, 255, 255, 9, 9};
  assert_ok(sv_classify_pixels(c, rgb, SIDE, SIDE, 3, 8, &p));
  assert_float_equal(p[1], sure, 1e-6);
  assert_ok(sv_classify_pixels(c, rgb + 8, SIDE, SIDE, 3, -8, &p));
  assert_float_equal(p[1], sure, 1e-6);
  uint8_t large[8 * 6];
  for (int i = 0; i < 8 * 6; i++) large[i] = i % 8 < 4 ? 255 : 0;
  assert_ok(sv_classify_pixels(c, large, 8, 6, 1, 0, &p));
  assert_float_equal(p[0], sure, 0.1); /* columns blend as they shrink */
  assert_int_equal(sv_classify_pixels(c, large, 0, 6, 1, 0, &p), SV_INVALID);
  assert_int_equal(sv_classify_pixels(c, large, 8, 6, 2, 0, &p), SV_INVALID);
  assert_int_equal(sv_classify_pixels(c, large, 8, 6, 1, 3, &p), SV_INVALID);
  assert_int_equal(sv_classify_pixels(c, NULL, 8, 6, 1, 0, &p), SV_INVALID);
  sv_classifier_free(c);
  sv_model_free(model);
}

/* Slid over a larger picture it says at each position what it says of the part
 * of the picture that is its window there. */
static void test_slid(void **state) {
  (void)state;
  enum { HIGH = 6, WIDE = 8, HEIGHT = 14, WIDTH = 17 };
  uint8_t pixels[HEIGHT * WIDTH];
  sv_graph *graph;
  sv_model *model;
  sv_classifier *c;
  sv_class_map map;
  for (int i = 0; i < HEIGHT * WIDTH; i++) pixels[i] = (uint8_t)(i * i * 37);
  assert_ok(sv_network_parse(&graph, "slid",
                             "input 1x6x8; conv 3 3x3; relu; max_pool 2 2; "
                             "flatten; linear 4; classifier"));
  assert_ok(sv_model_new(&model, graph, 5));
  assert_ok(sv_model_set_meta(model, "svertka.image.size", "1x6x8"));
  assert_ok(sv_model_set_meta(model, "svertka.image.mean", "0.5"));
  assert_ok(sv_model_set_meta(model, "svertka.image.deviation", "0.1"));
  const sv_image image = {.width = WIDTH,
                          .height = HEIGHT,
                          .channels = 1,
                          .stride = WIDTH,
                          .pixels = pixels};
  sv_model_allow_random(model);
  assert_ok(sv_classify_map(&map, model, &image, NULL));
  assert_ok(sv_classifier_new(&c, model, 1));
  assert_true(map.height == 5 && map.width == 5 && map.classes == 4);
  assert_true(map.stride[0] == 2 && map.stride[1] == 2);
  assert_true(map.first[0] == 2.5 && map.first[1] == 3.5);
  assert_true(map.window[0] == HIGH && map.window[1] == WIDE);
  for (int y = 0; y < map.height; y++)
    for (int x = 0; x < map.width; x++) {
      const float *p;
      assert_ok(sv_classify_pixels(c, pixels + 2 * y * WIDTH + 2 * x, WIDE,
                                   HIGH, 1, WIDTH, &p));
      for (int i = 0; i < map.classes; i++)
        assert_float_equal(sv_class_map_at(&map, i, y, x), p[i], 1e-5);
    }
  sv_class_map_free(&map);
  sv_classifier_free(c);
  sv_model_free(model);
}

/* What a model does not say, or says wrongly, is told. */
static void test_faults(void **state) {
  (void)state;
  sv_classifier *c;
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_network_parse(&graph, NULL, classes));
  assert_ok(sv_model_new(&model, graph, 1));
  assert_int_equal(sv_classifier_new(&c, model, 1), SV_INVALID);
  assert_non_null(strstr(sv_error(), "svertka.image.mean"));
  assert_null(c);
  sv_model_free(model);
  model = make_model(classes, "one\ntwo\nthree");
  assert_int_equal(sv_classifier_new(&c, model, 1), SV_INVALID);
  assert_non_null(strstr(sv_error(), "2 classes, but svertka.labels has 3"));
  assert_ok(sv_model_set_meta(model, "svertka.image.size", "1x3x3"));
  assert_int_equal(sv_classifier_new(&c, model, 1), SV_INVALID);
  assert_non_null(strstr(sv_error(), "1x1x2x2"));
  sv_model_free(model);
}

typedef struct worker {
  const sv_model *model;
  int column, wrong;
} worker;

static void *work(void *context) {
  worker *w = context;
  uint8_t pixels[4] = {0};
  pixels[w->column] = pixels[2 + w->column] = 255;
  sv_classifier *c;
  if (sv_classifier_new(&c, w->model, 1) != SV_OK) {
    w->wrong = -1;
    return NULL;
  }
  for (int i = 0; i < 500; i++) {
    const float *p;
    int best = -1;
    if (sv_classify_pixels(c, pixels, SIDE, SIDE, 1, 0, &p) == SV_OK)
      sv_classifier_top(c, 1, &best);
    w->wrong += best != w->column;
  }
  sv_classifier_free(c);
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  enum { THREADS = 4 };
  sv_model *model = make_model(classes, NULL);
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.model = model, .column = i % 2};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(workers[i].wrong, 0);
  }
  sv_model_free(model);
}

/* ---- Pictures ---- */

static void make_path(char path[64], const char *name) {
  const char *folder = getenv("TMPDIR");
  snprintf(path, 64, "%.30s/svertka-%ld-%s", folder ? folder : "/tmp",
           (long)getpid(), name);
}

static void assert_picture(const char *path) {
  sv_image image;
  assert_ok(sv_image_read(&image, path));
  assert_int_equal(image.channels, 3);
  assert_true(image.width > 300 && image.height > 100);
  sv_image_free(&image);
  unlink(path);
}

/* Names may be long, empty or no text at all. */
static void test_pictures(void **state) {
  (void)state;
  char path[64];
  const uint8_t pixels[12] = {0};
  char longest[3000];
  memset(longest, 'w', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  const char *const names[] = {"\xff\xc3(\xed\xa0\x80", longest, "", "a\nb"};
  sv_prediction items[4];
  for (int i = 0; i < 4; i++)
    items[i] = (sv_prediction){
        .image = {.width = 2, .height = i + 1, .channels = 1, .pixels = pixels},
        .label = i ? names[0] : NULL,
        .predicted = names[i],
        .probability = i == 3 ? -7.0f : 0.5f};
  make_path(path, "told.png");
  assert_ok(sv_look_predictions(path, longest, items, 4));
  assert_picture(path);
  assert_ok(sv_look_predictions(path, NULL, items, 1));
  assert_picture(path);
  assert_int_equal(sv_look_predictions(path, NULL, items, 0), SV_INVALID);
  items[0].image.channels = 2;
  assert_int_equal(sv_look_predictions(path, NULL, items, 1), SV_INVALID);
  assert_int_equal(access(path, F_OK), -1);

  int64_t counts[16] = {INT64_MAX / 8, 0, 3};
  assert_ok(sv_look_confusion(path, names[0], counts, 4, names));
  assert_picture(path);
  assert_int_equal(sv_look_confusion(path, NULL, counts, 0, names), SV_INVALID);
  assert_int_equal(
      sv_look_confusion("/nonexistent/x.png", NULL, counts, 4, names), SV_IO);
}

/* One sample, none at all, and scores that are no numbers. */
static void test_calibration_picture(void **state) {
  (void)state;
  char path[64];
  sv_metrics m;
  assert_ok(sv_metrics_new(&m, 3));
  make_path(path, "sure.png");
  assert_ok(sv_look_calibration(path, NULL, &m));
  assert_picture(path);
  sv_metrics_add(&m, (const float[]){1, 2, 3}, (int64_t[]){0}, 1);
  sv_metrics_add(&m, (const float[]){NAN, 2, 3}, (int64_t[]){0}, 1);
  assert_ok(sv_look_calibration(path, "a", &m));
  assert_picture(path);
  sv_metrics_free(&m);
}

static void test_chart(void **state) {
  (void)state;
  char path[64];
  const double y[] = {1e-12, NAN, -1, INFINITY, 3, 1e300}, none[] = {NAN};
  const char *const names[] = {"a", "\xff", ""};
  sv_chart_line lines[] = {{"one", NULL, y, 6}, {NULL, y, y, 6}};
  sv_chart chart = {.title = "t", .log_y = true, .lines = lines, .count = 2};
  make_path(path, "chart.png");
  for (int i = 0; i < 2; i++, chart.log_x = true) {
    assert_ok(sv_look_chart(path, &chart));
    assert_picture(path);
  }
  chart = (sv_chart){.x_names = names,
                     .x_name_count = 3,
                     .in_order = true,
                     .lines = &(sv_chart_line){"", NULL, y + 4, 1},
                     .count = 1};
  assert_ok(sv_look_chart(path, &chart));
  assert_picture(path);
  chart.lines = &(sv_chart_line){"", NULL, none, 1};
  assert_int_equal(sv_look_chart(path, &chart), SV_INVALID);
  assert_int_equal(access(path, F_OK), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pixels),
      cmocka_unit_test(test_layouts),
      cmocka_unit_test(test_slid),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_pictures),
      cmocka_unit_test(test_calibration_picture),
      cmocka_unit_test(test_chart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
