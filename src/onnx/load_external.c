/* Tensors whose data lie in other files: "external data".
 * Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onnx/load.h"

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
    return sv_fail(SV_FORMAT, "external data: " SV_NAME " is no number", text);
  *number = value;
  return SV_OK;
}

/* The checksum is one for those who copied the file, not for its reader. */
static sv_status read_place(const Onnx__TensorProto *tensor, place *p) {
  *p = (place){.length = UINT64_MAX};
  for (size_t i = 0; i < tensor->n_external_data; i++) {
    const char *key = tensor->external_data[i]->key;
    const char *value = tensor->external_data[i]->value;
    if (!key || !value)
      return sv_fail(SV_FORMAT, "external data: an entry is empty");
    if (strcmp(key, "location") == 0)
      p->location = value;
    else if (strcmp(key, "offset") == 0)
      SV_TRY(read_number(value, &p->offset));
    else if (strcmp(key, "length") == 0)
      SV_TRY(read_number(value, &p->length));
    else if (strcmp(key, "checksum") != 0)
      return sv_fail(SV_UNSUPPORTED, "external data: " SV_NAME " is not known",
                     key);
  }
  if (p->location) return SV_OK;
  return sv_fail(SV_FORMAT, "external data: the file is not named");
}

/* Each file is mapped once, however many tensors lie in it. */
static sv_status open_file(loader *l, const char *name, const sv_map **map) {
  int at = sv_names_get(&l->external_names, name);
  if (at < 0) {
    sv_map *opened;
    SV_TRY(sv_arena_take(&l->arena, &opened, sizeof *opened));
    SV_TRY(sv_grow(&l->externals, l->external_count, &l->external_capacity,
                   sizeof *l->externals));
    SV_TRY(sv_names_put(&l->external_names, name, l->external_count));
    SV_TRY(sv_map_open_below(opened, l->folder, name, 0));
    at = l->external_count++;
    l->externals[at] = opened;
  }
  *map = l->externals[at];
  return SV_OK;
}

sv_status sv_load_tensor(loader *l, source *s,
                         const Onnx__TensorProto *tensor) {
  s->tensor = tensor;
  s->map = l->map;
  if (!sv_onnx_tensor_is_external(tensor) || !l->folder) return SV_OK;
  place p;
  Onnx__TensorProto *filled;
  SV_TRY(read_place(tensor, &p));
  SV_TRY(open_file(l, p.location, &s->map));
  uint64_t left = p.offset <= s->map->size ? s->map->size - p.offset : 0;
  if (p.length == UINT64_MAX) p.length = left;
  if (p.offset > s->map->size || p.length > left)
    return sv_fail(SV_FORMAT,
                   "%llu bytes from byte %llu on are not in '%.200s', which "
                   "has %zu",
                   (unsigned long long)p.length, (unsigned long long)p.offset,
                   p.location, s->map->size);
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
