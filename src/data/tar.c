#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kind.h"
#include "base/memory.h"
#include "data/shards.h"

enum { BLOCK = 1 << 16 };

static sv_status fail_archive(struct archive *a, const char *path) {
  const char *text = archive_error_string(a);
  if (archive_errno(a) == ENOMEM)
    return sv_fail(SV_NO_MEMORY, "%s: out of memory", path);
  return sv_fail(SV_FORMAT, "%s: damaged tar file: %s", path,
                 text ? text : "unknown error");
}

/* libarchive does not say where content lies, but how much it has read when it
 * has read a header. */
static sv_status take_entry(struct archive *a, struct archive_entry *e,
                            const char *path, int64_t file_size,
                            sv_status (*take)(void *context,
                                              const sv_tar_entry *entry),
                            void *context) {
  sv_tar_entry entry = {.name = archive_entry_pathname_utf8(e),
                        .offset = archive_filter_bytes(a, 0),
                        .size = archive_entry_size(e)};
  if (!entry.name) entry.name = archive_entry_pathname(e);
  if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e))
    return SV_OK;
  if (!entry.name || !entry.name[0])
    return sv_fail(SV_FORMAT, "%s: damaged tar file: a file without a name",
                   path);
  if (archive_entry_sparse_count(e) > 0)
    return sv_fail(SV_UNSUPPORTED, "%s: %s: a sparse file in a tar file", path,
                   entry.name);
  if (entry.offset < 0 || entry.size < 0 || entry.offset > file_size ||
      entry.size > file_size - entry.offset)
    return sv_fail(SV_FORMAT, "%s: %s: truncated tar file", path, entry.name);
  return take(context, &entry);
}

static sv_status check_file(const char *path, int64_t *size) {
  struct stat info;
  if (stat(path, &info) != 0)
    return sv_fail(SV_IO, "%s: cannot open: %s", path, strerror(errno));
  if (!S_ISREG(info.st_mode))
    return sv_fail(SV_IO, "%s: not a regular file", path);
  *size = info.st_size;
  return SV_OK;
}

static sv_status open_archive(struct archive *a, const char *path) {
  archive_read_support_format_tar(a);
  if (archive_read_open_filename(a, path, BLOCK) == ARCHIVE_OK) return SV_OK;
  const sv_kind *kind = sv_kind_of_path(path);
  if (archive_errno(a) == ENOMEM) return fail_archive(a, path);
  return sv_fail(SV_FORMAT, "%s: %s, expected a tar file without compression",
                 path, kind ? kind->name : "not a tar file");
}

sv_status sv_tar_read(const char *path,
                      sv_status (*take)(void *context,
                                        const sv_tar_entry *entry),
                      void *context) {
  int64_t size = 0;
  SV_TRY(check_file(path, &size));
  struct archive *a = archive_read_new();
  if (!a) return sv_fail(SV_NO_MEMORY, "%s: out of memory", path);
  sv_status status = open_archive(a, path);
  while (status == SV_OK) {
    struct archive_entry *e;
    int result = archive_read_next_header(a, &e);
    if (result == ARCHIVE_EOF) break;
    /* A warning is about a name that is not of this locale. */
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
      status = fail_archive(a, path);
    else
      status = take_entry(a, e, path, size, take, context);
  }
  archive_read_free(a);
  return status;
}

static sv_status read_at(int fd, const char *path, int64_t offset,
                         unsigned char *bytes, int64_t size) {
  for (int64_t have = 0; have < size;) {
    ssize_t got = pread(fd, bytes + have, (size_t)(size - have), offset + have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return sv_fail(SV_IO, "%s: cannot read: %s", path, strerror(errno));
    if (got == 0)
      return sv_fail(SV_IO, "%s: became shorter after it was opened", path);
    have += got;
  }
  return SV_OK;
}

sv_status sv_file_read_part(const char *path, int64_t offset, int64_t size,
                            unsigned char **bytes) {
  SV_TRY(sv_alloc(bytes, (size_t)size + 1));
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  sv_status status =
      fd < 0 ? sv_fail(SV_IO, "%s: cannot open: %s", path, strerror(errno))
             : read_at(fd, path, offset, *bytes, size);
  if (fd >= 0) close(fd);
  if (status == SV_OK) return SV_OK;
  sv_free(*bytes);
  *bytes = NULL;
  return status;
}
