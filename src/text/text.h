/* Networks as text: shared by the parser and the writer. */
#ifndef SV_TEXT_TEXT_H
#define SV_TEXT_TEXT_H

#include <svertka/network.h>

#include "graph/graph.h"

/* Limits of a text: it may be untrusted, and a few lines with repeats can
 * expand to any number of layers. */
enum {
  SV_LONGEST_WORD = SV_LONGEST_NAME,
  SV_MOST_NAMES = 64,      /* before the = of a statement */
  SV_MOST_VALUES = 4096,   /* in its parentheses */
  SV_DEEPEST = 32,         /* nested blocks and repeats */
  SV_MOST_NODES = 1 << 15, /* of the network; the limit of ONNX files, too */
  SV_MOST_EXPANDED = 64 << 20, /* bytes of bodies read again */
};

/* A position in the text. */
typedef struct sv_cursor {
  const char *name;  /* of the text */
  const char *start; /* of the text */
  const char *at;
} sv_cursor;

typedef struct sv_word {
  const char *start; /* its position in the text */
  int equals;        /* of the first '=' outside of quotes; -1: none */
  char text[SV_LONGEST_WORD + 1];
} sv_word;

/* "name:line:column: message"; the second prepends it to the current
 * message. */
sv_status sv_text_fail(const sv_cursor *cursor, const char *where,
                       const char *format, ...) SV_PRINTF(3, 4) SV_CHECKED;
sv_status sv_text_fail_in(const sv_cursor *cursor, const char *where,
                          sv_status status) SV_CHECKED;

/* Line and column of a position, from 1. */
void sv_text_locate(const sv_cursor *cursor, const char *where, int *line,
                    int *column);

/* Skips blanks and comments, and ends of statements if `ends`. */
void sv_text_skip(sv_cursor *cursor, bool ends);

/* True at the end of a statement, of a body or of the text. */
bool sv_text_at_end(const sv_cursor *cursor);

/* Reads a name: letters, digits and _ . / : - after a letter or _, or anything
 * in double quotes. `what` is what errors say is expected. */
sv_status sv_text_name(sv_cursor *cursor, const char *what,
                       sv_word *word) SV_CHECKED;

/* ---- Blocks and their use ---- */

/* define NAME(VALUE, ...) PARAMETER PARAMETER=DEFAULT { body } */
typedef struct sv_block {
  char *name;
  const char *body, *end; /* after the { and at the } */
  char **values;          /* names of its inputs */
  int value_count, value_capacity;
  struct sv_block_parameter {
    char *name, *initial; /* initial NULL: required */
  } * parameters;
  int parameter_count, parameter_capacity;
} sv_block;

/* Where statements are read: a use of a block, or the text itself. Names are
 * looked up from the innermost scope outward to the frame's own. */
typedef struct sv_frame {
  const sv_block *block; /* NULL: the text itself */
  char **arguments;      /* a text for each parameter */
  int floor;             /* number of outer scopes of the graph */
} sv_frame;

/* NAME, ... = KEYWORD(VALUE, ...); the rest is not read yet. */
typedef struct sv_statement {
  sv_word names[SV_MOST_NAMES];
  int name_count;
  sv_word keyword;
  bool bracket; /* values were given in parentheses */
  sv_value values[SV_MOST_VALUES];
  int value_count;
} sv_statement;

typedef struct sv_reader {
  sv_cursor cursor;
  sv_graph *graph;
  sv_value last; /* the previous value; 0: none yet */
  const sv_frame *frame;
  sv_block *blocks;
  int block_count, block_capacity;
  sv_names block_names;
  char **aliases; /* full names that stand for values with other names */
  int alias_count, alias_capacity;
  sv_names alias_values;
  int depth; /* number of bodies around the cursor */
  /* One for each depth, created when needed. */
  sv_statement *statements[SV_DEEPEST + 1];
  int64_t expanded; /* bytes of bodies read so far */
} sv_reader;

/* Reads a word up to a blank or the end of the statement. Quoted parts belong
 * to it, without the quotes; elsewhere $NAME and $(EXPRESSION) are replaced. */
sv_status sv_text_word(sv_reader *reader, sv_word *word) SV_CHECKED;

/* Appends to the word; *length is the word's. */
sv_status sv_text_put(const sv_cursor *cursor, sv_word *word, size_t *length,
                      char c) SV_CHECKED;

/* Appends the value of $NAME or $(EXPRESSION) at the cursor. */
sv_status sv_text_expand(sv_reader *reader, sv_word *word,
                         size_t *length) SV_CHECKED;

/* Reads the next "word" or "key=word": *value is the part after the '=', or
 * NULL. *more is false at the end of the statement. */
sv_status sv_text_next(sv_reader *reader, sv_word *word, char **value,
                       bool *more) SV_CHECKED;

/* "OF has no 'WORD'; it has KNOWN" */
sv_status sv_text_unknown(const sv_reader *reader, const sv_word *word,
                          const char *of, const char *known) SV_CHECKED;

/* Checks the initialiser of init= or of a statement; errors point to its
 * position. */
sv_status sv_text_check_init(const sv_reader *reader, const sv_word *word,
                             const char *init) SV_CHECKED;

/* Error if values in parentheses follow a keyword that takes none. */
sv_status sv_text_no_values(const sv_reader *reader,
                            const sv_statement *s) SV_CHECKED;

/* The rest of input, label and parameter; of output and loss; of classifier. */
sv_status sv_text_declaration(sv_reader *reader, sv_statement *s) SV_CHECKED;
sv_status sv_text_output(sv_reader *reader, sv_statement *s) SV_CHECKED;
sv_status sv_text_classifier(sv_reader *reader, sv_statement *s) SV_CHECKED;

/* ---- Names ---- */

/* The value with this name in the current scope; 0 if there is none. */
int sv_text_find(const sv_reader *reader, const char *name);

/* Makes `name` stand for a value that keeps its own name. */
sv_status sv_text_alias(sv_reader *reader, const sv_word *name,
                        sv_value value) SV_CHECKED;

/* SV_INVALID if the name already stands for another value. */
sv_status sv_text_untaken(const sv_reader *reader,
                          const sv_word *name) SV_CHECKED;

void sv_text_forget(sv_reader *reader);

/* ---- Bodies ---- */

/* Reads statements up to the } that ends the body, or to the end of the
 * text. */
sv_status sv_text_body(sv_reader *reader) SV_CHECKED;

/* Moves from a { to the position after it; *end is its matching }. */
sv_status sv_text_open_body(sv_reader *reader, const char **end) SV_CHECKED;

/* Moves from the } at `end` to the end of its statement. */
sv_status sv_text_close_body(sv_reader *reader, const char *end) SV_CHECKED;

/* The rest of define, after the word. */
sv_status sv_text_define(sv_reader *reader, const char *start) SV_CHECKED;

/* The rest of repeat; of a use of a block. */
sv_status sv_text_repeat(sv_reader *reader, sv_statement *s) SV_CHECKED;
sv_status sv_text_use(sv_reader *reader, sv_statement *s,
                      const sv_block *block) SV_CHECKED;

/* -1 if there is none. */
int sv_text_find_parameter(const sv_block *block, const char *name);

/* NULL if there is none. */
const sv_block *sv_text_block(const sv_reader *reader, const char *name);
void sv_text_free_blocks(sv_reader *reader);

/* ---- Parameters that nodes create ---- */

/* The part of the parameter's name after the node's name: "weight". */
const char *sv_text_part_name(const sv_port *port);

/* The number of inputs that are written: without those at the end that the node
 * creates or omits. */
int sv_text_explicit_inputs(const sv_graph *graph, const sv_node *node);
/* Checks the newest node: SV_INVALID if its inputs contradict an attribute that
 * was given (bits of `seen`: rows of the attributes). A layer with a given
 * weight has a bias only if that is given, too. */
sv_status sv_text_check_settled(const sv_reader *r, const sv_statement *s,
                                const void *said, uint64_t seen) SV_CHECKED;
/* implicit[value] becomes true for parameters that nodes create. */
void sv_text_find_implicit(const sv_graph *graph, bool *implicit);

/* The most frequent initialiser of the weights that nodes create (implicit, per
 * value), if all of these have one; else NULL. Borrowed. */
const char *sv_text_common_init(const sv_graph *graph, const bool *implicit);

/* True if the language has a statement of that name; text.c. */
bool sv_text_is_keyword(const char *word);

#endif
