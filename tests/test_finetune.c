/* Fine-tuning: another head, a part frozen, in the plan and in a training. */
#include <math.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "base/memory.h"
#include "graph/model.h"
#include "optim/freeze.h"
#include "task/head.h"
#include "train/settle.h"

static const char norms[] =
    "input 1x8x8; c1 = conv 4 3x3; n1 = batch_norm; r1 = relu\n"
    "d1 = dropout 0.5; c2 = conv 6 3x3; n2 = batch_norm; r2 = relu\n"
    "d2 = dropout 0.1; flatten; fc = linear 3; classifier";

static sv_tensor *tensor_of(const sv_model *model, const char *name) {
  sv_tensor *t;
  assert_ok(sv_state_get(model->state, name, &t));
  return t;
}

/* Whether the tensors have the same bits. */
static bool is_same(const sv_model *a, const sv_model *b, const char *name) {
  sv_tensor *x = tensor_of(a, name), *y = tensor_of(b, name);
  bool same = x->layout.bytes == y->layout.bytes &&
              memcmp(x->data, y->data, x->layout.bytes) == 0;
  sv_tensor_free(x);
  sv_tensor_free(y);
  return same;
}

static void check_same(const sv_model *a, const sv_model *b, bool same,
                       const char *const *names) {
  for (; *names; names++)
    if (is_same(a, b, *names) != same)
      fail_msg("%s is %s", *names, same ? "not the same" : "the same");
}

/* ---- The plan ---- */

static sv_plan *plan_of(const sv_model *model, const sv_freeze *freeze,
                        sv_mode mode) {
  static const char *const kept[] = {"n1", "d1", "n2"};
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.mode = mode;
  o.batch = 16;
  o.threads = 1;
  o.keep = kept;
  o.keep_count = 3;
  if (freeze) {
    o.frozen = freeze->nodes;
    o.frozen_count = freeze->node_count;
  }
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  sv_tensor x;
  assert_ok(sv_plan_input(plan, "image", &x));
  for (int64_t i = 0; i < sv_shape_count(&x.shape); i++)
    ((float *)x.data)[i] = sinf((float)i);
  assert_ok(sv_plan_forward(plan));
  return plan;
}

static bool differs(sv_plan *a, sv_plan *b, const char *name) {
  sv_tensor x, y;
  assert_ok(sv_plan_value(a, name, &x));
  assert_ok(sv_plan_value(b, name, &y));
  double most = 0;
  for (int64_t i = 0; i < sv_shape_count(&x.shape); i++)
    most = fmax(most, fabs(((float *)x.data)[i] - ((float *)y.data)[i]));
  return most > 1e-5;
}

static void test_plan(void **state) {
  (void)state;
  sv_model *model = model_of(norms, 3), *before = model_of(norms, 3);
  sv_freeze freeze;
  sv_tensor g;
  assert_ok(sv_freeze_until(&freeze, model->graph, "d1"));
  assert_int_equal(freeze.node_count, 4);
  assert_int_equal(freeze.tensor_count, 6);
  sv_plan *all = plan_of(model, NULL, SV_TRAIN);
  sv_plan *infer = plan_of(model, NULL, SV_INFER);
  sv_plan *part = plan_of(model, &freeze, SV_TRAIN);
  assert_false(differs(part, infer, "n1"));
  assert_false(differs(part, infer, "d1"));
  assert_true(differs(part, infer, "n2"));
  assert_true(differs(all, infer, "n1"));
  assert_ok(sv_plan_backward(part));
  assert_error(SV_INVALID, "no gradient",
               sv_plan_gradient(part, "c1.weight", &g));
  assert_error(SV_INVALID, "no gradient",
               sv_plan_gradient(part, "n1.scale", &g));
  assert_ok(sv_plan_gradient(part, "c2.weight", &g));
  sv_plan_memory less = sv_plan_memory_use(part);
  sv_plan_memory more = sv_plan_memory_use(all);
  assert_true(less.arena < more.arena);
  assert_true(less.gradient < more.gradient);
  assert_ok(sv_plan_commit(part));
  check_same(model, before, true,
             (const char *const[]){"n1.mean", "n1.var", 0});
  check_same(model, before, false,
             (const char *const[]){"n2.mean", "n2.var", 0});
  sv_plan_free(part);
  sv_plan_free(all);
  sv_plan_free(infer);
  sv_freeze_free(&freeze);
  const char *none[] = {"nothing"};
  sv_plan_options o = sv_plan_default();
  o.frozen = none;
  o.frozen_count = 1;
  assert_error(SV_INVALID, "no node 'nothing'",
               sv_plan_new(&part, model->graph, model->state, &o));
  sv_model_free(model);
  sv_model_free(before);
}

/* What is asked for by name has its gradient, through what is frozen too. */
static void test_plan_asked(void **state) {
  (void)state;
  sv_model *model = model_of(norms, 3);
  sv_freeze freeze;
  sv_plan *plan;
  const char *wanted[] = {"image"};
  assert_ok(sv_freeze_until(&freeze, model->graph, "n1"));
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.batch = 2;
  o.frozen = freeze.nodes;
  o.frozen_count = freeze.node_count;
  o.gradients = wanted;
  o.gradient_count = 1;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  sv_tensor x, g;
  assert_ok(sv_plan_input(plan, "image", &x));
  for (int64_t i = 0; i < sv_shape_count(&x.shape); i++)
    ((float *)x.data)[i] = sinf((float)i);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_backward(plan));
  assert_ok(sv_plan_gradient(plan, "image", &g));
  double sum = 0;
  for (int64_t i = 0; i < sv_shape_count(&g.shape); i++)
    sum += fabs(((float *)g.data)[i]);
  assert_true(sum > 0);
  sv_plan_free(plan);
  sv_freeze_free(&freeze);
  sv_model_free(model);
}

/* ---- Which layers ---- */

static int frozen_nodes(const char *network, const char *layer) {
  sv_graph *graph;
  sv_freeze freeze;
  assert_ok(sv_network_parse(&graph, NULL, network));
  assert_ok(sv_freeze_until(&freeze, graph, layer));
  int count = freeze.node_count;
  sv_freeze_free(&freeze);
  sv_graph_free(graph);
  return count;
}

static void test_layers(void **state) {
  (void)state;
  static const char branches[] =
      "define block(x) { conv 2 3x3 padding=same; relu }\n"
      "input 1x8x8; stem = conv 2 3x3 padding=same; a = relu\n"
      "b = block(a); c = conv(a) 2 1x1; j = add(b, c)\n"
      "flatten; fc = linear 3; classifier";
  assert_int_equal(frozen_nodes(branches, "stem"), 1);
  assert_int_equal(frozen_nodes(branches, "b.conv1"), 3);
  assert_int_equal(frozen_nodes(branches, "b"), 4);
  assert_int_equal(frozen_nodes(branches, "c"), 3);
  assert_int_equal(frozen_nodes(branches, "j"), 6);
  assert_int_equal(frozen_nodes(branches, "stem.weight"), 1);
  assert_int_equal(frozen_nodes(branches, NULL), 0);
  sv_graph *graph;
  sv_freeze freeze;
  assert_ok(sv_network_parse(&graph, NULL, branches));
  assert_error(SV_INVALID, "has no layer 'stam'; its layers: stem",
               sv_freeze_until(&freeze, graph, "stam"));
  assert_error(SV_INVALID,
               "no layer 'head.7'; its layers: stem, b.conv1, c, fc",
               sv_freeze_until(&freeze, graph, "head.7"));
  assert_error(SV_INVALID, "no layer ''", sv_freeze_until(&freeze, graph, ""));
  assert_error(SV_INVALID, "leaves nothing to train",
               sv_freeze_until(&freeze, graph, "fc"));
  sv_graph_free(graph);
}

/* ---- Another head ---- */

static const char *output_of(const sv_model *model) {
  const sv_graph_output *o = model->graph->outputs;
  while (o->is_loss) o++;
  return o->name;
}

static void check_head(const char *network, const char *layer, int before) {
  const char *name;
  int64_t classes;
  sv_model *model = model_of(network, 5), *old = model_of(network, 5);
  assert_ok(sv_head_find(model->graph, &name, &classes));
  assert_string_equal(name, layer);
  assert_int_equal(classes, before);
  assert_ok(sv_model_new_head(model, 4, 9, NULL));
  assert_ok(sv_head_find(model->graph, &name, &classes));
  assert_int_equal(classes, 4);
  sv_plan *plan;
  sv_tensor y;
  sv_plan_options o = sv_plan_default();
  o.batch = 2;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, output_of(model), &y));
  assert_int_equal(y.shape.dim[1], 4);
  sv_plan_free(plan);
  o.mode = SV_TRAIN;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  sv_plan_free(plan);
  for (int i = 0; i < old->state->count; i++) {
    const char *tensor = old->state->slots[i].name;
    bool head = strstr(tensor, layer) || strstr(tensor, "head");
    sv_tensor *t = tensor_of(model, tensor), *u = tensor_of(old, tensor);
    if (head != !sv_shape_equal(&t->shape, &u->shape))
      fail_msg("%s: %s changed", network, tensor);
    sv_tensor_free(t);
    sv_tensor_free(u);
    if (!head && !is_same(model, old, tensor)) fail_msg("%s moved", tensor);
  }
  sv_model_free(model);
  sv_model_free(old);
}

static void test_heads(void **state) {
  (void)state;
  check_head(
      "input 1x8x8; conv 3 3x3; flatten; linear 5; fc = linear 7; "
      "classifier",
      "fc", 7);
  check_head(
      "input 1x8x8; conv 3 3x3; relu; fc = conv 7 1x1; relu\n"
      "global_avg_pool; flatten; classifier",
      "fc", 7);
  check_head(
      "input 1x8x8; conv 3 3x3; fc = conv 6 3x3 group=1 bias=false\n"
      "head_n = batch_norm; global_avg_pool; squeeze 2,3; classifier",
      "fc", 6);
  check_head(
      "input 1x8x8; a = conv 3 3x3; flatten; head_a = linear 7\n"
      "label; cross_entropy(head_a, label); loss aux weight=0.3\n"
      "flatten(a); fc = linear 7; classifier",
      "fc", 7);
}

/* A tensor that another layer reads, too, stays as it is for that. */
static void test_shared(void **state) {
  (void)state;
  sv_model *model = model_of(
      "input 1x8x8; w = parameter 7x7x1x1 role=weight\n"
      "b = parameter 7 role=bias init=ones; c = conv 7 3x3; x = conv(c, w, b)\n"
      "relu; fc = conv(., w, b); global_avg_pool; flatten; classifier",
      5);
  sv_model *before = model_of(
      "input 7x8x8; w = parameter 7x7x1x1 role=weight\n"
      "b = parameter 7 role=bias init=ones\n"
      "conv(., w, b)",
      5);
  const char *layer;
  int64_t classes;
  assert_ok(sv_model_new_head(model, 4, 1, NULL));
  assert_ok(sv_head_find(model->graph, &layer, &classes));
  assert_int_equal(classes, 4);
  check_same(model, before, true, (const char *const[]){"w", "b", 0});
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  assert_ok(sv_model_new_head(model, 3, 1, NULL));
  sv_fit_options o = quick(NULL);
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_tensor *bias = tensor_of(model, "fc.bias1");
  assert_int_equal(bias->shape.dim[0], 3);
  sv_tensor_free(bias);
  sv_dataset_free(d);
  sv_model_free(model);
  sv_model_free(before);
}

/* The network's own rule, or the one that is asked for. */
static void test_head_drawn(void **state) {
  (void)state;
  const char *four =
      "input 1x8x8; conv 3 3x3; flatten; fc = linear 4 init=he init.bias=ones";
  sv_model *fresh = model_of(four, 5);
  sv_model *model = model_of(
      "input 1x8x8; conv 3 3x3; flatten; fc = linear 7 init=he init.bias=ones",
      5);
  assert_ok(sv_model_new_head(model, 4, 5, NULL));
  check_same(model, fresh, true,
             (const char *const[]){"fc.weight", "fc.bias", "conv1.weight", 0});
  assert_ok(sv_model_new_head(model, 4, 6, NULL));
  check_same(model, fresh, false, (const char *const[]){"fc.weight", 0});
  sv_model_free(model);
  model = model_of("input 1x8x8; conv 3 3x3; flatten; fc = linear 7", 5);
  assert_ok(sv_model_new_head(model, 4, 5, "he"));
  check_same(model, fresh, true, (const char *const[]){"fc.weight", 0});
  assert_error(SV_INVALID, "unknown initialiser",
               sv_model_new_head(model, 3, 5, "hee"));
  sv_model_free(model);
  sv_model_free(fresh);
}

static void test_heads_refused(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"input 1x8x8; conv 3 3x3; x = flatten; a = linear 2; b = linear(x) 3\n"
       "ends = concat(a, b) axis=1",
       "ends in 'ends' (concat)"},
      {"input 1x8x8; flatten", "no layer computes its scores"},
      {"input 1x8x8; x = flatten; a = linear 2; b = linear(x) 1; add(a, b)",
       "has 2 classes and b 1"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    sv_model *model = model_of(rows[i][0], 1);
    assert_error(SV_INVALID, rows[i][1], sv_model_new_head(model, 4, 1, NULL));
    sv_model_free(model);
  }
  sv_model *model = model_of(norms, 1);
  assert_error(SV_INVALID, "0 classes", sv_model_new_head(model, 0, 1, NULL));
  sv_model_free(model);
}

/* Segmentation: scores of several sizes, enlarged and summed up. */
static void test_pixels(void **state) {
  (void)state;
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_zoo_build(&graph, "fcn_small:stride=8,hidden=16", NULL));
  assert_ok(sv_model_new(&model, graph, 1));
  assert_ok(sv_model_new_head(model, 4, 1, NULL));
  sv_plan *plan;
  sv_tensor y;
  sv_plan_options o = sv_plan_default();
  const sv_input_shape shape = {"image", sv_shape_of(4, 1, 1, 64, 64)};
  o.shapes = &shape;
  o.shape_count = 1;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &o));
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, output_of(model), &y));
  assert_int_equal(y.shape.dim[1], 4);
  sv_plan_free(plan);
  sv_model_free(model);
}

/* ---- Training ---- */

static sv_fit_options tuned(const char *run) {
  sv_fit_options o = quick(run);
  o.freeze_until = "r1";
  o.ema = 0.9;
  o.decay_all = true;
  o.weight_decay = 0.01;
  return o;
}

static const char *const frozen[] = {
    "c1.weight", "c1.bias", "n1.scale", "n1.bias", "n1.mean", "n1.var", NULL};
static const char *const trained[] = {"c2.weight", "n2.scale", "n2.bias",
                                      "n2.mean",   "n2.var",   "fc.weight",
                                      "fc.bias",   NULL};

static void test_fit(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  static const char *const rules[] = {"sgd", "adamw"};
  for (int i = 0; i < 2; i++) {
    sv_model *model = model_of(norms, 3), *before = model_of(norms, 3);
    sv_fit_options o = tuned(NULL);
    o.optimiser = rules[i];
    assert_ok(sv_fit(model, d, &o, NULL));
    check_same(model, before, true, frozen);
    check_same(model, before, false, trained);
    assert_string_equal(sv_model_meta(model, "svertka.train.freeze-until"),
                        "r1");
    o.freeze_until = NULL; /* and then all of it */
    assert_ok(sv_fit(model, d, &o, NULL));
    check_same(model, before, false, frozen);
    assert_string_equal(sv_model_meta(model, "svertka.train.freeze-until"), "");
    sv_model_free(model);
    sv_model_free(before);
  }
  sv_model *model = model_of(norms, 3);
  sv_fit_options o = tuned(NULL);
  o.freeze_until = "r7";
  assert_error(SV_INVALID, "has no layer 'r7'; its layers: r1, ",
               sv_fit(model, d, &o, NULL));
  o.freeze_until = NULL;
  o.classes = 4;
  assert_error(SV_INVALID, "classes is 4, but bars has 3",
               sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  sv_dataset_free(d);
}

/* Stopped anywhere and gone on with: the same bytes; with another layer: not
 * the same run. */
static void test_resumed(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  char whole[512];
  snprintf(whole, sizeof whole, "%s", in_folder("whole"));
  sv_model *model = model_of(norms, 3);
  sv_fit_options o = tuned(whole);
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  for (int stop = 2; stop < 10; stop += 3) {
    char run[512], name[32];
    snprintf(name, sizeof name, "stopped%d", stop);
    snprintf(run, sizeof run, "%s", in_folder(name));
    watcher w = {.stop_at = stop};
    model = model_of(norms, 3);
    o = tuned(run);
    o.report = watch;
    o.context = &w;
    assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
    sv_model_free(model);
    assert_ok(sv_fit_open(&model, &o, run));
    assert_string_equal(o.freeze_until, "r1");
    o.freeze_until = "c1";
    assert_error(SV_INVALID, "started with freeze-until r1, not c1",
                 sv_fit(model, d, &o, NULL));
    o.freeze_until = NULL;
    assert_error(SV_INVALID, "started with freeze-until r1, not (none)",
                 sv_fit(model, d, &o, NULL));
    o.freeze_until = "r1";
    assert_ok(sv_fit(model, d, &o, NULL));
    sv_model_free(model);
    check_same_file(whole, run, "model.onnx");
    check_same_file(whole, run, "last.onnx");
  }
  sv_dataset_free(d);
}

/* A body from a file, running statistics with it, under a new head. */
static void test_body_of_file(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_model *model = model_of(norms, 3);
  sv_fit_options o = quick(NULL);
  assert_ok(sv_fit(model, d, &o, NULL));
  assert_ok(sv_model_save(model, in_folder("body.onnx")));
  char text[1024];
  snprintf(text, sizeof text,
           "input 1x8x8; c1 = conv 4 3x3 init=\"file %s\"; n1 = batch_norm "
           "init=\"file %s\"; relu; flatten; linear 5",
           in_folder("body.onnx"), in_folder("body.onnx"));
  sv_model *body = model_of(text, 4);
  check_same(body, model, true, frozen);
  sv_model_free(body);
  sv_model_free(model);
  sv_dataset_free(d);
}

/* ---- Files of others ---- */

static void test_settled(void **state) {
  (void)state;
  bool certain;
  sv_model *model = model_of(
      "input 1x8x8; conv 4 3x3; n = batch_norm training=true; relu\n"
      "reshape 1,144; fc = linear 3",
      1);
  model->graph->values[sv_graph_data_input(model->graph)].shape.dim[0] = 1;
  sv_settled s = sv_model_settle(model);
  assert_int_equal(s.modes, 1);
  assert_int_equal(s.batch, 1);
  assert_false(sv_model_may_be_folded(model, &certain));
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_fit_options o = quick(NULL);
  assert_ok(sv_fit(model, d, &o, NULL));
  s = sv_model_settle(model); /* it is ours now */
  assert_int_equal(s.modes + (int)s.batch, 0);
  sv_model_free(model);
  model = model_of("input 1x8x8; conv 4 3x3; conv 4 3x3; flatten; linear 3", 1);
  assert_true(sv_model_may_be_folded(model, &certain));
  assert_false(certain);
  assert_ok(sv_model_set_meta(model, "svertka.folded", "batch_norm"));
  assert_true(sv_model_may_be_folded(model, &certain));
  assert_true(certain);
  sv_model_free(model);
  sv_dataset_free(d);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TEST(test_plan),   TEST(test_plan_asked),   TEST(test_layers),
      TEST(test_heads),  TEST(test_head_drawn),   TEST(test_heads_refused),
      TEST(test_pixels), TEST(test_fit),          TEST(test_resumed),
      TEST(test_shared), TEST(test_body_of_file), TEST(test_settled)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
