/* A network run on the loader's batches: plans for the full batch and for a
 * smaller last one, over one state. */
#ifndef SV_TRAIN_RUNNER_H
#define SV_TRAIN_RUNNER_H

#include <svertka/plan.h>

#include "data/loader.h"
#include "graph/graph.h"

typedef struct sv_runner {
  const sv_graph *graph; /* borrowed, as are the state and preprocess */
  sv_state *state;
  const sv_preprocess *preprocess;    /* gives the size of a picture */
  sv_plan_options options;            /* of both plans */
  const char *input, *label, *scores; /* names of values */
  bool of_pixels;                     /* there is a label for each pixel */
  const char **keep; /* what options->keep asks for, and scores */
  sv_plan *plans[2]; /* of the full batch, of another size */
  int64_t other;     /* that size */
  int64_t fixed;     /* the batch that the network says; 0: none */
} sv_runner;

/* The batch that the network's only input for images says; 0: it is free. */
int64_t sv_runner_fixed(const sv_graph *graph);

/* Compiles for options->batch, or for that of the network if it is fixed, which
 * the runner's own options say then: no batch may be larger. In inference a
 * smaller one is filled up, and what is told of it does not count that. mode,
 * batch, threads, backend, exact, seed and keep (names that stay as long as the
 * graph) are taken from `options`. A runner that failed is empty. */
sv_status sv_runner_new(sv_runner *runner, const sv_graph *graph,
                        sv_state *state, const sv_preprocess *preprocess,
                        const sv_plan_options *options) SV_CHECKED;
void sv_runner_free(sv_runner *runner);

/* Compiles for batches of this size now, not when the first one comes: what it
 * does not allow is known before the training. */
sv_status sv_runner_expect(sv_runner *runner, int64_t count) SV_CHECKED;

/* Of a value whose rows are a fixed batch's the first `count`. */
void sv_runner_trim(const sv_runner *runner, int64_t count, sv_tensor *value);

/* Fills in the batch and runs forward, random operators drawing for `step`.
 * *plan is the one that ran; *scores are its N x classes numbers. */
sv_status sv_runner_forward(sv_runner *runner, const sv_batch *batch,
                            int64_t step, sv_plan **plan,
                            sv_tensor *scores) SV_CHECKED;

/* The number of classes that the network scores. */
sv_status sv_runner_classes(const sv_runner *runner, int *classes) SV_CHECKED;

/* A class for each picture or for each pixel: the network tells what the data
 * have. */
sv_status sv_runner_check_data(const sv_runner *runner,
                               const sv_dataset *dataset) SV_CHECKED;

/* The sum of all losses with their weights, after a forward pass. */
sv_status sv_runner_loss(const sv_runner *runner, sv_plan *plan,
                         double *loss) SV_CHECKED;

#endif
