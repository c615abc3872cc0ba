#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/memory.h"
#include "zoo/safetensors.h"

enum { LENGTH = 8, ALIGNED = 8, PART = 1 << 14 };

static size_t bytes_of(const sv_to_save *t) {
  return t->values ? 4 * (size_t)sv_shape_count(&t->shape) : 8;
}

/* The header as JSON; NULL: out of memory. */
static json_t *make_header(const sv_to_save *tensors, int count) {
  json_t *header = json_object();
  size_t begin = 0;
  for (int i = 0; i < count; i++) {
    const sv_to_save *t = &tensors[i];
    json_t *shape = json_array();
    for (int d = 0; d < t->shape.rank; d++)
      json_array_append_new(shape, json_integer(t->shape.dim[d]));
    size_t end = begin + bytes_of(t);
    json_object_set_new(
        header, t->name,
        json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->values ? "F32" : "I64",
                  "shape", shape, "data_offsets", (json_int_t)begin,
                  (json_int_t)end));
    begin = end;
  }
  return header;
}

/* The header is filled up with blanks, so that values are aligned. */
static sv_status put_header(sv_writer *w, const sv_to_save *tensors,
                            int count) {
  unsigned char length[LENGTH];
  json_t *header = make_header(tensors, count);
  char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  if (!text) return sv_fail(SV_NO_MEMORY, "out of memory");
  size_t size = strlen(text);
  size_t padded = (size + ALIGNED - 1) / ALIGNED * ALIGNED;
  for (int i = 0; i < LENGTH; i++)
    length[i] = (unsigned char)((uint64_t)padded >> (8 * i));
  sv_status status = sv_writer_put(w, length, sizeof length);
  if (status == SV_OK) status = sv_writer_put(w, text, size);
  if (status == SV_OK) status = sv_writer_put(w, "       ", padded - size);
  free(text);
  return status;
}

/* Little-endian, whatever the machine. */
static sv_status put_values(sv_writer *w, const sv_to_save *t) {
  unsigned char part[4 * PART] = {0};
  if (!t->values) return sv_writer_put(w, part, 8);
  int64_t count = sv_shape_count(&t->shape);
  for (int64_t i = 0; i < count; i += PART) {
    int64_t here = count - i < PART ? count - i : PART;
    for (int64_t k = 0; k < here; k++) {
      uint32_t bits;
      memcpy(&bits, t->values + i + k, sizeof bits);
      for (int b = 0; b < 4; b++)
        part[4 * k + b] = (unsigned char)(bits >> (8 * b));
    }
    SV_TRY(sv_writer_put(w, part, 4 * (size_t)here));
  }
  return SV_OK;
}

sv_status sv_safetensors_write(const char *path, const sv_to_save *tensors,
                               int count) {
  sv_writer *w;
  SV_TRY(sv_writer_open(&w, path));
  sv_status status = put_header(w, tensors, count);
  for (int i = 0; i < count && status == SV_OK; i++)
    status = put_values(w, &tensors[i]);
  if (status == SV_OK) return sv_writer_commit(w);
  sv_writer_abandon(w);
  return status;
}
