#include "onnx/conformance.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "onnx/conformance_trial.h"
#include "onnx/wire.h"

enum { DEEPEST = 16 }; /* folders in folders: no loop of links is endless */

static const size_t largest_file = INT32_MAX;

/* A test under way. */
typedef struct test {
  const sv_conformance_options *options;
  const char *model; /* path */
  unsigned char *bytes;
  size_t size;
  const Onnx__ModelProto *proto;
  double error;
  int sets;
} test;

static sv_status run_set(test *t, const char *folder) {
  double error;
  sv_status status = sv_conformance_trial(t->options, t->model, folder,
                                          t->proto->graph, &error);
  t->error = fmax(t->error, error);
  t->sets++;
  return status;
}

/* ---- Folders ---- */

typedef sv_status (*visit)(void *context, const char *path, int depth);

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every folder in this one whose name begins with `prefix`, in order. */
static sv_status each_folder(const char *folder, const char *prefix, int depth,
                             visit to, void *context) {
  struct dirent **entries;
  int count = scandir(folder, &entries, NULL, by_name);
  if (count < 0)
    return sv_fail(SV_IO, "%s: cannot read the folder: %s", folder,
                   strerror(errno));
  sv_status status = SV_OK;
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    char *path = NULL;
    if (status == SV_OK && name[0] != '.' &&
        strncmp(name, prefix, strlen(prefix)) == 0) {
      status = sv_path_join(&path, folder, name);
      if (status == SV_OK && sv_path_is_folder(path))
        status = to(context, path, depth + 1);
    }
    sv_free(path);
    free(entries[i]);
  }
  free(entries);
  return status;
}

static sv_status visit_set(void *context, const char *path, int depth) {
  (void)depth;
  return run_set(context, path);
}

static sv_status run_sets(test *t, const char *folder, sv_arena *arena) {
  SV_TRY(sv_file_read(t->model, largest_file, &t->bytes, &t->size));
  arena->limit = 2 * t->size + (8 << 20);
  sv_status status = sv_wire_read(&t->proto, &onnx__model_proto__descriptor,
                                  t->bytes, t->size, arena);
  if (status == SV_OK && !t->proto->graph)
    status = sv_fail(SV_FORMAT, "has no graph");
  if (status != SV_OK) return sv_fail_in(status, "%s", t->model);
  SV_TRY(each_folder(folder, "test_data_set_", 0, visit_set, t));
  if (t->sets) return SV_OK;
  return sv_fail(SV_FORMAT, "%s: no folder test_data_set_0", folder);
}

/* The message without the path that the reader of the result knows. */
static const char *reason_of(const test *t) {
  const char *message = sv_error();
  size_t length = strlen(t->model);
  if (strncmp(message, t->model, length) == 0 &&
      strncmp(message + length, ": ", 2) == 0)
    return message + length + 2;
  return message;
}

static sv_status run_test(const sv_conformance_options *options,
                          const char *folder, const char *model) {
  test t = {.options = options, .model = model};
  sv_arena arena = {0};
  char reason[1024] = "";
  sv_status status = run_sets(&t, folder, &arena);
  if (status != SV_OK) snprintf(reason, sizeof reason, "%s", reason_of(&t));
  sv_arena_free(&arena);
  sv_free(t.bytes);
  sv_conformance_result result = {.path = folder,
                                  .outcome = status == SV_OK ? SV_OUTCOME_PASS
                                             : status == SV_UNSUPPORTED
                                                 ? SV_OUTCOME_UNSUPPORTED
                                                 : SV_OUTCOME_FAIL,
                                  .reason = reason,
                                  .error = t.error};
  return options->report(options->context, &result);
}

/* All tests below a folder. */
typedef struct search {
  const sv_conformance_options *options;
  int found;
} search;

static sv_status visit_folder(void *context, const char *folder, int depth) {
  search *s = context;
  char *model;
  if (depth > DEEPEST)
    return sv_fail(SV_INVALID, "%s: folders nest too deeply", folder);
  SV_TRY(sv_path_join(&model, folder, "model.onnx"));
  sv_status status;
  if (sv_path_exists(model)) {
    s->found++;
    status = run_test(s->options, folder, model);
  } else {
    status = each_folder(folder, "", depth, visit_folder, s);
  }
  sv_free(model);
  return status;
}

sv_status sv_conformance_run(const char *folder,
                             const sv_conformance_options *options) {
  search s = {.options = options};
  SV_TRY(visit_folder(&s, folder, 0));
  if (s.found) return SV_OK;
  return sv_fail(SV_INVALID, "%s: contains no tests (no model.onnx)", folder);
}
