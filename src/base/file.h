/* Files: whole reads, and writes that happen completely or not at all. */
#ifndef SV_BASE_FILE_H
#define SV_BASE_FILE_H

#include "base/error.h"

/* The whole of a regular file; free *bytes with sv_free. A zero follows the
 * last byte. SV_IO names the path; larger than `limit` (0: none) is SV_FORMAT.
 */
sv_status sv_file_read(const char *path, size_t limit, unsigned char **bytes,
                       size_t *size) SV_CHECKED;

/* Writes to a temporary name in the same folder, syncs, renames it to path,
 * and syncs the folder: after a crash there is the old file or the new one. The
 * new file has the permissions of the old one. A symbolic link stays and what
 * it leads to is replaced; a pipe or character device is written to as it
 * stands; SV_IO for whatever else is no regular file. */
typedef struct sv_writer sv_writer;
sv_status sv_writer_open(sv_writer **writer, const char *path) SV_CHECKED;
sv_status sv_writer_put(sv_writer *writer, const void *bytes,
                        size_t size) SV_CHECKED;
/* Ends the writing: the file is in place, or the status says why not and the
 * old one still is. Frees the writer either way. */
sv_status sv_writer_commit(sv_writer *writer) SV_CHECKED;
/* Drops what was written. Takes NULL. */
void sv_writer_abandon(sv_writer *writer);

/* Removes the temporary files that killed writers of this path left; those of
 * living ones are locked and stay, and so does what cannot be removed. */
void sv_writer_sweep(const char *path);

sv_status sv_file_write(const char *path, const void *bytes,
                        size_t size) SV_CHECKED;

bool sv_path_exists(const char *path);
bool sv_path_is_folder(const char *path);

/* Makes the folder and those above it; an existing one is fine. */
sv_status sv_folder_make(const char *path) SV_CHECKED;

/* *joined = "folder/name"; free with sv_free. */
sv_status sv_path_join(char **joined, const char *folder,
                       const char *name) SV_CHECKED;

#endif
