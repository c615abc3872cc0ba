/* The words of the text form, shared by what reads and what writes it. */
#ifndef SV_GRAPH_TEXT_H
#define SV_GRAPH_TEXT_H

#include <svertka/network.h>

#include "graph/graph.h"

enum { SV_LONGEST_WORD = SV_LONGEST_NAME };

/* A place in the text. */
typedef struct sv_cursor {
  const char *name;  /* of the text */
  const char *start; /* of the text */
  const char *at;
} sv_cursor;

typedef struct sv_word {
  const char *start; /* where it lies in the text */
  int equals;        /* of the first '=' outside of quotes; -1: none */
  char text[SV_LONGEST_WORD + 1];
} sv_word;

/* "name:line:column: message"; the second puts it before one already set. */
sv_status sv_text_fail(const sv_cursor *cursor, const char *where,
                       const char *format, ...) SV_PRINTF(3, 4) SV_CHECKED;
sv_status sv_text_fail_in(const sv_cursor *cursor, const char *where,
                          sv_status status) SV_CHECKED;

/* Past blanks and comments, and past ends of statements if `ends`. */
void sv_text_skip(sv_cursor *cursor, bool ends);

/* The next thing is the end of a statement or of the text. */
bool sv_text_at_end(const sv_cursor *cursor);

/* A name: letters, digits and _ . / : - after a letter or _, or anything in
 * double quotes. `what` is what an error says is expected. */
sv_status sv_text_name(sv_cursor *cursor, const char *what,
                       sv_word *word) SV_CHECKED;

/* A word up to a blank or the end of the statement; what is in double quotes
 * belongs to it, without the quotes. */
sv_status sv_text_word(sv_cursor *cursor, sv_word *word) SV_CHECKED;

/* ---- Statements ---- */

enum { SV_MOST_VALUES = 64 };

typedef struct sv_reader {
  sv_cursor cursor;
  sv_graph *graph;
  sv_value last; /* the value before; 0: none yet */
} sv_reader;

/* NAME, ... = KEYWORD(VALUE, ...) and what follows is still unread. */
typedef struct sv_statement {
  sv_word names[SV_MOST_VALUES];
  int name_count;
  sv_word keyword;
  bool bracket; /* values were given */
  sv_value values[SV_MOST_VALUES];
  int value_count;
} sv_statement;

/* The next "word" or "key=word": *value is what stands behind the '=', or NULL.
 * *more is false at the end of the statement. */
sv_status sv_text_next(sv_reader *reader, sv_word *word, char **value,
                       bool *more) SV_CHECKED;

/* "OF has no 'WORD'; it has KNOWN" */
sv_status sv_text_unknown(const sv_reader *reader, const sv_word *word,
                          const char *of, const char *known) SV_CHECKED;

/* The keyword takes no values in brackets. */
sv_status sv_text_no_values(const sv_reader *reader,
                            const sv_statement *s) SV_CHECKED;

/* The rest of input, label and parameter. */
sv_status sv_text_declaration(sv_reader *reader, sv_statement *s) SV_CHECKED;

#endif
