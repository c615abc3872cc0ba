/* Initialisers: fans as PyTorch counts them, moments, orthogonality, files, and
 * which text a parameter gets. */
#include <math.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "base/thread.h"
#include "fixtures/init.h"
#include "graph/model.h"
#include "init/init.h"

/* ---- Fans ---- */

static void test_fans(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof fans / sizeof fans[0]; i++) {
    sv_graph *g;
    double in, out;
    sv_shape shape = {.rank = fans[i].rank};
    memcpy(shape.dim, fans[i].dim, sizeof fans[i].dim);
    assert_ok(sv_graph_new(&g, "one"));
    sv_value w = sv_parameter(g, "w", SV_WEIGHT, SV_F32, shape, NULL);
    assert_ok(sv_init_fans(g, w.id, &in, &out));
    assert_true(in == fans[i].fan_in && out == fans[i].fan_out);
    sv_graph_free(g);
  }
}

/* ONNX's Gemm may have its weight as inputs x outputs. */
static void test_fans_of_linear(void **state) {
  (void)state;
  for (int rows = 0; rows < 2; rows++) {
    sv_graph *g;
    double in, out;
    assert_ok(sv_network_parse(
        &g, NULL,
        rows ? "input 5; linear 7" : "input 5; linear 7 transpose_w=false"));
    int w = sv_graph_find(g, "linear1.weight");
    assert_int_equal(g->values[w].shape.dim[0], rows ? 7 : 5);
    assert_ok(sv_init_fans(g, w, &in, &out));
    assert_true(in == 5 && out == 7);
    sv_graph_free(g);
  }
}

/* ---- Moments ---- */

typedef struct moments {
  double mean, deviation, most;
} moments;

static moments moments_of(const sv_model *model, const char *name) {
  sv_tensor *t;
  assert_ok(sv_state_get(model->state, name, &t));
  const float *x = t->data;
  int64_t count = sv_shape_count(&t->shape);
  moments m = {0};
  for (int64_t i = 0; i < count; i++) {
    m.mean += x[i] / (double)count;
    m.deviation += (double)x[i] * x[i] / (double)count;
    m.most = fmax(m.most, fabs(x[i]));
  }
  m.deviation = sqrt(m.deviation - m.mean * m.mean);
  sv_tensor_free(t);
  return m;
}

/* 24 x 8 x 3 x 3 of 2 groups: fan_in 72, fan_out 216. 1728 numbers: a deviation
 * is off by 1 / sqrt(2 * 1728), 1.7 %. */
static void check_moments(const char *init, double deviation, double most) {
  char text[200];
  snprintf(text, sizeof text, "input 16x5x5; conv 24 3x3 group=2 init=\"%s\"",
           init);
  sv_model *model = model_of(text, 7);
  moments m = moments_of(model, "conv1.weight");
  if (!(fabs(m.deviation - deviation) < 0.06 * deviation) ||
      !(fabs(m.mean) < 0.08 * deviation) || !(m.most <= most) ||
      !(m.most > 0.98 * fmin(most, 3.1 * deviation)))
    fail_msg("%s: mean %g, deviation %g, at most %g", init, m.mean, m.deviation,
             m.most);
  assert_true(moments_of(model, "conv1.bias").most == 0);
  sv_model_free(model);
}

static void test_moments(void **state) {
  (void)state;
  double in = 72, out = 216;
  check_moments("xavier", sqrt(2 / (in + out)), sqrt(6 / (in + out)));
  check_moments("xavier_normal", sqrt(2 / (in + out)), INFINITY);
  check_moments("he", sqrt(2 / in), INFINITY);
  check_moments("he 0.5", 0.5 * sqrt(2 / in), INFINITY);
  check_moments("he_uniform", sqrt(2 / in), sqrt(6 / in));
  check_moments("he_out", sqrt(2 / out), INFINITY);
  check_moments("he_out_uniform 2", 2 * sqrt(2 / out), 2 * sqrt(6 / out));
  check_moments("lecun", sqrt(1 / in), INFINITY);
  check_moments("lecun_uniform", sqrt(1 / in), sqrt(3 / in));
  check_moments("uniform 0.3", 0.3 / sqrt(3), 0.3);
  check_moments("normal 0.2", 0.2, INFINITY);
  /* Cut at two deviations, what is left has 0.8796 of the deviation. */
  check_moments("normal 0.2 0.4", 0.2 * 0.87963, 0.4);
  check_moments("orthogonal", sqrt(1 / in), INFINITY);
}

/* ---- Orthogonality ---- */

/* Rows of the smaller side: their products are gain^2 or 0. */
static void check_orthogonal(const char *network, int64_t rows, int64_t columns,
                             double gain) {
  sv_model *model = model_of(network, 5);
  sv_tensor *t;
  assert_ok(sv_state_get(model->state, sv_state_name(model->state, 0), &t));
  const float *w = t->data;
  bool wide = rows <= columns;
  int64_t count = wide ? rows : columns, length = wide ? columns : rows;
  int64_t next = wide ? columns : 1, step = wide ? 1 : columns;
  assert_int_equal(sv_shape_count(&t->shape), rows * columns);
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0; j <= i; j++) {
      double sum = 0;
      for (int64_t k = 0; k < length; k++)
        sum += (double)w[i * next + k * step] * w[j * next + k * step];
      double wanted = i == j ? gain * gain : 0;
      if (!(fabs(sum - wanted) < 1e-6 * gain * gain))
        fail_msg("%s: rows %d and %d: %g", network, (int)i, (int)j, sum);
    }
  sv_tensor_free(t);
  sv_model_free(model);
}

static void test_orthogonal(void **state) {
  (void)state;
  check_orthogonal("input 40; linear 30 init=orthogonal", 30, 40, 1);
  check_orthogonal("input 20; linear 33 init=\"orthogonal 1.5\"", 33, 20, 1.5);
  check_orthogonal("input 24; linear 24 init=orthogonal", 24, 24, 1);
  check_orthogonal("input 1; linear 1 init=orthogonal", 1, 1, 1);
  check_orthogonal("input 6x9x9; conv 16 3x3 init=orthogonal", 16, 54, 1);
  check_orthogonal("input 2x9x9; conv 40 3x3 init=orthogonal", 40, 18, 1);
}

/* Rotations, too, are drawn evenly: no sign is preferred. */
static void test_orthogonal_signs(void **state) {
  (void)state;
  int positive = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    double matrix[9];
    const sv_random key = {.seed = seed, .stream = 3};
    assert_ok(sv_init_orthogonal(matrix, 3, 3, 1, &key));
    positive += matrix[0] > 0;
  }
  assert_in_range(positive, 70, 130);
}

static void test_orthogonal_threads(void **state) {
  (void)state;
  enum { ROWS = 150, COLUMNS = 900 };
  double *one = calloc(ROWS * COLUMNS, sizeof *one);
  double *three = calloc(ROWS * COLUMNS, sizeof *three);
  const sv_random key = {.seed = 1, .stream = 2};
  sv_team outer;
  sv_team_begin(&outer, 1);
  assert_ok(sv_init_orthogonal(one, ROWS, COLUMNS, 1, &key));
  sv_team_end(&outer);
  sv_team_begin(&outer, 3);
  assert_ok(sv_init_orthogonal(three, ROWS, COLUMNS, 1, &key));
  sv_team_end(&outer);
  assert_memory_equal(one, three, ROWS * COLUMNS * sizeof *one);
  free(one);
  free(three);
}

/* ---- Which text ---- */

static const char *chosen(const char *text, const char *value,
                          const char *network_init) {
  static char init[64];
  sv_graph *g;
  assert_ok(sv_network_parse(&g, NULL, text));
  int id = sv_graph_find(g, value);
  assert_int_not_equal(id, 0);
  snprintf(init, sizeof init, "%s", sv_init_choose(g, id, network_init));
  sv_graph_free(g);
  return init;
}

static void test_choice(void **state) {
  (void)state;
  static const char text[] =
      "input 2x9x9; conv 3 3x3; init he; conv 3 3x3; conv 3 3x3 init=lecun "
      "init.bias=ones; conv 3 1x1 init=usual; init usual; flatten; linear 2; "
      "linear 3 init=\"prefer he\"";
  static const char *const rows[][3] = {
      {"conv1.weight", "xavier", "orthogonal"},
      {"conv1.bias", "zeros", "zeros"},
      {"conv2.weight", "he", "he"},
      {"conv2.bias", "zeros", "zeros"},
      {"conv3.weight", "lecun", "lecun"},
      {"conv3.bias", "ones", "ones"},
      {"conv4.weight", "xavier", "xavier"},
      {"linear1.weight", "xavier", "orthogonal"},
      {"linear2.weight", "he", "orthogonal"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_string_equal(chosen(text, rows[i][0], NULL), rows[i][1]);
    assert_string_equal(chosen(text, rows[i][0], "usual"), rows[i][1]);
    assert_string_equal(chosen(text, rows[i][0], "orthogonal"), rows[i][2]);
  }
  /* A file has all that has no text of its own. */
  assert_string_equal(chosen(text, "conv1.bias", "file a.onnx"), "file a.onnx");
  assert_string_equal(chosen(text, "conv3.weight", "file a.onnx"), "lecun");
  assert_string_equal(chosen(text, "linear2.weight", "file a.onnx"),
                      "file a.onnx");
  assert_string_equal(
      chosen("input 4; linear 2 init=\"file b.onnx\"", "linear1.bias", NULL),
      "file b.onnx");
}

/* A layer that goes into a selu, or becomes its input by another shape. */
static void test_selu(void **state) {
  (void)state;
  static const char text[] =
      "input 2x9x9; conv 3 3x3; selu; conv 3 3x3; flatten; selu; linear 4; "
      "relu; linear 5 init=he; selu; linear 6; relu; selu";
  assert_string_equal(chosen(text, "conv1.weight", NULL), "lecun");
  assert_string_equal(chosen(text, "conv2.weight", NULL), "lecun");
  assert_string_equal(chosen(text, "conv2.bias", NULL), "zeros");
  assert_string_equal(chosen(text, "linear1.weight", NULL), "xavier");
  assert_string_equal(chosen(text, "linear2.weight", NULL), "he");
  assert_string_equal(chosen(text, "linear3.weight", NULL), "xavier");
  assert_string_equal(chosen(text, "conv1.weight", "he_uniform"), "he_uniform");
}

static void test_builder(void **state) {
  (void)state;
  sv_graph *g;
  assert_ok(sv_graph_new(&g, "built"));
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 2, 9, 9));
  sv_init_weights(g, "lecun");
  sv_init(g, "bias", "constant 0.5");
  x = sv_conv(g, x, 3, 3);
  sv_init(g, NULL, "he");
  x = sv_conv(g, x, 3, 3);
  sv_init_weights(g, NULL);
  x = sv_conv(g, x, 3, 3);
  assert_ok(sv_graph_check(g));
  static const char *const rows[][2] = {{"conv1.weight", "lecun"},
                                        {"conv1.bias", "constant 0.5"},
                                        {"conv2.weight", "he"},
                                        {"conv2.bias", "zeros"},
                                        {"conv3.weight", "xavier"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_string_equal(sv_init_choose(g, sv_graph_find(g, rows[i][0]), NULL),
                        rows[i][1]);
  sv_init(g, "scale", "ones");
  sv_conv(g, x, 3, 3);
  assert_error(SV_INVALID,
               "conv4: init 'ones': the layer has no parameter 'scale'",
               sv_graph_check(g));
  sv_graph_free(g);
}

/* Written and read again, a network is initialised as before. */
static void test_text(void **state) {
  (void)state;
  static const char *const texts[] = {
      "image = input 2x9x9\n"
      "conv 3 3x3 init=he init.bias=\"constant 0.1\"\n"
      "w = conv 4 1x1 bias=false init=\"file some file.onnx\"\n"
      "flatten\n"
      "linear 2\n"
      "output\n",
      "image = input 2x9x9\n"
      "init prefer he\n"
      "conv 3 3x3\n"
      "conv 4 1x1\n"
      "flatten\n"
      "linear 2 init=ones\n"
      "output\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    sv_graph *g;
    char *written;
    assert_ok(sv_network_parse(&g, NULL, texts[i]));
    assert_ok(sv_network_write(&written, g));
    assert_string_equal(written, texts[i]);
    sv_network_text_free(written);
    sv_graph_free(g);
  }
}

static void test_refused(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"input 4; linear 2 init=hee",
       "network:1:19: unknown initialiser 'hee'; expected one of: xavier"},
      {"input 4; linear 2 init=he init.bias=xavier",
       "linear1.bias: initialiser 'xavier': it needs two dimensions or more"},
      {"input 4; linear 2 init=\"normal 0.2 0.1\"",
       "bound 0.1 is below the deviation 0.2"},
      {"input 4; linear 2 init=\"uniform\"", "usage: uniform BOUND"},
      {"input 4; linear 2 init=file", "usage: file PATH"},
      {"input 4; linear 2 init=\"numbers 1,2,3\"",
       "'numbers' has 3 values for a tensor of 8"},
      {"input 4; linear 2 init=\"numbers 1,,3\"",
       "'numbers': expected numbers such as 1,2,1 at ',3'"},
      {"input 4; linear 2 init=\"numbers 1,2,\"", "at '2,'"},
      {"input 4; linear 2 init=\"file there-is-none.onnx\"",
       "linear1.weight: there-is-none.onnx"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    sv_graph *g;
    sv_model *model;
    if (sv_network_parse(&g, NULL, texts[i][0]) == SV_OK &&
        sv_model_new(&model, g, 1) == SV_OK)
      fail_msg("%s: is not refused", texts[i][0]);
    if (!strstr(sv_error(), texts[i][1]))
      fail_msg("\"%s\" does not say \"%s\"", sv_error(), texts[i][1]);
  }
  static const char *const networks[][2] = {
      {"input 4; relu init=he", "relu1: init 'he': the layer has no parameter"},
      {"input 4; w = parameter 2x4; linear(image, w) init=he",
       "linear1: init 'he': the layer has no parameter"},
      {"input 4; linear 2 init.wight=he", "has no parameter 'wight'"},
      {"input 4; init; linear 2", "init takes a text such as he"},
      {"input 4; x = init he; linear 2", "init takes a text such as he"},
      {"input 4; init gain=2; linear 2", "init takes a text such as he"},
  };
  for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
    sv_graph *g;
    assert_error(SV_INVALID, networks[i][1],
                 sv_network_parse(&g, NULL, networks[i][0]));
  }
}

/* ---- Files ---- */

static bool same(const sv_model *a, const sv_model *b, const char *name) {
  sv_tensor *x, *y;
  assert_ok(sv_state_get(a->state, name, &x));
  assert_ok(sv_state_get(b->state, name, &y));
  bool equal = x->layout.bytes == y->layout.bytes &&
               memcmp(x->data, y->data, x->layout.bytes) == 0;
  sv_tensor_free(x);
  sv_tensor_free(y);
  return equal;
}

/* A trained body under a new head. */
static void test_file(void **state) {
  (void)state;
  char path[600], init[640], text[1400];
  snprintf(path, sizeof path, "%s", in_folder("from.onnx"));
  snprintf(init, sizeof init, "file %s", path);
  sv_model *from = model_of(
      "input 1x6x6; conv 4 3x3 init.bias=ones; relu; flatten; linear 3", 9);
  assert_ok(sv_model_save(from, path));
  static const char body[] = "input 1x6x6; conv 4 3x3; relu; flatten; linear ";
  snprintf(text, sizeof text, "%s3", body);
  sv_model *to = model_of(text, 1);
  assert_false(same(from, to, "conv1.weight"));
  assert_ok(sv_state_init_with(to->state, to->graph, 1, init));
  for (int i = 0; i < sv_state_count(to->state); i++)
    assert_true(same(from, to, sv_state_name(to->state, i)));
  sv_model_free(to);
  snprintf(text, sizeof text, "%s5", body);
  to = model_of(text, 1);
  assert_error(SV_INVALID, "from.onnx: it is 3x64 there, expected 5x64",
               sv_state_init_with(to->state, to->graph, 1, init));
  assert_non_null(strstr(sv_error(), "linear1.weight: "));
  sv_model_free(to);
  snprintf(text, sizeof text, "%s5 init=he init.bias=zeros", body);
  to = model_of(text, 1);
  assert_ok(sv_state_init_with(to->state, to->graph, 1, init));
  assert_true(same(from, to, "conv1.bias"));
  sv_model_free(to);
  snprintf(text, sizeof text, "input 1x6x6; conv 4 3x3 init=\"%s\"", init);
  to = model_of(text, 1);
  assert_true(same(from, to, "conv1.weight") && same(from, to, "conv1.bias"));
  sv_model_free(to);
  to = model_of("input 1x6x6; c = conv 4 3x3", 1);
  assert_error(SV_INVALID, "has no such tensor",
               sv_state_init_with(to->state, to->graph, 1, init));
  assert_non_null(strstr(sv_error(), "c.weight: "));
  sv_model_free(to);
  sv_model_free(from);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fans),
      cmocka_unit_test(test_fans_of_linear),
      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_orthogonal),
      cmocka_unit_test(test_orthogonal_signs),
      cmocka_unit_test(test_orthogonal_threads),
      cmocka_unit_test(test_choice),
      cmocka_unit_test(test_selu),
      cmocka_unit_test(test_builder),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_file),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
