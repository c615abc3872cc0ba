#include "train/run.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "onnx/onnx.h"

static const char header[] =
    "epoch,step,rate,train_loss,train_top1,val_loss,val_top1,val_top5,"
    "val_f1,val_calibration_error,seconds,images_per_second";

/* A file of an existing run, or NULL. */
static const char *find_old(const sv_run *run) {
  const char *files[] = {run->best, run->last, run->previous, run->log.path,
                         run->gradients.path};
  for (int i = 0; i < 5; i++)
    if (sv_path_exists(files[i])) return files[i];
  return NULL;
}

static sv_status check_empty(const sv_run *run) {
  const char *old = find_old(run);
  if (!old) return SV_OK;
  return sv_fail(SV_INVALID, "%s: the folder already contains a run", old);
}

sv_status sv_run_open(sv_run *run, const char *folder, bool overwrite,
                      bool resume) {
  *run = (sv_run){.overwrite = overwrite, .held = -1};
  if (!folder) return SV_OK;
  SV_TRY(sv_copy_text(&run->folder, folder));
  SV_TRY(sv_path_join(&run->best, folder, "model.onnx"));
  SV_TRY(sv_path_join(&run->last, folder, "last.onnx"));
  SV_TRY(sv_path_join(&run->previous, folder, "previous.onnx"));
  SV_TRY(sv_path_join(&run->log.path, folder, "log.csv"));
  SV_TRY(sv_path_join(&run->gradients.path, folder, "gradients.csv"));
  SV_TRY(sv_path_join(&run->picture, folder, "gradients.png"));
  return overwrite || resume ? SV_OK : check_empty(run);
}

/* ---- The folder ---- */

/* How much of the path is a folder already: "runs/x" -> 4, if runs is one. */
static sv_status measure(sv_run *run) {
  char *path;
  SV_TRY(sv_copy_text(&path, run->folder));
  size_t length = strlen(path);
  while (length > 0 && !sv_path_is_folder(path)) {
    while (length > 0 && path[length - 1] == '/') length--;
    while (length > 0 && path[length - 1] != '/') length--;
    path[length] = '\0';
  }
  run->there = length;
  sv_free(path);
  return SV_OK;
}

/* rmdir removes only empty folders; the first other one ends the loop. */
static void remove_empty(sv_run *run) {
  size_t length = strlen(run->folder);
  while (length > run->there && rmdir(run->folder) == 0) {
    while (length > 0 && run->folder[length - 1] == '/') length--;
    while (length > 0 && run->folder[length - 1] != '/') length--;
    run->folder[length] = '\0';
  }
}

/* The lock is on the folder itself, and ends with the process. A folder that
 * was removed since its opening is another's that just ended. */
static sv_status hold(sv_run *run) {
  struct stat opened, named;
  run->held = open(run->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (run->held < 0)
    return sv_fail(SV_IO, "%s: %s", run->folder, strerror(errno));
  bool busy = flock(run->held, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  busy = busy || fstat(run->held, &opened) != 0 ||
         stat(run->folder, &named) != 0 || opened.st_dev != named.st_dev ||
         opened.st_ino != named.st_ino;
  if (!busy) return SV_OK;
  close(run->held);
  run->held = -1;
  return sv_fail(SV_IO, "%s: another training is writing to it", run->folder);
}

void sv_run_close(sv_run *run) {
  if (run->folder && run->held >= 0) {
    remove_empty(run);
    close(run->held);
  }
  sv_free(run->folder);
  sv_free(run->best);
  sv_free(run->last);
  sv_free(run->previous);
  sv_free(run->log.path);
  sv_text_clear(&run->log.rows);
  sv_free(run->gradients.path);
  sv_free(run->picture);
  sv_text_clear(&run->gradients.rows);
  *run = (sv_run){0};
}

static sv_status remove_file(const char *path) {
  if (unlink(path) == 0 || errno == ENOENT) return SV_OK;
  return sv_fail(SV_IO, "%s: cannot remove: %s", path, strerror(errno));
}

static sv_status write_rows(sv_run_table *table) {
  const sv_text *rows = &table->rows;
  if (rows->failed)
    return sv_fail(SV_NO_MEMORY, "%s: out of memory", table->path);
  return sv_file_write(table->path, rows->at, rows->length);
}

static int count_fields(const char *row, const char *end) {
  int count = 1;
  for (; row < end; row++) count += *row == ',';
  return count;
}

/* "7,..." -> 7; 0 if it does not begin so. */
static int epoch_of(const char *row) {
  char *end;
  double number = sv_number_read(row, &end);
  bool right = end != row && *end == ',' && number >= 1 && number < 1e9;
  return right && number == floor(number) ? (int)number : 0;
}

/* The header and, of the epochs that are done, the rows that are whole; what
 * came after them was not saved. Returns how many. */
static int take_rows(sv_text *rows, const char *row, int epochs) {
  const char *end = strchr(row, '\n');
  int kept = 0, last = 0;
  if (!end || strncmp(row, "epoch,", 6) != 0) return 0;
  int fields = count_fields(row, end);
  for (bool head = true; end; row = end + 1, end = strchr(row, '\n')) {
    int epoch = head ? 0 : epoch_of(row);
    bool whole = count_fields(row, end) == fields;
    if (head || (whole && epoch > last && epoch <= epochs)) {
      sv_text_add(rows, "%.*s\n", (int)(end - row), row);
      kept += !head;
      last = epoch;
    }
    head = false;
  }
  return kept;
}

static sv_status read_rows(sv_run_table *table, int epochs) {
  if (!sv_path_exists(table->path)) return SV_OK;
  if (!epochs) return remove_file(table->path);
  unsigned char *bytes;
  size_t size;
  SV_TRY(sv_file_read(table->path, 1 << 26, &bytes, &size));
  take_rows(&table->rows, (const char *)bytes, epochs);
  sv_free(bytes);
  return size == table->rows.length ? SV_OK : write_rows(table);
}

sv_status sv_run_rows_lost(const char *folder, const char *name, int epochs,
                           int *lost) {
  char *path;
  unsigned char *bytes = NULL;
  size_t size;
  sv_text rows = {0};
  *lost = epochs;
  SV_TRY(sv_path_join(&path, folder, name));
  sv_status status = SV_OK;
  if (epochs > 0 && sv_path_exists(path))
    status = sv_file_read(path, 1 << 26, &bytes, &size);
  if (bytes) *lost -= take_rows(&rows, (const char *)bytes, epochs);
  sv_text_clear(&rows);
  sv_free(bytes);
  sv_free(path);
  return status;
}

sv_status sv_run_start(sv_run *run, bool resume, int epochs) {
  if (!run->folder) return SV_OK;
  SV_TRY(measure(run));
  SV_TRY(sv_folder_make(run->folder));
  SV_TRY(hold(run));
  sv_writer_sweep(run->best);
  sv_writer_sweep(run->last);
  sv_writer_sweep(run->log.path);
  sv_writer_sweep(run->gradients.path);
  sv_writer_sweep(run->picture);
  if (resume) {
    SV_TRY(read_rows(&run->log, epochs));
    return read_rows(&run->gradients, epochs);
  }
  run->replacing = find_old(run) != NULL;
  return run->overwrite ? SV_OK : check_empty(run);
}

/* Removes the old run's other files, after the new run's first last.onnx. */
static sv_status drop_others(sv_run *run) {
  if (!run->replacing) return SV_OK;
  run->replacing = false;
  SV_TRY(remove_file(run->best));
  SV_TRY(remove_file(run->previous));
  SV_TRY(remove_file(run->gradients.path));
  SV_TRY(remove_file(run->picture));
  return remove_file(run->log.path);
}

/* ---- What is saved ---- */

/* Unknown values stay empty. */
static void add_number(sv_text *text, double number, double digits) {
  char shown[SV_NUMBER_TEXT];
  number = round(number * digits) / digits;
  sv_text_add(text, ",%s", isnan(number) ? "" : sv_number_text(number, shown));
}

sv_status sv_run_row(sv_run *run, const sv_fit_progress *p, int64_t step,
                     double seconds) {
  if (!run->folder) return SV_OK;
  sv_text *rows = &run->log.rows;
  if (!rows->at)
    sv_text_add(rows, "%s%s\n", header, run->of_pixels ? ",val_mean_iou" : "");
  sv_text_add(rows, "%d,%lld", p->epoch, (long long)step);
  add_number(rows, p->rate, 1e9);
  const double figures[] = {p->loss,           p->top1,     p->val_loss,
                            p->val_top1,       p->val_top5, p->val_f1,
                            p->val_calibration};
  for (int i = 0; i < 7; i++) add_number(rows, figures[i], 1e6);
  add_number(rows, seconds, 1e3);
  add_number(rows, p->images_per_second, 10);
  if (run->of_pixels) add_number(rows, p->val_iou, 1e6);
  sv_text_add(rows, "\n");
  return write_rows(&run->log);
}

sv_status sv_run_gradients(sv_run *run, sv_gradients *gradients, int epoch) {
  sv_text *rows = &run->gradients.rows;
  if (!run->folder || !gradients) return SV_OK;
  if (!rows->at) sv_gradients_header(gradients, rows);
  sv_gradients_row(gradients, epoch, rows);
  return write_rows(&run->gradients);
}

sv_status sv_run_save_best(sv_run *run, const sv_model *model) {
  return run->folder ? sv_model_save(model, run->best) : SV_OK;
}

sv_status sv_run_drop_best(sv_run *run) {
  return run->folder ? remove_file(run->best) : SV_OK;
}

/* A second name for the last.onnx that is about to be replaced. Until then the
 * two are one file, so that nothing is lost in between. */
static sv_status keep_previous(const sv_run *run) {
  if (!sv_path_exists(run->last)) return SV_OK;
  SV_TRY(remove_file(run->previous));
  int failed =
      linkat(AT_FDCWD, run->last, AT_FDCWD, run->previous, AT_SYMLINK_FOLLOW);
  bool possible = errno != EPERM && errno != ENOTSUP && errno != ENOSYS &&
                  errno != EMLINK && errno != EXDEV;
  if (!failed || !possible) return SV_OK;
  return sv_fail(SV_IO, "%s: cannot link: %s", run->previous, strerror(errno));
}

/* The model with the trained graph, including its losses. */
static sv_model trained_model(const sv_model *model, const sv_graph *graph) {
  sv_model trained = *model;
  trained.graph = (sv_graph *)graph; /* only read */
  return trained;
}

static const sv_onnx_save_options checkpoint = {.training = true};

sv_status sv_run_check(const sv_run *run, const sv_model *model,
                       const sv_graph *graph) {
  sv_model trained = trained_model(model, graph);
  if (!run->folder) return SV_OK;
  SV_TRY(sv_onnx_save_check(model, NULL));
  return sv_onnx_save_check(&trained, &checkpoint);
}

sv_status sv_run_save_last(sv_run *run, const sv_model *model,
                           const sv_graph *graph) {
  sv_model trained = trained_model(model, graph);
  if (!run->folder) return SV_OK;
  if (!run->replacing) SV_TRY(keep_previous(run));
  SV_TRY(sv_onnx_save(&trained, run->last, &checkpoint));
  return drop_others(run);
}
