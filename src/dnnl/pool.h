/* Pooling: a window slides over each map on its own. */
#ifndef SV_DNNL_POOL_H
#define SV_DNNL_POOL_H

#include "dnnl/kernel.h"

/* `plan` of the kernel `self`, which backward has to find as the choice of the
 * forward pass if that leaves it a workspace. */
sv_status sv_dnnl_plan_pool(const sv_site *site, sv_need *need, void **impl,
                            const sv_kernel *self) SV_CHECKED;

extern const sv_kernel sv_dnnl_max_pool, sv_dnnl_avg_pool;
extern const sv_kernel sv_dnnl_global_max_pool, sv_dnnl_global_avg_pool;

#endif
