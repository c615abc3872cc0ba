/* Attributes left out, of another type, of other numbers and counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "onnx/attrs.h"
#include "op/attr_at.h"
#include "opcheck_file.h"

typedef Onnx__AttributeProto attribute;
#define TYPE(name) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##name
#define count_of(array) (int)(sizeof(array) / sizeof((array)[0]))
enum { MISSING = -1, LONGEST = 40 };

static bool is_real(const sv_attr *row) {
  return row->type == SV_ATTR_FLOAT || row->type == SV_ATTR_FLOATS;
}

static bool is_list(const sv_attr *row) {
  return row->type == SV_ATTR_INTS || row->type == SV_ATTR_FLOATS ||
         row->type == SV_ATTR_PADDING;
}

static int type_of(const sv_attr *row) {
  bool real = is_real(row);
  if (row->tensor) return TYPE(TENSOR);
  if (row->type == SV_ATTR_CHOICE && !row->codes) return TYPE(STRING);
  if (is_list(row)) return real ? TYPE(FLOATS) : TYPE(INTS);
  return real ? TYPE(FLOAT) : TYPE(INT);
}

/* Its bounds are those of the first row of the same attribute. */
static const sv_attr *first_of(const sv_op *op, const sv_attr *row) {
  const sv_attr *first = op->attrs;
  while (first->offset != row->offset) first++;
  return first;
}

static int64_t as_whole(double number) {
  if (isnan(number)) return 0;
  if (number >= 0x1p63) return INT64_MAX;
  return number < -0x1p63 ? INT64_MIN : (int64_t)number;
}

/* ---- All the ways ---- */

static const char unknown[] = "no such word";
static const char *const words[] = {"",           "NOTSET", "SAME_UPPER",
                                    "SAME_LOWER", "VALID",  unknown};
static const int counts[] = {0, 1, 2, 3, 4, 5, 6, 8, 16, 17, LONGEST};

static bool number_at(const sv_attr *bounds, int k, oc_spoil *s) {
  const double numbers[] = {0,
                            1,
                            -1,
                            2,
                            3,
                            7,
                            1000,
                            bounds->min,
                            bounds->max,
                            0.5,
                            1e15,
                            0x1p63,
                            -0x1p63,
                            1e-45,
                            1e30,
                            -1e30,
                            INT32_MAX,
                            INT32_MIN,
                            NAN,
                            INFINITY,
                            -INFINITY,
                            bounds->min - 1,
                            bounds->max + 1};
  int each = is_list(bounds) ? 2 : 1;
  s->given = true;
  s->first = k % each;
  if (k / each < count_of(numbers)) s->number = numbers[k / each];
  return k / each < count_of(numbers);
}

bool oc_spoil_at(const sv_op *op, const sv_attr *row, int k, oc_spoil *s) {
  *s = (oc_spoil){.row = row, .type = type_of(row), .count = -1};
  if (row->slot && k-- == 0) return s->computed = true;
  if (k <= TYPE(STRINGS) + 1) {
    s->type = k - 1; /* MISSING, UNDEFINED, FLOAT, ... */
    return true;
  }
  k -= TYPE(STRINGS) + 2;
  if (k < count_of(counts)) {
    s->count = counts[k];
    return true;
  }
  k -= count_of(counts);
  if (k < count_of(words)) {
    s->type = TYPE(STRING);
    s->word = words[k];
    return true;
  }
  return number_at(first_of(op, row), k - count_of(words), s);
}

static bool is_beyond(const sv_attr *bounds, double number) {
  bool real = is_real(bounds);
  if (bounds->min == 0 && bounds->max == 0) return false;
  if (!real && as_whole(number) == INT64_MIN) return false; /* may be none */
  if (!real) number = (double)as_whole(number);
  return !(number >= bounds->min && number <= bounds->max) &&
         !(number >= (float)bounds->min && number <= (float)bounds->max);
}

bool oc_spoil_refused(const sv_op *op, const oc_spoil *s) {
  const sv_attr *row = s->row;
  bool text = row->type == SV_ATTR_CHOICE, rule = row->type == SV_ATTR_PADDING;
  if (s->computed) return sv_op_attr_port(op, first_of(op, row)) < 0;
  if (s->type == MISSING) return row->required;
  if (is_list(row) && !s->word && s->count > SV_MAX_INTS) return true;
  if (row->slot) return false;
  if (s->word && rule) return s->word == unknown;
  if (s->type != type_of(row)) return true;
  if (s->word) return s->word == unknown;
  return s->given && !text && !row->tensor && row->type != SV_ATTR_BOOL &&
         is_beyond(first_of(op, row), s->number);
}

const char *oc_spoil_text(const oc_spoil *s, char text[OC_TEXT]) {
  static const char *const types[] = {
      "left out", "undefined", "float",  "int",  "string",
      "tensor",   "graph",     "floats", "ints", "strings"};
  int length = snprintf(text, OC_TEXT, "%s as %s", s->row->name,
                        s->computed ? "an input of the graph"
                        : s->word   ? s->word
                                    : types[s->type + 1]);
  if (s->count >= 0)
    length += snprintf(text + length, 64, " of %d numbers", s->count);
  if (s->given)
    snprintf(text + length, 64, "%s %g", s->first ? ", the first" : ",",
             s->number);
  return text;
}

/* ---- Into the file ---- */

/* Those of the case; beyond them ones. */
static int numbers_of(const oc_run *run, const oc_spoil *s,
                      double numbers[LONGEST]) {
  const sv_attr *row = s->row;
  void *attrs = run->node.attrs;
  const sv_ints *ints = row->type == SV_ATTR_PADDING
                            ? &padding_at(attrs, row)->at
                            : ints_at(attrs, row);
  const sv_floats *floats = floats_at(attrs, row);
  int own = !is_list(row) ? 0 : is_real(row) ? floats->count : ints->count;
  int count = s->count >= 0 ? s->count : own ? own : 2;
  for (int i = 0; i < count; i++) {
    numbers[i] = i >= own       ? 1
                 : is_real(row) ? (double)floats->at[i]
                                : (double)ints->at[i];
    if (s->given && (i == 0 || !s->first)) numbers[i] = s->number;
  }
  return count;
}

static sv_status new_tensor(oc_file *f, const double *numbers, int count,
                            bool list, bool real, Onnx__TensorProto **tensor) {
  size_t n = (size_t)count;
  Onnx__TensorProto *t;
  SV_TRY(sv_arena_take(&f->arena, tensor, sizeof *t));
  onnx__tensor_proto__init(t = *tensor);
  SV_TRY(sv_arena_take(&f->arena, &t->dims, sizeof *t->dims));
  SV_TRY(sv_arena_take_array(&f->arena, &t->float_data, n, sizeof(float)));
  SV_TRY(sv_arena_take_array(&f->arena, &t->int64_data, n, sizeof(int64_t)));
  t->n_dims = list;
  t->dims[0] = count;
  t->has_data_type = true;
  t->data_type = real ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
                      : ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
  *(real ? &t->n_float_data : &t->n_int64_data) = n;
  for (int i = 0; i < count; i++) {
    t->float_data[i] = (float)numbers[i];
    t->int64_data[i] = as_whole(numbers[i]);
  }
  return SV_OK;
}

/* *a = a new attribute in the place of the one with this name, or behind all;
 * NULL: it is gone. */
static sv_status replace(oc_file *f, const oc_spoil *s, const char *name,
                         attribute **a) {
  Onnx__NodeProto *node = &f->node;
  size_t at = 0, count = node->n_attribute;
  attribute **list;
  while (at < count && strcmp(node->attribute[at]->name, name) != 0) at++;
  SV_TRY(sv_arena_take_array(&f->arena, &list, count + 1, sizeof *list));
  if (count) memcpy(list, node->attribute, count * sizeof *list);
  node->attribute = list;
  *a = NULL;
  if (s->type == MISSING) {
    if (at < count) list[at] = list[--node->n_attribute];
    return SV_OK;
  }
  SV_TRY(sv_arena_take(&f->arena, a, sizeof **a));
  onnx__attribute_proto__init(list[at] = *a);
  if (at == count) node->n_attribute++;
  (*a)->has_type = true;
  (*a)->type = (Onnx__AttributeProto__AttributeType)s->type;
  return sv_arena_text(&f->arena, &(*a)->name, "%s", name);
}

static sv_status fill(oc_file *f, attribute *a, const oc_spoil *s,
                      const double *numbers, int count) {
  Onnx__TensorProto *lists;
  const char *word = s->word ? s->word : "";
  SV_TRY(new_tensor(f, numbers, count, true, true, &lists));
  a->has_f = a->has_i = a->has_s = true;
  a->f = count ? (float)numbers[0] : 0;
  a->i = count ? as_whole(numbers[0]) : 0;
  a->s.data = (uint8_t *)(uintptr_t)word;
  a->s.len = strlen(word);
  a->t = lists;
  a->n_ints = a->n_floats = (size_t)count;
  a->ints = lists->int64_data;
  a->floats = lists->float_data;
  return SV_OK;
}

/* Of the graph, with the tensor's name, type and shape. */
static sv_status add_input(oc_file *f, const Onnx__TensorProto *t) {
  sv_dtype dtype;
  sv_shape shape;
  char *const symbols[SV_MAX_RANK] = {NULL};
  SV_TRY(sv_onnx_tensor_check(t, &dtype, &shape));
  return sv_onnx_type_write(&f->inputs[f->graph.n_input++], t->name, dtype,
                            &shape, symbols, &f->arena);
}

/* The input that stands for the attribute. */
static sv_status spoil_slot(oc_file *f, const oc_spoil *s,
                            const double *numbers, int count) {
  size_t slot = (size_t)s->row->slot;
  bool list = s->type == TYPE(INTS) || s->type == TYPE(FLOATS);
  bool real = s->type == TYPE(FLOAT) || s->type == TYPE(FLOATS);
  char **input = &f->in[slot];
  if (s->type == MISSING) {
    *input = "";
    return SV_OK;
  }
  for (; f->node.n_input <= slot; f->node.n_input++)
    f->in[f->node.n_input] = "";
  Onnx__TensorProto *t;
  SV_TRY(new_tensor(f, numbers, list ? count : 1, list, real, &t));
  SV_TRY(sv_arena_text(&f->arena, input, "spoilt.%s", s->row->name));
  t->name = *input;
  if (s->computed) return add_input(f, t);
  f->tensors[f->graph.n_initializer++] = t;
  return SV_OK;
}

sv_status oc_spoil_file(oc_file *f, const oc_run *run, const oc_spoil *s) {
  attribute *a;
  double numbers[LONGEST] = {0};
  int count = numbers_of(run, s, numbers);
  if (s->row->slot) return spoil_slot(f, s, numbers, count);
  bool rule = s->row->type == SV_ATTR_PADDING && s->word;
  SV_TRY(replace(f, s, rule ? "auto_pad" : s->row->onnx, &a));
  return a ? fill(f, a, s, numbers, count) : SV_OK;
}
