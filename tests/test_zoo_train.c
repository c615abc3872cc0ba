/* Every architecture learns: a few steps on one small batch, at the smallest
 * images that it admits, and the batch's loss is halved, by the network's
 * recipe or by Adam. Names come from the zoo; one that has no row here is
 * trained as it is. */
#include "plan_nets.h"

#include <svertka/model.h>
#include <svertka/zoo.h>

#include "graph/graph.h"
#include "optim/optimiser.h"

/* Images of more than LARGE pixels a side come in twos. */
enum { STEPS = 100, BATCH = 4, LARGE = 128 };

/* What makes them quick: small images, fewer maps. A name may have several. */
static const struct row {
  const char *name, *parameters;
} rows[] = {
    {"alexnet", "classes=4,size=64,width=0.25,hidden=256"},
    {"alexnet", "form=two,classes=4,size=64,width=0.25,hidden=256"},
    {"densenet", "classes=4,size=32,growth=8"},
    {"densenet_small", "classes=4,size=16,depth=40"},
    {"efficientnet", "classes=4,size=32"},
    {"fcn", "form=same,classes=4,size=32,width=0.125,hidden=32"},
    {"fcn_resnet", "classes=4,size=32"},
    {"fcn_small", "classes=4,size=32,width=0.125,hidden=32"},
    {"googlenet", "classes=4,size=80"},
    {"googlenet", "form=paper,classes=4,size=80"},
    {"inception_small", "classes=4,size=16,width=0.5"},
    {"inception_v2", "classes=4,size=32"},
    {"inception_v3", "classes=4,size=75,auxiliary=false"},
    {"inception_v3", "classes=4,size=299,dropout=0.2"},
    {"mobilenet_v2", "classes=4,size=32"},
    {"nin", "classes=4,size=96,width=0.25,dropout=0.2"},
    {"nin", "form=small,classes=4,size=24,width=0.5"},
    {"resnet", "depth=18,classes=4,size=32,width=0.25"},
    {"resnet", "depth=50,form=v2,classes=4,size=32,width=0.25"},
    {"resnet", "depth=18,plain=true,classes=4,size=32,width=0.25"},
    {"resnet_small", "depth=56,classes=4,size=16"},
    {"resnet_small", "depth=20,plain=true,classes=4,size=16"},
    {"resnext", "classes=4,size=32,cardinality=8"},
    {"shufflenet_v2", "classes=4,size=32"},
    {"squeezenet", "version=1.0,classes=4,size=48"},
    {"squeezenet", "version=small,classes=4,size=16"},
    {"unet", "classes=4,size=16,depth=2,maps=8"},
    {"unet", "form=paper,classes=4,size=24,depth=2,maps=8"},
    {"vgg", "config=A-LRN,classes=4,size=32,width=0.25,hidden=256"},
    {"vgg", "config=E,classes=4,size=32,width=0.25,hidden=256,dropout=0"},
    {"vgg", "norm=true,classes=4,size=32,width=0.25,hidden=256"},
    {"wide_resnet", "classes=4,size=32,width=0.5"},
    {"wrn", "classes=4,size=16,width=2,dropout=0.3"},
    {"zfnet", "classes=4,size=64,width=0.25,hidden=256"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* ---- A batch ---- */

static int64_t classes_of(const sv_graph *g) {
  for (int i = g->node_count - 1; i >= 0; i--)
    if (strcmp(g->nodes[i].op->name, "cross_entropy") == 0)
      return g->values[g->nodes[i].in[0]].shape.dim[1];
  fail_msg("no loss");
  return 0;
}

/* Noise; a sample's labels are all of one class. */
static void fill_batch(sv_plan *plan, const sv_graph *g) {
  sv_tensor image, label;
  assert_ok(sv_plan_input(plan, "image", &image));
  fill(image, 5);
  assert_ok(sv_plan_input(plan, "label", &label));
  int64_t batch = image.shape.dim[0], classes = classes_of(g);
  int64_t count = sv_shape_count(&label.shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(&label, i, (double)(i * batch / count % classes));
}

static double loss_of(sv_plan *plan, const sv_graph *g) {
  double loss = 0;
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].is_loss) {
      sv_tensor value = value_of(plan, g->outputs[i].name);
      loss += g->outputs[i].weight * sv_tensor_get(&value, 0);
    }
  return loss;
}

/* ---- Trained ---- */

static double step_once(sv_plan *plan, const sv_graph *g, sv_optimiser *o,
                        int64_t step, double rate) {
  sv_plan_set_step(plan, (uint64_t)step);
  assert_ok(sv_plan_forward(plan));
  double loss = loss_of(plan, g);
  assert_ok(sv_plan_backward(plan));
  assert_ok(sv_plan_commit(plan));
  assert_ok(sv_optimiser_step(o, plan, step, rate));
  return loss;
}

static int faults;

/* Halved twice in a row: dropout makes single losses jump. */
static void descend_batch(const char *text, sv_plan *plan, const sv_graph *g,
                          sv_state *state) {
  const sv_zoo_recipe *recipe = sv_zoo_recipe_of(text);
  const sv_optimiser_options options = {
      .size = sizeof(sv_optimiser_options),
      .kind = recipe ? recipe->optimiser : "adam"};
  double rate = recipe ? recipe->rate : 1e-3;
  sv_optimiser *o;
  assert_ok(sv_optimiser_new(&o, state, &options));
  double first = 0, loss = 0;
  int64_t step = 0, halved = 0;
  for (; step < STEPS && halved < 2; step++) {
    loss = step_once(plan, g, o, step, rate);
    if (step == 0) first = loss;
    halved = loss <= first / 2 ? halved + 1 : 0;
  }
  sv_optimiser_free(o);
  if (halved == 2) return;
  print_error("%s: a loss of %g is %g after %d steps\n", text, first, loss,
              STEPS);
  faults++;
}

static void train(const char *name, const char *parameters) {
  char text[160];
  sv_graph *graph;
  sv_model *model;
  sv_plan *plan;
  snprintf(text, sizeof text, "%s%s%s", name, parameters ? ":" : "",
           parameters ? parameters : "");
  assert_ok(sv_zoo_build(&graph, text, NULL));
  assert_ok(sv_model_new(&model, graph, 1));
  const sv_shape *image = &graph->values[sv_graph_data_input(graph)].shape;
  sv_plan_options options = sv_plan_default();
  options.mode = SV_TRAIN;
  options.batch = image->dim[image->rank - 1] > LARGE ? 2 : BATCH;
  options.threads = 2;
  options.seed = 3;
  assert_ok(sv_plan_new(&plan, graph, sv_model_state(model), &options));
  fill_batch(plan, graph);
  descend_batch(text, plan, graph, sv_model_state(model));
  sv_plan_free(plan);
  sv_model_free(model);
}

static void test_all(void **state) {
  (void)state;
  for (int i = 0; i < sv_zoo_count(); i++) {
    int trained = 0;
    for (int k = 0; k < ROWS; k++)
      if (strcmp(rows[k].name, sv_zoo_name(i)) == 0) {
        train(rows[k].name, rows[k].parameters);
        trained++;
      }
    if (trained == 0) train(sv_zoo_name(i), NULL);
  }
  assert_int_equal(faults, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
