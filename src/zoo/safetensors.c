#include "zoo/safetensors.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "base/map.h"
#include "base/memory.h"

enum { LENGTH = 8, LARGEST_HEADER = 100 << 20 };

struct sv_safetensors {
  sv_map map;
  const char *path;
  const unsigned char *data; /* where offsets begin */
  size_t size;               /* of the data */
  sv_saved *saved;
  int count, room;
  sv_names names;
};

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
              {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

/* ---- The header ---- */

static sv_status read_dtype(const sv_safetensors *f, sv_saved *s,
                            const json_t *entry, size_t *size) {
  const char *text = json_string_value(json_object_get(entry, "dtype"));
  for (int i = 0; text && i < DTYPES; i++)
    if (strcmp(text, dtypes[i].name) == 0) {
      s->dtype = dtypes[i].name;
      *size = dtypes[i].size;
      return SV_OK;
    }
  return sv_fail(text ? SV_UNSUPPORTED : SV_FORMAT,
                 "%s: %s: dtype %.32s, expected F64, F32, F16 or BF16", f->path,
                 s->name, text ? text : "missing");
}

static sv_status read_shape(const sv_safetensors *f, sv_saved *s,
                            const json_t *entry) {
  const json_t *shape = json_object_get(entry, "shape");
  if (!json_is_array(shape))
    return sv_fail(SV_FORMAT, "%s: %s: no shape", f->path, s->name);
  if (json_array_size(shape) > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED,
                   "%s: %s: %zu dimensions, at most %d are "
                   "supported",
                   f->path, s->name, json_array_size(shape), SV_MAX_RANK);
  s->shape.rank = (int)json_array_size(shape);
  for (int i = 0; i < s->shape.rank; i++) {
    const json_t *size = json_array_get(shape, (size_t)i);
    if (!json_is_integer(size) || json_integer_value(size) < 0)
      return sv_fail(SV_FORMAT, "%s: %s: dimension %d is not a whole number",
                     f->path, s->name, i);
    s->shape.dim[i] = json_integer_value(size);
  }
  s->count = sv_shape_count(&s->shape);
  return s->count >= 0 ? SV_OK
                       : sv_fail(SV_FORMAT, "%s: %s: its size overflows",
                                 f->path, s->name);
}

static sv_status read_place(const sv_safetensors *f, sv_saved *s,
                            const json_t *entry, size_t size) {
  const json_t *offsets = json_object_get(entry, "data_offsets");
  const json_t *first = json_array_get(offsets, 0);
  const json_t *last = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(first) ||
      !json_is_integer(last))
    return sv_fail(SV_FORMAT, "%s: %s: no data_offsets", f->path, s->name);
  json_int_t begin = json_integer_value(first), end = json_integer_value(last);
  if (begin < 0 || end < begin || (uint64_t)end > f->size)
    return sv_fail(SV_FORMAT,
                   "%s: %s: truncated: bytes %lld to %lld of a file with %zu",
                   f->path, s->name, (long long)begin, (long long)end, f->size);
  size_t wanted;
  if (sv_mul_overflows((size_t)s->count, size, &wanted) ||
      (size_t)(end - begin) != wanted)
    return sv_fail(SV_FORMAT, "%s: %s: %lld bytes for %lld values of type %s",
                   f->path, s->name, (long long)(end - begin),
                   (long long)s->count, s->dtype);
  s->bytes = f->data + begin;
  return SV_OK;
}

static sv_status read_entry(sv_safetensors *f, const char *name,
                            const json_t *entry) {
  size_t size = 0;
  SV_TRY(sv_grow(&f->saved, f->count, &f->room, sizeof *f->saved));
  sv_saved *s = &f->saved[f->count++];
  SV_TRY(sv_copy_text(&s->name, name));
  SV_TRY(sv_names_put(&f->names, s->name, f->count - 1));
  SV_TRY(read_dtype(f, s, entry, &size));
  SV_TRY(read_shape(f, s, entry));
  return read_place(f, s, entry, size);
}

static sv_status read_header(sv_safetensors *f, const char *text,
                             size_t length) {
  json_error_t error;
  const char *name;
  json_t *entry;
  json_t *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
  if (!header)
    return sv_fail(SV_FORMAT, "%s: damaged header: %s", f->path, error.text);
  sv_status status =
      json_is_object(header)
          ? SV_OK
          : sv_fail(SV_FORMAT, "%s: the header is not an object", f->path);
  if (status == SV_OK) json_object_foreach(header, name, entry) {
      if (strcmp(name, "__metadata__") == 0) continue;
      status = read_entry(f, name, entry);
      if (status != SV_OK) break;
    }
  json_decref(header);
  return status;
}

static sv_status open_file(sv_safetensors *f) {
  uint64_t length = 0;
  SV_TRY(sv_map_open(&f->map, f->path, 0));
  for (int i = 0; i < LENGTH && f->map.size >= LENGTH; i++)
    length |= (uint64_t)f->map.bytes[i] << (8 * i);
  if (length == 0 || length > LARGEST_HEADER || length > f->map.size - LENGTH)
    return sv_fail(SV_FORMAT, "%s: not a safetensors file, or truncated",
                   f->path);
  f->data = f->map.bytes + LENGTH + length;
  f->size = f->map.size - LENGTH - (size_t)length;
  return read_header(f, (const char *)f->map.bytes + LENGTH, (size_t)length);
}

sv_status sv_safetensors_open(sv_safetensors **file, const char *path) {
  sv_safetensors *f;
  *file = NULL;
  SV_TRY(sv_alloc(&f, sizeof *f));
  f->path = path;
  sv_status status = open_file(f);
  if (status == SV_OK)
    *file = f;
  else
    sv_safetensors_close(f);
  return status;
}

void sv_safetensors_close(sv_safetensors *f) {
  if (!f) return;
  sv_names_free(&f->names);
  for (int i = 0; i < f->count; i++) sv_free(f->saved[i].name);
  sv_free(f->saved);
  sv_map_close(&f->map);
  sv_free(f);
}

int sv_safetensors_count(const sv_safetensors *f) { return f->count; }

const sv_saved *sv_safetensors_at(const sv_safetensors *f, int i) {
  return &f->saved[i];
}

int sv_safetensors_find(const sv_safetensors *f, const char *name) {
  return sv_names_get(&f->names, name);
}

/* ---- Values ---- */

static uint64_t load(const unsigned char *bytes, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; i++) value |= (uint64_t)bytes[i] << (8 * i);
  return value;
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* One sign, 5 bits of exponent, 10 of mantissa. */
static float half_of(uint32_t bits) {
  uint32_t sign = bits >> 15 << 31, exponent = bits >> 10 & 31;
  uint32_t mantissa = bits & 1023;
  if (exponent == 31) return float_of(sign | 0x7F800000u | mantissa << 13);
  if (exponent == 0) { /* mantissa / 2^24 */
    float value = ldexpf((float)mantissa, -24);
    return sign ? -value : value;
  }
  return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
}

static float double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return (float)value;
}

sv_status sv_saved_read(const sv_saved *s, float *values) {
  const unsigned char *b = s->bytes;
  bool f64 = strcmp(s->dtype, "F64") == 0, f32 = strcmp(s->dtype, "F32") == 0;
  bool f16 = strcmp(s->dtype, "F16") == 0, bf16 = strcmp(s->dtype, "BF16") == 0;
  if (!f64 && !f32 && !f16 && !bf16)
    return sv_fail(SV_UNSUPPORTED,
                   "%s: type %s, expected F64, F32, F16 or BF16", s->name,
                   s->dtype);
  for (int64_t i = 0; i < s->count; i++)
    values[i] = f32    ? float_of((uint32_t)load(b + 4 * i, 4))
                : f64  ? double_of(load(b + 8 * i, 8))
                : bf16 ? float_of((uint32_t)load(b + 2 * i, 2) << 16)
                       : half_of((uint32_t)load(b + 2 * i, 2));
  return SV_OK;
}
