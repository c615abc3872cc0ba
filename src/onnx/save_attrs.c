#include <string.h>

#include "base/memory.h"
#include "onnx/attrs.h"

typedef Onnx__AttributeProto attribute;

static const void *place(const void *attrs, const sv_attr *row) {
  return (const char *)attrs + row->offset;
}

/* ---- Which are written ---- */

/* The row under which this attribute is written; *known: some opset has it. */
static const sv_attr *written_row(const sv_op *op, const sv_attr *first,
                                  int64_t opset, bool *known) {
  const sv_attr *found = NULL;
  *known = false;
  for (const sv_attr *row = op->attrs; row->name; row++) {
    if (row->offset != first->offset || !row->onnx) continue;
    *known = true;
    if (sv_onnx_valid(row, opset)) found = row;
  }
  return found;
}

/* ---- As attributes ---- */

static sv_status new_attribute(Onnx__NodeProto *node, const char *name,
                               sv_arena *arena, attribute **a) {
  SV_TRY(sv_arena_take(arena, a, sizeof **a));
  onnx__attribute_proto__init(*a);
  SV_TRY(sv_arena_text(arena, &(*a)->name, "%s", name));
  (*a)->has_type = true;
  node->attribute[node->n_attribute++] = *a;
  return SV_OK;
}

static sv_status write_text(attribute *a, const char *text, sv_arena *arena) {
  char *copy;
  SV_TRY(sv_arena_text(arena, &copy, "%s", text));
  a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
  a->has_s = true;
  a->s.data = (uint8_t *)copy;
  a->s.len = strlen(copy);
  return SV_OK;
}

/* An older row may have fewer choices. */
static sv_status write_choice(attribute *a, const sv_attr *row, int choice,
                              sv_arena *arena) {
  for (int i = 0; row->choices[i]; i++) {
    if (i != choice) continue;
    if (!row->codes) return write_text(a, row->choices[i], arena);
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = true;
    a->i = row->codes[i];
    return SV_OK;
  }
  return sv_fail(SV_UNSUPPORTED, "this %s cannot be expressed in this opset",
                 row->name);
}

static sv_status write_ints(attribute *a, const sv_ints *ints,
                            sv_arena *arena) {
  a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
  a->n_ints = (size_t)ints->count;
  SV_TRY(sv_arena_take_array(arena, &a->ints, a->n_ints, sizeof *a->ints));
  memcpy(a->ints, ints->at, a->n_ints * sizeof *a->ints);
  return SV_OK;
}

static sv_status write_floats(attribute *a, const sv_floats *floats,
                              sv_arena *arena) {
  a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
  a->n_floats = (size_t)floats->count;
  SV_TRY(
      sv_arena_take_array(arena, &a->floats, a->n_floats, sizeof *a->floats));
  memcpy(a->floats, floats->at, a->n_floats * sizeof *a->floats);
  return SV_OK;
}

/* Beginnings, then ends, of every axis. */
static sv_status spread_padding(const sv_padding *padding, int axes,
                                sv_ints *pads) {
  const sv_ints *at = &padding->at;
  *pads = *at;
  if (at->count > 2 || (at->count == 2 && axes == 1)) return SV_OK;
  if (!axes)
    return sv_fail(
        SV_UNSUPPORTED,
        "its padding depends on the rank of its input, which is unknown");
  pads->count = 2 * axes;
  for (int i = 0; i < pads->count; i++)
    pads->at[i] = at->at[at->count == 1 ? 0 : i % axes];
  return SV_OK;
}

static sv_status write_padding(Onnx__NodeProto *node, const sv_attr *row,
                               const sv_padding *padding, int axes,
                               sv_arena *arena) {
  static const char *const words[] = {
      [SV_PAD_SAME_UPPER] = "SAME_UPPER",
      [SV_PAD_SAME_LOWER] = "SAME_LOWER",
      [SV_PAD_VALID] = "VALID",
  };
  attribute *a;
  if (padding->rule == SV_PAD_FULL)
    return sv_fail(SV_UNSUPPORTED, "ONNX cannot express full padding");
  if (padding->rule != SV_PAD_EXPLICIT) {
    SV_TRY(new_attribute(node, "auto_pad", arena, &a));
    return write_text(a, words[padding->rule], arena);
  }
  sv_ints pads;
  SV_TRY(spread_padding(padding, axes, &pads));
  SV_TRY(new_attribute(node, row->onnx, arena, &a));
  return write_ints(a, &pads, arena);
}

static sv_status write_attribute(Onnx__NodeProto *node, const sv_attr *row,
                                 const void *attrs, int axes, sv_arena *arena) {
  const void *from = place(attrs, row);
  if (row->type == SV_ATTR_PADDING)
    return write_padding(node, row, from, axes, arena);
  attribute *a;
  SV_TRY(new_attribute(node, row->onnx, arena, &a));
  switch (row->type) {
    case SV_ATTR_CHOICE: return write_choice(a, row, *(const int *)from, arena);
    case SV_ATTR_INTS: return write_ints(a, from, arena);
    case SV_ATTR_FLOATS: return write_floats(a, from, arena);
    case SV_ATTR_FLOAT:
      a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
      a->has_f = true;
      a->f = *(const float *)from;
      return SV_OK;
    default:
      a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
      a->has_i = true;
      a->i = row->type == SV_ATTR_BOOL ? *(const bool *)from
                                       : *(const int64_t *)from;
      return SV_OK;
  }
}

static int code_of(const sv_node *node, const char *name) {
  for (const sv_attr *row = node->op->attrs; row->name; row++)
    if (row->tensor && row->codes && strcmp(row->onnx, name) == 0)
      return row->codes[*(const int *)place(node->attrs, row)];
  return 1;
}

/* A list of one number, of the type that another row has. */
static sv_status write_tensor(Onnx__NodeProto *proto, const sv_attr *row,
                              const sv_node *node, sv_arena *arena) {
  float value = *(const float *)place(node->attrs, row);
  attribute *a;
  SV_TRY(new_attribute(proto, row->onnx, arena, &a));
  a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
  SV_TRY(sv_arena_take(arena, &a->t, sizeof *a->t));
  onnx__tensor_proto__init(a->t);
  SV_TRY(sv_arena_take(arena, &a->t->dims, sizeof *a->t->dims));
  a->t->dims[a->t->n_dims++] = 1;
  a->t->has_data_type = true;
  a->t->data_type = code_of(node, row->onnx);
  if (a->t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) {
    SV_TRY(sv_arena_take(arena, &a->t->float_data, sizeof value));
    a->t->float_data[a->t->n_float_data++] = value;
  } else if (a->t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE) {
    SV_TRY(sv_arena_take(arena, &a->t->double_data, sizeof(double)));
    a->t->double_data[a->t->n_double_data++] = value;
  } else if (a->t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64) {
    SV_TRY(sv_arena_take(arena, &a->t->int64_data, sizeof(int64_t)));
    a->t->int64_data[a->t->n_int64_data++] = (int64_t)value;
  } else {
    SV_TRY(sv_arena_take(arena, &a->t->int32_data, sizeof(int32_t)));
    a->t->int32_data[a->t->n_int32_data++] = (int32_t)value;
  }
  return SV_OK;
}

static bool is_none(const sv_attr *row, const void *attrs) {
  return row->type == SV_ATTR_INT &&
         *(const int64_t *)place(attrs, row) == SV_ATTR_NONE;
}

/* Room for as many attributes as the operator has rows. */
static sv_status make_room(Onnx__NodeProto *proto, const sv_op *op,
                           sv_arena *arena) {
  size_t count = 0;
  while (op->attrs && op->attrs[count].name) count++;
  return sv_arena_take_array(arena, &proto->attribute, count,
                             sizeof *proto->attribute);
}

sv_status sv_onnx_attrs_write(Onnx__NodeProto *proto, const sv_node *node,
                              int axes, int64_t opset, sv_arena *arena) {
  const sv_op *op = node->op;
  SV_TRY(make_room(proto, op, arena));
  for (const sv_attr *first = op->attrs; first && first->name; first++) {
    if (!sv_attr_is_first(op, first)) continue;
    bool known, left_out;
    if (first->tensor) {
      if (first->type == SV_ATTR_FLOAT)
        SV_TRY(write_tensor(proto, first, node, arena));
      continue;
    }
    const sv_attr *row = written_row(op, first, opset, &known);
    SV_TRY(sv_onnx_left_out(node, first, opset, &left_out));
    if (left_out || !known || (row && row->slot)) continue;
    if (!row || is_none(row, node->attrs))
      return sv_fail(SV_UNSUPPORTED, "%s cannot be expressed in opset %lld",
                     first->name, (long long)opset);
    SV_TRY(write_attribute(proto, row, node->attrs, axes, arena));
  }
  return SV_OK;
}

sv_status sv_onnx_texts_write(Onnx__NodeProto *proto, const sv_node *node,
                              sv_arena *arena) {
  const sv_op *op = node->op;
  SV_TRY(make_room(proto, op, arena));
  for (const sv_attr *row = op->attrs; row && row->name; row++) {
    if (!sv_attr_is_first(op, row) || sv_attr_is_default(op, row, node->attrs))
      continue;
    attribute *a;
    sv_text text = {0};
    char *words;
    SV_TRY(new_attribute(proto, row->name, arena, &a));
    sv_attr_print(&text, row, node->attrs);
    SV_TRY(sv_text_take(&text, &words));
    sv_status status = write_text(a, words, arena);
    sv_free(words);
    SV_TRY(status);
  }
  return SV_OK;
}

/* ---- As inputs ---- */

static sv_status new_list(sv_tensor **t, sv_dtype dtype, int64_t count) {
  return sv_tensor_new(t, dtype, &(sv_shape){1, {count}});
}

static sv_status list_of_ints(const sv_ints *ints, sv_tensor **t) {
  SV_TRY(new_list(t, SV_I64, ints->count));
  memcpy((*t)->data, ints->at, (size_t)ints->count * sizeof ints->at[0]);
  return SV_OK;
}

static sv_status one_number(sv_dtype dtype, double value, sv_tensor **t) {
  SV_TRY(sv_tensor_new(t, dtype, &(sv_shape){.rank = 0}));
  sv_tensor_set(*t, 0, value);
  return SV_OK;
}

sv_status sv_onnx_attr_get(const sv_attr *row, const sv_node *node,
                           int64_t opset, sv_tensor **constant) {
  const void *from = place(node->attrs, row);
  bool left_out;
  *constant = NULL;
  SV_TRY(sv_onnx_left_out(node, row, opset, &left_out));
  if (left_out || is_none(row, node->attrs)) return SV_OK;
  switch (row->type) {
    case SV_ATTR_INT: /* a list of one, as TopK has it */
      SV_TRY(new_list(constant, SV_I64, 1));
      *(int64_t *)(*constant)->data = *(const int64_t *)from;
      return SV_OK;
    case SV_ATTR_FLOAT:
      return one_number(SV_F32, *(const float *)from, constant);
    case SV_ATTR_BOOL:
      return one_number(SV_BOOL, *(const bool *)from, constant);
    case SV_ATTR_INTS: return list_of_ints(from, constant);
    case SV_ATTR_PADDING:
      return list_of_ints(&((const sv_padding *)from)->at, constant);
    case SV_ATTR_FLOATS: {
      const sv_floats *floats = from;
      SV_TRY(new_list(constant, SV_F32, floats->count));
      memcpy((*constant)->data, floats->at,
             (size_t)floats->count * sizeof floats->at[0]);
      return SV_OK;
    }
    case SV_ATTR_CHOICE:
      return sv_fail(SV_UNSUPPORTED, "%s cannot be an input", row->name);
  }
  return SV_OK;
}
