/* Convolutions in tiles, in whole plans, against the reference: odd sizes,
 * paddings, batches, threads, and the tails that they compute. */
#include "plan_nets.h"

#include <svertka/network.h>

#include "drawn.h"
#include "op/registry.h"

static sv_plan *plan_of(const net *n, int batch, int threads, bool tiles) {
  sv_plan *plan;
  sv_tensor x;
  sv_plan_options o = sv_plan_default();
  o.batch = batch;
  o.threads = threads;
  o.backend = tiles ? NULL : "ref";
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  assert_ok(sv_plan_input(plan, "image", &x));
  draw_all(&x, "image");
  return plan;
}

static net parse(const char *text) {
  net n;
  assert_ok(sv_network_parse(&n.graph, "net", text));
  assert_ok(sv_state_new(&n.state, n.graph, SV_F32));
  assert_ok(sv_state_init(n.state, n.graph, 7));
  for (int i = 0; i < n.state->count; i++)
    if (n.state->slots[i].role == SV_BIAS)
      draw_all(&n.state->slots[i].tensor, n.state->slots[i].name);
  return n;
}

static void assert_step(const sv_plan *plan, const char *words) {
  char *text;
  assert_ok(sv_plan_explain(plan, &text));
  if (!strstr(text, words)) fail_msg("no '%s' in\n%s", words, text);
  sv_plan_text_free(text);
}

static void assert_alike(sv_plan *a, sv_plan *b, const char *output) {
  sv_tensor x, y;
  double apart = 0, most = 0;
  assert_ok(sv_plan_forward(a));
  assert_ok(sv_plan_forward(b));
  assert_ok(sv_plan_value(a, output, &x));
  assert_ok(sv_plan_value(b, output, &y));
  for (int64_t i = 0; i < sv_shape_count(&y.shape); i++) {
    apart = fmax(apart, fabs(sv_tensor_get(&x, i) - sv_tensor_get(&y, i)));
    most = fmax(most, fabs(sv_tensor_get(&y, i)));
  }
  if (!(apart <= 3e-5 * most)) fail_msg("off by %g of %g", apart, most);
}

static const char *output_of(const net *n) { return n->graph->outputs[0].name; }

static void odd_shapes(void **unused) {
  (void)unused;
  if (!sv_backend_find("winograd")) skip();
  static const struct {
    const char *network;
    int batch;
  } cases[] = {
      {"input 32x35x33; conv 48 3x3 padding=same", 1},
      {"input 32x23x41; conv 32 3x3 padding=valid", 3},
      {"input 64x30x29; conv 80 3x3 padding=0,1,2,3", 2},
      {"input 48x31x20; conv 32 3x3 padding=5 bias=false", 2},
      {"input 64x14x14; conv 64 3x3 padding=same", 9},
      {"input 128x97x3; conv 128 3x3 padding=same", 5},
      {"input 64x9x11; conv 64 3x3 padding=full", 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int threads = 1; threads <= 3; threads++) {
      net n = parse(cases[i].network);
      sv_plan *tiles = plan_of(&n, cases[i].batch, threads, true);
      sv_plan *plain = plan_of(&n, cases[i].batch, threads, false);
      assert_step(tiles, " winograd");
      assert_alike(tiles, plain, output_of(&n));
      sv_plan_free(tiles);
      sv_plan_free(plain);
      free_net(&n);
    }
}

static void tails(void **unused) {
  (void)unused;
  if (!sv_backend_find("winograd")) skip();
  static const char *const cases[][2] = {
      {"input 32x35x33; conv 32 3x3 padding=same; relu", "+relu "},
      {"input 32x25x26; a = conv 32 3x3 padding=same; "
       "conv(a) 32 1x1; conv 32 3x3 padding=same; add(., a); relu",
       "+add+relu "},
      {"input 32x25x26; a = conv 32 3x3 padding=same; "
       "conv(a) 32 1x1; conv 32 3x3 padding=same; relu; add(a, .)",
       "+relu+add "},
      {"input 32x25x26; a = conv 32 3x3 padding=same; "
       "conv(a) 32 1x1; conv 32 3x3 padding=same; add(., a); tanh",
       "+add "},
      /* what is read again is not written over */
      {"input 32x25x26; a = conv 32 3x3 padding=same; "
       "conv(a) 32 1x1; conv 32 3x3 padding=same; add(., a); relu; add(., a)",
       " winograd"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    net n = parse(cases[i][0]);
    sv_plan *tiles = plan_of(&n, 2, 2, true);
    sv_plan *plain = plan_of(&n, 2, 2, false);
    assert_step(tiles, cases[i][1]);
    assert_alike(tiles, plain, output_of(&n));
    sv_plan_free(tiles);
    sv_plan_free(plain);
    free_net(&n);
  }
}

/* ReLU does not hide NaN, and it stays in its tile. */
static void nan_stays(void **unused) {
  (void)unused;
  net n = parse("input 32x32x32; conv 32 3x3 padding=same; relu");
  sv_plan *tiles = plan_of(&n, 1, 1, true);
  sv_tensor x, y;
  int64_t middle = (5 * 32 + 16) * 32 + 16, seen = 0;
  assert_ok(sv_plan_input(tiles, "image", &x));
  sv_tensor_set(&x, middle, NAN);
  assert_ok(sv_plan_forward(tiles));
  assert_ok(sv_plan_value(tiles, output_of(&n), &y));
  for (int64_t c = 0; c < 32; c++)
    for (int64_t h = 0; h < 32; h++)
      for (int64_t w = 0; w < 32; w++) {
        bool is = isnan(sv_tensor_get(&y, (c * 32 + h) * 32 + w));
        if (llabs(h - 16) <= 1 && llabs(w - 16) <= 1) assert_true(is);
        seen += is;
      }
  assert_true(seen <= 32 * 14 * 14);
  sv_plan_free(tiles);
  free_net(&n);
}

/* New weights are transformed anew; --exact leaves all of it out. */
static void versions(void **unused) {
  (void)unused;
  net n = parse("input 32x35x33; conv 32 3x3 padding=same");
  sv_plan *tiles = plan_of(&n, 1, 1, true), *plain = plan_of(&n, 1, 1, false);
  assert_alike(tiles, plain, output_of(&n));
  draw_all(&n.state->slots[0].tensor, "other");
  sv_state_touch(n.state);
  assert_alike(tiles, plain, output_of(&n));
  sv_plan_free(tiles);
  sv_plan_free(plain);
  sv_plan_options o = sv_plan_default();
  char *text;
  o.exact = true;
  assert_ok(sv_plan_new(&tiles, n.graph, n.state, &o));
  assert_ok(sv_plan_explain(tiles, &text));
  assert_null(strstr(text, "winograd"));
  sv_plan_text_free(text);
  sv_plan_free(tiles);
  free_net(&n);
}

/* ---- Errors, layer by layer ---- */

typedef struct layer {
  int channels, size, outs;
} layer;

/* y at (o, h, w) by the definition, in double. */
static double defined(const net *n, const sv_tensor *x, const layer *l,
                      int64_t o, int64_t h, int64_t w) {
  const float *weights = n->state->slots[0].tensor.data, *image = x->data;
  double sum = sv_tensor_get(&n->state->slots[1].tensor, o);
  for (int64_t c = 0; c < l->channels; c++)
    for (int64_t k = 0; k < 9; k++) {
      int64_t row = h + k / 3 - 1, column = w + k % 3 - 1;
      if (row < 0 || row >= l->size || column < 0 || column >= l->size)
        continue;
      sum += (double)image[(c * l->size + row) * l->size + column] *
             (double)weights[(o * l->channels + c) * 9 + k];
    }
  return sum;
}

/* max|a-b| / max|b| over some of the outputs. */
static double error_of(const net *n, const layer *l, bool exact, char *kernel) {
  sv_plan *plan;
  sv_tensor x, y;
  char *text;
  sv_random random = {.seed = 3};
  double apart = 0, most = 0;
  sv_plan_options o = sv_plan_default();
  o.exact = exact;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  assert_ok(sv_plan_input(plan, "image", &x));
  draw_all(&x, "image");
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, output_of(n), &y));
  for (uint64_t i = 0; i < 9000; i += 3) {
    int64_t c = (int64_t)sv_random_below(&random, i, (uint64_t)l->outs);
    int64_t h = (int64_t)sv_random_below(&random, i + 1, (uint64_t)l->size);
    int64_t w = (int64_t)sv_random_below(&random, i + 2, (uint64_t)l->size);
    double b = defined(n, &x, l, c, h, w);
    double a = sv_tensor_get(&y, (c * l->size + h) * l->size + w);
    apart = fmax(apart, fabs(a - b));
    most = fmax(most, fabs(b));
  }
  assert_ok(sv_plan_explain(plan, &text));
  const char *step = strstr(text, "forward");
  assert_non_null(step);
  assert_int_equal(sscanf(step, "forward %63s", kernel), 1);
  sv_plan_text_free(text);
  sv_plan_free(plan);
  return apart / most;
}

/* VGG-16's 3x3 layers but the first, then ResNet-18's: the table of
 * docs/performance.md. (The reference alone would take long.) */
static void errors(void **unused) {
  (void)unused;
  if (!sv_backend_find("winograd")) skip();
  static const layer layers[] = {
      {64, 224, 64},  {64, 112, 128}, {128, 112, 128}, {128, 56, 256},
      {256, 56, 256}, {256, 28, 512}, {512, 28, 512},  {512, 14, 512},
      {64, 56, 64},   {128, 28, 128}, {256, 14, 256},  {512, 7, 512}};
  for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
    const layer *l = &layers[i];
    char text[96], kernel[2][64];
    snprintf(text, sizeof text, "input %dx%dx%d; conv %d 3x3 padding=same",
             l->channels, l->size, l->size, l->outs);
    net n = parse(text);
    double tiles = error_of(&n, l, false, kernel[0]);
    double exact = 0;
    strcpy(kernel[1], "ref");
    if (sv_backend_find("dnnl")) exact = error_of(&n, l, true, kernel[1]);
    print_message("| %dx%dx%d to %d | %s | %.1e | %s | %.1e |\n", l->channels,
                  l->size, l->size, l->outs, kernel[0], tiles, kernel[1],
                  exact);
    assert_true(tiles <= 3e-5);
    assert_true(exact <= 3e-6);
    free_net(&n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(odd_shapes), cmocka_unit_test(tails),
      cmocka_unit_test(nan_stays), cmocka_unit_test(versions),
      cmocka_unit_test(errors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
