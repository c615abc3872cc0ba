/* What the files of api.h share: api.c has what is the same in versions 2 and 3
 * of oneDNN, api_v2.c and api_v3.c what differs. */
#ifndef SV_DNNL_API_PARTS_H
#define SV_DNNL_API_PARTS_H

#include "dnnl/api.h"

/* Lets the plan hand out a primitive's scratch memory. */
dnnl_primitive_attr_t sv_dnnl_scratch(void);

/* oneDNN's lists are longer than ours. */
typedef struct sv_dnnl_lists {
  dnnl_dims_t dims, strides;
} sv_dnnl_lists;
sv_dnnl_lists sv_dnnl_widen(const sv_shape *shape, const sv_layout *layout);

/* So many elements of a dimension lie side by side: of `nChw8c` 8 channels. */
int64_t sv_dnnl_block(const sv_layout *layout, int dim);

#endif
