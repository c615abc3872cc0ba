/* Nodes after a convolution as oneDNN's post-ops. */
#ifndef SV_DNNL_TAIL_H
#define SV_DNNL_TAIL_H

#include "dnnl/kernel.h"

/* Sets build->attr and build->sum for the first `count` nodes of the site's
 * tail; SV_UNSUPPORTED if one of them is no post-op. */
sv_status sv_dnnl_tail(sv_dnnl_build *build, int count) SV_CHECKED;

/* Binds the destination of the primitive to output 0 of the kernel with those
 * nodes. */
sv_status sv_dnnl_bind_tail(sv_dnnl_build *build, int count,
                            sv_form form) SV_CHECKED;

#endif
