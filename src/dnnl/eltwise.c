#include "dnnl/eltwise.h"

#include "tensor/tensor.h"

/* The memory of a dense tensor, padding included, as one row of numbers:
 * whatever its layout, the same fast path, and no descriptor to look for. */
static bool is_dense(const sv_spec *spec, bool keeps_zero) {
  size_t bytes = (size_t)sv_shape_count(&spec->shape) * sizeof(float);
  if (spec->layout.kind == SV_OPAQUE || spec->layout.bytes < bytes)
    return false;
  return spec->layout.bytes == bytes ||
         (spec->layout.kind == SV_BLOCKED && keeps_zero);
}

/* Backward f reads y or x. */
static sv_status bind(sv_dnnl_build *build, const sv_layout *layout,
                      bool reads_x) {
  sv_need *need = build->need;
  if (build->site->pass == SV_FORWARD) {
    SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC, SV_FROM_IN, 0, layout));
    SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, layout));
    need->out[0].over = 0;
    return SV_OK;
  }
  SV_TRY(reads_x
             ? sv_dnnl_bind_as(build, DNNL_ARG_SRC, SV_FROM_IN, 0, layout)
             : sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, layout));
  SV_TRY(
      sv_dnnl_bind_as(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0, layout));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0, layout));
  need->diff_in[0].over = 0;
  return SV_OK;
}

/* In the layout in which the value lies, or plain where that has padding that
 * f would fill. */
static sv_status layout_of(sv_layout *layout, const sv_site *site,
                           const sv_dnnl_activation *f) {
  bool in = site->pass == SV_FORWARD || f->reads_x;
  const sv_spec *value = in ? &site->in[0] : &site->out[0];
  *layout = value->layout;
  if (is_dense(value, f->keeps_zero)) return SV_OK;
  return sv_layout_plain(layout, SV_F32, &value->shape);
}

static sv_status make(sv_dnnl_build *build, int way) {
  (void)way;
  const sv_site *site = build->site;
  const sv_dnnl_activation *f = build->context;
  sv_layout layout;
  SV_TRY(layout_of(&layout, site, f));
  sv_shape row = {.rank = 1, .dim = {(int64_t)(layout.bytes / sizeof(float))}};
  SV_TRY(sv_md_rows(&build->md[0], &row, sv_form_same));
  if (site->pass != SV_FORWARD)
    SV_TRY(sv_pd_eltwise(&build->hint, dnnl_forward_training, &f->function,
                         build->md[0], NULL));
  SV_TRY(sv_pd_eltwise(&build->pd, sv_dnnl_prop(site), &f->function,
                       build->md[0], build->hint));
  if (sv_dnnl_grade_of(build->pd) == SV_DNNL_REF) return SV_UNSUPPORTED;
  SV_TRY(sv_dnnl_make(build));
  return bind(build, &layout, f->reads_x);
}

sv_status sv_dnnl_plan_eltwise(const sv_site *site, sv_need *need, void **impl,
                               const sv_dnnl_activation *f) {
  if (site->pass == SV_BACKWARD_PARAMS ||
      !sv_dnnl_shows_nan(f, site->pass == SV_FORWARD))
    return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, 1, f);
}
