/* A text that grows: tables, messages, pictures' sources. */
#ifndef SV_BASE_TEXT_H
#define SV_BASE_TEXT_H

#include "base/error.h"

typedef struct sv_text {
  char *at;      /* ends in a zero; NULL while empty */
  size_t length; /* without that zero */
  size_t capacity;
  bool failed; /* an allocation failed; later calls do nothing */
} sv_text;

/* Appends. A failed allocation is remembered and reported by sv_text_take. */
void sv_text_add(sv_text *text, const char *format, ...) SV_PRINTF(2, 3);

/* Appends a field of a file of comma-separated values, in double quotes where
 * it needs them. Source: RFC 4180. */
void sv_text_add_field(sv_text *text, const char *field);

/* *taken = the text, the caller frees it with sv_free; the sv_text is empty
 * again either way. */
sv_status sv_text_take(sv_text *text, char **taken) SV_CHECKED;
void sv_text_clear(sv_text *text);

/* Bytes of the character of UTF-8 at this place; 0: it is none. */
int sv_utf8_bytes(const char *at);

/* The same for messages: what is no UTF-8 is a letter of one byte. */
static inline int sv_letter_bytes(const char *at) {
  int bytes = sv_utf8_bytes(at);
  return bytes ? bytes : 1;
}

/* Bytes of a byte order mark of UTF-8 at the beginning of a text: 0 or 3. */
size_t sv_bom_bytes(const void *text, size_t size);

/* `to` = the text as it may be printed, of at most size - 1 bytes: names come
 * from files and command lines, and a text must stay one line and cannot drive
 * a terminal. Control characters and bytes that are no UTF-8 become \n, \t or
 * \x1b, invisible characters and those that turn the direction of what follows
 * \u202e. What is escaped already stays. */
void sv_escape(char *to, size_t size, const char *text);

#endif
