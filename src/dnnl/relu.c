/* y = max(x, 0); dx = dy where y > 0. */
#include "dnnl/eltwise.h"

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  static const sv_dnnl_function f = {dnnl_eltwise_relu_use_dst_for_bwd, true};
  return sv_dnnl_plan_eltwise(site, need, impl, &f);
}

const sv_kernel sv_dnnl_relu = {plan, sv_dnnl_run, sv_dnnl_destroy};
