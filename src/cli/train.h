/* Shared by the files of `svertka train`. cmd_train.c is the command;
 * train_options.c has its options; train_recipe.c applies the recipe of a zoo
 * network; train_tune.c makes the model from MODEL, with a new head and frozen
 * layers if requested; train_tell.c prints progress; train_repeat.c trains with
 * several seeds; train_find.c is the learning rate range test;
 * train_gradients.c plots gradients.csv. */
#ifndef SV_CLI_TRAIN_H
#define SV_CLI_TRAIN_H

#include "cli/cli.h"

typedef struct train {
  sv_fit_options fit;
  cli_image image;    /* preprocessing options; the rest follows the data */
  const char *resume; /* a run folder */
  /* The recipe of MODEL, without what options override; NULL: none. */
  sv_zoo_recipe recipe;
  bool has_recipe;
  bool explain, json;
  bool external; /* MODEL's tensors may be in separate files */
  bool test;     /* score the test images, once, at the end */
  int repeat;    /* number of trainings with different seeds; 1: one */
  bool find;     /* find a learning rate instead of training */
  sv_rate_options range;
  const char *plot, *csv; /* outputs of the range test; NULL: none */
  char *folder;           /* runs/MODEL-DATA, if no folder was given */
  sv_model *model;
  sv_dataset *dataset;
  sv_dataset *unseen;  /* the test images, with --test */
  cli_skipped skipped; /* images that --skip-bad left out */
  /* Progress. */
  cli_progress bar;
  char label[48];
  int64_t first; /* steps done before this call; -1: not known yet */
  double epoch_started;
} train;

/* As cli_parse; values that are not given stay unchanged. */
bool train_parse(const cli_verb *verb, int argc, char **argv, train *t,
                 char ***operands, int *count, int *exit_status);

/* Applies the recipe of a zoo network and parses the options again over it.
 * Returns false and sets *exit_status, as train_parse. */
bool train_follow_recipe(const cli_verb *verb, int argc, char **argv, train *t,
                         const char *network, int *exit_status);
/* Prints the part of the recipe that is used on stderr; the same as JSON, null
 * if there is none. */
void train_tell_recipe(const train *t, const char *network);
json_t *train_recipe_json(const train *t);

/* Makes the model for t->dataset, with initialised weights or those of a file,
 * and with a new head if t->fit.classes is set. */
sv_status train_new_model(const train *t, sv_model **model, const char *network,
                          uint64_t seed) SV_CHECKED;
/* If a part of t->model is frozen and its classes differ from the data's: makes
 * a new head and sets t->fit.classes. */
sv_status train_suit_head(train *t) SV_CHECKED;
/* Checks that the requested number of classes is that of the data. */
sv_status train_check_classes(const train *t) SV_CHECKED;
/* Prints on stderr what is new, what is frozen, and whether batch
 * normalisations may be folded. SV_INVALID if the layer to freeze until is
 * unknown. */
sv_status train_tell_tuning(const train *t, const char *network) SV_CHECKED;
/* The folder holds a run. */
bool train_holds_run(const char *folder);
/* Evaluates the model of the run folder on t->unseen. */
sv_status train_score(const train *t, const char *run, double *loss,
                      double *top1) SV_CHECKED;

/* Writes unreadable.csv into the run folder, if it exists and --skip-bad left
 * out images. */
sv_status train_write_skipped(const train *t) SV_CHECKED;

/* Runs --repeat, once the data set is open. Returns the exit status. */
int train_repeat(train *t, const char *network);

/* Runs --lr-find, once model and data set are open. */
int train_find(train *t);
/* Returns false and sets *exit_status if an option would be ignored. */
bool train_find_check(const train *t, int *exit_status);

/* Makes sv_fit print its progress on stderr. */
void train_tell(train *t);

/* Completes a finished run that was killed after its last checkpoint. */
void train_mend(const char *run);
/* Draws gradients.png from gradients.csv, if the run has it. */
sv_status train_draw_gradients(const train *t) SV_CHECKED;

#endif
