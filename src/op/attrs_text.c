/* Attributes from text and to text. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "op/attr_at.h"
#include "op/attrs.h"

/* ---- From text ---- */

/* In the order of sv_padding_rule. */
static const char *const rules[] = {NULL, "same", "same_lower", "valid",
                                    "full"};

static const char *what_would_do(const sv_attr *row, char text[128]) {
  size_t at = 0;
  switch (row->type) {
    case SV_ATTR_INT: return "an integer";
    case SV_ATTR_FLOAT: return "a number";
    case SV_ATTR_BOOL: return "true or false";
    case SV_ATTR_CHOICE:
      for (int i = 0; row->choices[i] && at < 100; i++)
        at += (size_t)snprintf(text + at, 128 - at, "%s%s", i ? ", " : "",
                               row->choices[i]);
      return text;
    case SV_ATTR_INTS: return "integers such as 3x3";
    case SV_ATTR_FLOATS: return "numbers such as 0.5,2";
    case SV_ATTR_PADDING:
      return "same, same_lower, valid, full or numbers such as 1x1";
  }
  return "";
}

static sv_status refuse(const sv_op *op, const sv_attr *row, const char *text) {
  char expected[128];
  return sv_fail(SV_INVALID, "%s: %s is '%.64s', expected %s", op->name,
                 row->name, text, what_would_do(row, expected));
}

/* Reads a number at *text and moves on; false if there is none. */
static bool read_int(const char **text, int64_t *number) {
  char *end;
  errno = 0;
  if (isspace((unsigned char)**text)) return false;
  *number = strtoll(*text, &end, 10);
  if (end == *text || errno) return false;
  *text = end;
  return true;
}

static bool read_float(const char **text, float *number) {
  char *end;
  if (isspace((unsigned char)**text)) return false;
  *number = strtof(*text, &end);
  if (end == *text || !isfinite(*number)) return false;
  *text = end;
  return true;
}

static bool read_ints(const char *text, sv_ints *ints) {
  sv_ints fresh = {0};
  while (*text) {
    if (fresh.count == SV_MAX_INTS) return false;
    if (fresh.count > 0 && *text != 'x' && *text != ',') return false;
    if (fresh.count > 0) text++;
    if (!read_int(&text, &fresh.at[fresh.count++])) return false;
  }
  *ints = fresh;
  return true;
}

static bool read_floats(const char *text, sv_floats *floats) {
  sv_floats fresh = {0};
  while (*text) {
    if (fresh.count == SV_MAX_INTS) return false;
    if (fresh.count > 0 && *text++ != ',') return false;
    if (!read_float(&text, &fresh.at[fresh.count++])) return false;
  }
  *floats = fresh;
  return true;
}

static bool all_zero(const sv_ints *ints) {
  for (int i = 0; i < ints->count; i++)
    if (ints->at[i] != 0) return false;
  return true;
}

static bool read_padding(const char *text, sv_padding *padding) {
  for (int rule = SV_PAD_SAME_UPPER; rule <= SV_PAD_FULL; rule++)
    if (strcmp(text, rules[rule]) == 0) {
      *padding = (sv_padding){.rule = (sv_padding_rule)rule};
      return true;
    }
  sv_padding fresh = {0};
  if (!read_ints(text, &fresh.at)) return false;
  *padding = all_zero(&fresh.at) ? (sv_padding){0} : fresh;
  return true;
}

static bool read_bool(const char *text, bool *value) {
  bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
  if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
    return false;
  *value = yes;
  return true;
}

static bool read_choice(const sv_attr *row, const char *text, int *choice) {
  for (int i = 0; row->choices[i]; i++)
    if (strcmp(text, row->choices[i]) == 0) {
      *choice = i;
      return true;
    }
  return false;
}

static bool read_row(void *attrs, const sv_attr *row, const char *text) {
  switch (row->type) {
    case SV_ATTR_INT:
      if (strcmp(text, "none") == 0 && row->initial == (double)SV_ATTR_NONE) {
        *int_at(attrs, row) = SV_ATTR_NONE;
        return true;
      }
      return read_int(&text, int_at(attrs, row)) && !*text;
    case SV_ATTR_FLOAT:
      return read_float(&text, float_at(attrs, row)) && !*text;
    case SV_ATTR_BOOL: return read_bool(text, bool_at(attrs, row));
    case SV_ATTR_CHOICE: return read_choice(row, text, choice_at(attrs, row));
    case SV_ATTR_INTS: return read_ints(text, ints_at(attrs, row));
    case SV_ATTR_FLOATS: return read_floats(text, floats_at(attrs, row));
    case SV_ATTR_PADDING: return read_padding(text, padding_at(attrs, row));
  }
  return false;
}

sv_status sv_attr_parse(const sv_op *op, void *attrs, const sv_attr *row,
                        const char *text) {
  if (!read_row(attrs, row, text)) return refuse(op, row, text);
  return sv_attr_check(op, row, attrs);
}

static sv_status unknown_attribute(const sv_op *op, const char *name) {
  sv_text known = {0};
  const char *near = NULL;
  for (const sv_attr *row = op->attrs; row && row->name; row++) {
    if (!sv_attr_is_first(op, row)) continue;
    sv_text_add(&known, "%s%s", known.length ? ", " : "", row->name);
    if (sv_is_near(name, row->name)) near = row->name;
  }
  sv_status status =
      near ? sv_fail(SV_INVALID,
                     "%s: unknown attribute '%.64s'; did you mean %s?",
                     op->name, name, near)
           : sv_fail(SV_INVALID, "%s: unknown attribute '%.64s'; it has %s",
                     op->name, name, known.length ? known.at : "none");
  sv_text_clear(&known);
  return status;
}

/* One word: name=value, or the value of the next position. */
static sv_status parse_word(const sv_op *op, void *attrs, char *word,
                            int *position, uint64_t *seen) {
  char *equals = strchr(word, '=');
  const char *value = equals ? equals + 1 : word;
  const sv_attr *row;
  if (equals) {
    *equals = '\0';
    row = sv_attr_find(op, word);
    if (!row) return unknown_attribute(op, word);
  } else {
    row = sv_attr_at_position(op, ++*position);
    if (!row && !op->attrs)
      return sv_fail(SV_INVALID, "%s: unexpected '%.64s': it has no attributes",
                     op->name, word);
    if (!row)
      return sv_fail(SV_INVALID,
                     "%s: unexpected '%.64s': %s takes %d values without name=",
                     op->name, word, op->name, *position - 1);
  }
  uint64_t bit = UINT64_C(1) << (row - op->attrs);
  if (*seen & bit)
    return sv_fail(SV_INVALID, "%s: %s is given twice", op->name, row->name);
  *seen |= bit;
  return sv_attr_parse(op, attrs, row, value);
}

sv_status sv_attrs_parse(const sv_op *op, void *attrs, const char *text) {
  int position = 0;
  uint64_t seen = 0;
  while (true) {
    text += strspn(text, " \t\n");
    size_t length = strcspn(text, " \t\n");
    if (length == 0) return SV_OK;
    char word[256];
    if (length >= sizeof word)
      return sv_fail(SV_INVALID, "%s: a word of %zu letters is too long",
                     op->name, length);
    memcpy(word, text, length);
    word[length] = '\0';
    SV_TRY(parse_word(op, attrs, word, &position, &seen));
    text += length;
  }
}

/* ---- To text ---- */

static void print_ints(sv_text *text, const sv_ints *ints) {
  bool negative = false;
  for (int i = 0; i < ints->count; i++) negative |= ints->at[i] < 0;
  for (int i = 0; i < ints->count; i++)
    sv_text_add(text, "%s%lld",
                !i         ? ""
                : negative ? ","
                           : "x",
                (long long)ints->at[i]);
}

/* The shortest text that reads back as the same float. */
static void print_float(sv_text *text, float number) {
  char digits[32];
  for (int precision = 6; precision <= 9; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, (double)number);
    if (strtof(digits, NULL) == number) break;
  }
  sv_text_add(text, "%s", digits);
}

void sv_attr_print(sv_text *text, const sv_attr *row, const void *attrs) {
  void *from = readable(attrs);
  switch (row->type) {
    case SV_ATTR_INT:
      if (*int_at(from, row) == SV_ATTR_NONE)
        sv_text_add(text, "none");
      else
        sv_text_add(text, "%lld", (long long)*int_at(from, row));
      break;
    case SV_ATTR_FLOAT: print_float(text, *float_at(from, row)); break;
    case SV_ATTR_BOOL:
      sv_text_add(text, "%s", *bool_at(from, row) ? "true" : "false");
      break;
    case SV_ATTR_CHOICE:
      sv_text_add(text, "%s", row->choices[*choice_at(from, row)]);
      break;
    case SV_ATTR_INTS: print_ints(text, ints_at(from, row)); break;
    case SV_ATTR_FLOATS:
      for (int i = 0; i < floats_at(from, row)->count; i++) {
        if (i) sv_text_add(text, ",");
        print_float(text, floats_at(from, row)->at[i]);
      }
      break;
    case SV_ATTR_PADDING: {
      const sv_padding *padding = padding_at(from, row);
      if (padding->rule != SV_PAD_EXPLICIT)
        sv_text_add(text, "%s", rules[padding->rule]);
      else if (padding->at.count == 0)
        sv_text_add(text, "0");
      else
        print_ints(text, &padding->at);
      break;
    }
  }
}

bool sv_attr_is_default(const sv_op *op, const sv_attr *row,
                        const void *attrs) {
  (void)op;
  void *from = readable(attrs);
  switch (row->type) {
    case SV_ATTR_INT: return (double)*int_at(from, row) == row->initial;
    case SV_ATTR_FLOAT: return *float_at(from, row) == (float)row->initial;
    case SV_ATTR_BOOL: return *bool_at(from, row) == (row->initial != 0);
    case SV_ATTR_CHOICE: return *choice_at(from, row) == (int)row->initial;
    case SV_ATTR_INTS: return ints_at(from, row)->count == 0;
    case SV_ATTR_FLOATS: return floats_at(from, row)->count == 0;
    case SV_ATTR_PADDING: {
      const sv_padding *padding = padding_at(from, row);
      return padding->rule == SV_PAD_EXPLICIT && all_zero(&padding->at);
    }
  }
  return false;
}
