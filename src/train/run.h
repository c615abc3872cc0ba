/* A run folder: model.onnx, last.onnx, previous.onnx, log.csv, gradients.csv.
 * One training at a time writes to it, and an old run's files stay until the
 * new run has saved its last.onnx. */
#ifndef SV_TRAIN_RUN_H
#define SV_TRAIN_RUN_H

#include <svertka/train.h>

#include "base/text.h"
#include "graph/model.h"
#include "train/gradients.h"

/* A file of comma-separated values: a header and a row for each epoch. */
typedef struct sv_run_table {
  char *path;
  sv_text rows; /* so far, with the header */
} sv_run_table;

typedef struct sv_run {
  char *folder; /* paths; NULL: nothing is written */
  char *best, *last, *previous;
  char *picture; /* of the gradients; drawn by the program */
  sv_run_table log, gradients;
  bool of_pixels; /* log.csv has a column for mean IoU */
  bool overwrite; /* files of an old run may be replaced */
  bool replacing; /* nothing of the new run is saved yet */
  int held;       /* the folder, locked; -1: not yet */
  size_t there;   /* letters of `folder` that were a folder before this run */
} sv_run;

/* Nothing is written yet. `folder` may be NULL. SV_INVALID if it holds a run
 * already, unless overwrite or resume. */
sv_status sv_run_open(sv_run *run, const char *folder, bool overwrite,
                      bool resume) SV_CHECKED;
/* Folders that this run made and left empty go again. */
void sv_run_close(sv_run *run);

/* Makes and locks the folder; SV_IO if another training holds it. A run that is
 * resumed keeps the rows of its tables that are whole and of the `epochs` that
 * are done. What a killed training was writing goes. */
sv_status sv_run_start(sv_run *run, bool resume, int epochs) SV_CHECKED;

/* Of the `epochs` that are done, those of which the table folder/name has no
 * row that is whole. */
sv_status sv_run_rows_lost(const char *folder, const char *name, int epochs,
                           int *lost) SV_CHECKED;

/* A row of the log, and the log to the disk. */
sv_status sv_run_row(sv_run *run, const sv_fit_progress *progress, int64_t step,
                     double seconds) SV_CHECKED;

/* A row of gradients.csv, and the header before the first; then the disk. */
sv_status sv_run_gradients(sv_run *run, sv_gradients *gradients,
                           int epoch) SV_CHECKED;

/* Before the first step: both files can be written. */
sv_status sv_run_check(const sv_run *run, const sv_model *model,
                       const sv_graph *graph) SV_CHECKED;

/* model.onnx; last.onnx, with the losses of `graph` and the state's records.
 * The last.onnx that was there becomes previous.onnx. */
sv_status sv_run_save_best(sv_run *run, const sv_model *model) SV_CHECKED;
sv_status sv_run_save_last(sv_run *run, const sv_model *model,
                           const sv_graph *graph) SV_CHECKED;
/* A model.onnx that is not this run's: one that was being replaced had it. */
sv_status sv_run_drop_best(sv_run *run) SV_CHECKED;

#endif
