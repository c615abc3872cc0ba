/* Runs a network on the loader's batches, with plans for the full batch and for
 * a smaller last batch over one state. */
#ifndef SV_TRAIN_RUNNER_H
#define SV_TRAIN_RUNNER_H

#include <svertka/plan.h>

#include "data/loader.h"
#include "task/scores.h"

typedef struct sv_runner {
  const sv_graph *graph; /* borrowed, as are the state and preprocess */
  sv_state *state;
  const sv_preprocess *preprocess;    /* gives the size of an image */
  sv_plan_options options;            /* of both plans */
  const char *input, *label, *scores; /* names of values */
  sv_score_kind read;                 /* kind of those scores */
  float *rows;       /* logits computed from the scores, if they are not
                      * logits */
  size_t room;       /* elements of rows */
  bool mixed;        /* the graph has the inputs of mixed labels */
  bool of_pixels;    /* there is a label for each pixel */
  const char **keep; /* options->keep and scores */
  sv_plan *plans[2]; /* of the full batch, of another size */
  int64_t other;     /* that size */
  int64_t fixed;     /* the network's fixed batch size; 0: free */
  sv_plan *used;     /* the plan that ran last; the other one is idle */
} sv_runner;

/* The fixed batch size of the network's only image input; 0: free. */
int64_t sv_runner_fixed(const sv_graph *graph);

/* Compiles for options->batch, or for the network's batch size if that is
 * fixed, which is then stored in the runner's options. No batch may be larger.
 * In inference a smaller batch is padded and the padding is ignored in the
 * results. mode, batch, threads, backend, exact, seed and keep (names must
 * outlive the graph) are taken from `options`. On failure the runner is
 * empty. */
sv_status sv_runner_new(sv_runner *runner, const sv_graph *graph,
                        sv_state *state, const sv_preprocess *preprocess,
                        const sv_plan_options *options) SV_CHECKED;
void sv_runner_free(sv_runner *runner);

/* Until its next run the plans hold no memory; the values of the last run are
 * gone. */
void sv_runner_idle(sv_runner *runner);

/* Compiles for batches of this size now instead of at the first one, so that
 * errors are found before the training. */
sv_status sv_runner_expect(sv_runner *runner, int64_t count) SV_CHECKED;

/* Trims a value of a fixed batch to its first `count` rows. */
void sv_runner_trim(const sv_runner *runner, int64_t count, sv_tensor *value);

/* Fills in the batch and runs the forward pass; random operators use `step`.
 * *plan is the plan that ran. *scores are its N x classes logits, as computed
 * by sv_scores_logits; they belong to the runner and are valid until its next
 * run. */
sv_status sv_runner_forward(sv_runner *runner, const sv_batch *batch,
                            int64_t step, sv_plan **plan,
                            sv_tensor *scores) SV_CHECKED;

/* The scores are independent probabilities, which are not converted to
 * logits. */
bool sv_runner_is_independent(const sv_runner *runner);

/* The number of classes that the network scores. */
sv_status sv_runner_classes(const sv_runner *runner, int *classes) SV_CHECKED;

/* Checks that the model and the data agree: one class per image or one per
 * pixel. */
sv_status sv_runner_check_data(const sv_runner *runner,
                               const sv_dataset *dataset) SV_CHECKED;

/* The sum of all losses with their weights, after a forward pass. */
sv_status sv_runner_loss(const sv_runner *runner, sv_plan *plan,
                         double *loss) SV_CHECKED;

#endif
