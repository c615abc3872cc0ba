#include "tensor/tensor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const struct {
  const char *name;
  size_t size;
} types[] = {
    [SV_F32] = {"f32", 4},   [SV_F64] = {"f64", 8}, [SV_F16] = {"f16", 2},
    [SV_BF16] = {"bf16", 2}, [SV_I64] = {"i64", 8}, [SV_I32] = {"i32", 4},
    [SV_I8] = {"i8", 1},     [SV_U8] = {"u8", 1},   [SV_BOOL] = {"bool", 1},
};

size_t sv_dtype_size(sv_dtype dtype) { return types[dtype].size; }

const char *sv_dtype_name(sv_dtype dtype) { return types[dtype].name; }

sv_shape sv_shape_of(int rank, ...) {
  sv_shape shape = {.rank = rank};
  va_list args;
  va_start(args, rank);
  for (int i = 0; i < rank; i++) shape.dim[i] = va_arg(args, int);
  va_end(args);
  return shape;
}

bool sv_shape_equal(const sv_shape *a, const sv_shape *b) {
  return a->rank == b->rank &&
         memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

int64_t sv_shape_count(const sv_shape *shape) {
  int64_t count = 1;
  for (int i = 0; i < shape->rank; i++)
    if (shape->dim[i] < 0 ||
        __builtin_mul_overflow(count, shape->dim[i], &count))
      return -1;
  return count;
}

bool sv_shape_fits(const sv_shape *shape) {
  int64_t most = (int64_t)1 << 48;
  for (int i = 0; i < shape->rank; i++) {
    if (shape->dim[i] > most) return false;
    if (shape->dim[i] > 1) most /= shape->dim[i];
  }
  return true;
}

const char *sv_dims_text(const int64_t *dim, int count,
                         char text[SV_SHAPE_TEXT]) {
  int at = 0;
  for (int d = 0; d < count; d++) {
    size_t room = (size_t)(SV_SHAPE_TEXT - at);
    const char *by = d ? "x" : "";
    at += dim[d] < 0
              ? snprintf(text + at, room, "%s?", by)
              : snprintf(text + at, room, "%s%lld", by, (long long)dim[d]);
  }
  return count > 0 ? text : strcpy(text, "scalar");
}

const char *sv_shape_text(const sv_shape *shape, char text[SV_SHAPE_TEXT]) {
  if (shape->rank == 0) return strcpy(text, "scalar");
  int at = 0;
  for (int i = 0; i < shape->rank; i++)
    at += snprintf(text + at, (size_t)(SV_SHAPE_TEXT - at), "%s%lld",
                   i ? "x" : "", (long long)shape->dim[i]);
  return text;
}

sv_status sv_tensor_bytes(sv_dtype dtype, const sv_shape *shape,
                          size_t *bytes) {
  int64_t count = sv_shape_count(shape);
  if (count < 0 || sv_mul_overflows((size_t)count, sv_dtype_size(dtype), bytes))
    return sv_fail(SV_NO_MEMORY, "a tensor of %s is too large",
                   sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}));
  return SV_OK;
}

sv_status sv_layout_plain(sv_layout *layout, sv_dtype dtype,
                          const sv_shape *shape) {
  *layout = (sv_layout){.kind = SV_PLAIN};
  SV_TRY(sv_tensor_bytes(dtype, shape, &layout->bytes));
  int64_t stride = 1;
  for (int i = shape->rank - 1; i >= 0; i--) {
    layout->stride[i] = stride;
    stride *= shape->dim[i] > 0 ? shape->dim[i] : 1;
  }
  return SV_OK;
}

bool sv_layout_equal(const sv_layout *a, const sv_layout *b) {
  if (a->kind != b->kind || a->bytes != b->bytes) return false;
  if (a->kind == SV_OPAQUE) return a->opaque == b->opaque;
  if (memcmp(a->stride, b->stride, sizeof a->stride) != 0) return false;
  if (a->inner_count != b->inner_count) return false;
  for (int i = 0; i < a->inner_count; i++)
    if (a->inner_dim[i] != b->inner_dim[i] ||
        a->inner_size[i] != b->inner_size[i])
      return false;
  return true;
}

bool sv_layout_is_plain(const sv_layout *layout, const sv_shape *shape) {
  if (layout->kind != SV_PLAIN) return false;
  int64_t stride = 1;
  for (int i = shape->rank - 1; i >= 0; i--) {
    /* The stride of a dimension of one element does not matter. */
    if (shape->dim[i] > 1 && layout->stride[i] != stride) return false;
    stride *= shape->dim[i];
  }
  return true;
}

int64_t sv_layout_offset(const sv_layout *layout, int rank,
                         const int64_t index[SV_MAX_RANK]) {
  int64_t outer[SV_MAX_RANK], offset = 0, inner_stride = 1;
  memcpy(outer, index, (size_t)rank * sizeof outer[0]);
  for (int i = layout->inner_count - 1; i >= 0; i--) {
    int dim = layout->inner_dim[i];
    offset += outer[dim] % layout->inner_size[i] * inner_stride;
    outer[dim] /= layout->inner_size[i];
    inner_stride *= layout->inner_size[i];
  }
  for (int i = 0; i < rank; i++) offset += outer[i] * layout->stride[i];
  return offset;
}

const char *sv_layout_text(const sv_layout *layout, int rank,
                           char text[SV_LAYOUT_TEXT]) {
  if (layout->kind == SV_OPAQUE) {
    snprintf(text, SV_LAYOUT_TEXT, "opaque %d", layout->opaque);
    return text;
  }
  if (layout->kind == SV_PLAIN && rank == 0) return strcpy(text, "plain");
  /* Dimensions by falling stride: abcd is row-major, acdb channels-last. */
  int order[SV_MAX_RANK], at = 0;
  bool blocked[SV_MAX_RANK] = {false};
  for (int i = 0; i < layout->inner_count; i++)
    blocked[layout->inner_dim[i]] = true;
  for (int i = 0; i < rank; i++) {
    int j = i;
    for (; j > 0 && layout->stride[order[j - 1]] < layout->stride[i]; j--)
      order[j] = order[j - 1];
    order[j] = i;
  }
  for (int i = 0; i < rank; i++)
    text[at++] = (char)((blocked[order[i]] ? 'A' : 'a') + order[i]);
  text[at] = '\0';
  for (int i = 0; i < layout->inner_count; i++)
    at +=
        snprintf(text + at, (size_t)(SV_LAYOUT_TEXT - at), "%lld%c",
                 (long long)layout->inner_size[i], 'a' + layout->inner_dim[i]);
  return text;
}

sv_status sv_tensor_new(sv_tensor **tensor, sv_dtype dtype,
                        const sv_shape *shape) {
  *tensor = NULL;
  sv_tensor *fresh;
  SV_TRY(sv_alloc(&fresh, sizeof *fresh));
  fresh->dtype = dtype;
  fresh->shape = *shape;
  sv_status status = sv_layout_plain(&fresh->layout, dtype, shape);
  if (status == SV_OK) status = sv_alloc(&fresh->data, fresh->layout.bytes);
  if (status != SV_OK) {
    sv_free(fresh);
    return status;
  }
  *tensor = fresh;
  return SV_OK;
}

void sv_tensor_free(sv_tensor *tensor) {
  if (!tensor) return;
  sv_free(tensor->data);
  sv_free(tensor);
}

static void copy_element(sv_tensor *dst, int64_t to, const sv_tensor *src,
                         int64_t from) {
  size_t size = sv_dtype_size(dst->dtype);
  if (dst->dtype == src->dtype)
    memcpy((char *)dst->data + (size_t)to * size,
           (const char *)src->data + (size_t)from * size, size);
  else
    sv_tensor_set(dst, to, sv_tensor_get(src, from));
}

static bool next_index(const sv_shape *shape, int64_t index[SV_MAX_RANK]) {
  for (int i = shape->rank - 1; i >= 0; i--) {
    if (++index[i] < shape->dim[i]) return true;
    index[i] = 0;
  }
  return false;
}

static bool is_real(sv_dtype dtype) {
  return dtype == SV_F32 || dtype == SV_F64 || dtype == SV_BF16;
}

sv_status sv_tensor_copy(sv_tensor *dst, const sv_tensor *src) {
  if (!sv_shape_equal(&dst->shape, &src->shape))
    return sv_fail(SV_INVALID, "cannot copy a tensor of %s to one of %s",
                   sv_shape_text(&src->shape, (char[SV_SHAPE_TEXT]){0}),
                   sv_shape_text(&dst->shape, (char[SV_SHAPE_TEXT]){0}));
  if (dst->dtype != src->dtype && !(is_real(dst->dtype) && is_real(src->dtype)))
    return sv_fail(SV_INVALID, "cannot copy a tensor of %s to one of %s",
                   sv_dtype_name(src->dtype), sv_dtype_name(dst->dtype));
  bool alike =
      dst->dtype == src->dtype && sv_layout_equal(&dst->layout, &src->layout);
  if (alike) {
    memcpy(dst->data, src->data, dst->layout.bytes);
    return SV_OK;
  }
  if (dst->layout.kind == SV_OPAQUE || src->layout.kind == SV_OPAQUE)
    return sv_fail(SV_UNSUPPORTED, "cannot read an opaque layout here");
  if (dst->layout.kind == SV_BLOCKED) memset(dst->data, 0, dst->layout.bytes);
  if (sv_shape_count(&dst->shape) == 0) return SV_OK;
  int64_t index[SV_MAX_RANK] = {0};
  int rank = dst->shape.rank;
  do {
    copy_element(dst, sv_layout_offset(&dst->layout, rank, index), src,
                 sv_layout_offset(&src->layout, rank, index));
  } while (next_index(&dst->shape, index));
  return SV_OK;
}

double sv_tensor_get(const sv_tensor *t, int64_t i) {
  switch (t->dtype) {
    case SV_F32: return ((const float *)t->data)[i];
    case SV_F64: return ((const double *)t->data)[i];
    case SV_I64: return (double)((const int64_t *)t->data)[i];
    case SV_I32: return ((const int32_t *)t->data)[i];
    case SV_I8: return ((const int8_t *)t->data)[i];
    case SV_U8:
    case SV_BOOL: return ((const uint8_t *)t->data)[i];
    case SV_BF16: {
      uint32_t bits = (uint32_t)((const uint16_t *)t->data)[i] << 16;
      float value;
      memcpy(&value, &bits, sizeof value);
      return value;
    }
    case SV_F16: {
      uint16_t half = ((const uint16_t *)t->data)[i];
      int exponent = half >> 10 & 31, mantissa = half & 1023;
      double value =
          exponent == 0 ? mantissa * 0x1p-24
          : exponent == 31
              ? (mantissa ? __builtin_nan("") : __builtin_inf())
              : (1024 + mantissa) * __builtin_ldexp(1, exponent - 25);
      return half >> 15 ? -value : value;
    }
  }
  return 0;
}

/* Cut off towards 0; the nearest bound for what lies beyond, 0 for what is no
 * number. */
static int64_t whole(double value, int64_t least, int64_t most) {
  if (value != value) return 0;
  if (value <= (double)least) return least;
  if (value >= (double)most) return most;
  return (int64_t)value;
}

/* The upper half of a float, rounded to the nearest, to even in a tie. */
static uint16_t rounded(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value) return (uint16_t)(bits >> 16 | 64);
  return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

void sv_tensor_set(sv_tensor *t, int64_t i, double value) {
  switch (t->dtype) {
    case SV_F32: ((float *)t->data)[i] = (float)value; break;
    case SV_F64: ((double *)t->data)[i] = value; break;
    case SV_I64:
      ((int64_t *)t->data)[i] = whole(value, INT64_MIN, INT64_MAX);
      break;
    case SV_I32:
      ((int32_t *)t->data)[i] = (int32_t)whole(value, INT32_MIN, INT32_MAX);
      break;
    case SV_I8:
      ((int8_t *)t->data)[i] = (int8_t)whole(value, INT8_MIN, INT8_MAX);
      break;
    case SV_U8:
      ((uint8_t *)t->data)[i] = (uint8_t)whole(value, 0, UINT8_MAX);
      break;
    case SV_BOOL: ((uint8_t *)t->data)[i] = value != 0; break;
    case SV_BF16: ((uint16_t *)t->data)[i] = rounded((float)value); break;
    case SV_F16: break; /* read only: files have them, plans never do */
  }
}

void sv_tensor_repeat_row(sv_tensor *t) {
  int64_t rows = t->shape.rank > 0 ? t->shape.dim[0] : 1;
  size_t row = rows > 0 ? t->layout.bytes / (size_t)rows : 0;
  for (int64_t i = 1; i < rows; i++)
    memcpy((char *)t->data + (size_t)i * row, t->data, row);
}

bool sv_dtype_is_whole(sv_dtype dtype) {
  return dtype == SV_I64 || dtype == SV_I32 || dtype == SV_I8 || dtype == SV_U8;
}

int64_t sv_tensor_whole(const sv_tensor *t, int64_t i) {
  return t->dtype == SV_I64 ? ((const int64_t *)t->data)[i]
                            : (int64_t)sv_tensor_get(t, i);
}

/* To unsigned types as C has it; from there the bits stay as they are. */
void sv_tensor_set_whole(sv_tensor *t, int64_t i, int64_t value) {
  uint32_t low = (uint32_t)value;
  uint8_t byte = (uint8_t)value;
  switch (t->dtype) {
    case SV_I64: ((int64_t *)t->data)[i] = value; break;
    case SV_I32: memcpy((int32_t *)t->data + i, &low, sizeof low); break;
    case SV_I8:
    case SV_U8: ((uint8_t *)t->data)[i] = byte; break;
    case SV_BOOL: ((uint8_t *)t->data)[i] = value != 0; break;
    default: sv_tensor_set(t, i, (double)value);
  }
}

sv_status sv_tensor_clone(sv_tensor **clone, const sv_tensor *tensor) {
  SV_TRY(sv_tensor_new(clone, tensor->dtype, &tensor->shape));
  sv_status status = sv_tensor_copy(*clone, tensor);
  if (status != SV_OK) {
    sv_tensor_free(*clone);
    *clone = NULL;
  }
  return status;
}
