/* What an inference plan computes in another way than the graph says: folded
 * batch normalisations, and nodes that a kernel takes with the one before. The
 * results are those of the plan that does neither, but for rounding. */
#include <svertka/network.h>
#include <svertka/zoo.h>

#include "plan_nets.h"

/* Statistics and scales as a training leaves them. */
static void shake(sv_state *state) {
  sv_random key = {.seed = 5};
  for (int i = 0; i < state->count; i++) {
    sv_slot *slot = &state->slots[i];
    const char *name = slot->name;
    bool factor = strstr(name, "var") || strstr(name, "scale") ||
                  (strstr(name, "weight") && slot->tensor.shape.rank == 1);
    if (slot->tensor.dtype != SV_F32 || slot->tensor.shape.rank != 1) continue;
    key.stream = sv_hash_text(name);
    float *x = slot->tensor.data;
    for (int64_t k = 0; k < slot->tensor.shape.dim[0]; k++)
      x[k] = (factor ? 1 : 0) +
             (float)(sv_random_uniform(&key, (uint64_t)k) - 0.5);
  }
  sv_state_touch(state);
}

static net make(const char *text) {
  net n;
  assert_ok(strchr(text, ' ') ? sv_network_parse(&n.graph, NULL, text)
                              : sv_zoo_build(&n.graph, text, NULL));
  assert_ok(sv_state_new(&n.state, n.graph, SV_F32));
  assert_ok(sv_state_init(n.state, n.graph, 7));
  shake(n.state);
  return n;
}

static void fill_input(sv_plan *plan, const char *name) {
  sv_tensor t;
  sv_random key = {.seed = 3};
  assert_ok(sv_plan_input(plan, name, &t));
  int64_t count = sv_shape_count(&t.shape);
  for (int64_t i = 0; i < count; i++)
    ((float *)t.data)[i] =
        (float)(2 * sv_random_uniform(&key, (uint64_t)i) - 1);
}

static sv_plan *run_net(const net *n, int64_t batch, bool exact) {
  sv_plan *plan;
  const sv_value_info *image = &n->graph->values[sv_graph_data_input(n->graph)];
  sv_input_shape shape = {image->name, image->shape};
  shape.shape.dim[0] = batch;
  sv_plan_options o = sv_plan_default();
  o.shapes = &shape;
  o.shape_count = 1;
  o.exact = exact;
  o.threads = 2;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  fill_input(plan, image->name);
  assert_ok(sv_plan_forward(plan));
  return plan;
}

static const char *output_of(const net *n) {
  for (int i = 0; i < n->graph->output_count; i++)
    if (!n->graph->outputs[i].is_loss) return n->graph->outputs[i].name;
  return NULL;
}

static double error_of(const sv_tensor *a, const sv_tensor *b) {
  int64_t count = sv_shape_count(&a->shape);
  double most = 0, off = 0;
  for (int64_t i = 0; i < count; i++) {
    double x = sv_tensor_get(a, i), y = sv_tensor_get(b, i);
    most = fmax(most, fabs(y));
    off = fmax(off, fabs(x - y));
    if (isnan(x) || isnan(y)) return INFINITY;
  }
  return off / most;
}

static int steps_named(const sv_plan *plan, const char *what) {
  int count = 0;
  for (int s = 0; s < plan->program->step_count; s++)
    count += strstr(plan->program->steps[s].name, what) != NULL;
  return count;
}

static void check(const char *text, int64_t batch) {
  net n = make(text);
  sv_plan *fast = run_net(&n, batch, false);
  sv_plan *exact = run_net(&n, batch, true);
  sv_tensor a, b;
  assert_ok(sv_plan_value(fast, output_of(&n), &a));
  assert_ok(sv_plan_value(exact, output_of(&n), &b));
  double off = error_of(&a, &b);
  if (off > 2e-5) fail_msg("%s, batch %d: off by %g", text, (int)batch, off);
  static const char *const tails[] = {"+add", "+relu", "+tanh", "+silu"};
  assert_int_equal(steps_named(exact, "fold"), 0);
  for (int i = 0; i < 4; i++) assert_int_equal(steps_named(exact, tails[i]), 0);
  /* Again, with weights of a new version. */
  shake(n.state);
  assert_ok(sv_plan_forward(fast));
  assert_ok(sv_plan_value(fast, output_of(&n), &a));
  assert_true(error_of(&a, &b) <= 2e-5);
  sv_plan_free(fast);
  sv_plan_free(exact);
  free_net(&n);
}

static void networks_agree(void **unused) {
  (void)unused;
  static const char *const texts[] = {
      "input 3x12x12; conv 20 3x3; batch_norm; relu; conv 20 3x3 group=5; "
      "batch_norm; relu; global_avg_pool; flatten; linear 7; batch_norm",
      "input 4x9x9; conv_transpose 12 3x3 group=2; batch_norm; tanh; "
      "conv 8 1x1 padding=same; batch_norm; silu; conv 5 3x3; relu",
      "input 16x10x10; a = conv 16 3x3 padding=same; b = batch_norm; "
      "c = add(image, b); relu; d = conv 16 3x3 padding=same; "
      "e = add(d, c); f = relu; add(f, c); conv 3 1x1",
      "input 8x7x7; a = conv 16 1x1; b = conv(image) 16 3x3 padding=same; "
      "c = add(a, b); relu; d = relu(c); add(c, d)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    for (int64_t batch = 1; batch < 4; batch += 2) check(texts[i], batch);
  check("resnet18:size=64", 2);
  check("mobilenet_v2:size=64", 2);
  check("googlenet:size=96", 1);
}

/* Of a residual block all but the convolutions are gone. */
static void blocks_are_convolutions(void **unused) {
  (void)unused;
  net n = make("resnet18:size=64");
  sv_plan *plan = run_net(&n, 1, false);
  assert_int_equal(steps_named(plan, "fold"), 20);
  if (steps_named(plan, "jit") + steps_named(plan, "brg")) {
    assert_int_equal(steps_named(plan, "+add"), 8);
    assert_true(steps_named(plan, "+add+relu") >= 6);
    assert_true(steps_named(plan, "+relu") >= 12);
  }
  sv_plan_free(plan);
  free_net(&n);
}

/* What the caller asks for is computed as the graph says. */
static void kept_values_stay(void **unused) {
  (void)unused;
  net n = make(
      "input 3x8x8; c = conv 16 3x3; n = batch_norm; r = relu; "
      "conv 4 1x1");
  static const char *const keep[] = {"c", "n"};
  sv_plan_options o = sv_plan_default();
  sv_plan *plan;
  sv_tensor c, m;
  o.keep = keep;
  o.keep_count = 2;
  assert_ok(sv_plan_new(&plan, n.graph, n.state, &o));
  fill_input(plan, "image");
  assert_ok(sv_plan_forward(plan));
  assert_int_equal(steps_named(plan, "fold"), 0);
  assert_ok(sv_plan_value(plan, "c", &c));
  assert_ok(sv_plan_value(plan, "n", &m));
  assert_true(error_of(&c, &m) > 0.01);
  sv_plan_free(plan);
  free_net(&n);
}

static sv_plan *run_plain(const net *n, bool exact) {
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.backend = "simd";
  o.exact = exact;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  fill_input(plan, "image");
  assert_ok(sv_plan_forward(plan));
  return plan;
}

/* The parts of a concatenation are written where it reads them; what else reads
 * a part, or the caller, still finds it. */
static void parts_lie_in_the_whole(void **unused) {
  (void)unused;
  static const struct {
    const char *text;
    int concats;
  } rows[] = {
      {"input 16x8x8; a = conv 16 3x3 padding=same; b = conv(a) 16 1x1; "
       "concat(a, b); relu; conv 4 1x1",
       1},
      {"input 16x8x8; a = conv 16 1x1; b = conv(a) 16 1x1; x = concat(a, b); "
       "c = conv(x) 16 1x1; y = concat(x, c); d = conv(y) 16 1x1; "
       "concat(y, d); relu; conv 4 1x1",
       3},
      {"input 16x8x8; a = conv 16 1x1; concat(a, a); relu; conv 4 1x1", 0},
      {"input 16x8x8; a = conv 16 1x1; concat(image, a); conv 4 1x1", 0},
      {"input 16x8x8; a = conv 16 1x1; b = tanh(a); x = concat(a, b); "
       "r = relu(x); y = concat(b, a); add(r, y); conv 4 1x1",
       1},
      {"input 16x8x8; a = conv 16 1x1; b = relu(a); x = concat(a, b); "
       "y = tanh(x); output(a) part; output(y) whole",
       1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    net n = make(rows[i].text);
    sv_plan *fast = run_plain(&n, false), *exact = run_plain(&n, true);
    for (int k = 0; k < n.graph->output_count; k++) {
      sv_tensor a, b;
      const char *name = n.graph->outputs[k].name;
      assert_ok(sv_plan_value(fast, name, &a));
      assert_ok(sv_plan_value(exact, name, &b));
      double off = error_of(&a, &b);
      if (off > 1e-6) fail_msg("%s: %s is off by %g", rows[i].text, name, off);
    }
    int copied = steps_named(fast, "copy"), placed = steps_named(fast, "place");
    if (copied + placed && placed != rows[i].concats)
      fail_msg("%s: %d in place", rows[i].text, placed);
    assert_int_equal(steps_named(exact, "in place"), 0);
    sv_plan_free(fast);
    sv_plan_free(exact);
    free_net(&n);
  }
}

/* NaN in one weight, or in the image, reaches the output. */
static void nan_is_not_hidden(void **unused) {
  (void)unused;
  static const char *const texts[] = {
      "input 3x8x8; conv 16 3x3; batch_norm; relu; conv 4 1x1; relu",
      "input 16x8x8; a = conv 16 1x1; add(image, a); relu; conv 16 1x1; tanh; "
      "conv 3 1x1; silu"};
  for (size_t i = 0; i < 2; i++) {
    net n = make(texts[i]);
    int slot = sv_state_find(n.state, "conv1.weight");
    if (slot < 0) slot = 0;
    sv_plan *plan = run_net(&n, 1, false);
    sv_tensor y;
    assert_ok(sv_plan_value(plan, output_of(&n), &y));
    assert_false(isnan(sv_tensor_get(&y, 0)));
    ((float *)n.state->slots[slot].tensor.data)[0] = NAN;
    sv_state_touch(n.state);
    assert_ok(sv_plan_forward(plan));
    assert_ok(sv_plan_value(plan, output_of(&n), &y));
    assert_true(isnan(sv_tensor_get(&y, 0)));
    sv_plan_free(plan);
    free_net(&n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(networks_agree),
                                     cmocka_unit_test(blocks_are_convolutions),
                                     cmocka_unit_test(kept_values_stay),
                                     cmocka_unit_test(parts_lie_in_the_whole),
                                     cmocka_unit_test(nan_is_not_hidden)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
