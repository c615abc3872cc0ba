/* The text of a network as words, with their places. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "text/text.h"

void sv_text_locate(const sv_cursor *c, const char *where, int *line,
                    int *column) {
  *line = *column = 1;
  for (const char *p = c->start; p < where; p++) {
    *column = *p == '\n' ? 1 : *column + 1;
    *line += *p == '\n';
  }
}

sv_status sv_text_fail(const sv_cursor *cursor, const char *where,
                       const char *format, ...) {
  char message[512];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  return sv_text_fail_in(cursor, where, sv_fail_as(SV_INVALID, message));
}

sv_status sv_text_fail_in(const sv_cursor *cursor, const char *where,
                          sv_status status) {
  int line, column;
  sv_text_locate(cursor, where, &line, &column);
  return sv_fail_in(status, "%s:%d:%d", cursor->name, line, column);
}

void sv_text_skip(sv_cursor *cursor, bool ends) {
  for (;; cursor->at++) {
    char c = *cursor->at;
    if (c == '#') {
      cursor->at += strcspn(cursor->at, "\n");
      c = *cursor->at;
    }
    bool blank = c == ' ' || c == '\t' || c == '\r';
    bool end = c == ';' || c == '\n';
    if (!blank && !(ends && end)) return;
  }
}

bool sv_text_at_end(const sv_cursor *cursor) {
  return strchr(";\n#}", *cursor->at) != NULL; /* the final zero too */
}

static bool in_name(char c) {
  return isalnum((unsigned char)c) || (c && strchr("_./:-", c));
}

sv_status sv_text_put(const sv_cursor *cursor, sv_word *word, size_t *length,
                      char c) {
  if (*length == SV_LONGEST_WORD)
    return sv_text_fail(cursor, word->start, "a word is longer than %d letters",
                        SV_LONGEST_WORD);
  word->text[(*length)++] = c;
  word->text[*length] = '\0';
  return SV_OK;
}

/* From one double quote to the next; \" and \\ stand for themselves. */
static sv_status quoted(sv_cursor *cursor, sv_word *word, size_t *length) {
  const char *open = cursor->at++;
  for (; *cursor->at != '"'; cursor->at++) {
    if (*cursor->at == '\\' && (cursor->at[1] == '"' || cursor->at[1] == '\\'))
      cursor->at++;
    if (*cursor->at == '\0' || *cursor->at == '\n')
      return sv_text_fail(cursor, open, "the double quote is not closed");
    SV_TRY(sv_text_put(cursor, word, length, *cursor->at));
  }
  cursor->at++;
  return SV_OK;
}

sv_status sv_text_name(sv_cursor *cursor, const char *what, sv_word *word) {
  size_t length = 0;
  *word = (sv_word){.start = cursor->at};
  if (*cursor->at == '"') {
    SV_TRY(quoted(cursor, word, &length));
    if (length) return SV_OK;
    return sv_text_fail(cursor, word->start, "a name is empty");
  }
  char first = *cursor->at;
  if (sv_text_at_end(cursor))
    return sv_text_fail(cursor, cursor->at, "%s is missing", what);
  if (!isalpha((unsigned char)first) && first != '_')
    return sv_text_fail(cursor, cursor->at, "unexpected '%.*s', expected %s",
                        sv_letter_bytes(cursor->at), cursor->at, what);
  for (; in_name(*cursor->at); cursor->at++)
    SV_TRY(sv_text_put(cursor, word, &length, *cursor->at));
  return SV_OK;
}

sv_status sv_text_word(sv_reader *r, sv_word *word) {
  sv_cursor *c = &r->cursor;
  size_t length = 0;
  *word = (sv_word){.start = c->at, .equals = -1};
  if (*c->at == '{')
    return sv_text_fail(c, c->at,
                        "unexpected '{': it follows only define and repeat");
  while (!strchr(" \t\r;\n#{}", *c->at)) {
    if (*c->at == '"') {
      SV_TRY(quoted(c, word, &length));
    } else if (*c->at == '$') {
      SV_TRY(sv_text_expand(r, word, &length));
    } else {
      if (*c->at == '=' && word->equals < 0) word->equals = (int)length;
      SV_TRY(sv_text_put(c, word, &length, *c->at++));
    }
  }
  return SV_OK;
}
