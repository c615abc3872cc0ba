/* Memory-mapped files: read without copying. */
#ifndef SV_BASE_MAP_H
#define SV_BASE_MAP_H

#include "base/error.h"

typedef struct sv_map {
  const unsigned char *bytes; /* valid until sv_map_close */
  size_t size;
} sv_map;

/* Maps a regular file for reading. SV_IO names the path; SV_FORMAT if the file
 * is larger than `limit` (0: no limit). While it is mapped the file must not be
 * truncated; replacing it with another file, as sv_writer does, is safe. */
sv_status sv_map_open(sv_map *map, const char *path, size_t limit) SV_CHECKED;

/* Maps "folder/name", where `name` comes from an untrusted file. It may lead
 * through subfolders. It must not lead upwards, be an absolute path or lead
 * through a symbolic link, and the file must not have a second name (a hard
 * link). Errors begin with "NAME: ". */
sv_status sv_map_open_below(sv_map *map, const char *folder, const char *name,
                            size_t limit) SV_CHECKED;

/* Tells the system that these bytes are not needed any more and that their
 * memory may be reused. They can still be read. */
void sv_map_release(const sv_map *map, const void *at, size_t size);

/* Accepts a map of zeros. */
void sv_map_close(sv_map *map);

#endif
