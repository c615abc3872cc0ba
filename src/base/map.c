#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe without a writer must not make anybody wait. */
enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK };

static sv_status fail_io(const char *path, const char *verb) {
  return sv_fail(SV_IO, "%s: cannot %s: %s", path, verb, strerror(errno));
}

static sv_status map_file(sv_map *map, int fd, const struct stat *info,
                          const char *path, size_t limit) {
  if (!S_ISREG(info->st_mode))
    return sv_fail(SV_IO, "%s: not a regular file", path);
  if (limit && (uint64_t)info->st_size > limit)
    return sv_fail(SV_FORMAT, "%s: %lld bytes, expected at most %zu", path,
                   (long long)info->st_size, limit);
  map->bytes = (const unsigned char *)"";
  if (!info->st_size) return SV_OK;
  void *bytes =
      mmap(NULL, (size_t)info->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) return fail_io(path, "read");
  map->bytes = bytes;
  map->size = (size_t)info->st_size;
  return SV_OK;
}

sv_status sv_map_open(sv_map *map, const char *path, size_t limit) {
  *map = (sv_map){0};
  int fd = open(path, FLAGS);
  if (fd < 0) return fail_io(path, "open");
  struct stat info;
  sv_status status = fstat(fd, &info) == 0
                         ? map_file(map, fd, &info, path, limit)
                         : fail_io(path, "read");
  close(fd);
  return status;
}

/* ---- Below a folder ---- */

/* The next part of a path, cut off its front; NULL: there is none, or one that
 * must not be followed. */
static const char *next_part(const char **rest, char part[256]) {
  size_t length = strcspn(*rest, "/");
  if (!length || length > 255) return NULL;
  memcpy(part, *rest, length);
  part[length] = '\0';
  *rest += length + ((*rest)[length] == '/');
  return strcmp(part, ".") == 0 || strcmp(part, "..") == 0 ? NULL : part;
}

/* Each part is opened for itself, so that no link can step in between. */
static sv_status open_below(int *fd, const char *folder, const char *name) {
  char part[256];
  const char *rest = name;
  *fd = open(folder, FLAGS | O_DIRECTORY);
  if (*fd < 0) return fail_io(folder, "open");
  do {
    bool found = next_part(&rest, part) != NULL;
    int inner = found ? openat(*fd, part, FLAGS | O_NOFOLLOW) : -1;
    int fault = errno;
    close(*fd);
    if (!found)
      return sv_fail(SV_FORMAT, "%.200s: not a path below the model's folder",
                     name);
    if (inner < 0 && fault == ELOOP)
      return sv_fail(SV_FORMAT, "%.200s: is a symbolic link", name);
    errno = fault;
    if (inner < 0) return fail_io(name, "open");
    *fd = inner;
  } while (*rest);
  return SV_OK;
}

sv_status sv_map_open_below(sv_map *map, const char *folder, const char *name,
                            size_t limit) {
  int fd;
  struct stat info;
  *map = (sv_map){0};
  SV_TRY(open_below(&fd, folder, name));
  sv_status status = SV_OK;
  if (fstat(fd, &info) != 0)
    status = fail_io(name, "read");
  else if (S_ISREG(info.st_mode) && info.st_nlink != 1)
    status = sv_fail(SV_FORMAT,
                     "%.200s: is a hard link: it has %llu names, expected one",
                     name, (unsigned long long)info.st_nlink);
  else
    status = map_file(map, fd, &info, name, limit);
  close(fd);
  return status;
}

/* ---- Afterwards ---- */

void sv_map_release(const sv_map *map, const void *at, size_t size) {
  const unsigned char *first = at;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t begin = (size_t)(first - map->bytes), end = begin + size;
  begin = begin / page * page; /* the neighbours read what they need again */
  if (!size || end > map->size) return;
  madvise((void *)(uintptr_t)(map->bytes + begin), end - begin, MADV_DONTNEED);
}

void sv_map_close(sv_map *map) {
  if (map->size) munmap((void *)(uintptr_t)map->bytes, map->size);
  *map = (sv_map){0};
}
