/* Growing strings: for tables, messages, sources of plots. */
#ifndef SV_BASE_TEXT_H
#define SV_BASE_TEXT_H

#include "base/error.h"

typedef struct sv_text {
  char *at;      /* zero-terminated; NULL while empty */
  size_t length; /* without the zero */
  size_t capacity;
  bool failed; /* an allocation failed; later calls do nothing */
} sv_text;

/* Appends. A failed allocation is remembered and reported by sv_text_take. */
void sv_text_add(sv_text *text, const char *format, ...) SV_PRINTF(2, 3);

/* Appends a CSV field, in double quotes if needed. Source: RFC 4180. */
void sv_text_add_field(sv_text *text, const char *field);

/* Appends a string as valid UTF-8: each byte that is not valid becomes \xHH,
 * its value in hexadecimal. */
void sv_text_add_utf8(sv_text *text, const char *string);

/* *taken = the string; the caller frees it with sv_free. The sv_text is empty
 * afterwards, on failure too. */
sv_status sv_text_take(sv_text *text, char **taken) SV_CHECKED;
void sv_text_clear(sv_text *text);

/* Length in bytes of the UTF-8 character at this position; 0: not valid
 * UTF-8. */
int sv_utf8_bytes(const char *at);

/* The same for messages: a byte that is not valid UTF-8 counts as one
 * letter. */
static inline int sv_letter_bytes(const char *at) {
  int bytes = sv_utf8_bytes(at);
  return bytes ? bytes : 1;
}

/* Length in bytes of a UTF-8 byte order mark at the beginning of a text: 0 or
 * 3. */
size_t sv_bom_bytes(const void *text, size_t size);

/* Escapes a string for printing; `to` gets at most size - 1 bytes. Names come
 * from files and command lines: they must stay on one line and must not control
 * the terminal. Control characters and bytes that are not UTF-8 become \n, \t
 * or \x1b; invisible characters and those that change the text direction become
 * \u202e. What is already escaped is not escaped again. */
void sv_escape(char *to, size_t size, const char *text);

#endif
