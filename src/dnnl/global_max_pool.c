/* y = the largest x in the window; dx = dy where that x was. */
#include "dnnl/pool.h"

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  return sv_dnnl_plan_pool(site, need, impl, &sv_dnnl_global_max_pool);
}

const sv_kernel sv_dnnl_global_max_pool = {plan, sv_dnnl_run, sv_dnnl_destroy};
