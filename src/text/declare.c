/* Networks as text: what has a size. input, label, parameter. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor.h"
#include "text/text.h"

/* A dimension: a number, ? or a word for a free one. Moves *text past it; a
 * word ends before `mark`. */
static bool read_dim(const char **text, char mark, int64_t *dim,
                     const char **symbol) {
  const char *start = *text;
  *symbol = NULL;
  *dim = -1;
  if (isdigit((unsigned char)*start)) {
    char *end;
    errno = 0;
    *dim = strtoll(start, &end, 10);
    *text = end;
    return errno == 0 && *dim > 0;
  }
  bool word = isalpha((unsigned char)*start) || *start == '_';
  const char marks[] = {mark, '\0'};
  *text += word ? strcspn(start, marks) : *start == '?';
  if (word) *symbol = start;
  return *text > start;
}

typedef struct declared {
  sv_shape shape; /* -1 where free */
  char symbol[SV_MAX_RANK][SV_LONGEST_WORD + 1];
} declared;

/* `word` is the whole of what *text is a part of. */
static sv_status add_dim(declared *d, const char *word, char mark,
                         const char **text) {
  const char *symbol, *start = *text;
  if (d->shape.rank == SV_MAX_RANK)
    return sv_fail(SV_INVALID, "more than %d dimensions", SV_MAX_RANK);
  if (!read_dim(text, mark, &d->shape.dim[d->shape.rank], &symbol)) {
    if (isdigit((unsigned char)*start))
      return sv_fail(SV_INVALID,
                     "'%s': expected a size from 1 to 2^48, found %.*s", word,
                     (int)(*text - start), start);
    return sv_fail(SV_INVALID,
                   "unexpected '%s', expected a size: a number, or ? or a word "
                   "for a free size",
                   *text);
  }
  if (symbol)
    snprintf(d->symbol[d->shape.rank], SV_LONGEST_WORD + 1, "%.*s",
             (int)(*text - symbol), symbol);
  d->shape.rank++;
  return SV_OK;
}

/* 3x32x32, scalar, or 3,32,32, where words may hold an x; "max," is one such
 * word. */
static sv_status add_dims(declared *d, const char *text) {
  char mark = strchr(text, ',') ? ',' : 'x';
  const char *word = text;
  if (strcmp(text, "scalar") == 0) return SV_OK;
  while (*text) {
    SV_TRY(add_dim(d, word, mark, &text));
    if (*text == '\0') break;
    if (*text != mark || (mark == 'x' && text[1] == '\0'))
      return sv_fail(SV_INVALID,
                     "unexpected '%s' inside a size such as 3x32x32", text);
    text++;
  }
  return SV_OK;
}

/* One dimension, a whole word of it. */
static sv_status add_batch(declared *d, const char *text) {
  SV_TRY(add_dim(d, text, '\0', &text));
  if (*text == '\0') return SV_OK;
  return sv_fail(SV_INVALID, "unexpected '%s' after the batch", text);
}

static bool read_type(const char *text, sv_dtype *type) {
  for (int i = SV_F32; i <= SV_BOOL; i++)
    if (strcmp(sv_dtype_name((sv_dtype)i), text) == 0) {
      *type = (sv_dtype)i;
      return true;
    }
  return false;
}

static bool read_role(const char *text, sv_role *role) {
  for (int i = SV_DATA; i <= SV_RECORD; i++)
    if (sv_role_is_state((sv_role)i) &&
        strcmp(sv_role_name((sv_role)i), text) == 0) {
      *role = (sv_role)i;
      return true;
    }
  return false;
}

/* What input, label and parameter may say. */
typedef struct tensor_words {
  sv_word shape, batch, init;
  sv_dtype type;
  sv_role role;
} tensor_words;

static sv_status read_tensor_words(sv_reader *r, const sv_statement *s,
                                   tensor_words *t) {
  const char *kind = s->keyword.text;
  bool parameter = strcmp(kind, "parameter") == 0;
  for (;;) {
    sv_word word;
    char *value;
    bool more;
    SV_TRY(sv_text_next(r, &word, &value, &more));
    if (!more) return SV_OK;
    sv_word text = word;
    if (value) memmove(text.text, value, strlen(value) + 1);
    bool known = true;
    if (!value && !t->shape.start)
      t->shape = text;
    else if (value && strcmp(word.text, "type") == 0)
      known = read_type(text.text, &t->type);
    else if (value && !parameter && strcmp(word.text, "batch") == 0)
      t->batch = text;
    else if (value && parameter && strcmp(word.text, "role") == 0)
      known = read_role(text.text, &t->role);
    else if (value && parameter && strcmp(word.text, "init") == 0) {
      SV_TRY(sv_text_check_init(r, &word, value));
      t->init = text;
    } else
      return sv_text_unknown(r, &word, kind,
                             parameter ? "a size, type=, role= and init="
                                       : "a size, type= and batch=");
    if (!known)
      return sv_text_fail(&r->cursor, word.start, "unknown %s=%s", word.text,
                          text.text);
  }
}

/* The whole shape: the batch in front of what one sample has. */
static sv_status read_shape(sv_reader *r, const tensor_words *t, bool batch,
                            declared *d) {
  const sv_word *at = &t->batch;
  const char *front = t->batch.start ? t->batch.text : "?";
  sv_status status = SV_OK;
  if (batch && strcmp(front, "none") != 0) status = add_batch(d, front);
  if (status == SV_OK) {
    at = &t->shape;
    status = add_dims(d, t->shape.text);
  }
  if (status != SV_OK) return sv_text_fail_in(&r->cursor, at->start, status);
  if (sv_shape_fits(&d->shape)) return SV_OK;
  return sv_text_fail(&r->cursor, t->shape.start, "%s is too large",
                      t->shape.text);
}

sv_status sv_text_declaration(sv_reader *r, sv_statement *s) {
  SV_TRY(sv_text_no_values(r, s));
  const char *kind = s->keyword.text;
  bool input = strcmp(kind, "input") == 0, label = strcmp(kind, "label") == 0;
  if ((input || label) && r->depth)
    return sv_text_fail(&r->cursor, s->keyword.start,
                        "%s is not allowed inside { }", kind);
  if (s->name_count) SV_TRY(sv_text_untaken(r, &s->names[0]));
  tensor_words t = {.type = label ? SV_I64 : SV_F32, .role = SV_WEIGHT};
  declared d = {.shape = {.rank = 0}};
  SV_TRY(read_tensor_words(r, s, &t));
  if (!label && !t.shape.start)
    return sv_text_fail(&r->cursor, s->keyword.start,
                        "%s needs a size, such as %s 3x32x32", kind, kind);
  SV_TRY(read_shape(r, &t, input || label, &d));
  if (s->name_count > 1 || (!input && !label && !s->name_count))
    return sv_text_fail(&r->cursor, s->keyword.start, "%s needs one name: %s",
                        kind, "w = parameter ...");
  const char *name = s->name_count ? s->names[0].text
                     : input       ? "image"
                                   : "label";
  sv_value value = input ? sv_input(r->graph, name, t.type, d.shape)
                   : label
                       ? sv_label(r->graph, name, d.shape)
                       : sv_parameter(r->graph, name, t.role, t.type, d.shape,
                                      t.init.start ? t.init.text : NULL);
  sv_status status = sv_graph_check(r->graph);
  if (status != SV_OK)
    return sv_text_fail_in(&r->cursor, s->keyword.start, status);
  r->graph->values[value.id].dtype = t.type; /* of a label, too */
  for (int i = 0; i < d.shape.rank; i++)
    if (d.symbol[i][0])
      SV_TRY(sv_copy_text(&r->graph->values[value.id].symbol[i], d.symbol[i]));
  if (input) r->last = value;
  return SV_OK;
}
