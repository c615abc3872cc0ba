#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { MESSAGE_SIZE = 1024 };

static _Thread_local char message[MESSAGE_SIZE];

const char *sv_error(void) { return message; }

const char *sv_version(void) { return SV_VERSION; }

sv_status sv_fail(sv_status status, const char *format, ...) {
  char text[MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return sv_fail_as(status, text);
}

sv_status sv_fail_in(sv_status status, const char *format, ...) {
  char text[2 * MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, MESSAGE_SIZE, format, args);
  va_end(args);
  size_t length = strlen(text);
  snprintf(text + length, sizeof text - length, ": %s", message);
  return sv_fail_as(status, text);
}

sv_status sv_fail_as(sv_status status, const char *text) {
  char escaped[MESSAGE_SIZE]; /* `text` may be the message itself */
  sv_escape(escaped, sizeof escaped, text);
  memcpy(message, escaped, strlen(escaped) + 1);
  return status;
}
