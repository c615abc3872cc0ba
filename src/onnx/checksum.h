/* The last entry of a file's metadata: a checksum of the elements of all
 * initialisers. Without it a flipped bit would be a wrong weight that nobody
 * notices. If the entry is not at the end of the file or states another number
 * of bytes, another program has written the file since, and nothing is
 * checked. */
#ifndef SV_ONNX_CHECKSUM_H
#define SV_ONNX_CHECKSUM_H

#include <stdint.h>

#include "base/map.h"
#include "onnx.pb-c.h"

#define SV_ONNX_CHECKSUM "svertka.checksum"

enum { SV_CHECKSUM_ENTRY = 64 };

/* Checksum of the initialisers of the graph and of the training part, as
 * stored. Pages of `map` (NULL: none) are released after reading. */
uint32_t sv_checksum_of(const Onnx__ModelProto *model, const sv_map *map);

/* Writes the entry, a field of the model's message that follows its first
 * `size` bytes; returns its length. */
size_t sv_checksum_entry(unsigned char entry[SV_CHECKSUM_ENTRY],
                         uint32_t checksum, size_t size);

/* SV_FORMAT if the file read as `model` ends with an entry that does not match
 * its initialisers. */
sv_status sv_checksum_check(const Onnx__ModelProto *model, const void *bytes,
                            size_t size, const sv_map *map) SV_CHECKED;

#endif
