/* Networks that tell a class of each pixel, and classifiers that slide. */
#include <stdio.h>

#include "one_node.h"

#include <svertka/classify.h>
#include <svertka/layers.h>
#include <svertka/network.h>
#include <svertka/plan.h>
#include <svertka/zoo.h>

#include "data/augment.h"
#include "graph/model.h"
#include "task/metrics.h"

/* ---- Sliding ---- */

static sv_model *model_of(const char *text) {
  sv_graph *graph;
  sv_model *model;
  expect_ok(strchr(text, ';') ? sv_network_parse(&graph, NULL, text)
                              : sv_zoo_build(&graph, text, NULL));
  expect_ok(sv_model_new(&model, graph, 7));
  return model;
}

static sv_plan *plan_of(const sv_model *model, const sv_shape *image) {
  const sv_graph *g = sv_model_graph(model);
  sv_plan *plan;
  sv_plan_options options = sv_plan_default();
  sv_input_shape shape = {g->values[sv_graph_data_input(g)].name, *image};
  options.shapes = &shape;
  options.shape_count = 1;
  options.threads = 1;
  expect_ok(sv_plan_new(&plan, g, sv_model_state(model), &options));
  return plan;
}

static double pixel(int64_t i) { return sin(0.7 * (double)i); }

/* Runs the model on part of an image of `width` columns; *plan is to be freed.
 */
static sv_tensor run(const sv_model *model, sv_shape image, int top, int left,
                     int height, int width, sv_plan **plan) {
  const sv_graph *g = sv_model_graph(model);
  sv_tensor x, y;
  int64_t i = 0;
  *plan = plan_of(model, &image);
  expect_ok(sv_plan_input(*plan, g->values[sv_graph_data_input(g)].name, &x));
  for (int64_t c = 0; c < image.dim[1]; c++)
    for (int64_t h = 0; h < image.dim[2]; h++)
      for (int64_t w = 0; w < image.dim[3]; w++)
        sv_tensor_set(&x, i++,
                      pixel((c * height + top + h) * width + left + w));
  expect_ok(sv_plan_forward(*plan));
  expect_ok(sv_plan_value(*plan, g->outputs[0].name, &y));
  return y;
}

static sv_shape image_of(const sv_model *model) {
  const sv_graph *g = sv_model_graph(model);
  sv_shape shape = g->values[sv_graph_data_input(g)].shape;
  shape.dim[0] = 1;
  return shape;
}

static void test_same_outputs(void **state) {
  (void)state;
  static const char *const networks[] = {
      "lenet5",
      "mlp",
      "alexnet:width=0.05,classes=7,size=127",
      "vgg:width=0.05,hidden=9,blocks=3,classes=6,size=32",
      "resnet_small:depth=8",
      "nin:width=0.05,classes=5",
      "googlenet:auxiliary=false,classes=7,size=40",
      "efficientnet:width=0.25,classes=5,size=64",
      ("input 2x9x7; conv 4 3x3; relu; flatten; linear 7; dropout 0.5; relu; "
       "batch_norm; linear 3 bias=false; log_softmax"),
      "input 2x9x7; conv 4 3x3; reduce_mean 2x3 keepdims=false; linear 3",
      "input 2x9x7; conv 4 3x3; reduce_max -1,-2; flatten; linear 3; softmax"};
  for (size_t i = 0; i < count_of(networks); i++) {
    sv_model *model = model_of(networks[i]), *sliding;
    expect_ok(sv_model_convolve(&sliding, model, NULL));
    sv_shape image = image_of(model);
    sv_plan *a, *b;
    int height = (int)image.dim[2], width = (int)image.dim[3];
    sv_tensor flat = run(model, image, 0, 0, height, width, &a);
    sv_tensor map = run(sliding, image, 0, 0, height, width, &b);
    assert_int_equal(map.shape.rank, 4);
    assert_int_equal(sv_shape_count(&map.shape), sv_shape_count(&flat.shape));
    for (int64_t k = 0; k < sv_shape_count(&flat.shape); k++)
      assert_float_equal(sv_tensor_get(&map, k), sv_tensor_get(&flat, k), 2e-6);
    sv_plan_free(a);
    sv_plan_free(b);
    sv_model_free(sliding);
    sv_model_free(model);
  }
}

static void check_positions(const char *text) {
  sv_model *model = model_of(text), *sliding;
  sv_plan *whole, *part;
  expect_ok(sv_model_convolve(&sliding, model, NULL));
  sv_tensor map =
      run(sliding, sv_shape_of(4, 1, 1, 13, 14), 0, 0, 13, 14, &whole);
  assert_true(map.shape.dim[2] == 3 && map.shape.dim[3] == 3);
  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 3; x++) {
      sv_tensor one =
          run(model, sv_shape_of(4, 1, 1, 8, 10), 2 * y, 2 * x, 13, 14, &part);
      for (int c = 0; c < 5; c++)
        assert_float_equal(sv_tensor_get(&map, (c * 3 + y) * 3 + x),
                           sv_tensor_get(&one, c), 2e-6);
      sv_plan_free(part);
    }
  sv_plan_free(whole);
  sv_model_free(sliding);
  sv_model_free(model);
}

/* Without borders inside each position says what the classifier says of its
 * window: they lie 2 pixels apart. */
static void test_positions(void **state) {
  (void)state;
  check_positions(
      "input 1x8x10; conv 3 3x3; relu; max_pool 2 2; conv 4 2x2; tanh; "
      "flatten; linear 5; softmax");
  check_positions(
      "input 1x8x10; conv 3 3x3; relu; max_pool 2 2; conv 4 2x2; tanh; "
      "flatten; linear 5; hardmax");
  /* SqueezeNet, as older versions of ONNX have it. */
  check_positions(
      "input 1x8x10; conv 3 3x3; relu; max_pool 2 2; conv 5 2x2; tanh; "
      "global_avg_pool; softmax 1 flat=true");
}

/* What scales a map by its means still does so on a larger one. */
static void test_excitation(void **state) {
  (void)state;
  sv_model *model = model_of("efficientnet:width=0.125,classes=5,size=64");
  sv_model *sliding;
  sv_plan *plan;
  expect_ok(sv_model_convolve(&sliding, model, NULL));
  sv_tensor map =
      run(sliding, sv_shape_of(4, 1, 3, 96, 128), 0, 0, 96, 128, &plan);
  assert_true(map.shape.dim[2] == 2 && map.shape.dim[3] == 3);
  sv_plan_free(plan);
  sv_model_free(sliding);
  sv_model_free(model);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *network, *message;
  } cases[] = {
      {"input 1x8x8; conv 3 3x3; relu",
       "network 'network' has neither linear layers on a flattened map nor "
       "global pooling: nothing to convert to convolutions"},
      {"input 1x8x8; flatten; softmax; linear 3",
       "softmax1: softmax of a flattened map does not slide over an image"},
      {"input 2x4x4; reshape 1,2,16; reshape 1,2,4,4; global_avg_pool; "
       "flatten; linear 3",
       "it cannot slide over an image twice as large: reshape1: an input of "
       "1x2x8x8 cannot have the shape 1x2x16"},
      {"input 1x4x4; conv 3 1x1; reshape 0,3,-1; global_max_pool; flatten; "
       "linear 3",
       "network 'network' has neither linear layers on a flattened map nor "
       "global pooling: nothing to convert to convolutions"},
      {"input 3x4x4; w = parameter 3x3; x = global_avg_pool(image); flatten; "
       "linear(., w) bias=false; relu; linear(., w) bias=false "
       "transpose_w=false",
       "linear2: 'w' is shared by layers of different kinds"},
      {"input 3x4x4; w = parameter 3x3; x = global_avg_pool(image); flatten; "
       "linear(., w) bias=false; output A; flatten(w); output B",
       "flatten2: 'w' is shared by layers of different kinds"},
      {"input 1x8x8; conv 3 3x3; resize sizes=4x4; flatten; linear 3",
       "it cannot slide: 'linear1' is 1x1 whatever the size of the image"},
      {"input 1x8x8; conv 3 3x3; slice 0,0 6,6 2,3; flatten; linear 3",
       "it cannot slide: 'linear1' is 1x1 whatever the size of the image"},
      {"input 1x?x8; global_avg_pool; flatten; linear 3",
       "input 'image': dimension 2 is free; give a size for it"}};
  for (size_t i = 0; i < count_of(cases); i++) {
    sv_model *model = model_of(cases[i].network), *sliding;
    expect_error(sv_model_convolve(&sliding, model, NULL), cases[i].message);
    assert_null(sliding);
    sv_model_free(model);
  }
}

/* ---- Sizes that are free ---- */

static void test_any_size(void **state) {
  (void)state;
  static const char *const networks[] = {
      "fcn:size=0,width=0.05,hidden=6,classes=3,channels=1",
      "fcn:size=0,width=0.05,hidden=6,classes=3,channels=1,stride=32",
      "fcn_small:size=0,width=0.05,hidden=6,classes=3",
      "fcn_small:size=0,width=0.05,hidden=6,classes=3,stride=16",
      "unet:size=0,maps=2,depth=3,classes=3"};
  static const int sizes[][2] = {{64, 64}, {33, 50}, {17, 21}};
  for (size_t i = 0; i < count_of(networks); i++) {
    sv_model *model = model_of(networks[i]);
    for (size_t k = 0; k < count_of(sizes); k++) {
      int h = sizes[k][0], w = sizes[k][1];
      sv_plan *plan;
      sv_tensor y = run(model, sv_shape_of(4, 1, 1, h, w), 0, 0, h, w, &plan);
      sv_shape expected = sv_shape_of(4, 1, 3, h, w);
      assert_true(sv_shape_equal(&y.shape, &expected));
      double sum = 0;
      for (int c = 0; c < 3; c++) sum += sv_tensor_get(&y, c * h * w);
      assert_float_equal(sum, 1, 1e-5);
      sv_plan_free(plan);
    }
    sv_model_free(model);
  }
}

/* The builder follows sizes, also those that are computed. */
static void test_computed_sizes(void **state) {
  (void)state;
  sv_graph *g;
  expect_ok(sv_graph_new(&g, "net"));
  sv_value x = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 3, -1, 20));
  sv_value y = sv_conv(g, x, 5, 3);
  sv_value size = sv_apply_text(g, "shape", &y, 1, "2");
  sv_value cut =
      sv_apply_text(g, "slice", (sv_value[]){x, {0}, size}, 3, "0,0 axes=2,3");
  sv_shape expected = sv_shape_of(4, 1, 3, 254, 18),
           is = sv_value_shape(g, cut);
  assert_true(sv_shape_equal(&is, &expected));
  sv_value both = sv_concat(g, (sv_value[]){cut, y}, 2, 1);
  assert_int_equal(sv_value_shape(g, sv_conv(g, both, 4, 1)).dim[1], 4);
  expect_ok(sv_graph_check(g));
  sv_graph_free(g);
}

/* ---- Enlargements ---- */

static void test_bilinear(void **state) {
  (void)state;
  sv_model *model = model_of(
      "input 2x3x3; conv_transpose 2 4x4 stride=2 padding=same bias=false "
      "init=bilinear");
  static const double taps[] = {0.25, 0.75, 0.75, 0.25};
  sv_tensor *w;
  expect_ok(sv_state_get(sv_model_state(model), "conv_transpose1.weight", &w));
  for (int i = 0; i < 64; i++) {
    int x = i % 4, y = i / 4 % 4, to = i / 16 % 2, from = i / 32;
    double expected = to == from ? taps[x] * taps[y] : 0;
    assert_float_equal(sv_tensor_get(w, i), expected, 1e-7);
  }
  sv_tensor_free(w);
  sv_model_free(model);
}

/* ---- The head ---- */

/* Pixels without a class count neither in the loss nor in its mean. */
static void test_head(void **state) {
  (void)state;
  sv_graph *g;
  sv_model *model;
  sv_plan *plan;
  sv_tensor x, label, loss;
  expect_ok(sv_graph_new(&g, "net"));
  sv_value scores = sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 2, 1, 3));
  sv_segmentation_head(g, scores);
  sv_auxiliary_head(g, "second", scores, 0.5);
  expect_ok(sv_model_new(&model, g, 1));
  sv_plan_options options = sv_plan_default();
  options.mode = SV_TRAIN;
  expect_ok(sv_plan_new(&plan, g, sv_model_state(model), &options));
  expect_ok(sv_plan_input(plan, "x", &x));
  expect_ok(sv_plan_input(plan, "label", &label));
  const double numbers[] = {2, 0, 5, 0, 1, -5};
  for (int i = 0; i < 6; i++) sv_tensor_set(&x, i, numbers[i]);
  const double labels[] = {0, 0, SV_NO_CLASS};
  for (int i = 0; i < 3; i++) sv_tensor_set(&label, i, labels[i]);
  expect_ok(sv_plan_forward(plan));
  double expected = (log1p(exp(-2)) + log1p(exp(1))) / 2;
  const char *const losses[] = {"loss", "second"};
  for (int i = 0; i < 2; i++) {
    expect_ok(sv_plan_value(plan, losses[i], &loss));
    assert_float_equal(sv_tensor_get(&loss, 0), expected, 1e-6);
  }
  sv_plan_free(plan);
  sv_model_free(model);
}

/* ---- Masks ---- */

static sv_image grey(const uint8_t *pixels, int width, int height) {
  return (sv_image){.width = width,
                    .height = height,
                    .channels = 1,
                    .stride = width,
                    .pixels = pixels};
}

/* The nearest pixel's class, none on the pads. */
static void test_prepared_masks(void **state) {
  (void)state;
  const uint8_t classes[] = {1, 2, 3, 4};
  sv_image mask = grey(classes, 2, 2);
  sv_preprocess p = sv_preprocess_default();
  int64_t is[36];
  p.channels = 1;
  p.height = p.width = 6;
  p.pad_top = p.pad_left = p.pad_bottom = p.pad_right = 1;
  p.mean[0] = 0;
  p.deviation[0] = 1;
  expect_ok(sv_preprocess_mask(&p, &mask, is));
  static const int64_t inside[4][4] = {
      {1, 1, 2, 2}, {1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}};
  for (int y = 0; y < 6; y++)
    for (int x = 0; x < 6; x++) {
      bool pad = y == 0 || x == 0 || y == 5 || x == 5;
      assert_int_equal(is[6 * y + x], pad ? SV_NO_CLASS : inside[y - 1][x - 1]);
    }
}

/* Classes go where their pixels go. */
static void test_moved_masks(void **state) {
  (void)state;
  sv_preprocess p = sv_preprocess_default();
  sv_augment_list list;
  uint8_t values[99];
  p.channels = 1;
  p.height = 9;
  p.width = 11;
  p.mean[0] = 0;
  p.deviation[0] = 1 / 255.f;
  expect_ok(sv_augment_parse(&list, &(sv_augment){.flip = true, .shift = 4}));
  for (int k = 0; k < 99; k++) values[k] = (uint8_t)(k + 1);
  for (int64_t i = 0; i < 20; i++) {
    float pixels[99];
    int64_t classes[99];
    const sv_random key = {5, 6, 7};
    sv_image image = grey(values, 11, 9), mask = image;
    const sv_augment_sample sample = {&image, &mask, NULL};
    expect_ok(sv_augment_apply(&list, &key, i, &p, &sample, pixels, classes));
    for (int k = 0; k < 99; k++) {
      int value = (int)lroundf(pixels[k]);
      assert_int_equal(classes[k], value == 0 ? SV_NO_CLASS : value);
    }
  }
  sv_augment_free(&list);
}

/* ---- Classes that come last ---- */

static void map_of(const char *text, sv_class_map *map) {
  uint8_t pixels[80];
  for (int i = 0; i < 80; i++) pixels[i] = (uint8_t)(37 * i);
  const sv_image image = grey(pixels, 10, 8);
  sv_model *model = model_of(text);
  expect_ok(sv_model_set_meta(model, "svertka.image.mean", "0"));
  expect_ok(sv_model_set_meta(model, "svertka.image.deviation", "1"));
  sv_model_allow_random(model);
  expect_ok(sv_classify_map(map, model, &image, NULL));
  sv_model_free(model);
}

/* N x H x W x C, as Keras and TensorFlow end a network, is the same map, and
 * its rows of pixels are not taken for classes. */
static void test_classes_last(void **state) {
  (void)state;
#define MAPS "; conv 3 3x3 padding=same"
  static const char *const same[][2] = {
      {"input 1x8x10" MAPS, "; transpose 0x2x3x1"},
      {"input 1x8x10" MAPS "; softmax 1", "; transpose 0x2x3x1"},
      {"input 1x8x10" MAPS "; sigmoid", "; transpose 0x2x3x1; identity"},
      {"input 1x8x10; conv 1 3x3 padding=same; sigmoid", "; transpose 0x2x3x1"},
      {"input 1x8x10" MAPS, "; transpose 0x2x3x1; softmax 3"},
      {"input 1x8x10" MAPS, "; transpose 0x2x3x1; log_softmax"}};
  for (size_t i = 0; i < count_of(same); i++) {
    sv_class_map a, b;
    char text[200];
    snprintf(text, sizeof text, "%s%s", same[i][0], same[i][1]);
    map_of(same[i][0], &a);
    map_of(text, &b);
    assert_true(a.width == b.width && a.height == b.height);
    assert_int_equal(a.classes, b.classes);
    for (int k = 0; k < a.classes * a.height * a.width; k++)
      assert_float_equal(a.probabilities[k], b.probabilities[k], 1e-6);
    sv_class_map_free(&a);
    sv_class_map_free(&b);
  }
}

/* Of five pixels with a class: truth 0 0 1 1 2, told 0 1 1 1 0. */
static void test_union(void **state) {
  (void)state;
  static const float scores[] = {5, 0, 0, 0,  4,  9,  0,  3,  3,
                                 3, 0, 0, -1, -1, -1, -1, -1, 0};
  static const int64_t labels[] = {0, 0, 1, 1, 2, SV_NO_CLASS};
  sv_metrics m;
  expect_ok(sv_metrics_new(&m, 3));
  sv_metrics_add_pixels(&m, scores, labels, 1, 6);
  assert_int_equal(m.samples, 5);
  assert_float_equal(m.top1, 3.0 / 5, 1e-12);
  assert_float_equal(sv_metrics_of_class(&m, 0).iou, 1.0 / 3, 1e-12);
  assert_float_equal(sv_metrics_of_class(&m, 1).iou, 2.0 / 3, 1e-12);
  assert_float_equal(sv_metrics_of_class(&m, 2).iou, 0, 1e-12);
  assert_float_equal(sv_metrics_macro(&m).iou, 1.0 / 3, 1e-12);
  assert_int_equal(sv_count_pixels(scores, labels, 1, 3, 6), 4); /* 3/5 of 6 */
  sv_metrics_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_outputs),
                                     cmocka_unit_test(test_positions),
                                     cmocka_unit_test(test_excitation),
                                     cmocka_unit_test(test_refusals),
                                     cmocka_unit_test(test_any_size),
                                     cmocka_unit_test(test_computed_sizes),
                                     cmocka_unit_test(test_bilinear),
                                     cmocka_unit_test(test_head),
                                     cmocka_unit_test(test_prepared_masks),
                                     cmocka_unit_test(test_moved_masks),
                                     cmocka_unit_test(test_classes_last),
                                     cmocka_unit_test(test_union)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
