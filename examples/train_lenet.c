/* Builds LeNet-5, trains it on a folder of IDX files, tests and saves it:
 *
 *     train_lenet /usr/share/datasets/fashion-mnist lenet5.onnx [EPOCHS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <svertka/svertka.h>

/* LeCun et al. 1998, with plain average pooling. */
static void lenet5(sv_graph *g, int classes) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 32, 32));
  x = sv_tanh(g, sv_conv(g, x, 6, 5));
  x = sv_avg_pool(g, x, 2, 2);
  x = sv_tanh(g, sv_conv(g, x, 16, 5));
  x = sv_avg_pool(g, x, 2, 2);
  x = sv_tanh(g, sv_conv(g, x, 120, 5));
  x = sv_tanh(g, sv_linear(g, sv_flatten(g, x), 84));
  sv_classifier_head(g, sv_linear(g, x, classes));
}

static bool report(void *context, const sv_fit_progress *p) {
  (void)context;
  if (p->validated)
    printf("epoch %d: loss %.4f, validation %.2f%%\n", p->epoch, p->loss,
           100 * p->val_top1);
  return true; /* continue training */
}

static sv_status train(sv_model *model, const sv_dataset *images, int epochs) {
  sv_fit_options options = sv_fit_default();
  options.epochs = epochs;
  options.report = report;
  return sv_fit(model, images, &options, NULL);
}

static sv_status test(const sv_model *model, const sv_dataset *images) {
  sv_metrics metrics;
  sv_eval_options options = sv_eval_default();
  sv_status status = sv_eval(&metrics, model, images, &options);
  if (status != SV_OK) return status;
  printf("test: %.2f%% of %lld images\n", 100 * metrics.top1,
         (long long)metrics.samples);
  sv_metrics_free(&metrics);
  return SV_OK;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "train_lenet FOLDER FILE [EPOCHS]\n"), 2;
  sv_dataset *images = NULL, *others = NULL;
  sv_graph *graph = NULL;
  sv_model *model = NULL;
  sv_status status = sv_dataset_open(&images, argv[1], SV_SPLIT_TRAIN);
  if (!status) status = sv_dataset_open(&others, argv[1], SV_SPLIT_TEST);
  if (!status) status = sv_graph_new(&graph, "lenet5");
  if (!status) {
    lenet5(graph, sv_dataset_classes(images));
    status = sv_model_new(&model, graph, 1); /* takes ownership */
  }
  if (!status) status = train(model, images, argc > 3 ? atoi(argv[3]) : 3);
  if (!status) status = test(model, others);
  if (!status) status = sv_model_save(model, argv[2]);
  if (status) fprintf(stderr, "%s\n", sv_error());
  sv_model_free(model);
  sv_dataset_free(others);
  sv_dataset_free(images);
  return status != SV_OK;
}
