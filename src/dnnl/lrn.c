/* y = x / (k + alpha / size sum of x^2 over the channels beside it)^beta. */
#include <svertka/layers.h>

#include "dnnl/kernel.h"

extern const sv_kernel sv_dnnl_lrn;

/* How x may lie; y lies alike. Any but the first and the last only if that is
 * fast. Backward everything lies as y does: the workspace speaks of that. */
typedef enum way { AS_IS, BLOCKS_16, BLOCKS_8, CHANNELS_LAST, ROWS, WAYS } way;

static sv_status make_md(sv_md *md, const sv_site *site, way way) {
  const sv_spec *x = &site->in[0];
  const sv_shape *shape = &x->shape;
  if (site->pass != SV_FORWARD)
    return way == AS_IS
               ? sv_md_of(md, shape, &site->out[0].layout, sv_form_same)
               : SV_UNSUPPORTED;
  switch (way) {
    case AS_IS: return sv_md_of(md, shape, &x->layout, sv_form_same);
    case BLOCKS_16:
      if (shape->dim[1] % 16) return SV_UNSUPPORTED;
      return sv_md_blocked(md, shape, 16, sv_form_same);
    case BLOCKS_8:
      if (shape->dim[1] % 8) return SV_UNSUPPORTED;
      return sv_md_blocked(md, shape, 8, sv_form_same);
    case CHANNELS_LAST: return sv_md_channels_last(md, shape, sv_form_same);
    default: return sv_md_rows(md, shape, sv_form_same);
  }
}

/* In training both passes should be fast in the layout that forward chooses. */
static bool is_fast(sv_dnnl_build *build, const sv_dnnl_lrn_numbers *numbers) {
  bool fast = sv_dnnl_grade_of(build->pd) == SV_DNNL_DIRECT;
  dnnl_primitive_desc_t backward = NULL;
  if (!fast || !build->site->backward || build->hint) return fast;
  if (sv_pd_lrn(&backward, dnnl_backward_data, build->md[0], numbers,
                build->pd) != SV_OK)
    return false;
  fast = sv_dnnl_grade_of(backward) == SV_DNNL_DIRECT;
  dnnl_primitive_desc_destroy(backward);
  return fast;
}

static sv_status make_pd(sv_dnnl_build *build, way way) {
  const sv_site *site = build->site;
  const sv_lrn_attrs *a = site->node->attrs;
  sv_dnnl_lrn_numbers numbers = {a->size, a->alpha, a->beta, a->k};
  SV_TRY(make_md(&build->md[0], site, way));
  if (site->pass != SV_FORWARD)
    SV_TRY(sv_pd_lrn(&build->hint, dnnl_forward_training, build->md[0],
                     &numbers, NULL));
  SV_TRY(sv_pd_lrn(&build->pd, sv_dnnl_prop(site), build->md[0], &numbers,
                   build->hint));
  bool any = way == ROWS || site->pass != SV_FORWARD;
  return any || is_fast(build, &numbers) ? SV_OK : SV_UNSUPPORTED;
}

static sv_status make(sv_dnnl_build *build, int way) {
  SV_TRY(make_pd(build, (enum way)way));
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(sv_dnnl_bind_workspace(build));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, sv_form_same));
  if (build->site->pass == SV_FORWARD)
    return sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, 0, sv_form_same);
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0,
                      sv_form_same));
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0,
                      sv_form_same);
}

/* An even window reaches to another side here than in ONNX; of a window of one
 * oneDNN 2.6 ends the process where it has AVX-512. */
static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  const sv_lrn_attrs *a = site->node->attrs;
  bool backward = site->pass != SV_FORWARD;
  if (site->pass == SV_BACKWARD_PARAMS || a->size % 2 == 0 || a->size < 3 ||
      site->in[0].shape.rank != 4)
    return SV_UNSUPPORTED;
  if (backward && site->forward != &sv_dnnl_lrn) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, WAYS, NULL);
}

const sv_kernel sv_dnnl_lrn = {plan, sv_dnnl_run, sv_dnnl_destroy};
