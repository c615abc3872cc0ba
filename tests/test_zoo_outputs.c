/* The architectures against torchvision's: what both answer, and the gradients
 * of a step of training, with weights that both make by themselves. The numbers
 * and how they are drawn: scripts/make_fixtures_zoo.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <svertka/plan.h>
#include <svertka/zoo.h>

#include "asserts.h"
#include "drawn.h"
#include "graph/graph.h"
#include "graph/state.h"
#include "task/scores.h"

enum { CLASSES = 16, NAME = 256 };

/* ---- Numbers that both sides know ---- */

static void fill_tensor(sv_tensor *t, const char *name) {
  const char *kind = strrchr(name, '.') + 1;
  int64_t count = sv_shape_count(&t->shape), fan = 1;
  for (int d = 1; d < t->shape.rank; d++) fan *= t->shape.dim[d];
  double low = 0, factor = 0.1;
  if (strcmp(kind, "weight") == 0) {
    factor = sqrt(6 / (double)fan);
  } else if (strcmp(kind, "scale") == 0 || strcmp(kind, "var") == 0) {
    low = 1;
    factor = 0.2;
  }
  uint64_t key = sv_hash_text(name);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(t, i, (float)(low + factor * draw(key, i)));
}

/* ---- A network of the file ---- */

typedef struct network {
  char model[NAME];
  sv_graph *graph;
  sv_state *state;
} network;

static void make_network(network *n, sv_dtype precision) {
  assert_ok(sv_zoo_build(&n->graph, n->model, NULL));
  assert_ok(sv_state_new(&n->state, n->graph, precision));
  for (int i = 0; i < sv_state_count(n->state); i++) {
    sv_tensor *t;
    const char *name = sv_state_name(n->state, i);
    assert_ok(sv_state_get(n->state, name, &t));
    fill_tensor(t, name);
    assert_ok(sv_state_set(n->state, name, t));
    sv_tensor_free(t);
  }
}

static void free_network(network *n) {
  sv_state_free(n->state);
  sv_graph_free(n->graph);
}

static void fill_image(sv_plan *plan) {
  sv_tensor image;
  assert_ok(sv_plan_input(plan, "image", &image));
  draw_all(&image, "image");
}

/* max |a - b| / max |b| */
static double distance(const float *a, const double *b, int count) {
  double far = 0, most = 0;
  for (int i = 0; i < count; i++) {
    double off = fabs(a[i] - b[i]);
    far = isfinite(off) ? fmax(far, off) : INFINITY;
    most = fmax(most, fabs(b[i]));
  }
  return far / most;
}

/* ---- Scores ---- */

enum { MOST_SCORES = 1024 };

/* Of one image, class by class; where each pixel has a class those of every
 * `stride`-th pixel of every `stride`-th row. */
typedef struct scores {
  int stride, count;
  double at[MOST_SCORES];
} scores;

static int faults, networks, steps;

static int sample_scores(const sv_tensor *from, int stride, float *found) {
  const sv_shape *s = &from->shape;
  int64_t height = s->rank == 4 ? s->dim[2] : 1;
  int64_t width = s->rank == 4 ? s->dim[3] : 1;
  int count = 0;
  assert_int_equal(s->dim[1], CLASSES);
  for (int64_t c = 0; c < CLASSES; c++)
    for (int64_t y = 0; y < height; y += stride)
      for (int64_t x = 0; x < width; x += stride) {
        assert_true(count < MOST_SCORES);
        found[count++] =
            (float)sv_tensor_get(from, (c * height + y) * width + x);
      }
  return count;
}

static void compare_scores(const network *n, const scores *expected,
                           bool exact) {
  sv_scores found_scores;
  assert_ok(sv_scores_find(&found_scores, n->graph, n->state, SV_SCORES_UNKNOWN,
                           NULL));
  const char *name = n->graph->values[found_scores.value].name;
  sv_plan_options options = sv_plan_default();
  options.keep = &name;
  options.keep_count = 1;
  options.exact = exact;
  sv_plan *plan;
  sv_tensor value;
  float found[MOST_SCORES];
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &options));
  fill_image(plan);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, name, &value));
  assert_int_equal(sample_scores(&value, expected->stride, found),
                   expected->count);
  double far = distance(found, expected->at, expected->count);
  if (!(far <= 1e-4)) {
    print_error("%s%s: off by %.2e\n", n->model, exact ? ", exact" : "", far);
    faults++;
  }
  sv_plan_free(plan);
}

static void read_scores(FILE *file, scores *s, bool pixels) {
  int height, width;
  assert_int_equal(fscanf(file, "%*d %d %d", &height, &width), 2);
  s->stride = 1;
  if (pixels)
    assert_int_equal(fscanf(file, "%d", &s->stride), 1);
  else
    height = width = 1;
  s->count =
      CLASSES * ((height - 1) / s->stride + 1) * ((width - 1) / s->stride + 1);
  assert_true(s->count <= MOST_SCORES);
  for (int i = 0; i < s->count; i++)
    assert_int_equal(fscanf(file, "%lf", &s->at[i]), 1);
}

static void check_scores(FILE *file, network *n, bool pixels) {
  static scores expected;
  read_scores(file, &expected, pixels);
  make_network(n, SV_F32);
  compare_scores(n, &expected, false);
  compare_scores(n, &expected, true);
  free_network(n);
  networks++;
}

/* ---- A step of training ---- */

/* Of a gradient: its norm, and its product with what is drawn for its name. */
typedef struct measure {
  char name[NAME];
  double norm, product;
  double length; /* of what is drawn */
} measure;

enum { MOST_GRADIENTS = 512 };
typedef struct step {
  int batch, count;
  double loss;
  measure gradient[MOST_GRADIENTS];
} step;

static void read_step(FILE *file, step *s) {
  assert_int_equal(fscanf(file, "%d %*d %*d %*d %lf", &s->batch, &s->loss), 2);
  for (s->count = 0;; s->count++) {
    assert_true(s->count < MOST_GRADIENTS);
    measure *m = &s->gradient[s->count];
    assert_int_equal(fscanf(file, "%255s", m->name), 1);
    if (strcmp(m->name, "end") == 0) break;
    assert_int_equal(fscanf(file, "%lf %lf", &m->norm, &m->product), 2);
  }
  assert_true(s->count > 20);
}

static measure measure_gradient(sv_plan *plan, const char *name) {
  sv_tensor gradient, *plain;
  char along[NAME + 8];
  measure m = {.norm = 0};
  assert_ok(sv_plan_gradient(plan, name, &gradient));
  assert_ok(sv_tensor_clone(&plain, &gradient));
  snprintf(along, sizeof along, "along %s", name);
  uint64_t key = sv_hash_text(along);
  for (int64_t i = 0; i < sv_shape_count(&plain->shape); i++) {
    double g = sv_tensor_get(plain, i), r = draw(key, i);
    m.norm += g * g;
    m.product += g * r;
    m.length += r * r;
  }
  m.norm = sqrt(m.norm);
  m.length = sqrt(m.length);
  sv_tensor_free(plain);
  return m;
}

/* The product may be small by chance: its error is held to that of a gradient
 * of this norm. */
static void compare_gradient(sv_plan *plan, const char *model,
                             const measure *expected, double tolerance) {
  measure m = measure_gradient(plan, expected->name);
  double off = fabs(m.norm - expected->norm) / expected->norm;
  double turned =
      fabs(m.product - expected->product) / (expected->norm * m.length);
  if (off <= tolerance && turned <= tolerance) return;
  print_error(
      "%s: gradient of %s: norm %g, expected %g; product %g, expected "
      "%g\n",
      model, expected->name, m.norm, expected->norm, m.product,
      expected->product);
  faults++;
}

/* The file has all of them. */
static int count_trained(const sv_graph *g) {
  int count = 0;
  for (int i = 1; i < g->value_count; i++)
    count += g->values[i].kind == SV_VALUE_STATE &&
             sv_role_is_trained(g->values[i].role);
  return count;
}

static void compare_step(network *n, const step *s, sv_dtype precision,
                         double tolerance) {
  sv_plan *plan;
  sv_tensor label, loss;
  sv_plan_options options = sv_plan_default();
  options.mode = SV_TRAIN;
  options.batch = s->batch;
  make_network(n, precision);
  assert_int_equal(count_trained(n->graph), s->count);
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &options));
  fill_image(plan);
  assert_ok(sv_plan_input(plan, "label", &label));
  int64_t labels = sv_shape_count(&label.shape);
  for (int64_t i = 0; i < labels; i++)
    sv_tensor_set(&label, i, (double)(i % CLASSES));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "loss", &loss));
  assert_true(fabs(sv_tensor_get(&loss, 0) - s->loss) <= tolerance * s->loss);
  assert_ok(sv_plan_backward(plan));
  for (int i = 0; i < s->count; i++)
    compare_gradient(plan, n->model, &s->gradient[i], tolerance);
  sv_plan_free(plan);
  free_network(n);
}

/* The reference in double agrees to all digits that are written down. In float
 * a few of the many activations near 0 and of the equal maxima fall otherwise,
 * and with four images a step what they change is seen: the other side's own
 * floats are as far away. */
static void check_step(FILE *file, network *n) {
  static step s;
  read_step(file, &s);
  compare_step(n, &s, SV_F64, 1e-6);
  compare_step(n, &s, SV_F32, 2e-2);
  steps++;
}

static void test_torchvision(void **state) {
  (void)state;
  char path[1024], word[NAME];
  const char *source = getenv("SOURCE_DIR");
  snprintf(path, sizeof path, "%s/tests/fixtures/zoo_outputs.txt",
           source ? source : ".");
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "#%*[^\n]"), 0);
  network n;
  while (fscanf(file, "%255s %255s", word, n.model) == 2) {
    if (strcmp(word, "step") != 0)
      check_scores(file, &n, strcmp(word, "pixels") == 0);
    else
      check_step(file, &n);
  }
  fclose(file);
  assert_int_equal(networks, 39);
  assert_int_equal(steps, 5);
  assert_int_equal(faults, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_torchvision)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
