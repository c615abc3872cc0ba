/* The words of the text form, shared by what reads and what writes it. */
#ifndef SV_GRAPH_TEXT_H
#define SV_GRAPH_TEXT_H

#include <svertka/network.h>

#include "graph/graph.h"

/* Bounds of what a text may ask for: it may come from anywhere, and a few lines
 * with repeats can mean as many layers as one likes. */
enum {
  SV_LONGEST_WORD = SV_LONGEST_NAME,
  SV_MOST_NAMES = 64,      /* before the = of a statement */
  SV_MOST_VALUES = 4096,   /* in its brackets */
  SV_DEEPEST = 32,         /* blocks and repeats in one another */
  SV_MOST_NODES = 1 << 15, /* of the network; an ONNX file may have so many */
  SV_MOST_EXPANDED = 64 << 20, /* bytes of bodies that are read again */
};

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

/* Line and column of a place, from 1. */
void sv_text_locate(const sv_cursor *cursor, const char *where, int *line,
                    int *column);

/* Past blanks and comments, and past ends of statements if `ends`. */
void sv_text_skip(sv_cursor *cursor, bool ends);

/* The next thing is the end of a statement, of a body or of the text. */
bool sv_text_at_end(const sv_cursor *cursor);

/* A name: letters, digits and _ . / : - after a letter or _, or anything in
 * double quotes. `what` is what an error says is expected. */
sv_status sv_text_name(sv_cursor *cursor, const char *what,
                       sv_word *word) SV_CHECKED;

/* ---- Blocks and their use ---- */

/* define NAME(VALUE, ...) PARAMETER PARAMETER=DEFAULT { body } */
typedef struct sv_block {
  char *name;
  const char *body, *end; /* behind the { and at the } */
  char **values;          /* names of what it is applied to */
  int value_count, value_capacity;
  struct sv_block_parameter {
    char *name, *initial; /* initial NULL: has to be given */
  } * parameters;
  int parameter_count, parameter_capacity;
} sv_block;

/* Where statements are read: a use of a block, or the text itself. Names are
 * looked up from the innermost scope out to the frame's own. */
typedef struct sv_frame {
  const sv_block *block; /* NULL: the text itself */
  char **arguments;      /* a text for each parameter */
  int floor;             /* scopes of the graph that lie outside */
} sv_frame;

/* NAME, ... = KEYWORD(VALUE, ...) and what follows is still unread. */
typedef struct sv_statement {
  sv_word names[SV_MOST_NAMES];
  int name_count;
  sv_word keyword;
  bool bracket; /* values were given */
  sv_value values[SV_MOST_VALUES];
  int value_count;
} sv_statement;

/* Refuses what is no initialiser: those there are lie above this folder. */
typedef sv_status sv_init_check_text(const char *init);

typedef struct sv_reader {
  sv_cursor cursor;
  sv_graph *graph;
  sv_value last; /* the value before; 0: none yet */
  const sv_frame *frame;
  sv_block *blocks;
  int block_count, block_capacity;
  sv_names block_names;
  char **aliases; /* whole names that stand for values with other names */
  int alias_count, alias_capacity;
  sv_names alias_values;
  int depth; /* bodies around the cursor */
  /* One for each depth, once it is needed. */
  sv_statement *statements[SV_DEEPEST + 1];
  int64_t expanded;               /* bytes of bodies read so far */
  sv_init_check_text *check_init; /* NULL: initialisers are not looked at */
} sv_reader;

/* A word up to a blank or the end of the statement. What is in double quotes
 * belongs to it, without the quotes; elsewhere $NAME and $(EXPRESSION) are
 * replaced. */
sv_status sv_text_word(sv_reader *reader, sv_word *word) SV_CHECKED;

/* Appends to the word; *length is the word's. */
sv_status sv_text_put(const sv_cursor *cursor, sv_word *word, size_t *length,
                      char c) SV_CHECKED;

/* Appends what $NAME or $(EXPRESSION) at the cursor stands for. */
sv_status sv_text_expand(sv_reader *reader, sv_word *word,
                         size_t *length) SV_CHECKED;

/* The next "word" or "key=word": *value is what stands behind the '=', or NULL.
 * *more is false at the end of the statement. */
sv_status sv_text_next(sv_reader *reader, sv_word *word, char **value,
                       bool *more) SV_CHECKED;

/* "OF has no 'WORD'; it has KNOWN" */
sv_status sv_text_unknown(const sv_reader *reader, const sv_word *word,
                          const char *of, const char *known) SV_CHECKED;

/* What init= or a statement says of an initialiser, at its place. */
sv_status sv_text_check_init(const sv_reader *reader, const sv_word *word,
                             const char *init) SV_CHECKED;

/* The keyword takes no values in brackets. */
sv_status sv_text_no_values(const sv_reader *reader,
                            const sv_statement *s) SV_CHECKED;

/* The rest of input, label and parameter; of output and loss; of classifier. */
sv_status sv_text_declaration(sv_reader *reader, sv_statement *s) SV_CHECKED;
sv_status sv_text_output(sv_reader *reader, sv_statement *s) SV_CHECKED;
sv_status sv_text_classifier(sv_reader *reader, sv_statement *s) SV_CHECKED;

/* ---- Names ---- */

/* The value that is called so here; 0 if none is. */
int sv_text_find(const sv_reader *reader, const char *name);

/* `name` stands for a value that keeps its own. */
sv_status sv_text_alias(sv_reader *reader, const sv_word *name,
                        sv_value value) SV_CHECKED;

/* SV_INVALID if the name stands for another value already. */
sv_status sv_text_untaken(const sv_reader *reader,
                          const sv_word *name) SV_CHECKED;

void sv_text_forget(sv_reader *reader);

/* ---- Bodies ---- */

/* Statements up to the } that ends the body, or to the end of the text. */
sv_status sv_text_body(sv_reader *reader) SV_CHECKED;

/* At a {: behind it, and *end at the } that belongs to it. */
sv_status sv_text_open_body(sv_reader *reader, const char **end) SV_CHECKED;

/* From the } at `end` to the end of its statement. */
sv_status sv_text_close_body(sv_reader *reader, const char *end) SV_CHECKED;

/* The rest of define, behind the word. */
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

/* ---- Parameters that nodes make by themselves ---- */

/* What follows the node's name in that of the port's parameter: "weight". */
const char *sv_text_part_name(const sv_port *port);

/* The inputs that are written: not those at the end that the node makes, or
 * leaves out. */
int sv_text_explicit_inputs(const sv_graph *graph, const sv_node *node);
/* Of the newest node: SV_INVALID where its inputs contradict a word that was
 * said (bits of `seen`: rows of the attributes). A layer whose weight is given
 * has a bias if that is given, too. */
sv_status sv_text_check_settled(const sv_reader *r, const sv_statement *s,
                                const void *said, uint64_t seen) SV_CHECKED;
/* implicit[value] becomes true for those that are made. */
void sv_text_find_implicit(const sv_graph *graph, bool *implicit);

/* An initialiser of most weights that nodes make (implicit, per value), where
 * all of these have one; else NULL. Borrowed. */
const char *sv_text_common_init(const sv_graph *graph, const bool *implicit);

/* Whether the language has a statement of that name; text.c. */
bool sv_text_is_keyword(const char *word);

/* sv_network_parse that has every initialiser looked at. */
sv_status sv_network_parse_checked(sv_graph **graph, const char *name,
                                   const char *text,
                                   sv_init_check_text *check) SV_CHECKED;

#endif
