/* y = the mean of x in the window; dx = dy / size, summed over the windows. */
#include "dnnl/pool.h"

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  return sv_dnnl_plan_pool(site, need, impl, true);
}

const sv_kernel sv_dnnl_global_avg_pool = {plan, sv_dnnl_run, sv_dnnl_destroy};
