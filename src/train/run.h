/* A run folder: model.onnx, last.onnx, previous.onnx, log.csv, gradients.csv.
 * One training at a time writes to it, and an old run's files stay until the
 * new run has saved its last.onnx. */
#ifndef SV_TRAIN_RUN_H
#define SV_TRAIN_RUN_H

#include <svertka/train.h>

#include "base/text.h"
#include "graph/model.h"
#include "train/gradients.h"

/* A CSV file: a header and a row for each epoch. */
typedef struct sv_run_table {
  char *path;
  sv_text rows; /* so far, including the header */
} sv_run_table;

typedef struct sv_run {
  char *folder; /* paths; NULL: nothing is written */
  char *best, *last, *previous;
  char *picture; /* path of the plot of gradients; the program draws it */
  sv_run_table log, gradients;
  bool of_pixels; /* log.csv has a column for mean IoU */
  bool overwrite; /* files of an old run may be replaced */
  bool replacing; /* nothing of the new run is saved yet */
  int held;       /* descriptor of the locked folder; -1: not yet locked */
  size_t there;   /* length of the part of `folder` that existed before this
                   * run */
} sv_run;

/* Opens a run; nothing is written yet. `folder` may be NULL. SV_INVALID if it
 * already holds a run, unless overwrite or resume. */
sv_status sv_run_open(sv_run *run, const char *folder, bool overwrite,
                      bool resume) SV_CHECKED;
/* Closes a run. Empty folders that it created are removed. */
void sv_run_close(sv_run *run);

/* Creates and locks the folder; SV_IO if another training holds it. A resumed
 * run keeps the complete rows of its tables for the `epochs` done. Files that a
 * killed training was writing are removed. */
sv_status sv_run_start(sv_run *run, bool resume, int epochs) SV_CHECKED;

/* *lost: the number of the `epochs` done without a complete row in the table
 * folder/name. */
sv_status sv_run_rows_lost(const char *folder, const char *name, int epochs,
                           int *lost) SV_CHECKED;

/* Adds a row to log.csv and writes the file. */
sv_status sv_run_row(sv_run *run, const sv_fit_progress *progress, int64_t step,
                     double seconds) SV_CHECKED;

/* Adds a row to gradients.csv, with a header before the first, and writes the
 * file. */
sv_status sv_run_gradients(sv_run *run, sv_gradients *gradients,
                           int epoch) SV_CHECKED;

/* Checks before the first step that both model files can be written. */
sv_status sv_run_check(const sv_run *run, const sv_model *model,
                       const sv_graph *graph) SV_CHECKED;

/* model.onnx; last.onnx, with the losses of `graph` and the state's records.
 * The last.onnx that was there becomes previous.onnx. */
sv_status sv_run_save_best(sv_run *run, const sv_model *model) SV_CHECKED;
sv_status sv_run_save_last(sv_run *run, const sv_model *model,
                           const sv_graph *graph) SV_CHECKED;
/* Removes a model.onnx that belongs to a run being replaced. */
sv_status sv_run_drop_best(sv_run *run) SV_CHECKED;

#endif
