/* Reads a plain or gzip file, distinguished by its first two bytes. */
#ifndef SV_DATA_GZIP_H
#define SV_DATA_GZIP_H

#include "base/error.h"

typedef struct sv_source sv_source;

sv_status sv_source_open(sv_source **source, const char *path) SV_CHECKED;
void sv_source_close(sv_source *source); /* accepts NULL */

/* Reads up to `want` bytes; *got is less only at the end of the data.
 * SV_FORMAT, naming the file, for damaged gzip data. */
sv_status sv_source_read(sv_source *source, void *bytes, size_t want,
                         size_t *got) SV_CHECKED;

/* An upper bound of the bytes left: the bytes left in the file, times the max
 * compression ratio of deflate for gzip. Check a declared size against it
 * before allocating. */
size_t sv_source_left(const sv_source *source);

#endif
