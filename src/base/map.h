/* Files that are looked at where they lie: mapped, not copied. */
#ifndef SV_BASE_MAP_H
#define SV_BASE_MAP_H

#include "base/error.h"

typedef struct sv_map {
  const unsigned char *bytes; /* valid until sv_map_close */
  size_t size;
} sv_map;

/* A regular file, to be read. SV_IO names the path; larger than `limit` (0:
 * none) is SV_FORMAT. While it is mapped nobody may cut the file: to replace
 * it by another one, as sv_writer does, is fine. */
sv_status sv_map_open(sv_map *map, const char *path, size_t limit) SV_CHECKED;

/* "folder/name" where `name` comes from a file that nobody trusts: it may lead
 * through folders below, but not upwards, not to an absolute path, not through
 * a symbolic link, and the file may have no other name (a hard link). Errors
 * say "NAME: ...". */
sv_status sv_map_open_below(sv_map *map, const char *folder, const char *name,
                            size_t limit) SV_CHECKED;

/* These bytes of it are not needed any more: the memory that holds them may be
 * used for something else. They can still be read. */
void sv_map_release(const sv_map *map, const void *at, size_t size);

/* A map of zeros is fine. */
void sv_map_close(sv_map *map);

#endif
