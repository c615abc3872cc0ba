#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

static _Thread_local char message[MESSAGE_SIZE];

const char *sv_error(void) { return message; }

const char *sv_version(void) { return SV_VERSION; }

/* Names come from files: a message stays one line and cannot drive a terminal.
 */
static void make_one_line(char *text) {
  for (unsigned char *c = (unsigned char *)text; *c; c++)
    if (*c < 0x20 || *c == 0x7f) *c = '?';
}

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
  size_t length = strnlen(text, MESSAGE_SIZE - 1);
  memmove(message, text, length);
  message[length] = '\0';
  make_one_line(message);
  return status;
}
