/* Files: reading whole files, and writes that happen completely or not at
 * all. */
#ifndef SV_BASE_FILE_H
#define SV_BASE_FILE_H

#include "base/error.h"

/* Reads a whole regular file; free *bytes with sv_free. A zero follows the last
 * byte. SV_IO names the path; SV_FORMAT if the file is larger than `limit` (0:
 * no limit). */
sv_status sv_file_read(const char *path, size_t limit, unsigned char **bytes,
                       size_t *size) SV_CHECKED;

/* Writes to a temporary name in the same folder, syncs, renames it to path, and
 * syncs the folder: after a crash either the old or the new file exists. The
 * new file has the permissions of the old one. If path is a symbolic link, its
 * target is replaced and the link stays. A pipe or character device is written
 * to directly. SV_IO for anything else that is not a regular file. */
typedef struct sv_writer sv_writer;
sv_status sv_writer_open(sv_writer **writer, const char *path) SV_CHECKED;
sv_status sv_writer_put(sv_writer *writer, const void *bytes,
                        size_t size) SV_CHECKED;
/* Finishes writing. On success the file is in place; on failure the old file is
 * unchanged. Frees the writer in both cases. */
sv_status sv_writer_commit(sv_writer *writer) SV_CHECKED;
/* Discards what was written. Accepts NULL. */
void sv_writer_abandon(sv_writer *writer);

/* Removes temporary files left by killed writers of this path. Files of running
 * writers are locked and stay; files that cannot be removed stay, too. */
void sv_writer_sweep(const char *path);

sv_status sv_file_write(const char *path, const void *bytes,
                        size_t size) SV_CHECKED;

bool sv_path_exists(const char *path);
bool sv_path_is_folder(const char *path);

/* Creates the folder and its parents; an existing folder is not an error. */
sv_status sv_folder_make(const char *path) SV_CHECKED;

/* *joined = "folder/name"; free with sv_free. */
sv_status sv_path_join(char **joined, const char *folder,
                       const char *name) SV_CHECKED;

#endif
