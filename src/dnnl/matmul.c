/* y = a b, matrix by matrix; the gradients are left to the reference. */
#include "dnnl/kernel.h"
#include "tensor/tensor.h"

/* oneDNN counts the dimensions before the matrices for all alike. */
static sv_status widen(sv_md *md, const sv_shape *shape, int rank) {
  sv_shape full = {.rank = rank};
  int more = rank - shape->rank;
  for (int i = 0; i < rank; i++)
    full.dim[i] = i < more ? 1 : shape->dim[i - more];
  return sv_md_rows(md, &full, sv_form_same);
}

static sv_status make(sv_dnnl_build *build, int way) {
  (void)way;
  const sv_site *site = build->site;
  const sv_spec *specs[] = {&site->in[0], &site->in[1], &site->out[0]};
  sv_layout layouts[3];
  for (int i = 0; i < 3; i++) {
    if (specs[i]->shape.rank < 2) return SV_UNSUPPORTED;
    SV_TRY(sv_layout_plain(&layouts[i], SV_F32, &specs[i]->shape));
    SV_TRY(widen(&build->md[i], &specs[i]->shape, specs[2]->shape.rank));
  }
  SV_TRY(sv_pd_matmul(&build->pd, build->md[0], build->md[1], build->md[2]));
  if (sv_dnnl_grade_of(build->pd) == SV_DNNL_REF) return SV_UNSUPPORTED;
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC, SV_FROM_IN, 0, &layouts[0]));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_WEIGHTS, SV_FROM_IN, 1, &layouts[1]));
  return sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, &layouts[2]);
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  if (site->pass != SV_FORWARD) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, 1, NULL);
}

const sv_kernel sv_dnnl_matmul = {plan, sv_dnnl_run, sv_dnnl_destroy};
