/* y = e^x / sum of e^x along one axis; dx = y (dy - sum of y dy). */
#include "dnnl/kernel.h"
#include "ops/attrs.h"

static sv_status make(sv_dnnl_build *build, int way) {
  (void)way;
  const sv_site *site = build->site;
  const sv_shape *shape = &site->in[0].shape;
  int axis = (int)sv_attr_number(site->node, "axis");
  if (axis < 0) axis += shape->rank;
  if (axis < 0 || axis >= shape->rank) return SV_UNSUPPORTED;
  sv_md *md = &build->md[0];
  SV_TRY(sv_md_rows(md, shape, sv_form_same));
  if (site->pass == SV_FORWARD) {
    SV_TRY(sv_pd_softmax(&build->pd, sv_dnnl_prop(site), *md, axis, NULL));
    SV_TRY(sv_dnnl_make(build));
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, sv_form_same));
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, 0, sv_form_same));
    build->need->out[0].over = 0;
    return SV_OK;
  }
  SV_TRY(sv_pd_softmax(&build->hint, dnnl_forward_training, *md, axis, NULL));
  SV_TRY(sv_pd_softmax(&build->pd, dnnl_backward_data, *md, axis, build->hint));
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, 0, sv_form_same));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0,
                      sv_form_same));
  SV_TRY(
      sv_dnnl_bind(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0, sv_form_same));
  build->need->diff_in[0].over = 0;
  return SV_OK;
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  if (site->pass == SV_BACKWARD_PARAMS) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, 1, NULL);
}

const sv_kernel sv_dnnl_softmax = {plan, sv_dnnl_run, sv_dnnl_destroy};
