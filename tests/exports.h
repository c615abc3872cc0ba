/* The files of tests/fixtures/exports: what PyTorch's exporters write, without
 * the weights, which both sides draw (scripts/make_fixtures_exports.py). */
#ifndef SV_TESTS_EXPORTS_H
#define SV_TESTS_EXPORTS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drawn.h"
#include "onnx.pb-c.h"

/* The message of a file; NULL: it cannot be read. The caller frees it with
 * protobuf-c's. */
static inline Onnx__ModelProto *export_read(const char *path) {
  enum { ROOM = 1 << 20 };
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = file ? malloc(ROOM) : NULL;
  size_t size = bytes ? fread(bytes, 1, ROOM, file) : 0;
  Onnx__ModelProto *model = NULL;
  if (size > 0 && size < ROOM)
    model = onnx__model_proto__unpack(NULL, size, bytes);
  free(bytes);
  if (file) fclose(file);
  return model;
}

/* Its numbers are drawn: the fixture has none. */
static inline bool export_is_empty(const Onnx__TensorProto *tensor) {
  return tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT &&
         tensor->n_dims > 0 && !tensor->raw_data.len && !tensor->n_float_data;
}

static inline bool export_ends_in(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static inline bool export_fill_tensor(Onnx__TensorProto *tensor) {
  int64_t count = tensor->dims[0], fan = 1;
  for (size_t d = 1; d < tensor->n_dims; d++) fan *= tensor->dims[d];
  count *= fan;
  bool scale = export_ends_in(tensor->name, ".weight") ||
               export_ends_in(tensor->name, "_var");
  double low = 0, factor = 0.1;
  if (tensor->n_dims > 1) {
    factor = sqrt(6 / (double)fan);
  } else if (scale) {
    low = 1;
    factor = 0.2;
  }
  float *numbers = malloc((size_t)count * sizeof *numbers);
  if (!numbers) return false;
  uint64_t key = sv_hash_text(tensor->name);
  for (int64_t i = 0; i < count; i++)
    numbers[i] = (float)(low + factor * draw(key, i));
  tensor->has_raw_data = 1;
  tensor->raw_data.data = (uint8_t *)numbers;
  tensor->raw_data.len = (size_t)count * sizeof *numbers;
  return true;
}

/* Gives the weights their numbers. */
static inline bool export_fill(Onnx__ModelProto *model) {
  for (size_t i = 0; i < model->graph->n_initializer; i++) {
    Onnx__TensorProto *tensor = model->graph->initializer[i];
    if (export_is_empty(tensor) && !export_fill_tensor(tensor)) return false;
  }
  return true;
}

/* The bytes of a file; the caller frees them. */
static inline uint8_t *export_pack(const Onnx__ModelProto *model,
                                   size_t *size) {
  *size = onnx__model_proto__get_packed_size(model);
  uint8_t *bytes = malloc(*size);
  if (bytes) onnx__model_proto__pack(model, bytes);
  return bytes;
}

#endif
