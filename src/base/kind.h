/* What a file is, by its content: a file of another kind is refused by its name
 * and with what to do, never by what its bytes happen to mean elsewhere. */
#ifndef SV_BASE_KIND_H
#define SV_BASE_KIND_H

#include "base/error.h"

typedef enum sv_class {
  SV_CLASS_IMAGE,   /* pixels, or a drawing */
  SV_CLASS_MODEL,   /* a network or its weights */
  SV_CLASS_ARCHIVE, /* something packed: a model or data set may be inside */
  SV_CLASS_OTHER
} sv_class;

typedef struct sv_kind {
  const char *name; /* "a PyTorch file" */
  sv_class class;
  const char *advice; /* what to do to use it as a model; NULL: nothing */
} sv_kind;

/* The kinds that Svertka reads itself, for comparisons. */
extern const sv_kind sv_kind_onnx, sv_kind_png, sv_kind_jpeg;

/* The first bytes of a file that tell its kind. */
enum { SV_KIND_BYTES = 4096 };

/* The kind of a file that begins with these bytes and has `size` in all;
 * `bytes` holds the first SV_KIND_BYTES of them, or all. NULL: none that is
 * known, as of a network as text. */
const sv_kind *sv_kind_of(const void *bytes, size_t size);

/* The kind of a file at this path; NULL as well if it cannot be read: whoever
 * reads it next says why. Folders have kinds, too. */
const sv_kind *sv_kind_of_path(const char *path);

/* The whole of a text file without its byte order mark; free with sv_free. What
 * is of a known kind, UTF-16 among them, or has a zero byte is SV_FORMAT, with
 * what is `expected`: "a class a line". As sv_file_read otherwise. */
sv_status sv_text_read(char **text, const char *path, size_t limit,
                       const char *expected) SV_CHECKED;

/* "NAME: a PyTorch file, expected an ONNX file; export it ...", SV_FORMAT. The
 * advice is part of it where a model is expected. */
sv_status sv_kind_fail(const char *name, const sv_kind *kind,
                       const char *expected, bool model) SV_CHECKED;

#endif
