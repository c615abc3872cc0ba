/* Functions of each element alone: relu, tanh, sigmoid. */
#ifndef SV_DNNL_ELTWISE_H
#define SV_DNNL_ELTWISE_H

#include "dnnl/kernel.h"

typedef struct sv_dnnl_function {
  dnnl_alg_kind_t alg;
  bool keeps_zero; /* f(0) = 0: the padding of a layout may be run over */
} sv_dnnl_function;

/* `plan` for y = f(x) whose gradient reads y. */
sv_status sv_dnnl_plan_eltwise(const sv_site *site, sv_need *need, void **impl,
                               const sv_dnnl_function *f) SV_CHECKED;

#endif
