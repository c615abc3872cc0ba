/* Networks as text: the definition of blocks. */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "op/registry.h"
#include "text/text.h"

static void free_block(sv_block *block) {
  for (int i = 0; i < block->value_count; i++) sv_free(block->values[i]);
  for (int i = 0; i < block->parameter_count; i++) {
    sv_free(block->parameters[i].name);
    sv_free(block->parameters[i].initial);
  }
  sv_free(block->values);
  sv_free(block->parameters);
  sv_free(block->name);
}

void sv_text_free_blocks(sv_reader *r) {
  sv_names_free(&r->block_names);
  for (int i = 0; i < r->block_count; i++) free_block(&r->blocks[i]);
  sv_free(r->blocks);
}

/* ---- Bodies ---- */

/* *end = the } that belongs to the { at the cursor, which moves behind it. */
sv_status sv_text_open_body(sv_reader *r, const char **end) {
  sv_cursor *c = &r->cursor;
  const char *open = c->at;
  if (*open != '{') return sv_text_fail(c, open, "expected '{'");
  int depth = 0;
  bool comment = false, quote = false;
  const char *p = open;
  for (; *p; p++) {
    if (*p == '\n') comment = quote = false;
    if (comment) continue;
    if (quote && *p == '\\' && p[1]) {
      p++;
      continue;
    }
    if (*p == '"') quote = !quote;
    if (quote) continue;
    if (*p == '#') comment = true;
    if (*p == '{') depth++;
    if (*p == '}' && --depth == 0) break;
  }
  if (*p == '\0') return sv_text_fail(c, open, "'{' is not closed");
  c->at = open + 1;
  *end = p;
  return SV_OK;
}

/* Behind the }. */
sv_status sv_text_close_body(sv_reader *r, const char *end) {
  r->cursor.at = end + 1;
  sv_text_skip(&r->cursor, false);
  if (sv_text_at_end(&r->cursor)) return SV_OK;
  return sv_text_fail(&r->cursor, r->cursor.at,
                      "expected a new line or ; after '}'");
}

/* ---- The head ---- */

static sv_status add_value(sv_reader *r, sv_block *b) {
  sv_word word;
  SV_TRY(sv_text_name(&r->cursor, "the name of a value", &word));
  for (int i = 0; i < b->value_count; i++)
    if (strcmp(b->values[i], word.text) == 0)
      return sv_text_fail(&r->cursor, word.start, "two values are named '%s'",
                          word.text);
  if (b->value_count == SV_MOST_VALUES)
    return sv_text_fail(&r->cursor, word.start, "more than %d values",
                        SV_MOST_VALUES);
  SV_TRY(sv_grow(&b->values, b->value_count, &b->value_capacity,
                 sizeof *b->values));
  SV_TRY(sv_copy_text(&b->values[b->value_count], word.text));
  b->value_count++;
  return SV_OK;
}

static sv_status add_values(sv_reader *r, sv_block *b) {
  sv_cursor *c = &r->cursor;
  do {
    c->at++;
    sv_text_skip(c, true);
    SV_TRY(add_value(r, b));
    sv_text_skip(c, true);
  } while (*c->at == ',');
  if (*c->at != ')')
    return sv_text_fail(c, c->at, "expected , or ) after the name of a value");
  c->at++;
  sv_text_skip(c, false);
  return SV_OK;
}

static bool is_parameter(const char *name) {
  if (!isalpha((unsigned char)*name) && *name != '_') return false;
  while (isalnum((unsigned char)*name) || *name == '_') name++;
  return *name == '\0';
}

int sv_text_find_parameter(const sv_block *b, const char *name) {
  for (int i = 0; i < b->parameter_count; i++)
    if (strcmp(b->parameters[i].name, name) == 0) return i;
  return -1;
}

enum { MOST_PARAMETERS = 256 };

static sv_status add_parameter(sv_reader *r, sv_block *b, const sv_word *word,
                               const char *initial) {
  if (!is_parameter(word->text) || strcmp(word->text, "node") == 0)
    return sv_text_fail(&r->cursor, word->start,
                        "unexpected '%s', expected the name of a parameter: "
                        "letters, digits and _",
                        word->text);
  if (sv_text_find_parameter(b, word->text) >= 0)
    return sv_text_fail(&r->cursor, word->start,
                        "two parameters are named '%s'", word->text);
  if (b->parameter_count == MOST_PARAMETERS)
    return sv_text_fail(&r->cursor, word->start, "more than %d parameters",
                        MOST_PARAMETERS);
  SV_TRY(sv_grow(&b->parameters, b->parameter_count, &b->parameter_capacity,
                 sizeof *b->parameters));
  struct sv_block_parameter *p = &b->parameters[b->parameter_count];
  SV_TRY(sv_copy_text(&p->name, word->text));
  b->parameter_count++;
  return initial ? sv_copy_text(&p->initial, initial) : SV_OK;
}

static sv_status add_parameters(sv_reader *r, sv_block *b) {
  for (;;) {
    sv_word word;
    char *initial;
    bool more;
    sv_text_skip(&r->cursor, false);
    if (*r->cursor.at == '{') return SV_OK;
    SV_TRY(sv_text_next(r, &word, &initial, &more));
    if (!more) return sv_text_fail(&r->cursor, r->cursor.at, "expected '{'");
    SV_TRY(add_parameter(r, b, &word, initial));
  }
}

static sv_status check_name(const sv_reader *r, const sv_word *name) {
  const char *what = NULL;
  if (sv_registry_find(name->text)) what = "an operator";
  if (sv_text_is_keyword(name->text)) what = "a statement";
  if (sv_text_block(r, name->text)) what = "another block";
  if (!what) return SV_OK;
  return sv_text_fail(&r->cursor, name->start, "'%s' is %s", name->text, what);
}

sv_status sv_text_define(sv_reader *r, const char *start) {
  sv_cursor *c = &r->cursor;
  sv_word name;
  if (r->depth)
    return sv_text_fail(c, start, "define is not allowed inside { }");
  SV_TRY(sv_text_name(c, "the name of a block", &name));
  SV_TRY(check_name(r, &name));
  SV_TRY(sv_grow(&r->blocks, r->block_count, &r->block_capacity,
                 sizeof *r->blocks));
  sv_block *b = &r->blocks[r->block_count++];
  SV_TRY(sv_copy_text(&b->name, name.text));
  sv_text_skip(c, false);
  if (*c->at == '(') SV_TRY(add_values(r, b));
  SV_TRY(add_parameters(r, b));
  SV_TRY(sv_text_open_body(r, &b->end));
  b->body = c->at;
  SV_TRY(sv_text_close_body(r, b->end));
  return sv_names_put(&r->block_names, b->name, r->block_count - 1);
}
