/* Networks as text: include/svertka/network.h has the language. */
#include "text/text.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "graph/graph.h"
#include "init/init.h"
#include "op/attrs.h"
#include "op/registry.h"

/* ---- The beginning of a statement ---- */

static sv_status read_value(sv_reader *r, sv_value *value) {
  sv_cursor *c = &r->cursor;
  bool alone = strchr(" \t\r\n,)", c->at[0] ? c->at[1] : 'x') != NULL;
  if (alone && (*c->at == '.' || *c->at == '-')) {
    *value = *c->at == '.' ? r->last : (sv_value){0};
    if (*c->at == '.' && !r->last.id)
      return sv_text_fail(c, c->at, "no value precedes this");
    c->at++;
    return SV_OK;
  }
  sv_word word;
  SV_TRY(sv_text_name(c, "a value", &word));
  value->id = sv_text_find(r, word.text);
  if (value->id) return SV_OK;
  if (r->frame->block)
    return sv_text_fail(c, word.start, "unknown value '%s' in %s", word.text,
                        r->frame->block->name);
  return sv_text_fail(c, word.start, "unknown value '%s'", word.text);
}

/* (VALUE, ...), which may go over several lines. */
static sv_status read_values(sv_reader *r, sv_statement *s) {
  sv_cursor *c = &r->cursor;
  const char *open = c->at++;
  s->bracket = true;
  sv_text_skip(c, true);
  if (*c->at == ')') {
    c->at++;
    return SV_OK;
  }
  for (;;) {
    sv_text_skip(c, true);
    if (s->value_count == SV_MOST_VALUES)
      return sv_text_fail(c, c->at, "more than %d values", SV_MOST_VALUES);
    SV_TRY(read_value(r, &s->values[s->value_count++]));
    sv_text_skip(c, true);
    char next = *c->at;
    if (next == '\0') return sv_text_fail(c, open, "'(' is not closed");
    if (next != ',' && next != ')')
      return sv_text_fail(c, c->at, "unexpected '%.*s', expected , or )",
                          sv_letter_bytes(c->at), c->at);
    c->at++;
    if (next == ')') return SV_OK;
  }
}

static sv_status read_beginning(sv_reader *r, sv_statement *s) {
  sv_cursor *c = &r->cursor;
  SV_TRY(sv_text_name(c, "an operator", &s->keyword));
  sv_text_skip(c, false);
  while (*c->at == ',' || *c->at == '=') {
    if (s->name_count == SV_MOST_NAMES)
      return sv_text_fail(c, c->at, "more than %d names", SV_MOST_NAMES);
    s->names[s->name_count++] = s->keyword;
    bool more = *c->at++ == ',';
    sv_text_skip(c, false);
    bool none = more && *c->at == '-'; /* an output without a name */
    if (none)
      s->keyword = (sv_word){.start = c->at++, .text = "-"};
    else
      SV_TRY(sv_text_name(c, more ? "a name" : "an operator", &s->keyword));
    sv_text_skip(c, false);
    if (more && *c->at != ',' && *c->at != '=')
      return sv_text_fail(c, c->at, "expected '=' after the names");
    if (!more) break;
  }
  if (*c->at == '(') SV_TRY(read_values(r, s));
  return SV_OK;
}

/* ---- Attributes ---- */

/* The next "word" or "key=word" of the statement; *value points behind the '='
 * or is NULL. False at the end of the statement. */
sv_status sv_text_next(sv_reader *r, sv_word *word, char **value, bool *more) {
  sv_cursor *c = &r->cursor;
  sv_text_skip(c, false);
  *more = !sv_text_at_end(c);
  if (!*more) return SV_OK;
  SV_TRY(sv_text_word(r, word));
  *value = word->equals < 0 ? NULL : word->text + word->equals;
  if (*value) *(*value)++ = '\0';
  sv_text_skip(c, false);
  if (*c->at == '=' || (*value && (!**value || !word->text[0])))
    return sv_text_fail(c, word->start,
                        "an attribute is written name=value, without blanks");
  return SV_OK;
}

sv_status sv_text_unknown(const sv_reader *r, const sv_word *word,
                          const char *of, const char *known) {
  return sv_text_fail(&r->cursor, word->start, "%s has no '%s'; it has %s", of,
                      word->text, known);
}

sv_status sv_text_check_init(const sv_reader *r, const sv_word *word,
                             const char *init) {
  sv_status status = sv_init_check(init);
  if (status == SV_OK) return SV_OK;
  return sv_text_fail_in(&r->cursor, word->start, status);
}

static sv_status unknown_attribute(sv_reader *r, const sv_word *word,
                                   const sv_op *op) {
  char known[256] = "none";
  size_t at = 0;
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (row == sv_attr_find(op, row->name) && at < sizeof known)
      at += (size_t)snprintf(known + at, sizeof known - at, "%s%s",
                             at ? ", " : "", row->name);
  return sv_text_unknown(r, word, op->name, known);
}

/* The operator's; node=NAME where it differs from the value's; init=TEXT of its
 * weight, init.bias=TEXT. */
static sv_status read_attributes(sv_reader *r, const sv_op *op, void *attrs,
                                 sv_word *node, uint64_t *seen) {
  for (int position = 0;;) {
    sv_word word;
    char *value;
    bool more;
    SV_TRY(sv_text_next(r, &word, &value, &more));
    if (!more) return SV_OK;
    if (value && strcmp(word.text, "node") == 0) {
      memmove(node->text, value, strlen(value) + 1);
      continue;
    }
    bool of_part = strncmp(word.text, "init.", 5) == 0;
    if (value && (of_part || strcmp(word.text, "init") == 0)) {
      SV_TRY(sv_text_check_init(r, &word, value));
      sv_init(r->graph, of_part ? word.text + 5 : NULL, value);
      continue;
    }
    const sv_attr *row = value ? sv_attr_find(op, word.text)
                               : sv_attr_at_position(op, ++position);
    if (!row && value) return unknown_attribute(r, &word, op);
    if (!row)
      return sv_text_fail(&r->cursor, word.start, "%s: unexpected '%s'",
                          op->name, word.text);
    uint64_t bit = UINT64_C(1) << (row - op->attrs);
    if (*seen & bit)
      return sv_text_fail(&r->cursor, word.start, "%s: %s is given twice",
                          op->name, row->name);
    *seen |= bit;
    sv_status status = sv_attr_parse(op, attrs, row, value ? value : word.text);
    if (status != SV_OK) return sv_text_fail_in(&r->cursor, word.start, status);
  }
}

/* ---- Operators ---- */

static sv_status rename_value(sv_reader *r, int id, const sv_word *name) {
  char *whole;
  SV_TRY(sv_text_untaken(r, name));
  SV_TRY(sv_graph_scoped(r->graph, name->text, &whole));
  sv_status status = sv_graph_rename_value(r->graph, id, whole);
  sv_free(whole);
  if (status != SV_INVALID) return status;
  return sv_text_fail_in(&r->cursor, name->start, status);
}

/* Further outputs are made where they have a name. */
static sv_status name_outputs(sv_reader *r, const sv_statement *s,
                              sv_value value) {
  for (int i = 0; i < s->name_count; i++) {
    const sv_word *name = &s->names[i];
    if (strcmp(name->text, "-") == 0) continue;
    sv_value output = i ? sv_output_of(r->graph, value, i) : value;
    sv_status status = sv_graph_check(r->graph);
    if (status != SV_OK)
      return sv_text_fail_in(&r->cursor, name->start, status);
    SV_TRY(rename_value(r, output.id, name));
  }
  return SV_OK;
}

static sv_status apply(sv_reader *r, sv_statement *s, const sv_op *op) {
  void *attrs;
  SV_TRY(sv_alloc(&attrs, op->attrs_size));
  sv_attrs_default(op, attrs);
  sv_word node = {.start = NULL};
  if (s->name_count) node = s->names[0];
  uint64_t seen = 0;
  sv_status status = read_attributes(r, op, attrs, &node, &seen);
  if (status == SV_OK && r->graph->node_count >= SV_MOST_NODES)
    status = sv_text_fail(&r->cursor, s->keyword.start,
                          "the network has more than %d layers", SV_MOST_NODES);
  if (status == SV_OK) {
    if (node.text[0]) sv_name(r->graph, "%s", node.text);
    r->last = sv_apply(r->graph, op->name, s->values, s->value_count, attrs);
    status = sv_graph_check(r->graph);
    if (status != SV_OK)
      status = sv_text_fail_in(&r->cursor, s->keyword.start, status);
    else
      status = sv_text_check_settled(r, s, attrs, seen);
  }
  sv_free(attrs);
  return status == SV_OK ? name_outputs(r, s, r->last) : status;
}

/* Of ours or of svertka's. */
static sv_status read_operator(sv_reader *r, sv_statement *s) {
  const sv_block *block = sv_text_block(r, s->keyword.text);
  if (block) return sv_text_use(r, s, block);
  const sv_entry *entry;
  sv_status status = sv_registry_require(&entry, s->keyword.text);
  if (status != SV_OK)
    return sv_text_fail_in(&r->cursor, s->keyword.start, status);
  if (!s->bracket) s->values[s->value_count++] = r->last;
  return apply(r, s, entry->op);
}

/* init TEXT: of the weights that follow. */
static sv_status read_init(sv_reader *r, sv_statement *s) {
  char *value, text[SV_LONGEST_WORD + 1] = "";
  size_t length = 0;
  SV_TRY(sv_text_no_values(r, s));
  for (;;) {
    sv_word word;
    bool more;
    SV_TRY(sv_text_next(r, &word, &value, &more));
    if (!more) break;
    if (value || length + strlen(word.text) + 1 > SV_LONGEST_WORD)
      return sv_text_fail(&r->cursor, word.start,
                          value ? "init takes a text such as he or normal 0.1"
                                : "this text is too long");
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                               length ? " " : "", word.text);
  }
  if (s->name_count || !length)
    return sv_text_fail(&r->cursor, s->keyword.start,
                        "init takes a text such as he or normal 0.1");
  SV_TRY(sv_text_check_init(r, &s->keyword, text));
  sv_init_weights(r->graph, strcmp(text, "usual") == 0 ? NULL : text);
  return SV_OK;
}

/* ---- The whole ---- */

static const struct {
  const char *keyword;
  sv_status (*read)(sv_reader *, sv_statement *);
} statements[] = {
    {"input", sv_text_declaration},     {"label", sv_text_declaration},
    {"parameter", sv_text_declaration}, {"output", sv_text_output},
    {"loss", sv_text_output},           {"classifier", sv_text_classifier},
    {"repeat", sv_text_repeat},         {"init", read_init},
};
enum { STATEMENTS = sizeof statements / sizeof statements[0] };

bool sv_text_is_keyword(const char *word) {
  bool known = strcmp(word, "define") == 0;
  for (size_t i = 0; i < STATEMENTS; i++)
    known |= strcmp(statements[i].keyword, word) == 0;
  return known;
}

static sv_status read_statement(sv_reader *r, sv_statement *s) {
  s->name_count = s->value_count = 0;
  s->bracket = false;
  SV_TRY(read_beginning(r, s));
  sv_status (*read)(sv_reader *, sv_statement *) = read_operator;
  for (size_t i = 0; i < STATEMENTS; i++)
    if (strcmp(statements[i].keyword, s->keyword.text) == 0)
      read = statements[i].read;
  SV_TRY(read(r, s));
  sv_status status = sv_graph_check(r->graph);
  if (status != SV_OK)
    return sv_text_fail_in(&r->cursor, s->keyword.start, status);
  return SV_OK;
}

/* "define" and blanks, where no value is named so: the cursor moves past. */
static bool at_define(sv_cursor *c) {
  static const char word[] = "define";
  if (strncmp(c->at, word, strlen(word)) != 0) return false;
  sv_cursor next = *c;
  next.at += strlen(word);
  if (*next.at != ' ' && *next.at != '\t') return false;
  sv_text_skip(&next, false);
  if (*next.at == '=' || *next.at == ',') return false;
  *c = next;
  return true;
}

sv_status sv_text_body(sv_reader *r) {
  sv_cursor *c = &r->cursor;
  sv_statement **s = &r->statements[r->depth];
  if (!*s) SV_TRY(sv_alloc(s, sizeof **s));
  sv_status status = SV_OK;
  for (sv_text_skip(c, true); status == SV_OK && *c->at && *c->at != '}';
       sv_text_skip(c, true)) {
    const char *start = c->at;
    status = at_define(c) ? sv_text_define(r, start) : read_statement(r, *s);
  }
  return status;
}

static sv_status read_all(sv_reader *r) {
  SV_TRY(sv_text_body(r));
  if (*r->cursor.at)
    return sv_text_fail(&r->cursor, r->cursor.at, "unexpected '}'");
  if (!r->last.id)
    return sv_text_fail(&r->cursor, r->cursor.at,
                        "the network is empty: begin with input 3x32x32");
  if (r->graph->output_count == 0) sv_output(r->graph, "output", r->last);
  return sv_graph_check(r->graph);
}

sv_status sv_network_parse(sv_graph **graph, const char *name,
                           const char *text) {
  const char *called = name ? name : "network";
  text += sv_bom_bytes(text, strlen(text));
  SV_TRY(sv_graph_new(graph, called));
  const sv_frame whole = {.block = NULL};
  sv_reader r = {
      .cursor = {called, text, text}, .graph = *graph, .frame = &whole};
  sv_status status = read_all(&r);
  sv_text_forget(&r);
  sv_text_free_blocks(&r);
  for (int i = 0; i <= SV_DEEPEST; i++) sv_free(r.statements[i]);
  if (status == SV_OK) return SV_OK;
  sv_graph_free(*graph);
  *graph = NULL;
  return status;
}
