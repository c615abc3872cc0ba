/* Tensors whose data lie in other files: "external data".
 * Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onnx/load.h"

enum { MOST_SHARED = 4 }; /* times a file's size, of all tensors in it */

typedef struct place {
  const char *location; /* below the model's folder */
  uint64_t offset;
  uint64_t length; /* UINT64_MAX: to the end of the file */
} place;

static sv_status read_number(const char *text, uint64_t *number) {
  char *end = NULL;
  errno = 0;
  bool digits = text[0] >= '0' && text[0] <= '9';
  unsigned long long value = digits ? strtoull(text, &end, 10) : 0;
  if (!digits || *end || errno)
    return sv_fail(SV_FORMAT, "external data: " SV_NAME " is not a number",
                   text);
  *number = value;
  return SV_OK;
}

/* Each once. The checksum is one for those who copied the file, not for its
 * reader. */
static sv_status read_place(const Onnx__TensorProto *tensor, place *p) {
  static const char *const keys[] = {"location", "offset", "length",
                                     "checksum"};
  unsigned seen = 0;
  *p = (place){.length = UINT64_MAX};
  for (size_t i = 0; i < tensor->n_external_data; i++) {
    const char *key = tensor->external_data[i]->key;
    const char *value = tensor->external_data[i]->value;
    int k = 0;
    if (!key || !value)
      return sv_fail(SV_FORMAT, "external data: an entry is empty");
    while (k < 4 && strcmp(keys[k], key) != 0) k++;
    if (k == 4)
      return sv_fail(SV_UNSUPPORTED, "external data: " SV_NAME " is unknown",
                     key);
    if (seen & 1u << k)
      return sv_fail(SV_FORMAT, "external data: '%s' is given twice", key);
    seen |= 1u << k;
    if (k == 0) p->location = value;
    if (k == 1) SV_TRY(read_number(value, &p->offset));
    if (k == 2) SV_TRY(read_number(value, &p->length));
  }
  if (p->location) return SV_OK;
  return sv_fail(SV_FORMAT, "external data: no file is named");
}

/* The location without the parts of it that are "."; what is left is looked at
 * when it is opened. One file has one name so. */
static sv_status tidy_location(loader *l, place *p) {
  char *name;
  size_t length = 0;
  SV_TRY(sv_arena_text(&l->arena, &name, "%s", p->location));
  for (const char *at = p->location; *at;) {
    size_t part = strcspn(at, "/"), whole = part + (at[part] == '/');
    bool here = part == 1 && *at == '.';
    if (!here) memcpy(name + length, at, whole);
    if (!here) length += whole;
    at += whole;
  }
  name[length] = '\0';
  p->location = name;
  return SV_OK;
}

/* Each file is mapped once, however many tensors lie in it. */
static sv_status open_file(loader *l, const char *name, external **file) {
  int at = sv_names_get(&l->external_names, name);
  if (at < 0) {
    external *opened;
    SV_TRY(sv_arena_take(&l->arena, &opened, sizeof *opened));
    SV_TRY(sv_grow(&l->externals, l->external_count, &l->external_capacity,
                   sizeof *l->externals));
    SV_TRY(sv_names_put(&l->external_names, name, l->external_count));
    SV_TRY(sv_map_open_below(&opened->map, l->folder, name, 0));
    sv_load_allow(l, opened->map.size);
    at = l->external_count++;
    l->externals[at] = opened;
  }
  *file = l->externals[at];
  return SV_OK;
}

/* The bytes are there, and tensors do not all lie in the same few. */
static sv_status check_place(const place *p, external *file) {
  const sv_map *map = &file->map;
  if (p->offset > map->size || p->length > map->size - p->offset)
    return sv_fail(SV_FORMAT,
                   "%llu bytes from byte %llu on exceed the file '%.200s', "
                   "which has %zu bytes",
                   (unsigned long long)p->length, (unsigned long long)p->offset,
                   p->location, map->size);
  file->taken += p->length;
  if (file->taken / MOST_SHARED <= map->size) return SV_OK;
  return sv_fail(SV_FORMAT,
                 "the tensors in '%.200s' need %llu bytes, more than %d times "
                 "its %zu",
                 p->location, (unsigned long long)file->taken, MOST_SHARED,
                 map->size);
}

/* Where it is not said: what the tensor needs, if that is there. */
static uint64_t length_of(const Onnx__TensorProto *tensor, uint64_t left) {
  sv_shape shape = {.rank = 0};
  sv_dtype dtype;
  size_t bytes;
  if (tensor->n_dims > SV_MAX_RANK ||
      sv_onnx_dtype(tensor->data_type, &dtype) != SV_OK)
    return left;
  for (size_t d = 0; d < tensor->n_dims; d++)
    shape.dim[shape.rank++] = tensor->dims[d];
  bool known = sv_shape_count(&shape) >= 0 && sv_shape_fits(&shape) &&
               sv_tensor_bytes(dtype, &shape, &bytes) == SV_OK;
  return known && bytes < left ? bytes : left;
}

sv_status sv_load_tensor(loader *l, source *s,
                         const Onnx__TensorProto *tensor) {
  s->tensor = tensor;
  s->map = l->map;
  if (!sv_onnx_tensor_is_external(tensor) || !l->folder) return SV_OK;
  place p;
  external *file;
  Onnx__TensorProto *filled;
  SV_TRY(read_place(tensor, &p));
  SV_TRY(tidy_location(l, &p));
  SV_TRY(open_file(l, p.location, &file));
  s->map = &file->map;
  if (p.length == UINT64_MAX && p.offset <= s->map->size)
    p.length = length_of(tensor, s->map->size - p.offset);
  SV_TRY(check_place(&p, file));
  SV_TRY(sv_arena_take(&l->arena, &filled, sizeof *filled));
  *filled = *tensor;
  filled->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
  filled->n_external_data = 0;
  filled->has_raw_data = true;
  filled->raw_data.data = (uint8_t *)(uintptr_t)s->map->bytes + p.offset;
  filled->raw_data.len = (size_t)p.length;
  s->tensor = filled;
  return SV_OK;
}
