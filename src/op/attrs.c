#include "op/attrs.h"

#include <string.h>

#include "op/attr_at.h"

/* ---- Defaults, rows ---- */

static void set_default(void *attrs, const sv_attr *row) {
  switch (row->type) {
    case SV_ATTR_INT: *int_at(attrs, row) = (int64_t)row->initial; break;
    case SV_ATTR_FLOAT: *float_at(attrs, row) = (float)row->initial; break;
    case SV_ATTR_BOOL: *bool_at(attrs, row) = row->initial != 0; break;
    case SV_ATTR_CHOICE: *choice_at(attrs, row) = (int)row->initial; break;
    case SV_ATTR_INTS: ints_at(attrs, row)->count = 0; break;
    case SV_ATTR_FLOATS: floats_at(attrs, row)->count = 0; break;
    case SV_ATTR_PADDING: *padding_at(attrs, row) = (sv_padding){0}; break;
  }
}

bool sv_attr_is_first(const sv_op *op, const sv_attr *row) {
  for (const sv_attr *other = op->attrs; other != row; other++)
    if (other->offset == row->offset) return false;
  return true;
}

void sv_attrs_default(const sv_op *op, void *attrs) {
  if (op->attrs_size) memset(attrs, 0, op->attrs_size);
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (sv_attr_is_first(op, row)) set_default(attrs, row);
}

void sv_attrs_default_at(const sv_op *op, void *attrs, int64_t opset) {
  sv_attrs_default(op, attrs);
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (!row->required && opset >= row->since &&
        (!row->until || opset <= row->until))
      set_default(attrs, row);
}

void sv_attrs_forget(const sv_op *op, void *attrs, const int *out,
                     int out_count) {
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (row->output && sv_attr_is_first(op, row) &&
        (row->output >= out_count || !out[row->output]))
      set_default(attrs, row);
}

const sv_attr *sv_attr_find(const sv_op *op, const char *name) {
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (strcmp(row->name, name) == 0) return row;
  return NULL;
}

const sv_attr *sv_attr_at_position(const sv_op *op, int position) {
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (row->position == position) return row;
  return NULL;
}

double sv_attr_number(const sv_node *node, const char *name) {
  const sv_attr *row = sv_attr_find(node->op, name);
  if (!row) return 0;
  switch (row->type) {
    case SV_ATTR_INT: return (double)*int_at(node->attrs, row);
    case SV_ATTR_FLOAT: return *float_at(node->attrs, row);
    case SV_ATTR_BOOL: return *bool_at(node->attrs, row);
    case SV_ATTR_CHOICE: return *choice_at(node->attrs, row);
    default: return 0;
  }
}

/* ---- Checks ---- */

static bool within(const sv_attr *row, double number) {
  if (row->min == 0 && row->max == 0) return true;
  return number >= row->min && number <= row->max;
}

static sv_status check_number(const sv_op *op, const sv_attr *row,
                              double number) {
  if (within(row, number)) return SV_OK;
  return sv_fail(SV_INVALID, "%s: %s is %.10g, expected %.10g to %.10g",
                 op->name, row->name, number, row->min, row->max);
}

/* A bound that no float is exactly, such as 0.99, is met by the nearest. */
static sv_status check_float(const sv_op *op, const sv_attr *row,
                             float number) {
  if (number == (float)row->min || number == (float)row->max ||
      within(row, number))
    return SV_OK;
  return sv_fail(SV_INVALID, "%s: %s is %.7g, expected %.7g to %.7g", op->name,
                 row->name, number, row->min, row->max);
}

static sv_status check_ints(const sv_op *op, const sv_attr *row,
                            const sv_ints *ints) {
  if (ints->count < 0 || ints->count > SV_MAX_INTS)
    return sv_fail(SV_INVALID, "%s: %s has %d values, at most %d are supported",
                   op->name, row->name, ints->count, SV_MAX_INTS);
  for (int i = 0; i < ints->count; i++)
    SV_TRY(check_number(op, row, (double)ints->at[i]));
  return SV_OK;
}

static sv_status check_floats(const sv_op *op, const sv_attr *row,
                              const sv_floats *floats) {
  if (floats->count < 0 || floats->count > SV_MAX_INTS)
    return sv_fail(SV_INVALID, "%s: %s has %d values, at most %d are supported",
                   op->name, row->name, floats->count, SV_MAX_INTS);
  for (int i = 0; i < floats->count; i++)
    SV_TRY(check_float(op, row, floats->at[i]));
  return SV_OK;
}

static int count_choices(const sv_attr *row) {
  int count = 0;
  while (row->choices[count]) count++;
  return count;
}

sv_status sv_attr_check(const sv_op *op, const sv_attr *row, const void *read) {
  void *attrs = readable(read);
  switch (row->type) {
    case SV_ATTR_INT: {
      int64_t number = *int_at(attrs, row);
      bool none = number == SV_ATTR_NONE && row->initial == (double)number;
      return none ? SV_OK : check_number(op, row, (double)number);
    }
    case SV_ATTR_FLOAT: return check_float(op, row, *float_at(attrs, row));
    case SV_ATTR_BOOL: return SV_OK;
    case SV_ATTR_CHOICE: {
      int choice = *choice_at(attrs, row), count = count_choices(row);
      if (choice >= 0 && choice < count) return SV_OK;
      return sv_fail(SV_INVALID, "%s: %s is choice %d of %d", op->name,
                     row->name, choice, count);
    }
    case SV_ATTR_INTS: return check_ints(op, row, ints_at(attrs, row));
    case SV_ATTR_FLOATS: return check_floats(op, row, floats_at(attrs, row));
    case SV_ATTR_PADDING: {
      const sv_padding *padding = padding_at(attrs, row);
      if ((int)padding->rule < SV_PAD_EXPLICIT || padding->rule > SV_PAD_FULL)
        return sv_fail(SV_INVALID, "%s: %s has rule %d", op->name, row->name,
                       (int)padding->rule);
      return check_ints(op, row, &padding->at);
    }
  }
  return SV_OK;
}

sv_status sv_attrs_check(const sv_op *op, const void *attrs) {
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (sv_attr_is_first(op, row)) SV_TRY(sv_attr_check(op, row, attrs));
  return SV_OK;
}

static bool equal_ints(const sv_ints *a, const sv_ints *b) {
  return a->count == b->count &&
         memcmp(a->at, b->at, (size_t)a->count * sizeof *a->at) == 0;
}

static bool equal_row(const sv_attr *row, void *a, void *b) {
  switch (row->type) {
    case SV_ATTR_INT: return *int_at(a, row) == *int_at(b, row);
    case SV_ATTR_FLOAT: return *float_at(a, row) == *float_at(b, row);
    case SV_ATTR_BOOL: return *bool_at(a, row) == *bool_at(b, row);
    case SV_ATTR_CHOICE: return *choice_at(a, row) == *choice_at(b, row);
    case SV_ATTR_INTS: return equal_ints(ints_at(a, row), ints_at(b, row));
    case SV_ATTR_FLOATS: {
      const sv_floats *f = floats_at(a, row), *g = floats_at(b, row);
      bool same = f->count == g->count;
      for (int i = 0; same && i < f->count; i++) same = f->at[i] == g->at[i];
      return same;
    }
    case SV_ATTR_PADDING: {
      const sv_padding *p = padding_at(a, row), *q = padding_at(b, row);
      return p->rule == q->rule && equal_ints(&p->at, &q->at);
    }
  }
  return false;
}

bool sv_attrs_equal(const sv_op *op, const void *a, const void *b) {
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (!equal_row(row, readable(a), readable(b))) return false;
  return true;
}
