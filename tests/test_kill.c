/* Trainings that are killed, or whose disk is full, at every call that changes
 * a file: what is there is whole, and gone on with they end in the same bits.
 *
 * Each training is a process of its own. One runs unbroken and says how many
 * such calls it makes and what each file holds in the course of it; then one
 * after the other is struck at the first call, the second, ... */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "bars.h"
#include "base/error.h"
#include "faults.h"

/* What is trained. Options with a state of their own belong in here. */
typedef struct variant {
  const char *name, *network, *checkpoint;
  int stride; /* struck at each so many-th call */
  void (*set)(sv_fit_options *o);
} variant;

/* The reference starts in no time. */
static void usual(sv_fit_options *o) { o->backend = "ref"; }

static void averaged(sv_fit_options *o) {
  o->optimiser = "adam";
  o->rate = 0.003;
  o->ema = 0.8;
  o->clip_norm = 1;
}

static void patient(sv_fit_options *o) {
  o->optimiser = "nesterov";
  o->rate = 0.3;
  o->schedule = "plateau 0.5 0";
  o->backend = "ref";
  o->epochs = 5;
  o->patience = 2;
}

static void unjudged(sv_fit_options *o) {
  o->validation = 0;
  o->backend = "ref";
}

/* Drawn numbers, statistics, sums over the steps of an epoch. */
static void random_and_logged(sv_fit_options *o) {
  o->augment.shift = 1;
  o->augment.flip = true;
  o->ema = 0.9;
  o->log_gradients = true;
}

static const char random_network[] =
    "input 1x8x8; conv 4 3x3; batch_norm; relu; max_pool 2x2 stride=2; "
    "dropout 0.3; flatten; linear 3";

static const variant variants[] = {
    {"momentum", network, "1", 1, usual},
    {"averaged", network, "2", 9, averaged},
    {"patient", network, "2", 7, patient},
    {"unjudged", network, "3", 7, unjudged},
    {"random", random_network, "2", 9, random_and_logged},
};
static const variant replacing = {"replacing", network, "0", 2, usual};

/* ---- What the processes tell each other ---- */

enum { MOST = 200 };
static struct shared {
  int calls, versions;
  struct {
    char file[16];
    uint64_t digest;
  } version[MOST];
  char message[1024];
} * shared;

static uint64_t digest_of(const char *path) {
  uint64_t digest = 14695981039346656037u;
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  for (int c; (c = getc(f)) != EOF;)
    digest = (digest ^ (uint64_t)c) * 1099511628211u;
  fclose(f);
  return digest;
}

static uint64_t digest_in(const char *run, const char *name) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", run, name);
  return digest_of(path);
}

static void note_version(const char *path) {
  int i = shared->versions++;
  if (i >= MOST) abort();
  snprintf(shared->version[i].file, sizeof shared->version[i].file, "%s",
           strrchr(path, '/') + 1);
  shared->version[i].digest = digest_of(path);
}

/* The file is there, and as it once was in the unbroken run. */
static bool is_version(const char *run, const char *name, const char *as) {
  uint64_t digest = digest_in(run, name);
  for (int i = 0; i < shared->versions; i++)
    if (strcmp(shared->version[i].file, as) == 0 &&
        shared->version[i].digest == digest)
      return true;
  return false;
}

static bool is_there(const char *run, const char *name) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", run, name);
  return access(path, F_OK) == 0;
}

static int lines_of(const char *run, const char *name) {
  char path[600];
  int lines = 0;
  snprintf(path, sizeof path, "%s/%s", run, name);
  FILE *f = fopen(path, "rb");
  for (int c; f && (c = getc(f)) != EOF;) lines += c == '\n';
  if (f) fclose(f);
  return lines;
}

static int entries(const char *run) {
  int count = 0;
  DIR *d = opendir(run);
  for (const struct dirent *e; d && (e = readdir(d));)
    count += e->d_name[0] != '.';
  if (d) closedir(d);
  return count;
}

/* ---- A training, in a process of its own ---- */

static sv_status begin(sv_model **model, const variant *v, const char *run,
                       sv_fit_options *o) {
  sv_graph *graph;
  *o = quick(run);
  v->set(o);
  o->overwrite = true;
  sv_status status = sv_network_parse(&graph, NULL, v->network);
  return status == SV_OK ? sv_model_new(model, graph, 3) : status;
}

static bool stop(void *context, const sv_fit_progress *p) {
  (void)context, (void)p;
  return false;
}

/* Stopped after its first step: the files are of one time. */
static sv_status stop_at_once(sv_model *model, const sv_dataset *d,
                              sv_fit_options *o) {
  sv_fit_result result;
  o->report = stop;
  sv_status status = sv_fit(model, d, o, &result);
  int rows = result.epochs ? result.epochs + 1 : 0;
  bool one = lines_of(o->run, "log.csv") == rows &&
             is_there(o->run, "model.onnx") == (result.best_epoch > 0);
  return one ? status : sv_fail(SV_FORMAT, "the files are not of one time");
}

static sv_status train(const variant *v, const char *run, bool resume,
                       bool stopping) {
  sv_dataset *d;
  sv_model *model;
  sv_fit_options o;
  sv_status status = sv_dataset_open(&d, in_folder("bars"), SV_SPLIT_TRAIN);
  if (status != SV_OK) return status;
  status = resume ? sv_fit_open(&model, &o, run) : begin(&model, v, run, &o);
  o.checkpoint = v->checkpoint;
  if (status == SV_OK && stopping) return stop_at_once(model, d, &o);
  return status == SV_OK ? sv_fit(model, d, &o, NULL) : status;
}

/* In the parent no thread is ever started, so that it may fork. */
static pid_t start(const variant *v, const char *run, bool resume,
                   fault_kind kind, int at) {
  bool unbroken = !kind && !resume;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child) return child;
  fault.kind = kind;
  fault.at = at;
  if (unbroken) fault.renamed = note_version;
  int status = train(v, run, resume, kind == FAULT_NONE && resume);
  snprintf(shared->message, sizeof shared->message, "%s", sv_error());
  if (unbroken) shared->calls = fault.calls;
  _exit(status);
}

/* The status of sv_fit; -1: killed. */
static int wait_for(pid_t child) {
  int how;
  assert_int_equal(waitpid(child, &how, 0), child);
  if (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) return -1;
  if (!WIFEXITED(how)) fail_msg("ended by signal %d", WTERMSIG(how));
  return WEXITSTATUS(how);
}

static int in_process(const variant *v, const char *run, bool resume,
                      fault_kind kind, int at) {
  return wait_for(start(v, run, resume, kind, at));
}

/* ---- What must hold ---- */

static bool is_same(const char *a, const char *b, const char *name) {
  return is_there(a, name) && digest_in(a, name) == digest_in(b, name);
}

/* Rows of both but for seconds and images/s at their ends. The first may have
 * less of them. */
static void check_log(const char *run, const char *whole, bool all) {
  size_t size;
  char *x = (char *)bytes_of(run, "log.csv", &size), *x_next = x;
  char *y = (char *)bytes_of(whole, "log.csv", &size), *y_next = y;
  for (char *a = strsep(&x_next, "\n"); x_next; a = strsep(&x_next, "\n")) {
    char *b = strsep(&y_next, "\n");
    assert_non_null(b);
    for (int cut = 0; cut < 2; cut++)
      *strrchr(a, ',') = *strrchr(b, ',') = '\0';
    if (strcmp(a, b) != 0) fail_msg("%s: row %s, not %s", run, a, b);
  }
  if (all) assert_string_equal(y_next, "");
  free(x);
  free(y);
}

/* Whatever happened, each file is whole: as it was at some time in the unbroken
 * run, or as the run that is replaced had it. */
static void check_whole(const char *run, const char *unbroken,
                        const char *old) {
  bool stale = old && is_same(run, old, "last.onnx");
  if (stale &&
      !(is_same(run, old, "model.onnx") && is_same(run, old, "log.csv")))
    fail_msg("%s: of the old run something is missing", run);
  if (stale) return;
  if (!is_there(run, "last.onnx")) {
    assert_false(is_there(run, "model.onnx") || is_there(run, "log.csv"));
    return;
  }
  if (!is_version(run, "last.onnx", "last.onnx"))
    fail_msg("%s/last.onnx is broken", run);
  if (!old && is_there(run, "previous.onnx") &&
      !is_version(run, "previous.onnx", "last.onnx"))
    fail_msg("%s/previous.onnx is broken", run);
  if (is_there(run, "model.onnx") &&
      !is_version(run, "model.onnx", "model.onnx") &&
      !(old && is_same(run, old, "model.onnx")))
    fail_msg("%s/model.onnx is broken", run);
  if (is_there(run, "log.csv") && !(old && is_same(run, old, "log.csv")))
    check_log(run, unbroken, false);
}

/* Nothing else lies there: no file that was being written. */
static void check_ended(const char *run, const char *unbroken) {
  check_same_file(unbroken, run, "last.onnx");
  check_same_file(unbroken, run, "model.onnx");
  check_log(run, unbroken, true);
  bool logged = is_there(unbroken, "gradients.csv");
  if (logged) check_same_file(unbroken, run, "gradients.csv");
  assert_int_equal(entries(run), 3 + logged + is_there(run, "previous.onnx"));
}

/* ---- One after the other ---- */

/* As a user would: what is there is gone on with, else begun. */
static bool is_to_resume(const char *run, const char *old) {
  return is_there(run, "last.onnx") && !(old && is_same(run, old, "last.onnx"));
}

static void go_on(const variant *v, const char *run, const char *unbroken,
                  const char *old) {
  bool resume = is_to_resume(run, old);
  int status = in_process(v, run, resume, FAULT_KILL, 1 << 30);
  /* Killed after its last file it is finished, and says so. */
  if (resume && status == SV_INVALID)
    assert_non_null(strstr(shared->message, "the run is finished"));
  else if (status != SV_OK)
    fail_msg("%s: %s", run, shared->message);
  check_ended(run, unbroken);
}

/* The files of the run that is replaced, under second names. */
static void lay(const char *run, const char *old) {
  static const char *const names[] = {"model.onnx", "last.onnx",
                                      "previous.onnx", "log.csv"};
  char from[600], to[600];
  if (!old) return;
  assert_int_equal(mkdir(run, 0777), 0);
  for (int i = 0; i < 4; i++) {
    snprintf(from, sizeof from, "%s/%s", old, names[i]);
    snprintf(to, sizeof to, "%s/%s", run, names[i]);
    assert_int_equal(link(from, to), 0);
  }
}

static void name_run(char run[300], const variant *v, const char *kind,
                     int at) {
  char name[64];
  snprintf(name, sizeof name, "%s-%s-%d", v->name, kind, at);
  snprintf(run, 300, "%s", in_folder(name));
}

/* Gone on with and stopped, where anything is left to do. */
static void stop_once(const variant *v, const char *run, const char *old) {
  if (!is_to_resume(run, old)) return;
  int status = in_process(v, run, true, FAULT_NONE, 0);
  if (status != SV_INTERRUPTED && status != SV_INVALID && status != SV_OK)
    fail_msg("%s: %s", run, shared->message);
}

/* Killed, then killed again in going on or stopped, then not. */
static void kill_at(const variant *v, int at, const char *unbroken,
                    const char *old) {
  char run[300];
  name_run(run, v, "killed", at);
  lay(run, old);
  assert_int_equal(in_process(v, run, false, FAULT_KILL, at), -1);
  check_whole(run, unbroken, old);
  if (at % 3 == 0) {
    in_process(v, run, is_to_resume(run, old), FAULT_KILL, 1 + at * 5 % 17);
    check_whole(run, unbroken, old);
  }
  if (at % 3 == 1) stop_once(v, run, old);
  go_on(v, run, unbroken, old);
}

static void fail_at(const variant *v, fault_kind kind, int at,
                    const char *unbroken, const char *old) {
  char run[300];
  name_run(run, v, kind == FAULT_FULL ? "full" : "failed", at);
  lay(run, old);
  int status = in_process(v, run, false, kind, at);
  if (status != SV_IO && !(status == SV_OK && kind == FAULT_FULL))
    fail_msg("%s: status %d: %s", run, status, shared->message);
  if (status == SV_IO && (strncmp(shared->message, run, strlen(run)) != 0 ||
                          strchr(shared->message, '\n')))
    fail_msg("%s: not clear: %s", run, shared->message);
  check_whole(run, unbroken, old);
  if (is_there(run, "last.onnx")) assert_true(entries(run) <= 5);
  go_on(v, run, unbroken, old);
}

static void strike(const variant *v, const char *old) {
  char unbroken[300];
  name_run(unbroken, v, "unbroken", 0);
  lay(unbroken, old);
  *shared = (struct shared){0};
  if (in_process(v, unbroken, false, FAULT_NONE, 0) != SV_OK)
    fail_msg("%s: %s", unbroken, shared->message);
  int calls = shared->calls;
  printf("%s: %d calls\n", v->name, calls);
  for (int at = 1; at <= calls; at += v->stride) kill_at(v, at, unbroken, old);
  for (int at = 1; at <= calls; at += 3 * v->stride)
    fail_at(v, at % 2 ? FAULT_FAIL : FAULT_FULL, at, unbroken, old);
}

static void test_strikes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
    strike(&variants[i], NULL);
}

static void test_replacing(void **state) {
  (void)state;
  char old[300];
  snprintf(old, sizeof old, "%s", in_folder("old"));
  assert_int_equal(in_process(&variants[3], old, false, FAULT_KILL, 1 << 30),
                   SV_OK);
  strike(&replacing, old);
}

/* At any time, in a step too. */
static void test_any_time(void **state) {
  (void)state;
  const variant *v = &variants[0];
  char unbroken[300], run[300];
  name_run(unbroken, v, "unbroken", 0);
  for (int i = 0; i < 12; i++) {
    name_run(run, v, "any", i);
    pid_t child = start(v, run, false, FAULT_KILL, 1 << 30);
    usleep((useconds_t)(i * 1500));
    kill(child, SIGKILL);
    wait_for(child);
    go_on(v, run, unbroken, NULL);
  }
}

static int prepare(void **state) {
  void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  /* A killed process needs no disk, and renaming over a file waits for one. */
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
  if (memory == MAP_FAILED || make_folder(state) != 0) return -1;
  shared = memory;
  sv_dataset_free(open_bars("bars", 1, SV_SPLIT_TRAIN));
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strikes),
      cmocka_unit_test(test_any_time),
      cmocka_unit_test(test_replacing),
  };
  return cmocka_run_group_tests(tests, prepare, remove_folder);
}
