/* The last entry of the metadata of a file that is written here: a checksum of
 * the elements of all initialisers. A bit that flips among them would otherwise
 * be a wrong weight that nobody notices. Where the entry is not the end of the
 * file, or tells of another number of bytes, another program has written the
 * file since, and there is nothing to check. */
#ifndef SV_ONNX_CHECKSUM_H
#define SV_ONNX_CHECKSUM_H

#include <stdint.h>

#include "base/map.h"
#include "onnx.pb-c.h"

#define SV_ONNX_CHECKSUM "svertka.checksum"

enum { SV_CHECKSUM_ENTRY = 64 };

/* Of the initialisers of the graph and of the training parts, as they lie. What
 * was looked at of `map` (NULL: none) is let go of. */
uint32_t sv_checksum_of(const Onnx__ModelProto *model, const sv_map *map);

/* The entry, a field of the model's message, behind its first `size` bytes;
 * returns its length. */
size_t sv_checksum_entry(unsigned char entry[SV_CHECKSUM_ENTRY],
                         uint32_t checksum, size_t size);

/* SV_FORMAT if the file that was read as `model` ends in an entry and its
 * initialisers are not those it was made of. */
sv_status sv_checksum_check(const Onnx__ModelProto *model, const void *bytes,
                            size_t size, const sv_map *map) SV_CHECKED;

#endif
