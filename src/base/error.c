#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

static _Thread_local char message[MESSAGE_SIZE];

const char *sv_error(void) { return message; }

const char *sv_version(void) { return SV_VERSION; }

void sv_make_one_line(char *text) {
  for (unsigned char *c = (unsigned char *)text; *c; c++) {
    if (*c < 0x20 || *c == 0x7f) *c = '?';
    /* U+0080 to U+009F are C2 80 to C2 9F. */
    if (c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0) c[0] = c[1] = '?';
  }
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
  sv_make_one_line(message);
  return status;
}
