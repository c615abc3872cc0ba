/* What the fuzzers do with a network that somebody's bytes mean: it is written
 * as text and read again, saved and loaded again, counted and, if it is small,
 * run, folded, made fully convolutional and trained for a step. */
#ifndef SV_FUZZ_TRY_H
#define SV_FUZZ_TRY_H

#include <svertka/svertka.h>

#include "base/memory.h"
#include "graph/analysis.h"
#include "graph/model.h"
#include "onnx/onnx.h"
#include "task/head.h"

#include "expect.h"

enum { MOST_NUMBERS = 1 << 12 }; /* of all values of a network that is run */

/* What a layer computes for a window without one of its sizes depends on the
 * shape that it reads: where layers do not fit together, or sizes are computed,
 * that is not known. */
static bool is_known(const sv_graph *graph) {
  for (int i = 1; i < graph->value_count; i++)
    if (graph->values[i].shape.rank < 0) return false;
  return true;
}

/* Text that reads back to what gives the same text. */
static void write_and_read(const sv_graph *graph) {
  char *text, *again;
  sv_graph *copy;
  if (sv_network_write(&text, graph) != SV_OK) return;
  if (sv_network_parse(&copy, "t", text) == SV_OK) {
    expect(sv_network_write(&again, copy) == SV_OK);
    expect(!is_known(graph) || strcmp(text, again) == 0);
    sv_network_text_free(again);
    sv_graph_free(copy);
  } else {
    expect_error("t:");
  }
  sv_network_text_free(text);
}

static void save_and_load(const sv_model *model, bool training) {
  const char *path = scratch_path("onnx");
  sv_onnx_save_options save = {.training = training};
  sv_onnx_load_options load = {.training = training};
  sv_model *again;
  if (sv_onnx_save(model, path, &save) != SV_OK) return;
  sv_status status = sv_onnx_load(&again, path, &load);
  unlink(path);
  expect(status == SV_OK);
  sv_model_free(again);
}

/* Numbers of all values for a batch of 1; too many where they are not known. */
static int64_t count_numbers(const sv_model *model) {
  const sv_graph *graph = model->graph;
  int64_t sum = 0;
  sv_contents contents = {0};
  sv_info *infos;
  expect(sv_alloc_array(&infos, (size_t)graph->value_count, sizeof *infos) ==
         SV_OK);
  sv_status status = sv_graph_declared(graph, model->state, 1, infos);
  if (status == SV_OK) status = sv_graph_infer(graph, infos, &contents);
  for (int i = 1; i < graph->value_count && sum <= MOST_NUMBERS; i++)
    sum += infos[i].present ? sv_shape_count(&infos[i].shape) : 0;
  sv_contents_free(&contents);
  sv_free(infos);
  return status == SV_OK ? sum : MOST_NUMBERS + 1;
}

/* The outputs that a gradient can begin at. */
static int find_seeds(const sv_graph *graph, const char **seeds, int most) {
  int count = 0;
  for (int i = 0; i < graph->output_count && count < most; i++) {
    const sv_graph_output *output = &graph->outputs[i];
    if (!output->is_loss && graph->values[output->value].dtype == SV_F32)
      seeds[count++] = output->name;
  }
  return count;
}

static void run_plan(sv_plan *plan, bool backward) {
  char *text;
  if (sv_plan_explain(plan, &text) == SV_OK) sv_plan_text_free(text);
  if (sv_plan_forward(plan) == SV_OK && backward) (void)!sv_plan_backward(plan);
}

/* Backward from the losses, or from the outputs of a network that has none. */
static void run(const sv_model *model, sv_mode mode, const char *backend) {
  enum { MOST = 4 };
  sv_plan_options options = sv_plan_default();
  const char *seeds[MOST];
  sv_plan *plan;
  options.mode = mode;
  options.threads = 1;
  options.backend = backend;
  options.seeds = seeds;
  if (mode == SV_TRAIN && !sv_head_has_loss(model->graph))
    options.seed_count = find_seeds(model->graph, seeds, MOST);
  if (sv_plan_new(&plan, model->graph, model->state, &options) != SV_OK) return;
  run_plan(plan, mode == SV_TRAIN);
  sv_plan_free(plan);
}

static void count_layers(const sv_model *model, bool training) {
  sv_analysis analysis;
  if (sv_analyse(&analysis, model->graph, model->state, 1, NULL, training) ==
      SV_OK)
    sv_analysis_clear(&analysis);
}

static void try_made(sv_model *made, const char *backend) {
  expect(sv_graph_check(made->graph) == SV_OK);
  save_and_load(made, false);
  run(made, SV_INFER, backend);
  sv_model_free(made);
}

/* Every way out. Training comes last: it moves parameters. */
static void try_model(const sv_model *model, bool training, bool reference) {
  const char *backend = reference ? "ref" : NULL;
  sv_model *made;
  expect(sv_graph_check(model->graph) == SV_OK);
  write_and_read(model->graph);
  save_and_load(model, training);
  count_layers(model, training);
  if (count_numbers(model) > MOST_NUMBERS) return;
  run(model, SV_INFER, backend);
  if (sv_model_fold(&made, model, NULL) == SV_OK) try_made(made, backend);
  if (sv_model_convolve(&made, model, NULL) == SV_OK) try_made(made, backend);
  run(model, SV_TRAIN, backend);
}

#endif
