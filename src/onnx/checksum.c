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

uint32_t sv_checksum_add(uint32_t checksum, const void *bytes, size_t size) {
  return (uint32_t)crc32_z(checksum, bytes, size);
}

static uint32_t checksum_of(const unsigned char *bytes, size_t size,
                            const sv_map *map) {
  uint32_t checksum = 0;
  for (size_t done = 0, part; done < size; done += part) {
    part = size - done < PART ? size - done : PART;
    checksum = sv_checksum_add(checksum, bytes + done, part);
    if (map) sv_map_release(map, bytes + done, part);
  }
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

/* Whether the file ends in an entry of its own size, `length` bytes: its
 * checksum is the one that makes it the same. */
static bool find_entry(const unsigned char *bytes, size_t size,
                       uint32_t *checksum, size_t *length) {
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
    *length = n;
    if (sv_checksum_entry(entry, *checksum, size - n) == n &&
        memcmp(entry, end, n) == 0)
      return true;
  }
  return false;
}

sv_status sv_checksum_check(const void *bytes, size_t size, const sv_map *map) {
  uint32_t wanted;
  size_t length;
  if (!find_entry(bytes, size, &wanted, &length)) return SV_OK;
  uint32_t found = checksum_of(bytes, size - length, map);
  if (found == wanted) return SV_OK;
  return sv_fail(SV_FORMAT,
                 "damaged: its contents have changed since it was written "
                 "(checksum %08" PRIx32 ", expected %08" PRIx32
                 "); if it was changed on purpose, delete its metadata entry "
                 "'" SV_ONNX_CHECKSUM "'",
                 found, wanted);
}
