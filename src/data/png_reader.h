/* Reads a PNG in memory with libpng. libpng's errors are returned as statuses;
 * its messages are not printed. */
#ifndef SV_DATA_PNG_READER_H
#define SV_DATA_PNG_READER_H

#include <png.h>
#include <setjmp.h>

#include "base/error.h"

typedef struct sv_png {
  const char *name; /* of the file, for errors */
  size_t size;      /* of the whole file */
  png_structp png;
  png_infop info; /* as png_read_info leaves it */
  /* Private members. */
  const uint8_t *at;
  size_t left;
  jmp_buf failed;
  char message[128];
} sv_png;

/* Reads everything before the pixels and calls `rows`, which reads the pixels.
 * An error in libpng aborts `rows`, so it must keep all it allocates in
 * `context`. SV_FORMAT: the file is damaged. */
sv_status sv_png_read(const char *name, const void *bytes, size_t size,
                      sv_status (*rows)(sv_png *file, void *context),
                      void *context) SV_CHECKED;

#endif
