/* Data types, shapes, memory layouts and tensors. The functions have no state:
 * any number of threads may call them. Several threads may read one tensor
 * while no thread writes to it. */
#ifndef SVERTKA_TENSOR_H
#define SVERTKA_TENSOR_H

#include <svertka/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sv_dtype {
  SV_F32,
  SV_F64,
  SV_F16,
  SV_BF16,
  SV_I64,
  SV_I32,
  SV_I8,
  SV_U8,
  SV_BOOL
} sv_dtype;

enum { SV_MAX_RANK = 8, SV_MAX_INNER = 4 };

/* Dimensions, outermost first: images are N C H W. Rank 0 is a scalar. */
typedef struct sv_shape {
  int rank;
  int64_t dim[SV_MAX_RANK];
} sv_shape;

/* How an index is mapped to memory.
 * PLAIN: one stride per dimension, in elements.
 * BLOCKED: the strides address blocks; inside a block are inner blocks,
 * outermost first. nChw8c has one inner block of 8 over dimension 1. A partial
 * block is padded with zeros.
 * OPAQUE: known only to the backend that created it. */
typedef enum sv_layout_kind { SV_PLAIN, SV_BLOCKED, SV_OPAQUE } sv_layout_kind;

typedef struct sv_layout {
  sv_layout_kind kind;
  int64_t stride[SV_MAX_RANK];
  int inner_count;
  int inner_dim[SV_MAX_INNER];
  int64_t inner_size[SV_MAX_INNER];
  int opaque;   /* the backend's own id of an OPAQUE layout */
  size_t bytes; /* size of the whole tensor, including padding */
} sv_layout;

typedef struct sv_tensor {
  sv_dtype dtype;
  sv_shape shape;
  sv_layout layout;
  void *data; /* aligned to 64 bytes when the library allocated it */
} sv_tensor;

SV_API size_t sv_dtype_size(sv_dtype dtype);
SV_API const char *sv_dtype_name(sv_dtype dtype); /* "f32", static */

/* sv_shape_of(3, 1, 28, 28) is 1x28x28. Each dimension is passed as an int. */
SV_API sv_shape sv_shape_of(int rank, ...);
SV_API bool sv_shape_equal(const sv_shape *a, const sv_shape *b);

/* The number of elements: the product of the dimensions. -1 if a dimension is
 * negative or the product overflows. */
SV_API int64_t sv_shape_count(const sv_shape *shape);

enum { SV_SHAPE_TEXT = SV_MAX_RANK * 21 + 8 };
/* Writes the shape as "64x6x28x28" ("scalar" for rank 0); returns `text`. */
SV_API const char *sv_shape_text(const sv_shape *shape,
                                 char text[SV_SHAPE_TEXT]);

/* A row-major, dense layout. SV_NO_MEMORY if the size overflows. */
SV_API SV_CHECKED sv_status sv_layout_plain(sv_layout *layout, sv_dtype dtype,
                                            const sv_shape *shape);

/* Creates a PLAIN tensor filled with zeros. The caller frees it with
 * sv_tensor_free. */
SV_API SV_CHECKED sv_status sv_tensor_new(sv_tensor **tensor, sv_dtype dtype,
                                          const sv_shape *shape);
SV_API void sv_tensor_free(sv_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
