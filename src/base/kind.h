/* The type of a file by its content. A file of the wrong type is rejected with
 * the name of its type and advice, and never read as something else. */
#ifndef SV_BASE_KIND_H
#define SV_BASE_KIND_H

#include "base/error.h"

typedef enum sv_class {
  SV_CLASS_IMAGE,   /* pixels or vector graphics */
  SV_CLASS_MODEL,   /* a network or its weights */
  SV_CLASS_ARCHIVE, /* an archive: it may contain a model or data set */
  SV_CLASS_OTHER
} sv_class;

typedef struct sv_kind {
  const char *name; /* "a PyTorch file" */
  sv_class class;
  const char *advice; /* how to use it as a model; NULL: no advice */
} sv_kind;

/* The types that Svertka itself reads, for comparisons. */
extern const sv_kind sv_kind_onnx, sv_kind_png, sv_kind_jpeg;

/* The number of leading bytes that determine the type. */
enum { SV_KIND_BYTES = 4096 };

/* The type of a file of `size` bytes; `bytes` holds its first SV_KIND_BYTES
 * bytes, or all. NULL: not a known type; a network as text has none. */
const sv_kind *sv_kind_of(const void *bytes, size_t size);

/* The type of the file at this path. Also NULL if the file cannot be read: the
 * function that reads it next reports why. Folders have types, too. */
const sv_kind *sv_kind_of_path(const char *path);

/* Reads a whole text file, without its byte order mark; free with sv_free.
 * SV_FORMAT, naming what is `expected` ("one class per line"), if the file is
 * of a known type (UTF-16 is one) or contains a zero byte. Otherwise as
 * sv_file_read. */
sv_status sv_text_read(char **text, const char *path, size_t limit,
                       const char *expected) SV_CHECKED;

/* "NAME: a PyTorch file, expected an ONNX file; export it ...", SV_FORMAT. The
 * advice is included if a model is expected. */
sv_status sv_kind_fail(const char *name, const sv_kind *kind,
                       const char *expected, bool model) SV_CHECKED;

#endif
