/* Files that the command line names: what is written must be nothing else. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"

static bool is_one(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Of two files that are not there yet: one name in one folder. */
static sv_status will_be_one(const char *a, const char *b, bool *one) {
  char *folder_a, *folder_b;
  struct stat at_a, at_b;
  const char *name_a = strrchr(a, '/'), *name_b = strrchr(b, '/');
  *one = strcmp(a, b) == 0;
  if (*one || strcmp(name_a ? name_a + 1 : a, name_b ? name_b + 1 : b) != 0)
    return SV_OK;
  SV_TRY(sv_copy_text(&folder_a, a));
  sv_status status = sv_copy_text(&folder_b, b);
  if (status == SV_OK) {
    *one = stat(dirname(folder_a), &at_a) == 0 &&
           stat(dirname(folder_b), &at_b) == 0 && is_one(&at_a, &at_b);
    sv_free(folder_b);
  }
  sv_free(folder_a);
  return status;
}

/* Of what is read: in the folder of a run that is its model. */
static bool stat_read(const char *path, struct stat *info) {
  if (stat(path, info) != 0) return false;
  char *model;
  if (!S_ISDIR(info->st_mode) ||
      sv_path_join(&model, path, CLI_RUN_MODEL) != SV_OK)
    return true;
  struct stat inner;
  if (stat(model, &inner) == 0) *info = inner;
  sv_free(model);
  return true;
}

sv_status cli_apart(const char *output, const char *path, const char *other,
                    const char *other_path) {
  struct stat a, b;
  if (!path || !other_path) return SV_OK;
  bool has_a = stat(path, &a) == 0, has_b = stat_read(other_path, &b);
  /* Pipes and devices lose nothing. */
  bool one = has_a && has_b && S_ISREG(a.st_mode) && is_one(&a, &b);
  if (!has_a && !has_b) SV_TRY(will_be_one(path, other_path, &one));
  if (!one) return SV_OK;
  return sv_fail(SV_INVALID, "%s %s is also %s %s: it would be overwritten",
                 output, path, other, other_path);
}

sv_status cli_folders_apart(const char *output, const char *path,
                            const char *other, const char *folder) {
  struct stat a, b;
  if (stat(path, &a) != 0 || stat(folder, &b) != 0 || !S_ISDIR(a.st_mode) ||
      !is_one(&a, &b))
    return SV_OK;
  return sv_fail(SV_INVALID, "%s %s is the folder of %s; choose another one",
                 output, path, other);
}

/* Both as realpath gives them. */
static bool stands_in(const char *path, const char *folder) {
  size_t length = strlen(folder);
  if (folder[length - 1] == '/') length--; /* the root */
  return strncmp(path, folder, length) == 0 && path[length] == '/';
}

sv_status cli_outside(const char *output, const char *path, const char *other,
                      const char *folder) {
  struct stat file;
  if (!path || stat(path, &file) != 0 || !S_ISREG(file.st_mode) ||
      !sv_path_is_folder(folder))
    return SV_OK;
  char *inner = realpath(path, NULL), *outer = realpath(folder, NULL);
  bool inside = inner && outer && stands_in(inner, outer);
  free(inner);
  free(outer);
  if (!inside) return SV_OK;
  return sv_fail(SV_INVALID,
                 "%s %s is a file of %s %s: it would be overwritten", output,
                 path, other, folder);
}
