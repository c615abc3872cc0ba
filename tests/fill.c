/* fill MODEL OUT [apart]: a file of tests/fixtures/exports with its weights, or
 * any other as it is; apart: tensors lie in OUT.data beside it, as PyTorch's
 * exporter has them by default. */
#include "exports.h"

static char *copy(const char *text) {
  char *made = malloc(strlen(text) + 1);
  return made ? strcpy(made, text) : NULL;
}

static bool add(Onnx__TensorProto *tensor, const char *key, const char *value) {
  Onnx__StringStringEntryProto *entry = malloc(sizeof *entry);
  if (!entry) return false;
  onnx__string_string_entry_proto__init(entry);
  entry->key = copy(key);
  entry->value = copy(value);
  tensor->external_data[tensor->n_external_data++] = entry;
  return entry->key && entry->value;
}

/* From raw data to the place in `file` where they are written. */
static bool move(Onnx__TensorProto *tensor, FILE *file, const char *name) {
  char offset[32], length[32];
  ProtobufCBinaryData *raw = &tensor->raw_data;
  snprintf(offset, sizeof offset, "%ld", ftell(file));
  snprintf(length, sizeof length, "%zu", raw->len);
  if (fwrite(raw->data, 1, raw->len, file) != raw->len) return false;
  free(raw->data);
  *raw = (ProtobufCBinaryData){0};
  tensor->has_raw_data = 0;
  tensor->has_data_location = 1;
  tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  tensor->external_data = malloc(3 * sizeof *tensor->external_data);
  return tensor->external_data && add(tensor, "location", name) &&
         add(tensor, "offset", offset) && add(tensor, "length", length);
}

static bool move_all(Onnx__ModelProto *model, const char *out) {
  char path[4096];
  snprintf(path, sizeof path, "%s.data", out);
  const char *slash = strrchr(path, '/');
  FILE *file = fopen(path, "wb");
  bool good = file != NULL;
  for (size_t i = 0; i < model->graph->n_initializer && good; i++) {
    Onnx__TensorProto *tensor = model->graph->initializer[i];
    if (tensor->n_dims && tensor->raw_data.len)
      good = move(tensor, file, slash ? slash + 1 : path);
  }
  return file && fclose(file) == 0 && good;
}

static bool put(const Onnx__ModelProto *model, const char *out) {
  size_t size;
  uint8_t *bytes = export_pack(model, &size);
  FILE *file = bytes ? fopen(out, "wb") : NULL;
  bool good = file && fwrite(bytes, 1, size, file) == size;
  free(bytes);
  return file && fclose(file) == 0 && good;
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4) return 2;
  Onnx__ModelProto *model = export_read(argv[1]);
  bool good = model && export_fill(model) &&
              (argc == 3 || move_all(model, argv[2])) && put(model, argv[2]);
  if (model) onnx__model_proto__free_unpacked(model, NULL);
  if (!good) fprintf(stderr, "fill: %s or %s\n", argv[1], argv[2]);
  return good ? 0 : 1;
}
