#include "onnx/tensors.h"

#include <string.h>

#include "base/memory.h"
#include "onnx/onnx.h"

enum { CHUNK = 1024 };

static const int64_t largest_dim = (int64_t)1 << 48; /* sv_shape_fits */

/* ---- Data types ---- */

/* Rows of types that we have not are named to be refused by name. */
static const struct {
  int onnx;
  int ours; /* -1: none */
  const char *name;
} types[] = {{1, SV_F32, "float"},     {2, SV_U8, "uint8"},
             {3, SV_I8, "int8"},       {4, -1, "uint16"},
             {5, -1, "int16"},         {6, SV_I32, "int32"},
             {7, SV_I64, "int64"},     {8, -1, "string"},
             {9, SV_BOOL, "bool"},     {10, SV_F16, "float16"},
             {11, SV_F64, "double"},   {12, -1, "uint32"},
             {13, -1, "uint64"},       {14, -1, "complex64"},
             {15, -1, "complex128"},   {16, SV_BF16, "bfloat16"},
             {17, -1, "float8e4m3fn"}, {18, -1, "float8e4m3fnuz"},
             {19, -1, "float8e5m2"},   {20, -1, "float8e5m2fnuz"},
             {21, -1, "uint4"},        {22, -1, "int4"},
             {23, -1, "float4e2m1"},   {24, -1, "float8e8m0"},
             {25, -1, "uint2"},        {26, -1, "int2"}};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

sv_status sv_onnx_dtype(int type, sv_dtype *dtype) {
  for (int i = 0; i < TYPE_COUNT; i++) {
    if (types[i].onnx != type) continue;
    if (types[i].ours < 0)
      return sv_fail(SV_UNSUPPORTED, "data type %s is not supported",
                     types[i].name);
    *dtype = (sv_dtype)types[i].ours;
    return SV_OK;
  }
  return sv_fail(SV_FORMAT, "unknown data type %d", type);
}

int sv_onnx_type_of(sv_dtype dtype) {
  for (int i = 0; i < TYPE_COUNT; i++)
    if (types[i].ours == (int)dtype) return types[i].onnx;
  return 0;
}

sv_dtype sv_onnx_computed(sv_dtype stored) {
  bool real = stored == SV_F64 || stored == SV_F16 || stored == SV_BF16;
  return real ? SV_F32 : stored;
}

/* ---- Shapes ---- */

static sv_status check_dim(int64_t dim) {
  if (dim <= largest_dim) return SV_OK;
  return sv_fail(SV_FORMAT, "a dimension of %lld is too large", (long long)dim);
}

static sv_status check_product(const sv_shape *shape) {
  if (sv_shape_fits(shape)) return SV_OK;
  return sv_fail(SV_FORMAT, "a shape of %s is too large",
                 sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}));
}

static sv_status check_rank(size_t rank) {
  if (rank <= SV_MAX_RANK) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "%zu dimensions, at most %d are supported",
                 rank, SV_MAX_RANK);
}

sv_status sv_onnx_type_read(const Onnx__TypeProto *proto, sv_dtype *dtype,
                            sv_shape *shape, const char *symbol[SV_MAX_RANK]) {
  if (!proto || proto->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
    return sv_fail(SV_UNSUPPORTED, "is not declared as a tensor");
  const Onnx__TypeProto__Tensor *tensor = proto->tensor_type;
  *shape = (sv_shape){.rank = -1};
  memset(symbol, 0, SV_MAX_RANK * sizeof *symbol);
  SV_TRY(sv_onnx_dtype(tensor->elem_type, dtype));
  *dtype = sv_onnx_computed(*dtype);
  if (!tensor->shape) return SV_OK;
  SV_TRY(check_rank(tensor->shape->n_dim));
  shape->rank = (int)tensor->shape->n_dim;
  for (int i = 0; i < shape->rank; i++) {
    const Onnx__TensorShapeProto__Dimension *d = tensor->shape->dim[i];
    shape->dim[i] = -1;
    if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
      symbol[i] = d->dim_param[0] ? d->dim_param : NULL;
    if (d->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
      continue;
    SV_TRY(check_dim(d->dim_value));
    if (d->dim_value >= 0) shape->dim[i] = d->dim_value;
  }
  return check_product(shape);
}

static sv_status write_dim(Onnx__TensorShapeProto__Dimension **dim,
                           int64_t size, char *symbol, sv_arena *arena) {
  SV_TRY(sv_arena_take(arena, dim, sizeof **dim));
  onnx__tensor_shape_proto__dimension__init(*dim);
  if (size >= 0) {
    (*dim)->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    (*dim)->dim_value = size;
  } else if (symbol) {
    (*dim)->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    (*dim)->dim_param = symbol;
  }
  return SV_OK;
}

static sv_status write_shape(Onnx__TensorShapeProto **proto,
                             const sv_shape *shape,
                             char *const symbol[SV_MAX_RANK], sv_arena *arena) {
  size_t rank = (size_t)shape->rank;
  SV_TRY(sv_arena_take(arena, proto, sizeof **proto));
  onnx__tensor_shape_proto__init(*proto);
  SV_TRY(
      sv_arena_take_array(arena, &(*proto)->dim, rank, sizeof *(*proto)->dim));
  (*proto)->n_dim = rank;
  for (size_t i = 0; i < rank; i++)
    SV_TRY(write_dim(&(*proto)->dim[i], shape->dim[i], symbol[i], arena));
  return SV_OK;
}

sv_status sv_onnx_type_write(Onnx__ValueInfoProto **proto, const char *name,
                             sv_dtype dtype, const sv_shape *shape,
                             char *const symbol[SV_MAX_RANK], sv_arena *arena) {
  Onnx__TypeProto *type;
  Onnx__TypeProto__Tensor *tensor;
  SV_TRY(sv_arena_take(arena, proto, sizeof **proto));
  SV_TRY(sv_arena_take(arena, &type, sizeof *type));
  SV_TRY(sv_arena_take(arena, &tensor, sizeof *tensor));
  onnx__value_info_proto__init(*proto);
  onnx__type_proto__init(type);
  onnx__type_proto__tensor__init(tensor);
  SV_TRY(sv_arena_text(arena, &(*proto)->name, "%s", name));
  (*proto)->type = type;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  tensor->has_elem_type = true;
  tensor->elem_type = sv_onnx_type_of(dtype);
  if (shape->rank < 0) return SV_OK;
  return write_shape(&tensor->shape, shape, symbol, arena);
}

/* ---- Tensors ---- */

/* Elements in the typed field that this type is stored in without raw_data. */
static size_t typed_count(const Onnx__TensorProto *proto, sv_dtype stored) {
  switch (stored) {
    case SV_F32: return proto->n_float_data;
    case SV_F64: return proto->n_double_data;
    case SV_I64: return proto->n_int64_data;
    default: return proto->n_int32_data;
  }
}

static sv_status check_data(const Onnx__TensorProto *proto, sv_dtype stored,
                            const sv_shape *shape) {
  size_t need = (size_t)sv_shape_count(shape);
  size_t size = sv_dtype_size(stored);
  if (proto->has_raw_data && proto->raw_data.len != need * size)
    return sv_fail(
        SV_FORMAT, "%zu bytes of data, but its shape %s of %s needs %zu",
        proto->raw_data.len, sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}),
        sv_dtype_name(stored), need * size);
  if (!proto->has_raw_data && typed_count(proto, stored) != need)
    return sv_fail(SV_FORMAT, "%zu values, but its shape %s needs %zu",
                   typed_count(proto, stored),
                   sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}), need);
  return SV_OK;
}

bool sv_onnx_tensor_is_external(const Onnx__TensorProto *proto) {
  return proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
         proto->n_external_data;
}

sv_status sv_onnx_tensor_check(const Onnx__TensorProto *proto, sv_dtype *stored,
                               sv_shape *shape) {
  if (sv_onnx_tensor_is_external(proto))
    return sv_fail(SV_UNSUPPORTED, SV_ONNX_ELSEWHERE
                   ", which is read only if external data are allowed");
  if (proto->segment)
    return sv_fail(SV_UNSUPPORTED, "is a segment of a larger tensor");
  SV_TRY(sv_onnx_dtype(proto->data_type, stored));
  SV_TRY(check_rank(proto->n_dims));
  *shape = (sv_shape){.rank = (int)proto->n_dims};
  for (int i = 0; i < shape->rank; i++) {
    shape->dim[i] = proto->dims[i];
    if (shape->dim[i] < 0)
      return sv_fail(SV_FORMAT, "a dimension of %lld",
                     (long long)shape->dim[i]);
    SV_TRY(check_dim(shape->dim[i]));
  }
  SV_TRY(check_product(shape));
  return check_data(proto, *stored, shape);
}

/* Elements first .. first + count - 1 as they are stored, into buffer. */
static void fetch(const Onnx__TensorProto *proto, sv_dtype stored, size_t first,
                  size_t count, void *buffer) {
  size_t size = sv_dtype_size(stored);
  if (proto->has_raw_data) {
    memcpy(buffer, proto->raw_data.data + first * size, count * size);
    return;
  }
  switch (stored) {
    case SV_F32: memcpy(buffer, proto->float_data + first, count * 4); return;
    case SV_F64: memcpy(buffer, proto->double_data + first, count * 8); return;
    case SV_I64: memcpy(buffer, proto->int64_data + first, count * 8); return;
    default: break;
  }
  for (size_t i = 0; i < count; i++) /* the low bytes of each int32 */
    memcpy((char *)buffer + i * size, &proto->int32_data[first + i], size);
}

/* Any byte but 0 is true. */
static void tidy_bools(uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = bytes[i] != 0;
}

void sv_onnx_tensor_read_part(const Onnx__TensorProto *proto, sv_tensor *tensor,
                              size_t first, size_t count) {
  sv_dtype stored = SV_F32;
  sv_status status = sv_onnx_dtype(proto->data_type, &stored);
  if (status != SV_OK || !count) return;
  if (stored == tensor->dtype) {
    char *to = (char *)tensor->data + first * sv_dtype_size(stored);
    fetch(proto, stored, first, count, to);
    if (stored == SV_BOOL) tidy_bools((uint8_t *)to, count);
    return;
  }
  double buffer[CHUNK];
  sv_tensor view = {.dtype = stored, .data = buffer};
  for (size_t end = first + count; first < end; first += CHUNK) {
    size_t part = end - first < CHUNK ? end - first : CHUNK;
    fetch(proto, stored, first, part, buffer);
    for (size_t i = 0; i < part; i++)
      sv_tensor_set(tensor, (int64_t)(first + i),
                    sv_tensor_get(&view, (int64_t)i));
  }
}

void sv_onnx_tensor_read(const Onnx__TensorProto *proto, sv_tensor *tensor) {
  sv_onnx_tensor_read_part(proto, tensor, 0,
                           (size_t)sv_shape_count(&tensor->shape));
}

sv_status sv_onnx_tensor_new(const Onnx__TensorProto *proto,
                             sv_tensor **tensor) {
  sv_dtype stored = SV_F32;
  sv_shape shape;
  *tensor = NULL;
  SV_TRY(sv_onnx_tensor_check(proto, &stored, &shape));
  SV_TRY(sv_tensor_new(tensor, stored, &shape));
  sv_onnx_tensor_read(proto, *tensor);
  return SV_OK;
}

sv_status sv_onnx_tensor_write(Onnx__TensorProto **proto, const char *name,
                               const sv_tensor *tensor, sv_arena *arena) {
  SV_TRY(sv_arena_take(arena, proto, sizeof **proto));
  onnx__tensor_proto__init(*proto);
  size_t rank = (size_t)tensor->shape.rank;
  SV_TRY(sv_arena_text(arena, &(*proto)->name, "%s", name));
  SV_TRY(sv_arena_take_array(arena, &(*proto)->dims, rank, sizeof(int64_t)));
  (*proto)->n_dims = rank;
  memcpy((*proto)->dims, tensor->shape.dim, rank * sizeof(int64_t));
  (*proto)->has_data_type = true;
  (*proto)->data_type = sv_onnx_type_of(tensor->dtype);
  (*proto)->has_raw_data = true;
  (*proto)->raw_data.len = tensor->layout.bytes;
  (*proto)->raw_data.data = tensor->data;
  return SV_OK;
}
