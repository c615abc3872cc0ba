/* The last entry of a file's metadata: a checksum of all bytes before it.
 * Without it a flipped bit would be a wrong weight, or a key that is missing.
 * If the entry is not at the end of the file or states another number of bytes,
 * another program has written the file since, and nothing is checked. */
#ifndef SV_ONNX_CHECKSUM_H
#define SV_ONNX_CHECKSUM_H

#include <stdint.h>

#include "base/map.h"

#define SV_ONNX_CHECKSUM "svertka.checksum"

enum { SV_CHECKSUM_ENTRY = 64 };

/* The checksum of what `checksum` is of, 0 for nothing, and these bytes. */
uint32_t sv_checksum_add(uint32_t checksum, const void *bytes, size_t size);

/* Writes the entry, a field of the model's message that follows its first
 * `size` bytes; returns its length. */
size_t sv_checksum_entry(unsigned char entry[SV_CHECKSUM_ENTRY],
                         uint32_t checksum, size_t size);

/* SV_FORMAT if a file ends with an entry that does not match its bytes. Pages
 * of `map` (NULL: none) are released after reading. */
sv_status sv_checksum_check(const void *bytes, size_t size,
                            const sv_map *map) SV_CHECKED;

#endif
