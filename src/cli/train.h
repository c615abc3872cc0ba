/* What the files of `svertka train` share: cmd_train.c is the verb,
 * train_options.c its options, train_recipe.c what a zoo network says of them,
 * train_tune.c makes the model from whatever MODEL is, with another head and a
 * part frozen where that is asked for, train_tell.c what is told while it runs,
 * train_repeat.c trains with several seeds, train_find.c is the range test that
 * suggests a rate, train_gradients.c the picture of gradients.csv. */
#ifndef SV_CLI_TRAIN_H
#define SV_CLI_TRAIN_H

#include "cli/cli.h"

typedef struct train {
  sv_fit_options fit;
  cli_image image;    /* how pictures are prepared; the rest follows the data */
  const char *resume; /* a run folder */
  /* Of MODEL, as far as no option says it otherwise; NULL: none. */
  sv_zoo_recipe recipe;
  bool has_recipe;
  bool explain, json;
  bool external; /* MODEL's tensors may lie in other files */
  bool test;     /* score the test images, once, at the end */
  int repeat;    /* trainings with other seeds; 1: just one */
  bool find;     /* a rate, instead of the training */
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

/* Of a zoo network that has a recipe: the options are parsed again over it.
 * False, and *exit_status, as train_parse. */
bool train_follow_recipe(const cli_verb *verb, int argc, char **argv, train *t,
                         const char *network, int *exit_status);
/* What of it is used, on stderr; the same as JSON, null if there is none. */
void train_tell_recipe(const train *t, const char *network);
json_t *train_recipe_json(const train *t);

/* The network for t->dataset, with fresh numbers or a file's, and with a new
 * head if t->fit.classes says so. */
sv_status train_new_model(const train *t, sv_model **model, const char *network,
                          uint64_t seed) SV_CHECKED;
/* Where a part of t->model is to be frozen and its classes are not those of the
 * data: a new head, and t->fit.classes says so. */
sv_status train_suit_head(train *t) SV_CHECKED;
/* What was asked for is what the data have. */
sv_status train_check_classes(const train *t) SV_CHECKED;
/* What of the model is new, what is frozen, and whether its batch norms may be
 * folded, on stderr. SV_INVALID if there is no layer to freeze until. */
sv_status train_tell_tuning(const train *t, const char *network) SV_CHECKED;
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

/* Of a run that is finished: what a kill after its last checkpoint left undone.
 */
void train_mend(const char *run);
/* gradients.png from gradients.csv, if this run has it. */
sv_status train_draw_gradients(const train *t) SV_CHECKED;

#endif
