#include "train/run.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "onnx/onnx.h"

static const char header[] =
    "epoch,step,rate,train_loss,train_top1,val_loss,val_top1,seconds,"
    "images_per_second\n";

static sv_status check_empty(const sv_run *run) {
  const char *files[] = {run->best, run->last, run->log};
  for (int i = 0; i < 3; i++)
    if (sv_path_exists(files[i]))
      return sv_fail(SV_INVALID, "%s: the folder holds a run already",
                     files[i]);
  return SV_OK;
}

sv_status sv_run_open(sv_run *run, const char *folder, bool overwrite,
                      bool resume) {
  *run = (sv_run){0};
  if (!folder) return SV_OK;
  SV_TRY(sv_copy_text(&run->folder, folder));
  SV_TRY(sv_path_join(&run->best, folder, "model.onnx"));
  SV_TRY(sv_path_join(&run->last, folder, "last.onnx"));
  SV_TRY(sv_path_join(&run->log, folder, "log.csv"));
  return overwrite || resume ? SV_OK : check_empty(run);
}

void sv_run_close(sv_run *run) {
  sv_free(run->folder);
  sv_free(run->best);
  sv_free(run->last);
  sv_free(run->log);
  sv_text_clear(&run->rows);
  *run = (sv_run){0};
}

static sv_status remove_file(const char *path) {
  if (unlink(path) == 0 || errno == ENOENT) return SV_OK;
  return sv_fail(SV_IO, "%s: cannot remove: %s", path, strerror(errno));
}

/* The rows of the epochs that are done; what came after them was not saved. */
static sv_status read_rows(sv_run *run, int epochs) {
  if (!sv_path_exists(run->log)) return SV_OK;
  unsigned char *bytes;
  size_t size;
  SV_TRY(sv_file_read(run->log, 1 << 26, &bytes, &size));
  const char *row = memchr(bytes, '\n', size);
  for (int i = 0; i < epochs && row; i++) {
    const char *end = strchr(++row, '\n');
    if (end) sv_text_add(&run->rows, "%.*s\n", (int)(end - row), row);
    row = end;
  }
  sv_free(bytes);
  return SV_OK;
}

sv_status sv_run_start(sv_run *run, bool resume, int epochs) {
  sv_text_add(&run->rows, "%s", header);
  if (!run->folder) return SV_OK;
  SV_TRY(sv_folder_make(run->folder));
  if (resume) return read_rows(run, epochs);
  SV_TRY(remove_file(run->last));
  SV_TRY(remove_file(run->best));
  return remove_file(run->log);
}

static void add_number(sv_text *text, double number, double digits) {
  char shown[SV_NUMBER_TEXT];
  sv_text_add(text, ",%s",
              sv_number_text(round(number * digits) / digits, shown));
}

sv_status sv_run_row(sv_run *run, const sv_fit_progress *p, int64_t step,
                     double seconds) {
  if (!run->folder) return SV_OK;
  sv_text_add(&run->rows, "%d,%lld", p->epoch, (long long)step);
  add_number(&run->rows, p->rate, 1e9);
  const double figures[] = {p->loss, p->top1, p->val_loss, p->val_top1};
  for (int i = 0; i < 4; i++) add_number(&run->rows, figures[i], 1e6);
  add_number(&run->rows, seconds, 1e3);
  add_number(&run->rows, p->images_per_second, 10);
  sv_text_add(&run->rows, "\n");
  if (run->rows.failed) return sv_fail(SV_NO_MEMORY, "no memory for the log");
  return sv_file_write(run->log, run->rows.at, run->rows.length);
}

sv_status sv_run_save_best(const sv_run *run, const sv_model *model) {
  return run->folder ? sv_model_save(model, run->best) : SV_OK;
}

sv_status sv_run_save_last(const sv_run *run, const sv_model *model,
                           const sv_graph *graph) {
  if (!run->folder) return SV_OK;
  sv_model trained = *model;
  trained.graph = (sv_graph *)graph; /* only read */
  sv_onnx_save_options options = {.training = true};
  return sv_onnx_save(&trained, run->last, &options);
}
