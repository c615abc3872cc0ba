/* tensors MODEL: a line for each tensor of an ONNX file: its name, how many
 * numbers it has, and a hash of its bytes. */
#include <inttypes.h>

#include "exports.h"

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv */
static uint64_t hash(const ProtobufCBinaryData *data) {
  uint64_t sum = 0xCBF29CE484222325u;
  for (size_t i = 0; i < data->len; i++)
    sum = (sum ^ data->data[i]) * 0x100000001B3u;
  return sum;
}

int main(int argc, char **argv) {
  Onnx__ModelProto *model = argc == 2 ? export_read(argv[1]) : NULL;
  if (!model) {
    fprintf(stderr, "tensors: no model\n");
    return 1;
  }
  for (size_t i = 0; i < model->graph->n_initializer; i++) {
    const Onnx__TensorProto *tensor = model->graph->initializer[i];
    int64_t count = 1;
    for (size_t d = 0; d < tensor->n_dims; d++) count *= tensor->dims[d];
    printf("%s %" PRId64 " %016" PRIx64 "\n", tensor->name, count,
           hash(&tensor->raw_data));
  }
  onnx__model_proto__free_unpacked(model, NULL);
  return 0;
}
