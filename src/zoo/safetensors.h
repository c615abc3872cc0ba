/* Tensors by name in a file of the safetensors format.
 *
 *   8 bytes   the length of the header, little-endian
 *   header    JSON: {"name": {"dtype": "F32", "shape": [64, 3, 7, 7],
 *             "data_offsets": [begin, end]}, ..., "__metadata__": {...}}
 *   the rest  the values, row-major, little-endian; offsets count from here
 *
 * Source: https://huggingface.co/docs/safetensors, "Format". */
#ifndef SV_ZOO_SAFETENSORS_H
#define SV_ZOO_SAFETENSORS_H

#include <svertka/tensor.h>

#include "base/error.h"
#include "base/names.h"

typedef struct sv_saved {
  char *name;
  const char *dtype; /* "F32", static */
  sv_shape shape;
  int64_t count;
  const unsigned char *bytes; /* in the file's memory */
} sv_saved;

typedef struct sv_safetensors sv_safetensors;

/* Maps a file and reads its header. Free with sv_safetensors_close, which takes
 * NULL. SV_FORMAT names the file and the tensor whose size is not that of its
 * shape, or that lies outside the file; SV_UNSUPPORTED a type other than F64,
 * F32, F16, BF16 and integers, or a shape of more than SV_MAX_RANK
 * dimensions. */
sv_status sv_safetensors_open(sv_safetensors **file,
                              const char *path) SV_CHECKED;
void sv_safetensors_close(sv_safetensors *file);

int sv_safetensors_count(const sv_safetensors *file);
const sv_saved *sv_safetensors_at(const sv_safetensors *file, int i);
/* The index of a tensor; -1: there is none. */
int sv_safetensors_find(const sv_safetensors *file, const char *name);

/* Converts a tensor of floats to f32. SV_UNSUPPORTED for integers. */
sv_status sv_saved_read(const sv_saved *saved, float *values) SV_CHECKED;

/* A tensor to be written: f32, or an int64 scalar of 0 if `values` is NULL. */
typedef struct sv_to_save {
  const char *name;
  sv_shape shape;
  const float *values;
} sv_to_save;

/* Writes the tensors to a file, completely or not at all. */
sv_status sv_safetensors_write(const char *path, const sv_to_save *tensors,
                               int count) SV_CHECKED;

#endif
