/* Converts tensors, types and shapes between ONNX and Svertka. */
#ifndef SV_ONNX_TENSORS_H
#define SV_ONNX_TENSORS_H

#include "onnx.pb-c.h"
#include "onnx/arena.h"
#include "tensor/tensor.h"

/* A name from a file in a message, short enough to leave room for the rest:
 * printed with %.80s. */
#define SV_NAME "'%.80s'"

/* The type for an ONNX data type; SV_UNSUPPORTED names it. */
sv_status sv_onnx_dtype(int type, sv_dtype *dtype) SV_CHECKED;
int sv_onnx_type_of(sv_dtype dtype);

/* The type used in computation: floating-point types of any width become
 * f32. */
sv_dtype sv_onnx_computed(sv_dtype stored);

/* Checks type, shape and size of a tensor's data. Errors do not name the
 * tensor: the caller does. */
sv_status sv_onnx_tensor_check(const Onnx__TensorProto *proto, sv_dtype *stored,
                               sv_shape *shape) SV_CHECKED;

/* Fills a plain tensor of that shape, of the stored or of the computed type,
 * from a checked tensor. */
void sv_onnx_tensor_read(const Onnx__TensorProto *proto, sv_tensor *tensor);
/* The same for `count` elements from element `first` on. */
void sv_onnx_tensor_read_part(const Onnx__TensorProto *proto, sv_tensor *tensor,
                              size_t first, size_t count);

/* True if its data are in a separate file. */
bool sv_onnx_tensor_is_external(const Onnx__TensorProto *proto);

/* Checks the tensor and creates a copy of the stored type. */
sv_status sv_onnx_tensor_new(const Onnx__TensorProto *proto,
                             sv_tensor **tensor) SV_CHECKED;

/* Writes a tensor; the data stay where they are, dims are allocated in the
 * arena. */
sv_status sv_onnx_tensor_write(Onnx__TensorProto **proto, const char *name,
                               const sv_tensor *tensor,
                               sv_arena *arena) SV_CHECKED;

/* Reads a declared type. A dimension that is not a number becomes -1 with its
 * symbol, if it has one (borrowed). Without a shape the rank is -1. */
sv_status sv_onnx_type_read(const Onnx__TypeProto *proto, sv_dtype *dtype,
                            sv_shape *shape,
                            const char *symbol[SV_MAX_RANK]) SV_CHECKED;

sv_status sv_onnx_type_write(Onnx__ValueInfoProto **proto, const char *name,
                             sv_dtype dtype, const sv_shape *shape,
                             char *const symbol[SV_MAX_RANK],
                             sv_arena *arena) SV_CHECKED;

#endif
