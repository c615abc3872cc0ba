/* When attributes need not be written, and when they cannot be. */
#include <string.h>

#include "base/memory.h"
#include "onnx/attrs.h"

static const void *place(const void *attrs, const sv_attr *row) {
  return (const char *)attrs + row->offset;
}

static bool ints_equal(const sv_ints *a, const sv_ints *b) {
  return a->count == b->count &&
         memcmp(a->at, b->at, (size_t)a->count * sizeof a->at[0]) == 0;
}

static bool floats_equal(const sv_floats *a, const sv_floats *b) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (a->at[i] != b->at[i]) return false;
  return true;
}

static bool is_zero(const sv_ints *ints) {
  for (int i = 0; i < ints->count; i++)
    if (ints->at[i] != 0) return false;
  return true;
}

static bool paddings_equal(const sv_padding *a, const sv_padding *b) {
  if (a->rule != b->rule) return false;
  return ints_equal(&a->at, &b->at) || (is_zero(&a->at) && is_zero(&b->at));
}

static bool is_same(const sv_attr *row, const void *a, const void *b) {
  const void *x = place(a, row), *y = place(b, row);
  switch (row->type) {
    case SV_ATTR_INT: return *(const int64_t *)x == *(const int64_t *)y;
    case SV_ATTR_FLOAT: return *(const float *)x == *(const float *)y;
    case SV_ATTR_BOOL: return *(const bool *)x == *(const bool *)y;
    case SV_ATTR_CHOICE: return *(const int *)x == *(const int *)y;
    case SV_ATTR_INTS: return ints_equal(x, y);
    case SV_ATTR_FLOATS: return floats_equal(x, y);
    case SV_ATTR_PADDING: return paddings_equal(x, y);
  }
  return false;
}

/* ONNX has no default for this attribute. */
static bool is_required(const sv_op *op, const sv_attr *of, int64_t opset) {
  for (const sv_attr *row = op->attrs; row->name; row++)
    if (row->offset == of->offset && row->required && sv_onnx_valid(row, opset))
      return true;
  return false;
}

sv_status sv_onnx_left_out(const sv_node *node, const sv_attr *row,
                           int64_t opset, bool *yes) {
  void *initial;
  *yes = false;
  if (is_required(node->op, row, opset)) return SV_OK;
  SV_TRY(sv_alloc(&initial, node->op->attrs_size));
  sv_attrs_default_at(node->op, initial, opset);
  *yes = is_same(row, node->attrs, initial);
  sv_free(initial);
  return SV_OK;
}

/* Attributes that ONNX never had, or not as far as we write it. */
static bool is_own(const sv_op *op, const sv_attr *first) {
  for (const sv_attr *row = op->attrs; row->name; row++)
    if (row->offset == first->offset && row->onnx &&
        row->since <= SV_ONNX_WRITTEN)
      return false;
  return true;
}

static bool has_attribute(const Onnx__NodeProto *node, const char *name) {
  for (size_t i = 0; i < node->n_attribute; i++)
    if (strcmp(node->attribute[i]->name, name) == 0) return true;
  return false;
}

sv_status sv_onnx_required_check(const sv_op *op, const Onnx__NodeProto *node,
                                 int64_t opset) {
  for (const sv_attr *row = op->attrs; row && row->name; row++) {
    size_t slot = (size_t)row->slot;
    if (!row->required || !sv_onnx_valid(row, opset)) continue;
    bool given = slot ? slot < node->n_input && node->input[slot][0]
                      : has_attribute(node, row->onnx);
    if (!given)
      return sv_fail(SV_FORMAT, "its %s '%s' is missing",
                     slot ? "input" : "attribute", row->onnx);
  }
  return SV_OK;
}

static size_t size_of(const sv_attr *row) {
  switch (row->type) {
    case SV_ATTR_INT: return sizeof(int64_t);
    case SV_ATTR_FLOAT: return sizeof(float);
    case SV_ATTR_BOOL: return sizeof(bool);
    case SV_ATTR_CHOICE: return sizeof(int);
    case SV_ATTR_INTS: return sizeof(sv_ints);
    case SV_ATTR_FLOATS: return sizeof(sv_floats);
    case SV_ATTR_PADDING: return sizeof(sv_padding);
  }
  return 0;
}

/* The node as a reader would find it: what ONNX has not is as by default, until
 * settle derives it. */
static sv_status check_own(const sv_node *node, const sv_info *in,
                           int64_t opset, void *attrs) {
  const sv_op *op = node->op;
  sv_attrs_default_at(op, attrs, opset);
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (!is_own(op, row))
      memcpy((char *)attrs + row->offset, place(node->attrs, row),
             size_of(row));
  if (op->settle) SV_TRY(op->settle(attrs, in, node->in_count));
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (is_own(op, row) && !is_same(row, node->attrs, attrs))
      return sv_fail(SV_UNSUPPORTED, "%s cannot be expressed in opset %lld",
                     row->name, (long long)opset);
  return SV_OK;
}

sv_status sv_onnx_own_check(const sv_node *node, const sv_info *in,
                            int64_t opset) {
  void *attrs;
  SV_TRY(sv_alloc(&attrs, node->op->attrs_size));
  sv_status status = check_own(node, in, opset, attrs);
  sv_free(attrs);
  return status;
}
