/* Receptive fields against what networks do: every weight is one, a row or a
 * column of pixels is lit, and what is not 0 behind a layer sees it. */
#include "plan_nets.h"

#include <svertka/network.h>

#include "graph/analysis.h"

/* Long enough that some positions see no border, and the last pixels are seen.
 */
static const char *const networks[] = {
    "input 1x15x22; conv 1 5x4 stride=2x3 padding=1x2; max_pool 2x3",
    "input 1x12x17; conv_transpose 1 4x3 stride=2x1 padding=1x0",
    "input 1x24x36; max_pool 2; conv_transpose 1 3x5 stride=2x4 padding=1;"
    "conv 1 3x3 padding=1 stride=1x2",
    "input 1x14x13; conv_transpose 1 3x4 stride=3 padding=0x0x1x2;"
    "conv 1 2x5; conv 1 3x2 stride=2x3",
    "input 4x12x14; depth_to_space 2; conv 1 3x2",
    "input 1x16x20; avg_pool 2; resize 2,3; conv 1 3x3 padding=1",
    "input 1x21x16; conv 1 3x2 stride=2; resize 3,2 mode=linear; conv 1 2",
    "input 1x14x14; resize 2 mode=cubic coordinates=pytorch_half_pixel",
    "input 1x14x13; resize 2,4 coordinates=asymmetric rounding=floor",
    "input 1x14x13; resize 3,2 coordinates=tf_half_pixel_for_nn rounding=ceil",
    "input 1x14x13; resize 2,5 rounding=round_prefer_ceil; conv 1 2x3",
    /* FCN-8s in small: a skip, a crop. */
    ("input 1x64x48; conv 1 3 padding=1; max_pool 2 2; skip = max_pool 2 2;"
     "conv 1 3 padding=1; max_pool 2 2; conv 1 1;"
     "conv_transpose 1 4 stride=2 padding=1; add(skip, .);"
     "conv_transpose 1 8 stride=4 padding=same; slice starts=1,2 ends=60,47 "
     "axes=2,3"),
    /* U-Net. */
    ("input 1x72x80; a = conv 1 3 padding=1; max_pool 2 2;"
     "b = conv 1 3 padding=1; max_pool 2 2; conv 1 3 padding=1;"
     "conv_transpose 1 2 stride=2; concat(., b); conv 1 3 padding=1;"
     "conv_transpose 1 2 stride=2; concat(., a); conv 1 3 padding=1")};
enum { NETWORKS = sizeof networks / sizeof networks[0], LONGEST = 128 };

/* Of each position along one axis: the first and the last pixel that it sees
 * of those there are. */
typedef struct view {
  int64_t pixels, positions;
  int64_t first[LONGEST], last[LONGEST];
} view;

static bool is_lit(const sv_tensor *y, int axis, int64_t at) {
  const int64_t *size = y->shape.dim;
  for (int64_t c = 0; c < size[1]; c++)
    for (int64_t i = 0; i < size[5 - axis]; i++) {
      int64_t row = axis == 2 ? at : i, column = axis == 2 ? i : at;
      if (sv_tensor_get(y, (c * size[2] + row) * size[3] + column) != 0)
        return true;
    }
  return false;
}

static void light(sv_tensor *x, int axis, int64_t at) {
  const int64_t *size = x->shape.dim;
  for (int64_t i = 0; i < sv_shape_count(&x->shape); i++) {
    int64_t place = axis == 2 ? i / size[3] % size[2] : i % size[3];
    sv_tensor_set(x, i, place == at);
  }
}

static void look(view *v, sv_plan *plan, int axis) {
  sv_tensor x, y;
  assert_ok(sv_plan_input(plan, "image", &x));
  v->pixels = x.shape.dim[axis];
  for (int64_t p = 0; p < v->pixels; p++) {
    light(&x, axis, p);
    assert_ok(sv_plan_forward(plan));
    assert_ok(sv_plan_value(plan, "output", &y));
    v->positions = y.shape.dim[axis];
    assert_true(v->positions <= LONGEST);
    for (int64_t i = 0; i < v->positions; i++) {
      if (p == 0) v->first[i] = v->last[i] = -1;
      if (!is_lit(&y, axis, i)) continue;
      v->last[i] = p;
      if (v->first[i] < 0) v->first[i] = p;
    }
  }
}

static void compare(const char *text, const view *v, const sv_receptive *s) {
  int64_t most = 0;
  bool same = v->first[0] == (s->first > 0 ? s->first : 0) &&
              v->last[0] == (s->last < v->pixels ? s->last : v->pixels - 1);
  for (int64_t i = 0; i < v->positions; i++) {
    if (v->first[i] == 0 || v->last[i] == v->pixels - 1) continue;
    int64_t size = v->last[i] - v->first[i] + 1, next = i + s->per;
    if (size > most) most = size;
    if (next >= v->positions || v->last[next] == v->pixels - 1) continue;
    same &= v->first[next] == v->first[i] + s->step &&
            v->last[next] == v->last[i] + s->step;
  }
  if (!same || most != s->size)
    fail_msg(
        "%s\n%lld positions per %lld pixels, the first %lld to %lld, the "
        "most %lld; seen were %lld to %lld, %lld",
        text, (long long)s->per, (long long)s->step, (long long)s->first,
        (long long)s->last, (long long)s->size, (long long)v->first[0],
        (long long)v->last[0], (long long)most);
}

static void test_seen(void **state) {
  (void)state;
  for (int i = 0; i < NETWORKS; i++) {
    char text[1024];
    net n;
    view v = {0};
    sv_analysis a;
    snprintf(text, sizeof text, "init ones; %s; output", networks[i]);
    if (sv_network_parse(&n.graph, NULL, text) != SV_OK)
      fail_msg("%s: %s", text, sv_error());
    assert_ok(sv_state_new(&n.state, n.graph, SV_F32));
    assert_ok(sv_state_init(n.state, n.graph, 1));
    assert_ok(sv_analyse(&a, n.graph, NULL, 1, NULL, false));
    const sv_field *field = &a.layers[a.count - 1].field;
    if (field->none || field->whole) fail_msg("%s: not told", text);
    sv_plan_options options = sv_plan_default();
    options.threads = 1;
    sv_plan *plan;
    assert_ok(sv_plan_new(&plan, n.graph, n.state, &options));
    for (int d = 0; d < 2; d++) {
      look(&v, plan, d + 2);
      compare(text, &v, &field->axis[d]);
    }
    sv_plan_free(plan);
    sv_analysis_clear(&a);
    free_net(&n);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_seen)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
