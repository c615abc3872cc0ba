#include "data/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

void sv_listing_free(sv_listing *l) {
  sv_free(l->bytes);
  sv_free(l->at);
  *l = (sv_listing){0};
}

/* Moves an array to one with room for `wanted` elements. */
static sv_status enlarge(void *array, size_t used, size_t wanted, size_t size) {
  void **old = array, *larger;
  SV_TRY(sv_alloc_array(&larger, wanted, size));
  if (used) memcpy(larger, *old, used * size);
  sv_free(*old);
  *old = larger;
  return SV_OK;
}

sv_status sv_listing_add(sv_listing *l, const char *name) {
  size_t size = strlen(name) + 1;
  if (l->capacity - l->length < size) {
    size_t wanted = l->capacity + l->capacity / 2 + size + 256;
    SV_TRY(enlarge(&l->bytes, l->length, wanted, 1));
    l->capacity = wanted;
  }
  if (l->count == l->room) {
    int64_t wanted = l->room + l->room / 2 + 16;
    SV_TRY(enlarge(&l->at, (size_t)l->count, (size_t)wanted, sizeof *l->at));
    l->room = wanted;
  }
  memcpy(l->bytes + l->length, name, size);
  l->at[l->count++] = l->length;
  l->length += size;
  return SV_OK;
}

/* ---- Sorting ---- */

static int compare(const void *a, const void *b, void *bytes) {
  const size_t *x = a, *y = b;
  return strcmp((char *)bytes + *x, (char *)bytes + *y);
}

static void sort(sv_listing *l) {
  if (l->count > 1)
    qsort_r(l->at, (size_t)l->count, sizeof *l->at, compare, l->bytes);
}

/* ---- Walking ---- */

enum { DEEPEST = 32 };

typedef struct walk {
  sv_listing *listing;
  bool folders; /* list folders, and none below them */
  size_t root;  /* bytes of the path that names do not have */
  struct {
    dev_t device;
    ino_t number;
  } above[DEEPEST]; /* the folders that are open */
  int depth;
} walk;

static bool is_passed_over(const char *name) {
  static const char *const left[] = {"thumbs.db", "desktop.ini", "__macosx",
                                     "@eadir"};
  if (name[0] == '.') return true;
  for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
    if (strcasecmp(name, left[i]) == 0) return true;
  return false;
}

static sv_status walk_folder(walk *w, const char *path);

static sv_status visit(walk *w, const char *path, const struct dirent *entry) {
  struct stat info;
  bool known = entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN;
  bool folder = known ? entry->d_type == DT_DIR
                      : stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  if (folder && !w->folders) return walk_folder(w, path);
  if (folder != w->folders) return SV_OK;
  return sv_listing_add(w->listing, path + w->root);
}

static sv_status read_folder(walk *w, const char *path, DIR *folder) {
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(folder);
    if (!entry && errno) return sv_fail(SV_IO, "%s: %s", path, strerror(errno));
    if (!entry) return SV_OK;
    if (is_passed_over(entry->d_name)) continue;
    char *inner;
    SV_TRY(sv_path_join(&inner, path, entry->d_name));
    sv_status status = visit(w, inner, entry);
    sv_free(inner);
    SV_TRY(status);
  }
}

/* Notes the folder among those that are open. */
static sv_status enter(walk *w, const char *path, DIR *folder) {
  struct stat info;
  if (fstat(dirfd(folder), &info) != 0)
    return sv_fail(SV_IO, "%s: %s", path, strerror(errno));
  for (int i = 0; i < w->depth; i++)
    if (w->above[i].device == info.st_dev && w->above[i].number == info.st_ino)
      return sv_fail(SV_IO, "%s: a link to a folder that contains it", path);
  if (w->depth == DEEPEST)
    return sv_fail(SV_IO, "%s: folders are nested more than %d deep", path,
                   DEEPEST);
  w->above[w->depth].device = info.st_dev;
  w->above[w->depth].number = info.st_ino;
  w->depth++;
  return SV_OK;
}

static sv_status walk_folder(walk *w, const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return sv_fail(SV_IO, "%s: %s", path, strerror(errno));
  sv_status status = enter(w, path, folder);
  if (status == SV_OK) {
    status = read_folder(w, path, folder);
    w->depth--;
  }
  closedir(folder);
  return status;
}

static sv_status list(sv_listing *listing, const char *path, bool folders) {
  *listing = (sv_listing){0};
  walk w = {.listing = listing, .folders = folders, .root = strlen(path)};
  while (w.root > 1 && path[w.root - 1] == '/') w.root--;
  char *clean;
  SV_TRY(sv_copy_text(&clean, path));
  clean[w.root] = '\0';
  w.root += clean[w.root - 1] != '/';
  sv_status status = walk_folder(&w, clean);
  sv_free(clean);
  if (status == SV_OK)
    sort(listing);
  else
    sv_listing_free(listing);
  return status;
}

sv_status sv_list_folders(sv_listing *listing, const char *path) {
  return list(listing, path, true);
}

sv_status sv_list_files(sv_listing *listing, const char *path) {
  return list(listing, path, false);
}
