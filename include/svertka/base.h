/* Status codes, error messages, stopping, memory and the version: used by all
 * other headers.
 *
 * The library writes nothing to the standard output and error streams, and
 * keeps the libraries that it uses from it: all that it has to say is in
 * returned values, sv_error and the callbacks of options. */
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

/* Frees memory that a function returned and whose documentation says so. NULL
 * does nothing. */
SV_API void sv_free(void *memory);

/* ---- Stopping ----------------------------------------------------------- */

/* A request to stop a run, such as sv_fit with options.stop. One request may be
 * passed to several runs at a time. */
typedef struct sv_stop sv_stop;

/* Free *stop with sv_stop_free once no run uses it. */
SV_API SV_CHECKED sv_status sv_stop_new(sv_stop **stop);
SV_API void sv_stop_free(sv_stop *stop);

/* Asks the runs to stop after their current step or batch; they return
 * SV_INTERRUPTED. The request stays until sv_stop_reset. Any thread may call
 * both, also in a signal handler. */
SV_API void sv_stop_request(sv_stop *stop);
SV_API void sv_stop_reset(sv_stop *stop);
/* False if `stop` is NULL. */
SV_API bool sv_stop_requested(const sv_stop *stop);

/* ---- Memory ------------------------------------------------------------- */

/* The host program's memory for all that the library allocates itself. The
 * libraries that it uses (oneDNN, protobuf-c, those of image formats, OpenMP)
 * call malloc. */
typedef struct sv_allocator {
  size_t size; /* of this struct: sizeof(sv_allocator) */
  /* Returns `bytes` bytes with any contents, aligned to `alignment`, a power of
   * two; NULL: out of memory. Both functions are called by several threads at a
   * time. */
  void *(*allocate)(void *context, size_t bytes, size_t alignment);
  void (*release)(void *context, void *memory); /* memory is never NULL */
  void *context;
} sv_allocator;

/* Call it before any other function of the library; SV_INVALID if memory was
 * allocated already. The struct is copied. */
SV_API SV_CHECKED sv_status sv_set_allocator(const sv_allocator *allocator);

/* ---- Version ------------------------------------------------------------ */

/* The version of the library at run time, e.g. "0.1.0". */
SV_API const char *sv_version(void);

#ifdef __cplusplus
}
#endif
#endif
