/* y = 1 / (1 + e^-x); dx = dy y (1 - y). */
#include "dnnl/eltwise.h"

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  static const sv_dnnl_function f = {dnnl_eltwise_logistic_use_dst_for_bwd,
                                     false};
  return sv_dnnl_plan_eltwise(site, need, impl, &f);
}

const sv_kernel sv_dnnl_sigmoid = {plan, sv_dnnl_run, sv_dnnl_destroy};
