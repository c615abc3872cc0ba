/* A run folder: model.onnx, last.onnx, log.csv. */
#ifndef SV_TRAIN_RUN_H
#define SV_TRAIN_RUN_H

#include <svertka/train.h>

#include "base/text.h"
#include "graph/model.h"

typedef struct sv_run {
  char *folder, *best, *last, *log; /* paths; NULL: nothing is written */
  sv_text rows;                     /* of the log so far */
} sv_run;

/* Nothing is written yet. `folder` may be NULL. SV_INVALID if it holds a run
 * already, unless overwrite or resume. */
sv_status sv_run_open(sv_run *run, const char *folder, bool overwrite,
                      bool resume) SV_CHECKED;
void sv_run_close(sv_run *run);

/* Makes the folder. An old run's files go, unless it is resumed after `epochs`:
 * then the log keeps so many rows. */
sv_status sv_run_start(sv_run *run, bool resume, int epochs) SV_CHECKED;

/* A row of the log, and the log to the disk. */
sv_status sv_run_row(sv_run *run, const sv_fit_progress *progress, int64_t step,
                     double seconds) SV_CHECKED;

/* model.onnx; last.onnx, with the losses of `graph` and the state's records. */
sv_status sv_run_save_best(const sv_run *run, const sv_model *model) SV_CHECKED;
sv_status sv_run_save_last(const sv_run *run, const sv_model *model,
                           const sv_graph *graph) SV_CHECKED;

#endif
