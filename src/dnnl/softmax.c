/* Probabilities along one axis, and their logarithms. */
#include "dnnl/kernel.h"
#include "ops/attrs.h"
#include "tensor/tensor.h"

/* x as outer x count x inner numbers, softmax along the middle; `flat`: along
 * all dimensions from the axis on. */
static sv_status see(sv_shape *seen, const sv_site *site) {
  const sv_shape *shape = &site->in[0].shape;
  int64_t axis = (int64_t)sv_attr_number(site->node, "axis");
  bool flat = sv_attr_number(site->node, "flat") != 0;
  if (axis < 0) axis += shape->rank;
  if (axis < 0 || axis >= shape->rank) return SV_UNSUPPORTED;
  *seen = (sv_shape){.rank = 3, .dim = {1, 1, 1}};
  for (int d = 0; d < shape->rank; d++)
    seen->dim[d < axis ? 0 : d == axis || flat ? 1 : 2] *= shape->dim[d];
  if (seen->dim[2] == 1) seen->rank = 2;
  return SV_OK;
}

static sv_status bind(sv_dnnl_build *build, const sv_layout *plain) {
  if (build->site->pass == SV_FORWARD) {
    SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC, SV_FROM_IN, 0, plain));
    SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, plain));
    build->need->out[0].over = 0;
    return SV_OK;
  }
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, plain));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0, plain));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0, plain));
  build->need->diff_in[0].over = 0;
  return SV_OK;
}

static sv_status make(sv_dnnl_build *build, int way) {
  (void)way;
  const sv_site *site = build->site;
  const dnnl_alg_kind_t *alg = build->context;
  sv_shape seen;
  sv_layout plain;
  sv_md *md = &build->md[0];
  SV_TRY(see(&seen, site));
  SV_TRY(sv_layout_plain(&plain, SV_F32, &site->in[0].shape));
  SV_TRY(sv_md_rows(md, &seen, sv_form_same));
  if (site->pass != SV_FORWARD)
    SV_TRY(
        sv_pd_softmax(&build->hint, dnnl_forward_training, *alg, *md, 1, NULL));
  SV_TRY(
      sv_pd_softmax(&build->pd, sv_dnnl_prop(site), *alg, *md, 1, build->hint));
  /* Its reference is slower than ours. */
  if (sv_dnnl_grade_of(build->pd) == SV_DNNL_REF) return SV_UNSUPPORTED;
  SV_TRY(sv_dnnl_make(build));
  return bind(build, &plain);
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  static const dnnl_alg_kind_t alg = dnnl_softmax_accurate;
  if (site->pass == SV_BACKWARD_PARAMS) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, 1, &alg);
}

static sv_status plan_log(const sv_site *site, sv_need *need, void **impl) {
  static const dnnl_alg_kind_t alg = dnnl_softmax_log;
  if (site->pass == SV_BACKWARD_PARAMS) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, 1, &alg);
}

const sv_kernel sv_dnnl_softmax = {plan, sv_dnnl_run, sv_dnnl_destroy};
const sv_kernel sv_dnnl_log_softmax = {plan_log, sv_dnnl_run, sv_dnnl_destroy};
