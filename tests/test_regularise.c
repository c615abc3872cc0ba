/* Label smoothing and class weights in a training. The operator's arithmetic is
 * checked by opcheck against PyTorch's. */
#include <math.h>
#include <stdbool.h>
#include <svertka/svertka.h>

#include "bars.h"
#include "base/memory.h"
#include "graph/model.h"
#include "onnx/onnx.h"
#include "op/attrs.h"
#include "task/loss.h"
#include "tensor/tensor.h"
#include "train/class_weights.h"

/* ---- Class weights ---- */

/* 9, 4 and 1 samples of classes 0, 1 and 2. */
static sv_dataset *open_uneven(void) {
  enum { COUNT = 14 };
  static const uint8_t of[COUNT] = {0, 0, 1, 0, 2, 0, 1, 0, 0, 1, 0, 0, 1, 0};
  uint8_t images[16 + COUNT] = {0, 0, 8, 3, 0, 0, 0, COUNT,
                                0, 0, 0, 1, 0, 0, 0, 1};
  uint8_t labels[8 + COUNT] = {0, 0, 8, 1, 0, 0, 0, COUNT};
  memcpy(labels + 8, of, COUNT);
  mkdir(in_folder("uneven"), 0777);
  write_plain("uneven/train-images-idx3-ubyte", images, sizeof images);
  write_plain("uneven/train-labels-idx1-ubyte", labels, sizeof labels);
  sv_dataset *d;
  assert_ok(sv_dataset_open(&d, in_folder("uneven"), SV_SPLIT_TRAIN));
  return d;
}

/* scikit-learn 1.9: compute_class_weight("balanced", classes=[0, 1, 2]) of
 * these labels gives 0.51851852, 1.16666667, 4.66666667. */
static void test_class_weights(void **state) {
  (void)state;
  sv_dataset *d = open_uneven();
  sv_samples all;
  float weights[4] = {0};
  assert_ok(sv_samples_all(&all, d));
  assert_ok(sv_class_weights(weights, 4, "inverse", d, &all));
  static const double balanced[] = {0.51851852, 1.16666667, 4.66666667, 0};
  for (int c = 0; c < 4; c++)
    assert_true(fabs(weights[c] - balanced[c]) < 1e-6);
  assert_ok(sv_class_weights(weights, 4, "sqrt", d, &all));
  /* a (9/3 + 4/2 + 1/1) = 14 */
  static const double root[] = {14 / 6. / 3, 14 / 6. / 2, 14 / 6., 0};
  for (int c = 0; c < 4; c++) assert_true(fabs(weights[c] - root[c]) < 1e-6);
  assert_ok(sv_class_weights(weights, 4, "off", d, &all));
  assert_true(weights[0] == 1 && weights[2] == 1);
  assert_error(SV_INVALID, "'even', expected off, sqrt or inverse",
               sv_class_weights(weights, 4, "even", d, &all));
  sv_samples_free(&all);
  sv_dataset_free(d);
}

/* ---- Balanced epochs ---- */

/* 14 draws from 9, 4 and 1 samples: 4 or 5 of each class, no sample once more
 * than another of its class by 2. Over the epochs the shares are equal, and all
 * samples come. */
static void test_balanced(void **state) {
  (void)state;
  enum { COUNT = 14, CLASSES = 3, EPOCHS = 300 };
  sv_dataset *d = open_uneven();
  sv_samples all;
  int64_t order[COUNT], again[COUNT], total[CLASSES] = {0}, seen[COUNT] = {0};
  int same = 0;
  assert_ok(sv_samples_all(&all, d));
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    int64_t classes[CLASSES] = {0}, times[COUNT] = {0};
    assert_ok(sv_samples_balance(&all, d, 3, epoch, order));
    assert_ok(sv_samples_balance(&all, d, 3, epoch, again));
    assert_memory_equal(order, again, sizeof order);
    for (int i = 0; i < COUNT; i++) {
      assert_in_range(order[i], 0, COUNT - 1);
      classes[sv_dataset_label(d, order[i])]++;
      times[order[i]]++;
      seen[order[i]]++;
    }
    for (int c = 0; c < CLASSES; c++) {
      assert_in_range(classes[c], 4, 5);
      total[c] += classes[c];
    }
    for (int i = 0; i < COUNT; i++)
      assert_true(times[i] <= (sv_dataset_label(d, i) == 0   ? 1
                               : sv_dataset_label(d, i) == 1 ? 2
                                                             : 5));
    assert_ok(sv_samples_balance(&all, d, 3, epoch + 1, again));
    same += memcmp(order, again, sizeof order) == 0;
    assert_ok(sv_samples_balance(&all, d, 4, epoch, again));
    same += memcmp(order, again, sizeof order) == 0;
  }
  for (int c = 0; c < CLASSES; c++)
    assert_int_equal(total[c], EPOCHS * COUNT / CLASSES);
  for (int i = 0; i < COUNT; i++) assert_true(seen[i] > EPOCHS / 4);
  assert_true(same < 3);
  /* A class without samples is left out. */
  all.count = 2; /* both of class 0 */
  assert_ok(sv_samples_balance(&all, d, 3, 0, order));
  assert_int_equal(order[0] + order[1], 1);
  all.count = 0;
  assert_ok(sv_samples_balance(&all, d, 3, 0, NULL));
  sv_samples_free(&all);
  sv_dataset_free(d);
}

/* ---- The graph ---- */

static float smoothing_of(const sv_node *node) {
  const sv_attr *row = sv_attr_find(node->op, "smoothing");
  return *(const float *)((const char *)node->attrs + row->offset);
}

static const sv_node *loss_of(const sv_graph *g) {
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].is_loss)
      return &g->nodes[g->values[g->outputs[i].value].producer];
  return NULL;
}

static void test_adjust(void **state) {
  (void)state;
  const float weights[] = {1, 2, 0.5f};
  sv_model *model = model_of("input 2x1x1; flatten; linear 3; classifier", 1);
  sv_graph *g = model->graph, *changed;
  sv_loss_change change = {.classes = 3};
  assert_ok(sv_loss_adjust(&changed, g, model->state, &change));
  assert_null(changed);
  change.smoothing = 0.25;
  change.weights = weights;
  assert_ok(sv_loss_adjust(&changed, g, model->state, &change));
  assert_true(smoothing_of(loss_of(changed)) == 0.25f);
  assert_true(smoothing_of(loss_of(g)) == 0);
  assert_int_equal(loss_of(g)->in[2], 0);
  sv_tensor *record;
  const char *name = changed->values[loss_of(changed)->in[2]].name;
  assert_ok(sv_state_get(model->state, name, &record));
  assert_memory_equal(record->data, weights, sizeof weights);
  sv_tensor_free(record);
  sv_graph_free(changed);
  assert_ok(sv_state_drop(model->state, SV_RECORD));
  change = (sv_loss_change){.weights = weights, .classes = 2};
  assert_error(SV_INVALID, "has 3 classes, but the data have 2",
               sv_loss_adjust(&changed, g, model->state, &change));
  assert_null(changed);
  sv_model_free(model);
  model = model_of("input 2; t = input 2; squared_error(image, t); loss", 1);
  change = (sv_loss_change){.smoothing = 0.1, .classes = 2};
  assert_error(SV_INVALID, "smoothed labels need a cross-entropy",
               sv_loss_adjust(&changed, model->graph, model->state, &change));
  change = (sv_loss_change){.mixed = true, .classes = 2};
  assert_error(SV_INVALID, "mixed labels need a cross-entropy",
               sv_loss_adjust(&changed, model->graph, model->state, &change));
  sv_model_free(model);
}

/* Mixed labels: the numbers are PyTorch's F.cross_entropy(x, t,
 * label_smoothing=0.1), t = s onehot(label) + (1 - s) onehot(other), with its
 * gradient. */
static void check_mixed(sv_plan *plan, double share, double loss,
                        const double gradient[9]) {
  sv_tensor view;
  assert_ok(sv_plan_input(plan, SV_MIX_SHARE, &view));
  sv_tensor_set(&view, 0, share);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "loss", &view));
  assert_true(fabs(sv_tensor_get(&view, 0) - loss) < 1e-6);
  assert_ok(sv_plan_backward(plan));
  assert_ok(sv_plan_gradient(plan, "x", &view));
  for (int i = 0; i < 9; i++)
    assert_true(fabs(sv_tensor_get(&view, i) - gradient[i]) < 1e-6);
}

static void fill_labels(sv_plan *plan, const char *name, const int64_t at[3]) {
  sv_tensor view;
  assert_ok(sv_plan_input(plan, name, &view));
  for (int i = 0; i < 3; i++) sv_tensor_set(&view, i, (double)at[i]);
}

static void test_mixed(void **state) {
  (void)state;
  static const float scores[] = {1, -2, 0.5f, 0.25f, 3, -1, 2, 2, 0};
  static const double part[] = {
      0.1901385209384308,  -0.09109148192125312, -0.0990470390171777,
      -0.2014211919136077, 0.2968910467248445,   -0.09546985481123685,
      0.05499239916671592, -0.06500760083328404, 0.0100152016665681};
  static const double whole[] = {
      0.1901385209384308,  -0.0010914819212531027, -0.18904703901717773,
      -0.2914211919136077, 0.29689104672484457,    -0.0054698548112368395,
      0.14499239916671597, -0.15500760083328405,   0.010015201666568104};
  sv_model *model =
      model_of("x = input 3; label; cross_entropy(x, label); loss", 1);
  const sv_loss_change change = {.smoothing = 0.1, .mixed = true, .classes = 3};
  const char *wanted = "x";
  sv_plan_options options = sv_plan_default();
  sv_graph *mixed;
  sv_plan *plan;
  sv_tensor view;
  assert_ok(sv_loss_adjust(&mixed, model->graph, model->state, &change));
  options.mode = SV_TRAIN;
  options.batch = 3;
  options.gradients = &wanted;
  options.gradient_count = 1;
  assert_ok(sv_plan_new(&plan, mixed, model->state, &options));
  assert_ok(sv_plan_input(plan, "x", &view));
  memcpy(view.data, scores, sizeof scores);
  fill_labels(plan, "label", (const int64_t[]){2, 0, 1});
  fill_labels(plan, SV_MIX_LABEL, (const int64_t[]){1, 2, 0});
  check_mixed(plan, 0.7, 1.89603003758641, part);
  check_mixed(plan, 1, 1.55853003758641, whole);
  sv_plan_free(plan);
  sv_graph_free(mixed);
  sv_model_free(model);
}

/* A network that smooths by itself is saved as it is, and found again. */
static void test_saved(void **state) {
  (void)state;
  sv_model *model = model_of(
      "input 2x1x1; label; flatten(image); s = linear 3; output; "
      "cross_entropy(s, label) smoothing=0.25; loss",
      1);
  const sv_onnx_save_options save = {.training = true};
  const sv_onnx_load_options load = {.training = true};
  assert_ok(sv_onnx_save(model, in_folder("smooth.onnx"), &save));
  sv_model *again;
  assert_ok(sv_onnx_load(&again, in_folder("smooth.onnx"), &load));
  assert_true(smoothing_of(loss_of(again->graph)) == 0.25f);
  sv_model_free(again);
  assert_ok(sv_model_load(&again, in_folder("smooth.onnx")));
  sv_model_free(again);
  sv_model_free(model);
}

/* The loss of a model whose only output it is, of fixed scores and labels. */
static double loss_now(const sv_model *model) {
  static const float scores[] = {1, -2, 0.5f, 0.25f, 3, -1, 2, 2, 0};
  static const int64_t labels[] = {2, 0, 1};
  sv_plan_options options = sv_plan_default();
  sv_plan *plan;
  sv_tensor view;
  options.batch = 3;
  assert_ok(sv_plan_new(&plan, model->graph, model->state, &options));
  assert_ok(sv_plan_input(plan, "x", &view));
  memcpy(view.data, scores, sizeof scores);
  assert_ok(sv_plan_input(plan, "label", &view));
  memcpy(view.data, labels, sizeof labels);
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "y", &view));
  double loss = sv_tensor_get(&view, 0);
  sv_plan_free(plan);
  return loss;
}

/* As an output it is saved with ONNX's operators alone. The numbers are
 * PyTorch's: F.cross_entropy(x, label, ...). */
static void test_expanded(void **state) {
  (void)state;
  static const struct {
    const char *attrs;
    double loss;
  } cases[] = {
      {"smoothing=0.25", 1.600196704},
      {"smoothing=0.25 reduction=sum", 4.800590113},
      {"smoothing=0.25 ignore_index=0", 1.048276956},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[200];
    snprintf(text, sizeof text,
             "x = input 3; label; cross_entropy(x, label) %s; output y",
             cases[i].attrs);
    sv_model *model = model_of(text, 1), *again;
    assert_true(fabs(loss_now(model) - cases[i].loss) < 3e-6);
    assert_ok(sv_model_save(model, in_folder("pieces.onnx")));
    assert_ok(sv_model_load(&again, in_folder("pieces.onnx")));
    assert_true(again->graph->node_count > 5);
    assert_true(fabs(loss_now(again) - cases[i].loss) < 3e-6);
    sv_model_free(again);
    sv_model_free(model);
  }
}

/* ---- A training ---- */

static sv_fit_options regular(const char *run) {
  sv_fit_options o = quick(run);
  o.label_smoothing = 0.1;
  o.class_weights = "inverse";
  return o;
}

static void test_fit(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_fit_result plain, smooth;
  sv_model *model = model_of(network, 3);
  sv_fit_options o = quick(NULL);
  assert_ok(sv_fit(model, d, &o, &plain));
  sv_model_free(model);
  model = model_of(network, 3);
  o.label_smoothing = 0.3;
  assert_ok(sv_fit(model, d, &o, &smooth));
  assert_true(plain.loss != smooth.loss);
  /* Nothing of it stays in the model. */
  assert_int_equal(sv_state_count(model->state), 4);
  assert_null(loss_of(model->graph));
  sv_model_free(model);
  /* Classes are even, so that weights change nothing. */
  model = model_of(network, 3);
  o.label_smoothing = 0;
  o.class_weights = "sqrt";
  assert_ok(sv_fit(model, d, &o, &smooth));
  assert_true(fabs(plain.loss - smooth.loss) < 1e-5);
  assert_int_equal(sv_state_count(model->state), 4);
  o.class_weights = "none";
  assert_error(SV_INVALID, "class weights 'none'",
               sv_fit(model, d, &o, &smooth));
  sv_model_free(model);
  sv_dataset_free(d);
}

static const char dropping[] =
    "input 1x8x8; conv 4 3x3; tanh; max_pool 2x2 stride=2; flatten; "
    "dropout 0.3; linear 3";

static void test_resume(void **state) {
  (void)state;
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  char whole[300], broken[300];
  snprintf(whole, sizeof whole, "%s", in_folder("regular"));
  sv_model *model = model_of(dropping, 3);
  sv_fit_options o = regular(whole);
  assert_ok(sv_fit(model, d, &o, NULL));
  sv_model_free(model);
  for (int stop = 1; stop < 18; stop += 4) {
    char name[32];
    snprintf(name, sizeof name, "regular%d", stop);
    snprintf(broken, sizeof broken, "%s", in_folder(name));
    model = model_of(dropping, 3);
    o = regular(broken);
    watcher w = {.stop_at = stop};
    o.report = watch;
    o.context = &w;
    assert_int_equal(sv_fit(model, d, &o, NULL), SV_INTERRUPTED);
    sv_model_free(model);
    assert_ok(sv_fit_open(&model, &o, broken));
    assert_true(o.label_smoothing == 0.1);
    o.label_smoothing = 0.2;
    assert_error(SV_INVALID, "started with label-smoothing 0.1, not 0.2",
                 sv_fit(model, d, &o, NULL));
    o.label_smoothing = 0.1;
    o.class_weights = "sqrt";
    assert_error(SV_INVALID, "started with class-weights inverse, not sqrt",
                 sv_fit(model, d, &o, NULL));
    sv_model_free(model);
    assert_ok(sv_fit_open(&model, &o, broken));
    assert_ok(sv_fit(model, d, &o, NULL));
    sv_model_free(model);
    check_same_file(whole, broken, "model.onnx");
    check_same_file(whole, broken, "last.onnx");
  }
  sv_dataset_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_class_weights), cmocka_unit_test(test_balanced),
      cmocka_unit_test(test_adjust),        cmocka_unit_test(test_mixed),
      cmocka_unit_test(test_saved),         cmocka_unit_test(test_expanded),
      cmocka_unit_test(test_fit),           cmocka_unit_test(test_resume),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
