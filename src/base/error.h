/* Error messages: sv_fail sets the message where an error is found; callers
 * only pass the status on. */
#ifndef SV_BASE_ERROR_H
#define SV_BASE_ERROR_H

#include <svertka/base.h>

/* Sets this thread's message (one line, escaped as sv_escape does) and
 * returns status, so that a check reads `return sv_fail(SV_INVALID, ...)`. */
sv_status sv_fail(sv_status status, const char *format, ...)
    SV_PRINTF(2, 3) SV_CHECKED;

/* Prepends "prefix: " to the message already set, such as the file or node at
 * fault, which only the caller knows. Returns status. */
sv_status sv_fail_in(sv_status status, const char *format, ...)
    SV_PRINTF(2, 3) SV_CHECKED;

/* Passes a message from one thread to another: an error of the loader is passed
 * with its batch. */
sv_status sv_fail_as(sv_status status, const char *message) SV_CHECKED;

#define SV_TRY(call)                                    \
  do {                                                  \
    sv_status sv_try_status_ = (call);                  \
    if (sv_try_status_ != SV_OK) return sv_try_status_; \
  } while (0)

/* The same where something must be released first. */
#define SV_TRY_GOTO(status, call, label) \
  do {                                   \
    (status) = (call);                   \
    if ((status) != SV_OK) goto label;   \
  } while (0)

#endif
