/* Networks as text: $NAME and $(EXPRESSION).
 *
 *     expression = term  {("+" | "-") term}
 *     term       = factor {("*" | "/" | "%") factor}
 *     factor     = NUMBER | PARAMETER | "-" factor | "(" expression ")"
 *
 * in whole numbers; / leaves the rest out. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"

static bool in_parameter(char c) {
  return isalnum((unsigned char)c) || c == '_';
}

/* The argument of the parameter named at the cursor, which moves past it. */
static sv_status read_argument(sv_reader *r, const char **argument) {
  sv_cursor *c = &r->cursor;
  const char *start = c->at;
  while (in_parameter(*c->at)) c->at++;
  int length = (int)(c->at - start);
  const sv_block *block = r->frame->block;
  for (int i = 0; block && i < block->parameter_count; i++) {
    const char *name = block->parameters[i].name;
    *argument = r->frame->arguments[i];
    if (strncmp(name, start, (size_t)length) == 0 && name[length] == '\0')
      return SV_OK;
  }
  if (!block)
    return sv_text_fail(c, start, "parameters exist only inside a block");
  return sv_text_fail(c, start, "%s has no parameter '%.*s'", block->name,
                      length < 64 ? length : 64, start);
}

/* ---- Arithmetic ---- */

static sv_status read_sum(sv_reader *r, int depth, int64_t *value);

static sv_status read_number(sv_reader *r, int64_t *value) {
  sv_cursor *c = &r->cursor;
  const char *start = c->at, *text = start;
  if (!isdigit((unsigned char)*start)) SV_TRY(read_argument(r, &text));
  char *end;
  errno = 0;
  *value = strtoll(text, &end, 10);
  bool argument = text != start;
  if (!argument) c->at = end;
  if (errno == 0 && end != text && (!argument || *end == '\0')) return SV_OK;
  int length = (int)(c->at - start < 64 ? c->at - start : 64);
  if (!argument)
    return sv_text_fail(c, start, "%.*s is too large", length, start);
  return sv_text_fail(c, start, "%.*s is not an integer: '%.64s'", length,
                      start, text);
}

static sv_status read_factor(sv_reader *r, int depth, int64_t *value) {
  sv_cursor *c = &r->cursor;
  sv_text_skip(c, false);
  const char *start = c->at;
  if (depth > SV_DEEPEST)
    return sv_text_fail(c, start, "brackets nested more than %d deep",
                        SV_DEEPEST);
  if (isalnum((unsigned char)*start) || *start == '_')
    return read_number(r, value);
  if (*start == '-') {
    c->at++;
    SV_TRY(read_factor(r, depth + 1, value));
    if (__builtin_sub_overflow(0, *value, value))
      return sv_text_fail(c, start, "the number is too large");
    return SV_OK;
  }
  if (*start != '(')
    return sv_text_fail(c, start, "expected a number or a parameter");
  c->at++;
  SV_TRY(read_sum(r, depth + 1, value));
  if (*c->at != ')')
    return sv_text_fail(c, c->at, "expected one of + - * / %% )");
  c->at++;
  return SV_OK;
}

static sv_status combine(sv_reader *r, const char *sign, int64_t *a,
                         int64_t b) {
  bool bad;
  if (*sign == '+')
    bad = __builtin_add_overflow(*a, b, a);
  else if (*sign == '-')
    bad = __builtin_sub_overflow(*a, b, a);
  else if (*sign == '*')
    bad = __builtin_mul_overflow(*a, b, a);
  else if (b == 0)
    return sv_text_fail(&r->cursor, sign, "division by zero");
  else if (b == -1)
    bad = __builtin_mul_overflow(*sign == '/' ? *a : 0, b, a);
  else {
    bad = false;
    *a = *sign == '/' ? *a / b : *a % b;
  }
  if (bad) return sv_text_fail(&r->cursor, sign, "the number is too large");
  return SV_OK;
}

/* Operands with signs of one rank between them. */
static sv_status read_chain(sv_reader *r, const char *signs, int depth,
                            sv_status (*read)(sv_reader *, int, int64_t *),
                            int64_t *value) {
  sv_cursor *c = &r->cursor;
  SV_TRY(read(r, depth, value));
  for (;;) {
    sv_text_skip(c, false);
    const char *sign = c->at;
    if (*sign == '\0' || !strchr(signs, *sign)) return SV_OK;
    int64_t other;
    c->at++;
    SV_TRY(read(r, depth, &other));
    SV_TRY(combine(r, sign, value, other));
  }
}

static sv_status read_product(sv_reader *r, int depth, int64_t *value) {
  return read_chain(r, "*/%", depth, read_factor, value);
}

static sv_status read_sum(sv_reader *r, int depth, int64_t *value) {
  return read_chain(r, "+-", depth, read_product, value);
}

/* ---- In a word ---- */

sv_status sv_text_expand(sv_reader *r, sv_word *word, size_t *length) {
  sv_cursor *c = &r->cursor;
  char number[24];
  const char *text = number;
  c->at++;
  if (*c->at == '(') {
    int64_t value;
    SV_TRY(read_factor(r, 0, &value));
    snprintf(number, sizeof number, "%lld", (long long)value);
  } else if (in_parameter(*c->at)) {
    SV_TRY(read_argument(r, &text));
  } else {
    return sv_text_fail(c, c->at, "expected a parameter or ( after $");
  }
  for (; *text; text++) SV_TRY(sv_text_put(c, word, length, *text));
  return SV_OK;
}
