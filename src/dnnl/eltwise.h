/* Elementwise functions. */
#ifndef SV_DNNL_ELTWISE_H
#define SV_DNNL_ELTWISE_H

#include "dnnl/kernel.h"

typedef struct sv_dnnl_activation {
  sv_dnnl_function function;
  bool reads_x;    /* its gradient reads x; else y */
  bool keeps_zero; /* f(0) = 0: it may be applied to the padding of a layout */
} sv_dnnl_activation;

/* The node as such a function; false if it is none of activations.c. */
bool sv_dnnl_activation_of(sv_dnnl_activation *f, const sv_node *node);

/* `plan` for y = f(x), in any layout. */
sv_status sv_dnnl_plan_eltwise(const sv_site *site, sv_need *need, void **impl,
                               const sv_dnnl_activation *f) SV_CHECKED;

/* True if NaN in x or y gives NaN, forward and backward. */
bool sv_dnnl_shows_nan(const sv_dnnl_activation *f, bool forward);

#endif
