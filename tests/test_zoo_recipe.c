/* Networks of the zoo learn with their recipes, or, where they have none, with
 * the usual options: a little training on a little of Fashion-MNIST brings them
 * clearly above chance, 10 %. */
#include "data_files.h"

#include <svertka/svertka.h>

static const struct row {
  const char *network;
  int samples, epochs;
  bool recipe; /* it has one */
} rows[] = {
    {"lenet5", 1000, 2, false},
    {"mlp", 1000, 2, false},
    {"resnet_small:depth=8,width=0.5,size=16", 1000, 2, false},
    {"lenet5_1998", 1000, 2, true},
    {"alexnet:size=64,width=0.125,hidden=128", 1500, 4, true},
    {"nin:form=small,width=0.25,size=16", 1500, 5, true},
    {"squeezenet:version=small,width=0.25,size=16", 1500, 5, true},
    {"googlenet:form=paper,auxiliary=false,size=32", 1000, 4, true},
};

static void check_row(const struct row *row) {
  enum { CHANCE = 10 };
  sv_dataset *d;
  sv_graph *graph;
  sv_model *model;
  sv_fit_result result;
  assert_ok(sv_dataset_open(&d, "fashion-mnist", SV_SPLIT_TRAIN));
  const sv_zoo_data asked = {10, 1, 28, 28};
  const sv_zoo_recipe *recipe = sv_zoo_recipe_of(row->network);
  assert_int_equal(recipe != NULL, row->recipe);
  sv_fit_options o = sv_fit_default();
  sv_fit_follow(&o, recipe);
  o.samples = row->samples;
  o.epochs = row->epochs;
  o.validation = 300;
  o.batch = 32;
  o.threads = 1;
  assert_ok(sv_zoo_build(&graph, row->network, &asked));
  assert_ok(sv_model_new(&model, graph, 1));
  assert_ok(sv_fit(model, d, &o, &result));
  print_message("%s: %.1f %%\n", row->network, 100 * result.top1);
  if (100 * result.top1 < 3 * CHANCE)
    fail_msg("%s has learned no more than %.1f %%", row->network,
             100 * result.top1);
  sv_model_free(model);
  sv_dataset_free(d);
}

static void test_learn(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) check_row(&rows[i]);
}

static void test_names(void **state) {
  (void)state;
  const sv_zoo_recipe *recipe = sv_zoo_recipe_of("lenet5_1998");
  assert_string_equal(recipe->optimiser, "adam");
  assert_float_equal(recipe->rate, 0.001, 0);
  assert_ptr_equal(sv_zoo_recipe_of("LeNet5-1998:channels=3"), recipe);
  assert_non_null(sv_zoo_recipe_of("squeezenet1_1:classes=4"));
  assert_null(sv_zoo_recipe_of("googlenet"));
  assert_null(sv_zoo_recipe_of("googlenet:form=bn"));
  assert_null(sv_zoo_recipe_of("googlenet:form=other"));
  assert_non_null(sv_zoo_recipe_of("googlenet:form=paper,classes=4"));
  assert_null(sv_zoo_recipe_of("lenet5"));
  assert_null(sv_zoo_recipe_of("lenet6"));
  assert_null(sv_zoo_recipe_of("input 1x28x28; flatten; linear 10"));
  sv_fit_options o = sv_fit_default();
  sv_fit_follow(&o, NULL);
  assert_string_equal(o.optimiser, "sgd");
  assert_float_equal(o.rate, SV_USUAL, 0);
  sv_fit_follow(&o, recipe);
  assert_string_equal(o.optimiser, "adam");
  assert_float_equal(o.rate, 0.001, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                     cmocka_unit_test(test_learn)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
