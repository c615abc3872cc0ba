/* A file's bytes, plain or gzip, told apart by their first two. */
#ifndef SV_DATA_GZIP_H
#define SV_DATA_GZIP_H

#include "base/error.h"

typedef struct sv_source sv_source;

sv_status sv_source_open(sv_source **source, const char *path) SV_CHECKED;
void sv_source_close(sv_source *source); /* takes NULL */

/* Copies up to `want` bytes; *got is less only where the data end. Damaged
 * gzip data is SV_FORMAT and names the file. */
sv_status sv_source_read(sv_source *source, void *bytes, size_t want,
                         size_t *got) SV_CHECKED;

/* No more bytes than this can come: what is left, or what is left times the
 * most that deflate can make of a byte. Check a declared size against it before
 * allocating. */
size_t sv_source_left(const sv_source *source);

#endif
