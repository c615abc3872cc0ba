/* Status codes, error messages and the version: used by all other headers. */
#ifndef SVERTKA_BASE_H
#define SVERTKA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SV_VERSION "0.1.0"

/* SV_API marks the symbols that the shared library exports. */
#define SV_API __attribute__((visibility("default")))
#define SV_CHECKED __attribute__((warn_unused_result))
#define SV_PRINTF(text, first) __attribute__((format(printf, text, first)))

typedef enum sv_status {
  SV_OK = 0,
  SV_INVALID,     /* an argument, option, attribute or shape is wrong */
  SV_UNSUPPORTED, /* well formed, but not supported */
  SV_FORMAT,      /* the content of a file is malformed */
  SV_IO,          /* a system call failed: open, read, write, sync */
  SV_NO_MEMORY,   /* an allocation failed, or a size overflows */
  SV_NUMERIC,     /* a value became infinite or NaN */
  SV_INTERRUPTED  /* stopped on request; what was saved is complete */
} sv_status;

/* The one-line error message of this thread's last failed call. It names the
 * node, file, line or option at fault, what was expected and what was found.
 * Empty if no call failed. Borrowed; valid until the next failure in this
 * thread. */
SV_API const char *sv_error(void);

/* The version of the library at run time, e.g. "0.1.0". */
SV_API const char *sv_version(void);

#ifdef __cplusplus
}
#endif
#endif
