/* Pooling: a window slides over each channel separately. */
#ifndef SV_DNNL_POOL_H
#define SV_DNNL_POOL_H

#include "dnnl/kernel.h"

/* `plan` of average pooling; `global`: over whole maps. */
sv_status sv_dnnl_plan_pool(const sv_site *site, sv_need *need, void **impl,
                            bool global) SV_CHECKED;

#endif
