/* Shared by the files of api.h: api.c has the code common to versions 2 and 3
 * of oneDNN, api_v2.c and api_v3.c the differences. */
#ifndef SV_DNNL_API_PARTS_H
#define SV_DNNL_API_PARTS_H

#include "dnnl/api.h"

/* Lets the plan provide a primitive's scratch memory. */
dnnl_primitive_attr_t sv_dnnl_scratch(void);

/* Adds one operation to a list of them. */
dnnl_status_t sv_dnnl_add_post(dnnl_post_ops_t list, const sv_dnnl_post *post);

/* oneDNN's lists are longer than ours. */
typedef struct sv_dnnl_lists {
  dnnl_dims_t dims, strides;
} sv_dnnl_lists;
sv_dnnl_lists sv_dnnl_widen(const sv_shape *shape, const sv_layout *layout);

/* The block size of a layout: 8 channels for `nChw8c`. */
int64_t sv_dnnl_block(const sv_layout *layout, int dim);

#endif
