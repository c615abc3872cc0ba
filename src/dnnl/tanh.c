/* y = tanh(x); dx = dy (1 - y^2). */
#include "dnnl/eltwise.h"

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  static const sv_dnnl_function f = {dnnl_eltwise_tanh_use_dst_for_bwd, true};
  return sv_dnnl_plan_eltwise(site, need, impl, &f);
}

const sv_kernel sv_dnnl_tanh = {plan, sv_dnnl_run, sv_dnnl_destroy};
