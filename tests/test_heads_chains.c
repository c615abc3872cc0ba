/* Another classifier in generated networks: what stands before the classifier,
 * its form, what follows, in all combinations, read back from a file. */
#include <svertka/network.h>
#include <svertka/task.h>

#include "onnx_files.h"

#include "graph/model.h"
#include "tensor/tensor.h"

enum { FROM = 5, TO = 3, IMAGES = 2 };

/* Of N x 6 x 8 x 8. */
static const char *const features[] = {
    "",
    "identity;",
    "dropout 0.1;",
    "transpose 0,2,3,1; relu; transpose 0,3,1,2;",
    "max_pool 2 stride=2;",
    "reshape 0,6,-1; unsqueeze 2;",
    "cast f64; cast f32;",
};

/* From maps to N x 5, or N x 5 x 1 x 1. */
static const char *const heads[] = {
    "flatten; linear 5;",
    "global_avg_pool; flatten; linear 5;",
    "global_avg_pool; squeeze 2,3; dropout 0.5; identity; linear 5;",
    "global_max_pool; reshape 0,-1; unsqueeze 1; squeeze 1; linear 5;",
    "reduce_mean 2,3 keepdims=false; linear 5;",
    "conv 5 1x1; global_avg_pool; flatten;",
    "conv 5 1x1; relu; global_max_pool; squeeze 2,3;",
    "conv 5 1x1; reduce_mean 2,3 keepdims=false;",
    "conv 5 1x1; transpose 0,2,3,1; reduce_mean 1,2 keepdims=false;",
    "global_avg_pool; conv 5 1x1; reshape 0,5;",
    "global_avg_pool; conv 5 1x1; flatten;",
    "conv 5 3x3 padding=same group=1; batch_norm; global_avg_pool; flatten;",
    "reduce_mean 3 keepdims=false; conv 5 1; reduce_mean 2 keepdims=false;",
    "conv 8 1x1; conv_transpose 5 2x2 stride=2; global_avg_pool; flatten;",
};

/* Of N x 5. */
static const char *const ends[] = {
    "y = identity",
    "y = softmax",
    "log_softmax; y = exp",
    "dropout 0.1; y = identity",
    "identity; identity; y = identity",
    "cast f64; y = cast f32",
    "y = reshape -1,5",
    "y = reshape 0,5",
    "unsqueeze 2,3; y = squeeze 2,3",
    "unsqueeze 1; y = squeeze 1",
    "transpose 1,0; y = transpose 1,0",
    "unsqueeze 2,3; y = flatten",
    "y = sigmoid",
    "softmax; y = clip 0.0001 0.9999",
};

enum {
  FEATURES = sizeof features / sizeof *features,
  HEADS = sizeof heads / sizeof *heads,
  ENDS = sizeof ends / sizeof *ends
};

static sv_model *read_back(const char *text) {
  sv_graph *graph;
  sv_model *model;
  if (sv_network_parse(&graph, "net", text) != SV_OK)
    fail_msg("%s: %s", text, sv_error());
  assert_ok(sv_model_new(&model, graph, 7));
  assert_ok(sv_model_save(model, in_folder("chain.onnx")));
  sv_model_free(model);
  assert_ok(sv_model_load(&model, in_folder("chain.onnx")));
  return model;
}

static void check_classes(const char *text, const sv_model *model,
                          int classes) {
  sv_plan *plan;
  sv_tensor y;
  sv_plan_options o = sv_plan_default();
  o.batch = IMAGES;
  if (sv_plan_new(&plan, model->graph, model->state, &o) != SV_OK)
    fail_msg("%s: %d classes: %s", text, classes, sv_error());
  assert_ok(sv_plan_forward(plan));
  assert_ok(sv_plan_value(plan, "y", &y));
  if (y.shape.rank != 2 || y.shape.dim[0] != IMAGES ||
      y.shape.dim[1] != classes)
    fail_msg("%s: its output is %s, expected %d classes", text,
             sv_shape_text(&y.shape, (char[SV_SHAPE_TEXT]){0}), classes);
  sv_plan_free(plan);
}

/* The convolution before all this keeps its weights, bit by bit. */
static void check_backbone(const char *text, const sv_model *model,
                           const sv_model *old) {
  sv_tensor *a, *b;
  assert_ok(sv_state_get(model->state, "first.weight", &a));
  assert_ok(sv_state_get(old->state, "first.weight", &b));
  for (int64_t i = 0; i < sv_shape_count(&b->shape); i++)
    if (sv_tensor_get(a, i) != sv_tensor_get(b, i))
      fail_msg("%s: the backbone has changed", text);
  sv_tensor_free(a);
  sv_tensor_free(b);
}

static void check_chain(const char *text) {
  sv_model *old = read_back(text), *model = read_back(text);
  check_classes(text, model, FROM);
  if (sv_model_new_head(model, TO, 1, NULL) != SV_OK)
    fail_msg("%s: %s", text, sv_error());
  check_classes(text, model, TO);
  check_backbone(text, model, old);
  assert_ok(sv_model_save(model, in_folder("chain.onnx")));
  sv_model_free(model);
  assert_ok(sv_model_load(&model, in_folder("chain.onnx")));
  check_classes(text, model, TO);
  sv_model_free(model);
  sv_model_free(old);
}

static void test_chains(void **state) {
  (void)state;
  char text[512];
  for (int i = 0; i < FEATURES; i++)
    for (int k = 0; k < HEADS; k++)
      for (int m = 0; m < ENDS; m++) {
        /* Each pair of neighbours, and a third of the rest. */
        if (i && m && (i + 2 * k + m) % 3) continue;
        snprintf(text, sizeof text,
                 "x = input 1x8x8; first = conv 6 3x3 padding=same; %s\n%s\n"
                 "%s\noutput y",
                 features[i], heads[k], ends[m]);
        check_chain(text);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
