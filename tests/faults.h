/* Between the library and the kernel: the k-th call that changes a file kills
 * the process before it is done (a write half done), or fails. For programs
 * that CMakeLists.txt links with --wrap. */
#ifndef SV_TESTS_FAULTS_H
#define SV_TESTS_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum fault_kind {
  FAULT_NONE,
  FAULT_KILL,
  FAULT_FAIL,
  FAULT_FULL
} fault_kind;

static struct {
  fault_kind kind;
  int at; /* 1 is the first call */
  int calls;
  void (*renamed)(const char *path); /* told of each file put in place */
} fault;

int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_close(int fd);
int __real_rename(const char *from, const char *to);
int __real_linkat(int from, const char *path, int to, const char *name,
                  int flags);
int __real_unlink(const char *path);

/* Whether this call is the one, and how it fails then. */
static bool strikes(int error) {
  fault.calls++;
  if (!fault.kind || fault.calls != fault.at) return false;
  if (fault.kind == FAULT_KILL) raise(SIGKILL);
  errno = error;
  return true;
}

/* From the k-th call on there is no room. */
static bool is_full(void) {
  return fault.kind == FAULT_FULL && fault.calls >= fault.at;
}

/* Files that are written, and folders, which are synced. */
static bool is_written(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return fd > 2 && flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int __wrap_open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
  va_end(args);
  if (flags & O_CREAT && (strikes(ENOSPC) || is_full())) {
    errno = ENOSPC;
    return -1;
  }
  return __real_open(path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
  if (!is_written(fd)) return __real_write(fd, bytes, size);
  bool now = fault.kind && fault.calls + 1 == fault.at;
  if (now && size > 1) __real_write(fd, bytes, size / 2);
  if (strikes(ENOSPC) || is_full()) {
    errno = ENOSPC;
    return -1;
  }
  return __real_write(fd, bytes, size);
}

/* What is killed here is a process and no machine: nothing need be synced. */
int __wrap_fsync(int fd) {
  (void)fd;
  return strikes(EIO) ? -1 : 0;
}

int __wrap_close(int fd) {
  bool failed = is_written(fd) && strikes(EIO);
  int result = __real_close(fd);
  if (failed) errno = EIO;
  return failed ? -1 : result;
}

int __wrap_rename(const char *from, const char *to) {
  if (strikes(EIO)) return -1;
  int result = __real_rename(from, to);
  if (result == 0 && fault.renamed) fault.renamed(to);
  return result;
}

int __wrap_linkat(int from, const char *path, int to, const char *name,
                  int flags) {
  return strikes(ENOSPC) ? -1 : __real_linkat(from, path, to, name, flags);
}

int __wrap_unlink(const char *path) {
  return strikes(EIO) ? -1 : __real_unlink(path);
}

#endif
