/* Attributes out of tensors. */
#include "op/attr_at.h"
#include "op/attrs.h"
#include "tensor/tensor.h"

static bool is_real(sv_dtype dtype) {
  return dtype == SV_F32 || dtype == SV_F64 || dtype == SV_F16 ||
         dtype == SV_BF16;
}

static sv_status count_of(const sv_attr *row, const sv_tensor *t, int *count) {
  int64_t found = sv_shape_count(&t->shape);
  *count = (int)found;
  if (found >= 0 && found <= SV_MAX_INTS) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "%s has %lld values, at most %d are supported",
                 row->name, (long long)found, SV_MAX_INTS);
}

static sv_status set_ints(const sv_attr *row, const sv_tensor *t,
                          sv_ints *ints) {
  *ints = (sv_ints){0};
  SV_TRY(count_of(row, t, &ints->count));
  for (int i = 0; i < ints->count; i++) ints->at[i] = sv_tensor_whole(t, i);
  return SV_OK;
}

static sv_status set_floats(const sv_attr *row, const sv_tensor *t,
                            sv_floats *floats) {
  *floats = (sv_floats){0};
  SV_TRY(count_of(row, t, &floats->count));
  for (int i = 0; i < floats->count; i++)
    floats->at[i] = (float)sv_tensor_get(t, i);
  return SV_OK;
}

static sv_status check_kind(const sv_attr *row, const sv_tensor *t) {
  bool list = row->type == SV_ATTR_INTS || row->type == SV_ATTR_FLOATS ||
              row->type == SV_ATTR_PADDING;
  bool real = row->type == SV_ATTR_FLOAT || row->type == SV_ATTR_FLOATS;
  bool fits = list ? t->shape.rank <= 1 : sv_shape_count(&t->shape) == 1;
  if (fits && real == is_real(t->dtype) && row->type != SV_ATTR_CHOICE)
    return SV_OK;
  if (fits && real && !list && sv_dtype_is_whole(t->dtype)) {
    /* The bounds of whole numbers, as far as a float holds them. */
    int64_t number = sv_tensor_whole(t, 0);
    if (number >= -(1 << 24) && number <= 1 << 24) return SV_OK;
    return sv_fail(SV_UNSUPPORTED,
                   "input '%s' is %lld, which f32 cannot represent",
                   row->onnx ? row->onnx : row->name, (long long)number);
  }
  if (fits && real && !is_real(t->dtype))
    return sv_fail(SV_UNSUPPORTED, "input '%s' is %s, expected f32",
                   row->onnx ? row->onnx : row->name, sv_dtype_name(t->dtype));
  return sv_fail(SV_FORMAT, "input '%s' is a %s of %s, expected %s %s value%s",
                 row->onnx ? row->onnx : row->name, sv_dtype_name(t->dtype),
                 sv_shape_text(&t->shape, (char[SV_SHAPE_TEXT]){0}),
                 list ? "a list of" : "one", real ? "real" : "whole",
                 list ? "s" : "");
}

sv_status sv_attr_set(const sv_attr *row, void *attrs, const sv_tensor *t) {
  SV_TRY(check_kind(row, t));
  switch (row->type) {
    case SV_ATTR_INT: *int_at(attrs, row) = sv_tensor_whole(t, 0); return SV_OK;
    case SV_ATTR_BOOL:
      *bool_at(attrs, row) = sv_tensor_whole(t, 0) != 0;
      return SV_OK;
    case SV_ATTR_FLOAT:
      *float_at(attrs, row) = (float)sv_tensor_get(t, 0);
      return SV_OK;
    case SV_ATTR_INTS: return set_ints(row, t, ints_at(attrs, row));
    case SV_ATTR_FLOATS: return set_floats(row, t, floats_at(attrs, row));
    case SV_ATTR_PADDING: return set_ints(row, t, &padding_at(attrs, row)->at);
    case SV_ATTR_CHOICE: break;
  }
  return SV_OK;
}
