/* Shared by the files of `svertka eval`: cmd_eval.c is the command,
 * eval_files.c writes tables and plots, eval_print.c prints the result. */
#ifndef SV_CLI_EVAL_H
#define SV_CLI_EVAL_H

#include "base/text.h"
#include "cli/cli.h"

enum { EVAL_PICTURED = 40, EVAL_SCENES = 4, EVAL_NAME_TEXT = 24 };

typedef struct eval {
  sv_eval_options options;
  cli_tuning tuning;
  cli_reading reading;
  cli_image image;
  int split;
  bool json;
  int top;           /* an additional k of top-k; 0: none */
  int mistakes_most; /* number of mistakes to list */
  const char *csv, *picture, *matrix, *calibration,
      *mistakes_picture; /* files */
  const char *masks;     /* a folder */
  sv_model *model;
  sv_dataset *dataset;
  sv_metrics metrics;
  sv_mistakes mistakes;
  sv_preprocess names; /* of the classes */
  sv_text rows;        /* of the csv */
  sv_verdict shown[EVAL_PICTURED];
  int shown_count;
  struct {
    int64_t sample;
    sv_image mask;
  } told[EVAL_SCENES]; /* the masks for --picture */
  int told_count;
  cli_progress bar;
  bool skip_bad;
  cli_skipped skipped;
  const char *skipped_list; /* a file */
} eval;

/* The model's name of a class, else the data set's, else its number. */
const char *eval_class(const eval *e, int i, char text[EVAL_NAME_TEXT]);

/* Checks that no output file is an input or another output. */
sv_status eval_check_files(const eval *e, const char *model,
                           const char *data) SV_CHECKED;
/* Records a prediction for the output files. */
void eval_note(eval *e, const sv_verdict *verdict);
sv_status eval_write_files(eval *e) SV_CHECKED;
/* Prints their names and contents. */
void eval_print_files(const eval *e);

/* The data set has masks (semantic segmentation). */
bool eval_of_pixels(const eval *e);
/* Writes a predicted mask into --masks, and keeps it for --picture. */
sv_status eval_note_mask(void *eval, int64_t sample,
                         const sv_image *mask) SV_CHECKED;
void eval_free_masks(eval *e);

/* Returns the exit status. */
int eval_print(const eval *e);

#endif
