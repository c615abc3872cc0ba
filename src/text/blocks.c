/* Networks as text: repeat, and the use of blocks. Bodies are read again
 * wherever they are used, with the names in them below the name of the use. A
 * block sees the blocks before it, so that none contains itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/text.h"

const sv_block *sv_text_block(const sv_reader *r, const char *name) {
  int at = sv_names_get(&r->block_names, name);
  const sv_block *inside = r->frame->block;
  bool visible = at >= 0 && (!inside || at < (int)(inside - r->blocks));
  return visible ? &r->blocks[at] : NULL;
}

/* ---- Bodies ---- */

/* Statements from `body` on; `where` asks for them. */
static sv_status enter_body(sv_reader *r, const char *body, const char *end,
                            const char *where) {
  enum { STATEMENT = 64 }; /* an empty body costs something too */
  if (r->depth == SV_DEEPEST)
    return sv_text_fail(&r->cursor, where, "{ } nested more than %d deep",
                        SV_DEEPEST);
  r->expanded += end - body + STATEMENT;
  if (r->expanded > SV_MOST_EXPANDED)
    return sv_text_fail(&r->cursor, where,
                        "blocks and repeats expand to more than %d MiB",
                        SV_MOST_EXPANDED >> 20);
  r->cursor.at = body;
  r->depth++;
  SV_TRY(sv_text_body(r));
  r->depth--;
  return SV_OK;
}

/* "message (in WHAT at LINE:COLUMN)" */
static sv_status within(const sv_reader *r, const char *what, const char *where,
                        sv_status status) {
  int line, column;
  char message[1024];
  sv_text_locate(&r->cursor, where, &line, &column);
  snprintf(message, sizeof message, "%s (in %s at %d:%d)", sv_error(), what,
           line, column);
  return sv_fail_as(status, message);
}

/* ---- repeat ---- */

static sv_status read_count(sv_reader *r, int64_t *count) {
  sv_word word;
  char *end;
  sv_text_skip(&r->cursor, false);
  SV_TRY(sv_text_word(r, &word));
  *count = strtoll(word.text, &end, 10);
  if (end != word.text && *end == '\0' && *count >= 0 && *count <= INT32_MAX)
    return SV_OK;
  return sv_text_fail(&r->cursor, word.start,
                      "repeat needs a count: repeat 3 { ... }");
}

/* The values of a bracket, or the value before. */
static sv_status start_value(sv_reader *r, const sv_statement *s) {
  if (s->value_count > 1 || (s->bracket && !s->value_count))
    return sv_text_fail(&r->cursor, s->keyword.start, "%s takes one value",
                        s->keyword.text);
  if (s->bracket) r->last = s->values[0];
  return SV_OK;
}

static sv_status read_round(sv_reader *r, const sv_statement *s, int64_t i,
                            const char *body, const char *end) {
  const char *where = s->keyword.start;
  bool named = s->name_count > 0;
  if (named) sv_scope_push(r->graph, "%s.%lld", s->names[0].text, (long long)i);
  sv_status status = sv_graph_check(r->graph);
  if (status != SV_OK) return sv_text_fail_in(&r->cursor, where, status);
  status = enter_body(r, body, end, where);
  if (named) sv_scope_pop(r->graph);
  if (status == SV_OK) return SV_OK;
  char what[48];
  snprintf(what, sizeof what, "iteration %lld of the repeat", (long long)i + 1);
  return within(r, what, where, status);
}

sv_status sv_text_repeat(sv_reader *r, sv_statement *s) {
  int64_t count;
  const char *end;
  if (s->name_count > 1)
    return sv_text_fail(&r->cursor, s->names[1].start,
                        "repeat produces one value");
  SV_TRY(start_value(r, s));
  SV_TRY(read_count(r, &count));
  sv_text_skip(&r->cursor, false);
  SV_TRY(sv_text_open_body(r, &end));
  const char *body = r->cursor.at;
  for (int64_t i = 0; i < count; i++) SV_TRY(read_round(r, s, i, body, end));
  SV_TRY(sv_text_close_body(r, end));
  return s->name_count && r->last.id ? sv_text_alias(r, &s->names[0], r->last)
                                     : SV_OK;
}

/* ---- Use ---- */

static sv_status unknown_parameter(const sv_reader *r, const sv_block *b,
                                   const sv_word *word) {
  char known[256] = "no parameters";
  size_t at = 0;
  for (int i = 0; i < b->parameter_count && at < sizeof known; i++)
    at += (size_t)snprintf(known + at, sizeof known - at, "%s%.64s",
                           at ? ", " : "", b->parameters[i].name);
  return sv_text_unknown(r, word, b->name, known);
}

/* Bare words in the order of the definition, or name=value. */
static sv_status read_arguments(sv_reader *r, const sv_statement *s,
                                const sv_block *b, char **arguments) {
  for (int position = 0;;) {
    sv_word word;
    char *value;
    bool more;
    SV_TRY(sv_text_next(r, &word, &value, &more));
    if (!more) break;
    int at = value ? sv_text_find_parameter(b, word.text) : position++;
    if (at < 0) return unknown_parameter(r, b, &word);
    if (at >= b->parameter_count)
      return sv_text_fail(&r->cursor, word.start, "%s: unexpected '%s'",
                          b->name, word.text);
    if (arguments[at])
      return sv_text_fail(&r->cursor, word.start, "%s: %s is given twice",
                          b->name, b->parameters[at].name);
    SV_TRY(sv_copy_text(&arguments[at], value ? value : word.text));
  }
  for (int i = 0; i < b->parameter_count; i++) {
    const struct sv_block_parameter *p = &b->parameters[i];
    if (arguments[i]) continue;
    if (!p->initial)
      return sv_text_fail(&r->cursor, s->keyword.start, "%s needs %s", b->name,
                          p->name);
    SV_TRY(sv_copy_text(&arguments[i], p->initial));
  }
  return SV_OK;
}

/* What the block is applied to goes by the names of the definition. */
static sv_status bind_values(sv_reader *r, const sv_statement *s,
                             const sv_block *b) {
  int count = s->bracket ? s->value_count : 1;
  int wanted = b->value_count ? b->value_count : 1;
  if (count != wanted)
    return sv_text_fail(&r->cursor, s->keyword.start,
                        "%s takes %d value%s, %d given", b->name, wanted,
                        wanted == 1 ? "" : "s", count);
  if (!s->bracket && !r->last.id)
    return sv_text_fail(&r->cursor, s->keyword.start, "no value precedes %s",
                        b->name);
  if (s->bracket) r->last = s->values[0];
  for (int i = 0; i < b->value_count; i++) {
    sv_word word = {.start = s->keyword.start};
    snprintf(word.text, sizeof word.text, "%s", b->values[i]);
    SV_TRY(sv_text_alias(r, &word, s->bracket ? s->values[i] : r->last));
  }
  return SV_OK;
}

/* What the use is called: block1, block2, ... if it does not say. */
static sv_status name_use(sv_reader *r, const sv_statement *s,
                          const sv_block *b, sv_word *name) {
  if (s->name_count > 1)
    return sv_text_fail(&r->cursor, s->names[1].start, "%s produces one value",
                        b->name);
  if (s->name_count) {
    *name = s->names[0];
    return sv_text_untaken(r, name);
  }
  char *stem, *fresh;
  SV_TRY(sv_graph_scoped(r->graph, b->name, &stem));
  sv_status status = sv_graph_fresh_name(r->graph, stem, &fresh);
  sv_free(stem);
  SV_TRY(status);
  size_t scope = r->graph->scope ? strlen(r->graph->scope) : 0;
  *name = (sv_word){.start = s->keyword.start};
  snprintf(name->text, sizeof name->text, "%s", fresh + scope);
  sv_free(fresh);
  return SV_OK;
}

/* The cursor is behind the arguments. */
static sv_status read_use(sv_reader *r, const sv_statement *s,
                          const sv_block *b, char **arguments) {
  const sv_frame *outer = r->frame;
  const char *back = r->cursor.at, *where = s->keyword.start;
  sv_word name;
  SV_TRY(name_use(r, s, b, &name));
  sv_scope_push(r->graph, "%s", name.text);
  sv_status status = sv_graph_check(r->graph);
  if (status != SV_OK) return sv_text_fail_in(&r->cursor, where, status);
  const sv_frame frame = {b, arguments, r->graph->scope_count};
  SV_TRY(bind_values(r, s, b));
  r->frame = &frame;
  status = enter_body(r, b->body, b->end, where);
  r->frame = outer;
  sv_scope_pop(r->graph);
  if (status != SV_OK) return within(r, b->name, where, status);
  r->cursor.at = back;
  return sv_text_alias(r, &name, r->last);
}

sv_status sv_text_use(sv_reader *r, sv_statement *s, const sv_block *b) {
  char **arguments;
  size_t count = (size_t)b->parameter_count;
  SV_TRY(sv_alloc_array(&arguments, count, sizeof *arguments));
  sv_status status = read_arguments(r, s, b, arguments);
  if (status == SV_OK) status = read_use(r, s, b, arguments);
  for (size_t i = 0; i < count; i++) sv_free(arguments[i]);
  sv_free(arguments);
  return status;
}
