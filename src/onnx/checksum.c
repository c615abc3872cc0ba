#include "onnx/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* Field `number` of the wire's length-prefixed type. */
static unsigned char tag(unsigned number) {
  return (unsigned char)(number << 3 | 2);
}

enum { METADATA = 14, KEY = 1, VALUE = 2, PART = 1 << 20 };

static uint32_t add_graph(uint32_t checksum, const Onnx__GraphProto *graph,
                          const sv_map *map) {
  for (size_t i = 0; graph && i < graph->n_initializer; i++) {
    const Onnx__TensorProto *tensor = graph->initializer[i];
    const ProtobufCBinaryData *raw = &tensor->raw_data;
    if (!tensor->has_raw_data) continue;
    for (size_t done = 0, part; done < raw->len; done += part) {
      part = raw->len - done < PART ? raw->len - done : PART;
      checksum = (uint32_t)crc32_z(checksum, raw->data + done, part);
      if (map) sv_map_release(map, raw->data + done, part);
    }
  }
  return checksum;
}

uint32_t sv_checksum_of(const Onnx__ModelProto *model, const sv_map *map) {
  uint32_t checksum = add_graph(0, model->graph, map);
  for (size_t i = 0; i < model->n_training_info; i++)
    checksum = add_graph(checksum, model->training_info[i]->algorithm, map);
  return checksum;
}

/* All lengths are below 128: a byte each. */
static size_t put(unsigned char *to, unsigned number, const char *text) {
  size_t length = strlen(text);
  to[0] = tag(number);
  to[1] = (unsigned char)length;
  memcpy(to + 2, text, length);
  return 2 + length;
}

size_t sv_checksum_entry(unsigned char entry[SV_CHECKSUM_ENTRY],
                         uint32_t checksum, size_t size) {
  char value[48];
  snprintf(value, sizeof value, "crc32 %08" PRIx32 " %zu", checksum, size);
  size_t length = 2;
  length += put(entry + length, KEY, SV_ONNX_CHECKSUM);
  length += put(entry + length, VALUE, value);
  entry[0] = tag(METADATA);
  entry[1] = (unsigned char)(length - 2);
  return length;
}

/* Whether the file ends in an entry of its own size: its checksum is the one
 * that makes it the same. */
static bool find_entry(const unsigned char *bytes, size_t size,
                       uint32_t *checksum) {
  unsigned char entry[SV_CHECKSUM_ENTRY];
  for (size_t n = 32; n < SV_CHECKSUM_ENTRY && n < size; n++) {
    const unsigned char *end = bytes + size - n;
    char text[SV_CHECKSUM_ENTRY + 1] = {0};
    if (end[0] != tag(METADATA) || end[1] != n - 2) continue;
    memcpy(text, end, n);
    const char *words = text + n - 1;
    while (words > text && *words != (char)tag(VALUE)) words--;
    if (words == text || sscanf(words + 2, "crc32 %8" SCNx32, checksum) != 1)
      continue;
    if (sv_checksum_entry(entry, *checksum, size - n) == n &&
        memcmp(entry, end, n) == 0)
      return true;
  }
  return false;
}

sv_status sv_checksum_check(const Onnx__ModelProto *model, const void *bytes,
                            size_t size, const sv_map *map) {
  uint32_t wanted;
  if (!find_entry(bytes, size, &wanted)) return SV_OK;
  uint32_t found = sv_checksum_of(model, map);
  if (found == wanted) return SV_OK;
  return sv_fail(SV_FORMAT,
                 "damaged: its tensors have changed since the file was written "
                 "(checksum %08" PRIx32 ", expected %08" PRIx32
                 "); if the file was changed on purpose, delete its metadata "
                 "entry '" SV_ONNX_CHECKSUM "'",
                 found, wanted);
}
