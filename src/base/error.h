/* Where a fault is found, sv_fail says so; on the way up it only travels. */
#ifndef SV_BASE_ERROR_H
#define SV_BASE_ERROR_H

#include <svertka/base.h>

/* Sets this thread's message (one line, escaped as sv_escape does) and
 * returns status, so that a check reads `return sv_fail(SV_INVALID, ...)`. */
sv_status sv_fail(sv_status status, const char *format, ...)
    SV_PRINTF(2, 3) SV_CHECKED;

/* Puts "prefix: " before the message already set: the file or node in which
 * the fault lies, known only to the caller. Returns status. */
sv_status sv_fail_in(sv_status status, const char *format, ...)
    SV_PRINTF(2, 3) SV_CHECKED;

/* Carries a message from one thread to another: a loader's fault travels
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
