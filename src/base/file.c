#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static sv_status fail_io(const char *path, const char *verb) {
  return sv_fail(SV_IO, "%s: cannot %s: %s", path, verb, strerror(errno));
}

static sv_status read_all(int fd, const char *path, unsigned char *bytes,
                          size_t size) {
  for (size_t have = 0; have < size;) {
    ssize_t got = read(fd, bytes + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_io(path, "read");
    if (got == 0)
      return sv_fail(SV_IO, "%s: became shorter while it was read", path);
    have += (size_t)got;
  }
  return SV_OK;
}

sv_status sv_file_read(const char *path, size_t limit, unsigned char **bytes,
                       size_t *size) {
  *bytes = NULL;
  *size = 0;
  /* A pipe without a writer must not make anybody wait. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail_io(path, "open");
  struct stat info;
  sv_status status = SV_OK;
  if (fstat(fd, &info) != 0)
    status = fail_io(path, "read");
  else if (!S_ISREG(info.st_mode))
    status = sv_fail(SV_IO, "%s: not a regular file", path);
  else if (limit && (uint64_t)info.st_size > limit)
    status = sv_fail(SV_FORMAT, "%s: %lld bytes, expected at most %zu", path,
                     (long long)info.st_size, limit);
  if (status == SV_OK) status = sv_alloc(bytes, (size_t)info.st_size + 1);
  if (status == SV_OK)
    status = read_all(fd, path, *bytes, (size_t)info.st_size);
  close(fd);
  if (status != SV_OK) {
    sv_free(*bytes);
    *bytes = NULL;
    return status;
  }
  *size = (size_t)info.st_size;
  return SV_OK;
}

struct sv_writer {
  int fd;
  char *path, *temporary; /* no temporary: what is put goes straight to path */
};

/* The folder of a path, into `folder`; "." if it has none. */
static void folder_of(const char *path, char *folder, size_t size) {
  const char *slash = strrchr(path, '/');
  if (!slash)
    snprintf(folder, size, ".");
  else
    snprintf(folder, size, "%.*s", slash == path ? 1 : (int)(slash - path),
             path);
}

/* *resolved = path, or where a symbolic link at its end leads. */
static sv_status follow_link(char **resolved, const char *path) {
  struct stat info;
  if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode))
    return sv_copy_text(resolved, path);
  char *end = realpath(path, NULL);
  if (!end) return fail_io(path, "follow the link");
  sv_status status = sv_copy_text(resolved, end);
  free(end);
  return status;
}

/* A name that nobody has: not another writer, nor what a killed process of the
 * same number left. */
static sv_status open_temporary(sv_writer *w, mode_t mode) {
  static atomic_uint last;
  enum { MOST_TRIES = 1000 };
  size_t length = strlen(w->path) + 48;
  SV_TRY(sv_alloc(&w->temporary, length));
  for (int i = 0; i < MOST_TRIES && w->fd < 0; i++) {
    snprintf(w->temporary, length, "%s.%ld-%u.tmp", w->path, (long)getpid(),
             atomic_fetch_add(&last, 1));
    w->fd = open(w->temporary,
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (w->fd < 0 && errno != EEXIST) break;
  }
  /* A sign of life; a file system without locks goes without. */
  if (w->fd >= 0) (void)flock(w->fd, LOCK_EX | LOCK_NB);
  if (w->fd >= 0) return SV_OK;
  w->temporary[0] = '\0'; /* nothing to remove */
  return fail_io(w->path, "write");
}

static sv_status open_target(sv_writer *w, const char *path) {
  struct stat old;
  bool there = stat(path, &old) == 0;
  if (!there && errno != ENOENT) return fail_io(path, "write");
  if (there && (S_ISFIFO(old.st_mode) || S_ISCHR(old.st_mode))) {
    SV_TRY(sv_copy_text(&w->path, path));
    w->fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return w->fd < 0 ? fail_io(path, "write") : SV_OK;
  }
  if (there && !S_ISREG(old.st_mode))
    return sv_fail(SV_IO, "%s: not a regular file", path);
  SV_TRY(follow_link(&w->path, path));
  mode_t mode = there ? old.st_mode & 0777 : 0666;
  SV_TRY(open_temporary(w, mode));
  /* What the umask took away. */
  if (there && fchmod(w->fd, mode) != 0) return fail_io(path, "write");
  return SV_OK;
}

sv_status sv_writer_open(sv_writer **writer, const char *path) {
  *writer = NULL;
  sv_writer *w;
  SV_TRY(sv_alloc(&w, sizeof *w));
  w->fd = -1;
  sv_status status = open_target(w, path);
  if (status != SV_OK) {
    sv_writer_abandon(w);
    return status;
  }
  *writer = w;
  return SV_OK;
}

sv_status sv_writer_put(sv_writer *writer, const void *bytes, size_t size) {
  const char *next = bytes;
  while (size > 0) {
    ssize_t put = write(writer->fd, next, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_io(writer->path, "write");
    next += put;
    size -= (size_t)put;
  }
  return SV_OK;
}

static sv_status sync_folder(const char *path) {
  char folder[4096];
  folder_of(path, folder, sizeof folder);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail_io(folder, "open");
  /* Some file systems have no sync for folders and say EINVAL. */
  bool failed = fsync(fd) != 0 && errno != EINVAL;
  sv_status status = failed ? fail_io(folder, "sync") : SV_OK;
  close(fd);
  return status;
}

/* Puts what was written in the place of the old file. */
static sv_status replace(sv_writer *w) {
  if (rename(w->temporary, w->path) != 0) return fail_io(w->path, "replace");
  w->temporary[0] = '\0';
  return sync_folder(w->path);
}

sv_status sv_writer_commit(sv_writer *writer) {
  sv_status status = SV_OK;
  /* Pipes and devices have no sync and say EINVAL. */
  if (fsync(writer->fd) != 0 && errno != EINVAL)
    status = fail_io(writer->path, "sync");
  int closed = close(writer->fd);
  writer->fd = -1;
  if (status == SV_OK && closed != 0) status = fail_io(writer->path, "close");
  if (status == SV_OK && writer->temporary) status = replace(writer);
  sv_writer_abandon(writer);
  return status;
}

void sv_writer_abandon(sv_writer *writer) {
  if (!writer) return;
  if (writer->fd >= 0) close(writer->fd);
  if (writer->temporary && writer->temporary[0]) unlink(writer->temporary);
  sv_free(writer->temporary);
  sv_free(writer->path);
  sv_free(writer);
}

/* "last.onnx.4711-2.tmp", for "last.onnx" */
static bool is_temporary(const char *name, const char *base) {
  static const char digits[] = "0123456789";
  size_t length = strlen(base), process, number;
  if (strncmp(name, base, length) != 0 || name[length] != '.') return false;
  name += length + 1;
  process = strspn(name, digits);
  if (!process || name[process] != '-') return false;
  name += process + 1;
  number = strspn(name, digits);
  return number && strcmp(name + number, ".tmp") == 0;
}

static void remove_dead(int folder, const char *name) {
  struct stat info;
  int fd = openat(folder, name,
                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return;
  bool lives = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!lives && fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
    (void)unlinkat(folder, name, 0);
  close(fd);
}

void sv_writer_sweep(const char *path) {
  char folder[4096], *target;
  if (follow_link(&target, path) != SV_OK) return;
  folder_of(target, folder, sizeof folder);
  const char *slash = strrchr(target, '/'), *base = slash ? slash + 1 : target;
  DIR *entries = opendir(folder);
  for (const struct dirent *e; entries && (e = readdir(entries));)
    if (is_temporary(e->d_name, base)) remove_dead(dirfd(entries), e->d_name);
  if (entries) closedir(entries);
  sv_free(target);
}

sv_status sv_file_write(const char *path, const void *bytes, size_t size) {
  sv_writer *writer;
  SV_TRY(sv_writer_open(&writer, path));
  sv_status status = sv_writer_put(writer, bytes, size);
  if (status == SV_OK) return sv_writer_commit(writer);
  sv_writer_abandon(writer);
  return status;
}

bool sv_path_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

bool sv_path_is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

sv_status sv_folder_make(const char *path) {
  char *partial;
  SV_TRY(sv_copy_text(&partial, path));
  sv_status status = SV_OK;
  for (char *c = partial + 1; status == SV_OK && partial[0]; c++) {
    if (*c != '/' && *c != '\0') continue;
    char end = *c;
    *c = '\0';
    if (mkdir(partial, 0777) != 0) {
      int reason = errno; /* the question after it sets another */
      if (!sv_path_is_folder(partial)) {
        errno = reason;
        status = fail_io(partial, "make the folder");
      }
    }
    *c = end;
    if (end == '\0') break;
  }
  sv_free(partial);
  return status;
}

sv_status sv_path_join(char **joined, const char *folder, const char *name) {
  size_t length = strlen(folder) + strlen(name) + 2;
  SV_TRY(sv_alloc(joined, length));
  snprintf(*joined, length, "%s/%s", folder, name);
  return SV_OK;
}
