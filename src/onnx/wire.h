/* Protocol Buffers' wire format, read into the structs that protoc-c made, as
 * their descriptors say. Unlike protobuf-c's own reader it takes no more
 * memory than it is allowed, limits the depth, and leaves the bytes of tensors
 * where they are.
 * Source: https://protobuf.dev/programming-guides/encoding/ */
#ifndef SV_ONNX_WIRE_H
#define SV_ONNX_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "onnx/arena.h"

/* Texts or messages of one repeated field: a few bytes each become a hundred
 * times as much. */
enum { SV_WIRE_MOST_ELEMENTS = 1 << 18 };

/* *message = the struct of this descriptor, in the arena; fields of type bytes
 * point into `bytes`. Unknown fields are skipped. SV_FORMAT says at which byte
 * the file is malformed. */
sv_status sv_wire_read(void *message,
                       const ProtobufCMessageDescriptor *descriptor,
                       const unsigned char *bytes, size_t size,
                       sv_arena *arena) SV_CHECKED;

#endif
