/* Tensors inside the library: views, index arithmetic, conversions. */
#ifndef SV_TENSOR_TENSOR_H
#define SV_TENSOR_TENSOR_H

#include <svertka/tensor.h>

#include "base/error.h"

/* True if the product of the dimensions, without those of 0 and free ones, is
 * at most 2^48: strides, bytes and sums of a few sizes do not overflow. */
bool sv_shape_fits(const sv_shape *shape);

/* "3x?x?", as in networks as text: ? is a free size; returns text. */
const char *sv_dims_text(const int64_t *dim, int count,
                         char text[SV_SHAPE_TEXT]);

/* Bytes of a dense tensor; SV_NO_MEMORY if it overflows. */
sv_status sv_tensor_bytes(sv_dtype dtype, const sv_shape *shape,
                          size_t *bytes) SV_CHECKED;

bool sv_layout_equal(const sv_layout *a, const sv_layout *b);

/* Dense and row-major: the elements lie in index order. */
bool sv_layout_is_plain(const sv_layout *layout, const sv_shape *shape);

/* The offset, in elements, of the element with this index. Not for OPAQUE. */
int64_t sv_layout_offset(const sv_layout *layout, int rank,
                         const int64_t index[SV_MAX_RANK]);

/* "plain", "aBcd8b" (upper case: blocked dimensions), "opaque 3"; returns
 * text. */
enum { SV_LAYOUT_TEXT = 64 };
const char *sv_layout_text(const sv_layout *layout, int rank,
                           char text[SV_LAYOUT_TEXT]);

/* Copies elements between any two known layouts of one shape, converting
 * between f32 and f64 (other types must be equal); padding becomes zero. */
sv_status sv_tensor_copy(sv_tensor *dst, const sv_tensor *src) SV_CHECKED;

/* Reads or writes element i (row-major order) of a plain tensor of any type. */
double sv_tensor_get(const sv_tensor *tensor, int64_t i);
void sv_tensor_set(sv_tensor *tensor, int64_t i, double value);

/* Copies the first row of a plain tensor's first dimension to all others. */
void sv_tensor_repeat_row(sv_tensor *tensor);

/* i64, i32, i8 or u8. */
bool sv_dtype_is_whole(sv_dtype dtype);
/* The same for integers and bool, exactly: values out of range wrap around. */
int64_t sv_tensor_whole(const sv_tensor *tensor, int64_t i);
void sv_tensor_set_whole(sv_tensor *tensor, int64_t i, int64_t value);

/* A plain copy of a tensor in any known layout; same type. */
sv_status sv_tensor_clone(sv_tensor **clone,
                          const sv_tensor *tensor) SV_CHECKED;

#endif
