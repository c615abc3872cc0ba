#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static bool reserve(sv_text *text, size_t more) {
  size_t need = text->length + more + 1;
  if (need <= text->capacity) return true;
  size_t wider = need + need / 2 + 64;
  char *fresh;
  if (sv_alloc(&fresh, wider) != SV_OK) {
    text->failed = true;
    return false;
  }
  if (text->length) memcpy(fresh, text->at, text->length);
  sv_free(text->at);
  text->at = fresh;
  text->capacity = wider;
  return true;
}

void sv_text_add(sv_text *text, const char *format, ...) {
  if (text->failed) return;
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0 || !reserve(text, (size_t)length)) return;
  va_start(args, format);
  vsnprintf(text->at + text->length, (size_t)length + 1, format, args);
  va_end(args);
  text->length += (size_t)length;
}

void sv_text_add_field(sv_text *text, const char *field) {
  if (!strpbrk(field, ",\"\r\n")) {
    sv_text_add(text, "%s", field);
    return;
  }
  sv_text_add(text, "\"");
  for (; *field; field++)
    sv_text_add(text, *field == '"' ? "\"\"" : "%c", *field);
  sv_text_add(text, "\"");
}

void sv_text_add_utf8(sv_text *text, const char *string) {
  for (const char *at = string; *at;) {
    int length = sv_utf8_bytes(at);
    if (length)
      sv_text_add(text, "%.*s", length, at);
    else
      sv_text_add(text, "\\x%02X", (unsigned char)*at);
    at += length ? length : 1;
  }
}

sv_status sv_text_take(sv_text *text, char **taken) {
  *taken = NULL;
  if (!text->failed && !text->at) reserve(text, 0);
  if (text->failed) {
    sv_text_clear(text);
    return sv_fail(SV_NO_MEMORY, "out of memory");
  }
  *taken = text->at;
  *text = (sv_text){0};
  return SV_OK;
}

void sv_text_clear(sv_text *text) {
  sv_free(text->at);
  *text = (sv_text){0};
}

int sv_utf8_bytes(const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  int more = at[0] < 0x80                    ? 0
             : at[0] >= 0xC2 && at[0] < 0xE0 ? 1
             : at[0] >= 0xE0 && at[0] < 0xF0 ? 2
             : at[0] >= 0xF0 && at[0] < 0xF5 ? 3
                                             : -1;
  if (more < 0) return 0;
  for (int i = 1; i <= more; i++)
    if ((at[i] & 0xC0) != 0x80) return 0;
  bool overlong =
      (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
  bool surrogate = at[0] == 0xED && at[1] >= 0xA0;
  bool beyond = at[0] == 0xF4 && at[1] >= 0x90;
  return overlong || surrogate || beyond ? 0 : more + 1;
}

size_t sv_bom_bytes(const void *text, size_t size) {
  return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Of a character of two or three bytes. */
static unsigned code_of(const unsigned char *at, int bytes) {
  return bytes == 2
             ? (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu)
             : (at[0] & 0xfu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
}

/* Marks of order and direction, separators of lines, spaces without width. */
static bool is_invisible(unsigned code) {
  return (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0x61c;
}

/* One character into `unit`, which is the text's own bytes or an escape; the
 * number of bytes that it took. */
static int escape_one(char unit[8], const unsigned char *at) {
  int bytes = sv_utf8_bytes((const char *)at);
  unsigned code = bytes == 2 || bytes == 3 ? code_of(at, bytes) : 0;
  if (*at == '\n' || *at == '\t' || *at == '\r')
    snprintf(unit, 8, "\\%c", *at == '\n' ? 'n' : *at == '\t' ? 't' : 'r');
  else if (bytes == 0 || *at < 0x20 || *at == 0x7f)
    snprintf(unit, 8, "\\x%02x", *at);
  else if (is_invisible(code) || (code >= 0x80 && code < 0xa0))
    snprintf(unit, 8, "\\u%04x", code);
  else
    snprintf(unit, 8, "%.*s", bytes, (const char *)at);
  return bytes ? bytes : 1;
}

void sv_escape(char *to, size_t size, const char *text) {
  size_t length = 0;
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    char unit[8];
    at += escape_one(unit, at);
    if (length + strlen(unit) >= size) break;
    memcpy(to + length, unit, strlen(unit));
    length += strlen(unit);
  }
  to[length] = '\0';
}
