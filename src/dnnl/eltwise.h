/* Functions of each element alone. */
#ifndef SV_DNNL_ELTWISE_H
#define SV_DNNL_ELTWISE_H

#include "dnnl/kernel.h"

typedef struct sv_dnnl_activation {
  sv_dnnl_function function;
  bool reads_x;    /* its gradient does; else it reads y */
  bool keeps_zero; /* f(0) = 0: the padding of a layout may be run over */
} sv_dnnl_activation;

/* `plan` for y = f(x), on memory as it lies. */
sv_status sv_dnnl_plan_eltwise(const sv_site *site, sv_need *need, void **impl,
                               const sv_dnnl_activation *f) SV_CHECKED;

/* NaN as x or y gives NaN, forward or backward. */
bool sv_dnnl_shows_nan(const sv_dnnl_activation *f, bool forward);

#endif
