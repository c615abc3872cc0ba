/* A training loop written by hand; the weights are the same, bit for bit, as
 * those of `svertka train NETWORK DATA --validation 0 --epochs EPOCHS`:
 *     train_loop lenet5 /usr/share/datasets/fashion-mnist lenet5.onnx [EPOCHS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svertka/svertka.h>

enum { BATCH = 64, SEED = 1 };

#define TRY(call) \
  if ((call) != SV_OK) return false

/* Everything that must be freed; zeros are valid. */
static sv_dataset *images;
static sv_model *model;
static sv_graph *graph; /* the model's, with a loss */
static sv_preprocess preprocess;
static sv_samples samples, none, order;
static sv_loader *loader;
static sv_plan *plans[2]; /* of full batches, of the last one */
static sv_optimiser *optimiser;
static sv_schedule *schedule;

/* The model, and images brought to the size of its first input. */
static bool open_all(const char *network, const char *data) {
  TRY(sv_dataset_open(&images, data, SV_SPLIT_TRAIN));
  const sv_zoo_data like = {
      sv_dataset_classes(images), sv_dataset_channels(images),
      sv_dataset_height(images), sv_dataset_width(images)};
  sv_graph *built;
  TRY(sv_zoo_build(&built, network, &like));
  sv_value_desc in = sv_graph_describe(built, sv_graph_input_at(built, 0));
  const sv_shape size = {3,
                         {in.shape.dim[1], in.shape.dim[2], in.shape.dim[3]}};
  TRY(sv_model_new(&model, built, SEED)); /* takes ownership */
  TRY(sv_samples_hold_out(&samples, &none, images, 0, SEED));
  TRY(sv_preprocess_match(&preprocess, images, &size));
  TRY(sv_preprocess_fit(&preprocess, images, &samples));
  TRY(sv_preprocess_save(&preprocess, model));
  return sv_samples_all(&order, images) == SV_OK; /* filled by run_epoch */
}

static bool prepare(int epochs) {
  sv_state *state = sv_model_state(model);
  sv_loader_options batches = sv_loader_default();
  batches.batch = BATCH;
  TRY(sv_loader_new(&loader, images, &preprocess, &batches));
  TRY(sv_model_with_loss(&graph, model, NULL));
  sv_plan_options options = sv_plan_default();
  options.mode = SV_TRAIN;
  options.seed = SEED;
  options.batch = BATCH;
  TRY(sv_plan_new(&plans[0], graph, state, &options));
  options.batch = samples.count % BATCH;
  if (options.batch) TRY(sv_plan_new(&plans[1], graph, state, &options));
  TRY(sv_optimiser_new(&optimiser, state, NULL));    /* sgd, its defaults */
  sv_schedule_options rates = sv_schedule_default(); /* cosine from 0.05 */
  rates.steps = (samples.count + BATCH - 1) / BATCH;
  rates.epochs = epochs;
  return sv_schedule_new(&schedule, &rates) == SV_OK;
}

static bool fill(sv_plan *plan, const sv_batch *batch) {
  for (int i = 0; i < sv_graph_input_count(graph); i++) {
    sv_value_desc v = sv_graph_describe(graph, sv_graph_input_at(graph, i));
    sv_tensor input;
    TRY(sv_plan_input(plan, v.name, &input));
    const void *from[] = {batch->pixels, batch->labels};
    memcpy(input.data, from[v.role == SV_LABEL], input.layout.bytes);
  }
  return true;
}

static bool run_epoch(int epoch, int64_t *step) {
  double loss, sum = 0;
  sv_batch batch;
  sv_samples_shuffle(&samples, SEED, epoch, order.at);
  TRY(sv_loader_start(loader, order.at, samples.count, 0));
  for (;; ++*step) {
    TRY(sv_loader_next(loader, &batch));
    if (batch.count == 0) break;
    sv_plan *plan = plans[batch.count != BATCH];
    if (!fill(plan, &batch)) return false;
    double rate = sv_schedule_at(schedule, NULL, *step);
    TRY(sv_train_step(plan, optimiser, *step, rate, &loss));
    sum += loss * (double)batch.count;
  }
  printf("epoch %d: loss %.4f\n", epoch + 1, sum / (double)samples.count);
  return true;
}

static bool train(const char *network, const char *data, int epochs) {
  int64_t step = 0;
  bool done = open_all(network, data) && prepare(epochs);
  for (int epoch = 0; done && epoch < epochs; epoch++)
    done = run_epoch(epoch, &step);
  return done;
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "NETWORK DATA FILE [EPOCHS]\n"), 2;
  bool done = train(argv[1], argv[2], argc > 4 ? atoi(argv[4]) : 3) &&
              sv_model_save(model, argv[3]) == SV_OK;
  if (!done) fprintf(stderr, "%s\n", sv_error());
  sv_schedule_free(schedule);
  sv_optimiser_free(optimiser);
  for (int i = 0; i < 2; i++) sv_plan_free(plans[i]);
  sv_graph_free(graph);
  sv_loader_free(loader);
  sv_samples_free(&order);
  sv_samples_free(&samples);
  sv_preprocess_free(&preprocess);
  sv_model_free(model);
  sv_dataset_free(images);
  return !done;
}
