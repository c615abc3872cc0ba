/* A PNG in memory, read through libpng's own calls, whose errors come back as
 * statuses and whose messages stay here. */
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
  /* The rest is the reader's own. */
  const uint8_t *at;
  size_t left;
  jmp_buf failed;
  char message[128];
} sv_png;

/* Reads what stands before the pixels and calls `rows`, which reads them; a
 * fault that libpng finds ends it, so that it owns nothing but what `context`
 * knows. SV_FORMAT: the file is damaged. */
sv_status sv_png_read(const char *name, const void *bytes, size_t size,
                      sv_status (*rows)(sv_png *file, void *context),
                      void *context) SV_CHECKED;

#endif
