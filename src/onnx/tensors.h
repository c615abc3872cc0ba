/* ONNX's tensors, types and shapes, and ours. */
#ifndef SV_ONNX_TENSORS_H
#define SV_ONNX_TENSORS_H

#include "onnx.pb-c.h"
#include "onnx/arena.h"
#include "tensor/tensor.h"

/* A word of a name from a file, short enough that the rest of a message still
 * fits: printed with %.80s. */
#define SV_NAME "'%.80s'"

/* Ours for ONNX's data type; SV_UNSUPPORTED names the type. */
sv_status sv_onnx_dtype(int type, sv_dtype *dtype) SV_CHECKED;
int sv_onnx_type_of(sv_dtype dtype);

/* What a network computes with: real numbers of any width become f32. */
sv_dtype sv_onnx_computed(sv_dtype stored);

/* Type and shape of a tensor whose data are all there. Errors do not name it:
 * its user does. */
sv_status sv_onnx_tensor_check(const Onnx__TensorProto *proto, sv_dtype *stored,
                               sv_shape *shape) SV_CHECKED;

/* Fills a plain tensor of that shape, of the stored or of the computed type,
 * from one that was checked. */
void sv_onnx_tensor_read(const Onnx__TensorProto *proto, sv_tensor *tensor);
/* The same for `count` elements from element `first` on. */
void sv_onnx_tensor_read_part(const Onnx__TensorProto *proto, sv_tensor *tensor,
                              size_t first, size_t count);

/* Its data lie in another file. */
bool sv_onnx_tensor_is_external(const Onnx__TensorProto *proto);

/* Checks, and makes a new tensor of the stored type. */
sv_status sv_onnx_tensor_new(const Onnx__TensorProto *proto,
                             sv_tensor **tensor) SV_CHECKED;

/* The other way; the data stay where they are, dims go to the arena. */
sv_status sv_onnx_tensor_write(Onnx__TensorProto **proto, const char *name,
                               const sv_tensor *tensor,
                               sv_arena *arena) SV_CHECKED;

/* A declared type. A dimension that is not a number becomes -1 with its
 * symbol, if it has one (borrowed); no shape at all rank -1. */
sv_status sv_onnx_type_read(const Onnx__TypeProto *proto, sv_dtype *dtype,
                            sv_shape *shape,
                            const char *symbol[SV_MAX_RANK]) SV_CHECKED;

sv_status sv_onnx_type_write(Onnx__ValueInfoProto **proto, const char *name,
                             sv_dtype dtype, const sv_shape *shape,
                             char *const symbol[SV_MAX_RANK],
                             sv_arena *arena) SV_CHECKED;

#endif
