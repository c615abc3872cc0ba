/* What the files of `svertka train` share: cmd_train.c is the verb,
 * train_options.c its options, train_tell.c what is told while it runs,
 * train_repeat.c trains with several seeds, train_find.c is the range test that
 * suggests a rate, train_gradients.c the picture of gradients.csv. */
#ifndef SV_CLI_TRAIN_H
#define SV_CLI_TRAIN_H

#include "cli/cli.h"

typedef struct train {
  sv_fit_options fit;
  const char *resume; /* a run folder */
  bool explain, json;
  bool test;  /* score the test images, once, at the end */
  int repeat; /* trainings with other seeds; 1: just one */
  bool find;  /* a rate, instead of the training */
  sv_rate_options range;
  const char *plot, *csv; /* of the range test; NULL: none */
  char *folder;           /* runs/MODEL-DATA, where none was given */
  sv_model *model;
  sv_dataset *dataset;
  sv_dataset *unseen; /* the test images, with --test */
  /* Told while it runs. */
  cli_progress bar;
  char label[48];
  int64_t first; /* steps done before this call; -1: not known yet */
  double epoch_started;
} train;

/* As cli_parse; values that are not given stay as they are. */
bool train_parse(const cli_verb *verb, int argc, char **argv, train *t,
                 char ***operands, int *count, int *exit_status);

/* The network with fresh numbers, for t->dataset. */
sv_status train_new_model(const train *t, sv_model **model, const char *network,
                          uint64_t seed) SV_CHECKED;
/* The folder holds a run. */
bool train_holds_run(const char *folder);
/* The model in the run's folder on t->unseen. */
sv_status train_score(const train *t, const char *run, double *loss,
                      double *top1) SV_CHECKED;

/* --repeat, once data is there. Returns the exit status. */
int train_repeat(train *t, const char *network);

/* --lr-find, once model and data are there. */
int train_find(train *t);
/* False, and *exit_status, if an option would be ignored. */
bool train_find_check(const train *t, int *exit_status);

/* From now on sv_fit tells of its progress on stderr. */
void train_tell(train *t);

/* gradients.png from gradients.csv, if this run has it. */
sv_status train_draw_gradients(const train *t) SV_CHECKED;

#endif
