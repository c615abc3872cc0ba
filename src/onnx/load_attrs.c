#include <string.h>

#include "base/memory.h"
#include "onnx/attrs.h"

typedef Onnx__AttributeProto attribute;

const sv_attr *sv_onnx_slot(const sv_op *op, int input, int64_t opset) {
  if (input == 0) return NULL;
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (row->slot == input && sv_onnx_valid(row, opset)) return row;
  return NULL;
}

static void *place(void *attrs, const sv_attr *row) {
  return (char *)attrs + row->offset;
}

/* ---- From a node ---- */

static const char *type_name(int type) {
  static const char *const names[] = {"nothing", "a float",  "an int",
                                      "a text",  "a tensor", "a graph",
                                      "floats",  "ints",     "texts"};
  return type >= 0 && type <= ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
             ? names[type]
             : "something else";
}

/* Files of the first IR versions leave the type out. */
static int type_of(const attribute *a) {
  if (a->has_type) return (int)a->type;
  if (a->has_f) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
  if (a->has_i) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
  if (a->has_s) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
  if (a->n_floats) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
  if (a->n_ints) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
  return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static sv_status check_type(const attribute *a, int expected) {
  int found = type_of(a);
  if (found == expected) return SV_OK;
  return sv_fail(SV_FORMAT, "attribute " SV_NAME " holds %s, expected %s",
                 a->name, type_name(found), type_name(expected));
}

static sv_status check_length(const char *name, size_t count) {
  if (count <= SV_MAX_INTS) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "attribute " SV_NAME
                 " has %zu values, at most %d are supported",
                 name, count, SV_MAX_INTS);
}

static sv_status read_ints(const attribute *a, sv_ints *ints) {
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS));
  SV_TRY(check_length(a->name, a->n_ints));
  *ints = (sv_ints){.count = (int)a->n_ints};
  for (int i = 0; i < ints->count; i++) ints->at[i] = a->ints[i];
  return SV_OK;
}

static sv_status read_floats(const attribute *a, sv_floats *floats) {
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS));
  SV_TRY(check_length(a->name, a->n_floats));
  *floats = (sv_floats){.count = (int)a->n_floats};
  for (int i = 0; i < floats->count; i++) floats->at[i] = a->floats[i];
  return SV_OK;
}

static bool is_text(const attribute *a, const char *text) {
  return a->s.len == strlen(text) && memcmp(a->s.data, text, a->s.len) == 0;
}

static sv_status refuse_text(const attribute *a) {
  return sv_fail(
      SV_UNSUPPORTED, "attribute " SV_NAME " is '%.*s', which is not supported",
      a->name, a->s.len < 80 ? (int)a->s.len : 80, (const char *)a->s.data);
}

static sv_status read_code(const attribute *a, const sv_attr *row,
                           int *choice) {
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT));
  for (int i = 0; row->choices[i]; i++) {
    if (row->codes[i] != a->i) continue;
    *choice = i;
    return SV_OK;
  }
  return sv_fail(SV_UNSUPPORTED,
                 "attribute " SV_NAME " is %lld, which is not supported",
                 a->name, (long long)a->i);
}

static sv_status read_choice(const attribute *a, const sv_attr *row,
                             int *choice) {
  if (row->codes) return read_code(a, row, choice);
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING));
  for (int i = 0; row->choices[i]; i++) {
    if (!is_text(a, row->choices[i])) continue;
    *choice = i;
    return SV_OK;
  }
  return refuse_text(a);
}

static sv_status read_bool(const attribute *a, bool *value) {
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT));
  if (a->i != 0 && a->i != 1)
    return sv_fail(SV_FORMAT, "attribute " SV_NAME " is %lld, expected 0 or 1",
                   a->name, (long long)a->i);
  *value = a->i == 1;
  return SV_OK;
}

static sv_status read_attribute(const attribute *a, const sv_attr *row,
                                void *attrs) {
  void *to = place(attrs, row);
  switch (row->type) {
    case SV_ATTR_INT:
      SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT));
      *(int64_t *)to = a->i;
      return SV_OK;
    case SV_ATTR_FLOAT:
      SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT));
      *(float *)to = a->f;
      return SV_OK;
    case SV_ATTR_BOOL: return read_bool(a, to);
    case SV_ATTR_CHOICE: return read_choice(a, row, to);
    case SV_ATTR_INTS: return read_ints(a, to);
    case SV_ATTR_FLOATS: return read_floats(a, to);
    case SV_ATTR_PADDING: return read_ints(a, &((sv_padding *)to)->at);
  }
  return SV_OK;
}

/* Its number and its type, where rows ask for them. */
static sv_status read_tensor(const attribute *a, const sv_op *op, void *attrs) {
  sv_tensor *number;
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR));
  if (!a->t)
    return sv_fail(SV_FORMAT, "attribute " SV_NAME " is empty", a->name);
  SV_TRY(sv_onnx_tensor_new(a->t, &number));
  bool one = sv_shape_count(&number->shape) == 1;
  double value = one ? sv_tensor_get(number, 0) : 0;
  sv_tensor_free(number);
  if (!one || value != (double)(float)value)
    return sv_fail(SV_UNSUPPORTED,
                   "attribute " SV_NAME
                   " is not a single number that fits into a float",
                   a->name);
  for (const sv_attr *row = op->attrs; row && row->name; row++) {
    if (!row->tensor || strcmp(row->onnx, a->name) != 0) continue;
    if (row->type == SV_ATTR_FLOAT) *(float *)place(attrs, row) = (float)value;
    for (int i = 0; row->codes && row->choices[i]; i++)
      if (row->codes[i] == a->t->data_type) *(int *)place(attrs, row) = i;
  }
  return SV_OK;
}

static sv_status read_rule(const attribute *a, sv_padding_rule *rule) {
  static const char *const words[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER",
                                      "VALID"}; /* as in sv_padding_rule */
  SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING));
  for (int i = 0; i < 4; i++) {
    if (!is_text(a, words[i])) continue;
    *rule = (sv_padding_rule)i;
    return SV_OK;
  }
  return refuse_text(a);
}

/* Numbers that are all zero are no numbers; a rule admits no others. */
static sv_status tidy_padding(sv_padding *padding) {
  bool zero = true;
  for (int i = 0; i < padding->at.count; i++) zero &= padding->at.at[i] == 0;
  if (zero)
    padding->at = (sv_ints){0};
  else if (padding->rule != SV_PAD_EXPLICIT)
    return sv_fail(SV_FORMAT, "'pads' and 'auto_pad' exclude each other");
  return SV_OK;
}

static const sv_attr *find_row(const sv_op *op, const char *name,
                               int64_t opset) {
  const sv_attr *found = NULL;
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (row->onnx && !row->slot && sv_onnx_valid(row, opset) &&
        strcmp(row->onnx, name) == 0)
      found = row;
  return found;
}

static const sv_attr *padding_row(const sv_op *op, int64_t opset) {
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (row->type == SV_ATTR_PADDING && row->onnx && sv_onnx_valid(row, opset))
      return row;
  return NULL;
}

static sv_status check_unique(const Onnx__NodeProto *node, size_t at) {
  const char *name = node->attribute[at]->name;
  if (!name || !name[0]) return sv_fail(SV_FORMAT, "an attribute has no name");
  for (size_t i = 0; i < at; i++)
    if (strcmp(node->attribute[i]->name, name) == 0)
      return sv_fail(SV_FORMAT, "attribute " SV_NAME " is given twice", name);
  if (node->attribute[at]->ref_attr_name)
    return sv_fail(SV_UNSUPPORTED,
                   "attribute " SV_NAME " refers to a function's", name);
  return SV_OK;
}

/* No operator has as many; comparing each with each stays cheap. */
static sv_status check_count(const Onnx__NodeProto *node) {
  enum { MOST = 64 };
  if (node->n_attribute <= MOST) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "%zu attributes, at most %d are supported",
                 node->n_attribute, MOST);
}

/* What load_spread.c has read. */
static bool is_spreading(const Onnx__NodeProto *node, const char *name,
                         int64_t opset) {
  bool axis = strcmp(name, "axis") == 0;
  return (axis || strcmp(name, "broadcast") == 0) &&
         sv_onnx_spreads(node, opset);
}

sv_status sv_onnx_attrs_read(const sv_op *op, void *attrs,
                             const Onnx__NodeProto *node, int64_t opset) {
  sv_attrs_default_at(op, attrs, opset);
  SV_TRY(check_count(node));
  const sv_attr *pads = padding_row(op, opset);
  for (size_t i = 0; i < node->n_attribute; i++) {
    const attribute *a = node->attribute[i];
    SV_TRY(check_unique(node, i));
    if (pads && strcmp(a->name, "auto_pad") == 0) {
      SV_TRY(read_rule(a, &((sv_padding *)place(attrs, pads))->rule));
      continue;
    }
    if (is_spreading(node, a->name, opset)) continue;
    const sv_attr *row = find_row(op, a->name, opset);
    if (!row)
      return sv_fail(SV_UNSUPPORTED,
                     "attribute " SV_NAME " is not supported at opset %lld",
                     a->name, (long long)opset);
    SV_TRY(row->tensor ? read_tensor(a, op, attrs)
                       : read_attribute(a, row, attrs));
  }
  return pads ? tidy_padding(place(attrs, pads)) : SV_OK;
}

sv_status sv_onnx_texts_read(const sv_op *op, void *attrs,
                             const Onnx__NodeProto *node) {
  sv_attrs_default(op, attrs);
  SV_TRY(check_count(node));
  for (size_t i = 0; i < node->n_attribute; i++) {
    const attribute *a = node->attribute[i];
    SV_TRY(check_unique(node, i));
    SV_TRY(check_type(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING));
    const sv_attr *row = sv_attr_find(op, a->name);
    if (!row)
      return sv_fail(SV_UNSUPPORTED, "attribute " SV_NAME " is not supported",
                     a->name);
    char text[512];
    if (a->s.len >= sizeof text) return refuse_text(a);
    if (a->s.len) memcpy(text, a->s.data, a->s.len);
    text[a->s.len] = '\0';
    SV_TRY(sv_attr_parse(op, attrs, row, text));
  }
  return SV_OK;
}

/* ---- From a constant ---- */

sv_status sv_onnx_attr_set(const sv_attr *row, void *attrs,
                           const sv_tensor *t) {
  SV_TRY(sv_attr_set(row, attrs, t));
  return row->type == SV_ATTR_PADDING ? tidy_padding(place(attrs, row)) : SV_OK;
}
