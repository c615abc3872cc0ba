/* What the files of `svertka eval` share: cmd_eval.c is the verb, eval_files.c
 * writes tables and pictures, eval_print.c prints the result. */
#ifndef SV_CLI_EVAL_H
#define SV_CLI_EVAL_H

#include "base/text.h"
#include "cli/cli.h"

enum { EVAL_PICTURED = 40, EVAL_SCENES = 4, EVAL_NAME_TEXT = 24 };

typedef struct eval {
  sv_eval_options options;
  cli_reading reading;
  cli_image image;
  int split;
  bool json;
  int top;           /* another k of top-k; 0: none */
  int mistakes_most; /* how many to list */
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
} eval;

/* What the model calls a class, else the data set, else its number. */
const char *eval_class(const eval *e, int i, char text[EVAL_NAME_TEXT]);

/* What is written is neither read nor written a second time. */
sv_status eval_check_files(const eval *e, const char *model,
                           const char *data) SV_CHECKED;
/* Takes note of a verdict for the files to come. */
void eval_note(eval *e, const sv_verdict *verdict);
sv_status eval_write_files(eval *e) SV_CHECKED;
/* Their names and what stands in them. */
void eval_print_files(const eval *e);

/* The data have a class for each pixel. */
bool eval_of_pixels(const eval *e);
/* Writes what was told of a sample's pixels into --masks, and takes note of it
 * for --picture. */
sv_status eval_note_mask(void *eval, int64_t sample,
                         const sv_image *mask) SV_CHECKED;
void eval_free_masks(eval *e);

/* Returns the exit status. */
int eval_print(const eval *e);

#endif
