/* Converts between layouts and oneDNN's memory descriptors. */
#ifndef SV_DNNL_LAYOUT_H
#define SV_DNNL_LAYOUT_H

#include "dnnl/api.h"

/* The dimensions of a tensor in oneDNN where they differ: a 1-D image (N C W)
 * or kernel has height 1; a kernel with groups has a dimension for the group,
 * (G, OC/G, IC/G, KH, KW). Outputs may come after inputs: a transposed matrix,
 * or kernels of a transposed convolution. */
typedef struct sv_form {
  bool line;
  int64_t groups; /* of this tensor's dimension 0; 0: not split */
  bool transposed;
} sv_form;

static const sv_form sv_form_same = {.groups = 0};

/* *md of a tensor in any layout; SV_UNSUPPORTED if oneDNN has no such
 * format. */
sv_status sv_md_of(sv_md *md, const sv_shape *shape, const sv_layout *layout,
                   sv_form form) SV_CHECKED;
/* The same with the layout chosen by the primitive. */
sv_status sv_md_free_of(sv_md *md, const sv_shape *shape,
                        sv_form form) SV_CHECKED;
/* Dense, row-major, and the same with the channels (dimension 1) innermost. */
sv_status sv_md_rows(sv_md *md, const sv_shape *shape, sv_form form) SV_CHECKED;
sv_status sv_md_channels_last(sv_md *md, const sv_shape *shape,
                              sv_form form) SV_CHECKED;
/* The channels in blocks of this size, innermost (nChw8c). */
sv_status sv_md_blocked(sv_md *md, const sv_shape *shape, int64_t block,
                        sv_form form) SV_CHECKED;

/* The layout of a tensor of `shape` with this md. A format that strides and
 * blocks cannot describe becomes OPAQUE with an id that sv_md_of recognises. */
sv_status sv_layout_of(sv_layout *layout, sv_const_md md, const sv_shape *shape,
                       sv_form form) SV_CHECKED;

#endif
