/* Status, errors, version: what every call of the library shares. */
#ifndef SVERTKA_BASE_H
#define SVERTKA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SV_VERSION "0.1.0"

/* What the shared library exports; all else is hidden. */
#define SV_API __attribute__((visibility("default")))
#define SV_CHECKED __attribute__((warn_unused_result))
#define SV_PRINTF(text, first) __attribute__((format(printf, text, first)))

typedef enum sv_status {
  SV_OK = 0,
  SV_INVALID,     /* an argument, option, attribute or shape is wrong */
  SV_UNSUPPORTED, /* well formed, and nothing here can do it */
  SV_FORMAT,      /* the content of a file is malformed */
  SV_IO,          /* the operating system refused: open, read, write, sync */
  SV_NO_MEMORY,   /* an allocation failed, or a size overflows */
  SV_NUMERIC,     /* a number became infinite or not a number */
  SV_INTERRUPTED  /* stopped on request; what was saved is complete */
} sv_status;

/* The one-line message of this thread's last failed call: it names the node,
 * file, line or option that is wrong, what was expected and what was found.
 * Empty if nothing failed. Borrowed; valid until this thread's next failure. */
SV_API const char *sv_error(void);

/* The version of the library that runs, e.g. "0.1.0". */
SV_API const char *sv_version(void);

#ifdef __cplusplus
}
#endif
#endif
