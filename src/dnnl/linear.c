/* The inner product y = x w^T + b; dx = dy w; dw = dy^T x, db = sum of dy.
 * x is N x I, w is O x I, or stored as its transpose, b has O numbers. */
#include <svertka/layers.h>

#include "dnnl/bias.h"
#include "dnnl/kernel.h"
#include "tensor/tensor.h"

/* The weight in blocks that a kernel made for them likes; as it lies now, which
 * the general matrix product takes as well as anything; as that likes. */
typedef enum way { BLOCKS, AS_IS, ANY, WAYS } way;

static const sv_spec *bias_of(const sv_site *site) {
  const sv_spec *specs = site->pass == SV_FORWARD ? site->in : site->diff_in;
  if (site->pass == SV_BACKWARD_DATA || site->node->in_count < 3) return NULL;
  return specs[2].present ? &specs[2] : NULL;
}

/* The gradient of the bias is summed after the primitive has run. */
static bool has_own_bias(const sv_site *site) {
  return site->pass == SV_BACKWARD_PARAMS && bias_of(site) &&
         sv_dnnl_long_bias(&site->diff_out[0].shape);
}

static bool is_inner_product(const sv_site *site) {
  const sv_linear_attrs *a = site->node->attrs;
  const sv_shape *x = &site->in[0].shape, *w = &site->in[1].shape;
  const sv_shape *y = &site->out[0].shape;
  const sv_shape *b = site->node->in_count > 2 && site->in[2].present
                          ? &site->in[2].shape
                          : NULL;
  if (a->transpose_x || a->alpha != 1 || (b && a->beta != 1)) return false;
  if (x->rank != 2 || w->rank != 2 || y->rank != 2) return false;
  if (b && (b->rank != 1 || b->dim[0] != y->dim[1])) return false;
  return y->dim[0] == x->dim[0];
}

/* As oneDNN sees the weight: O x I. */
static sv_form form_of(const sv_site *site) {
  const sv_linear_attrs *a = site->node->attrs;
  return (sv_form){.transposed = !a->transpose_w};
}

static sv_status make_pd(sv_dnnl_build *build, way way) {
  const sv_site *site = build->site;
  const sv_spec *w = &site->in[1];
  const sv_spec *b = has_own_bias(site) ? NULL : bias_of(site);
  sv_md *md = build->md;
  SV_TRY(sv_md_rows(&md[0], &site->in[0].shape, sv_form_same));
  if (way == AS_IS)
    SV_TRY(sv_md_of(&md[1], &w->shape, &w->layout, form_of(site)));
  else
    SV_TRY(sv_md_free_of(&md[1], &w->shape, form_of(site)));
  SV_TRY(sv_md_rows(&md[2], &site->out[0].shape, sv_form_same));
  if (b) SV_TRY(sv_md_rows(&md[3], &b->shape, sv_form_same));
  sv_dnnl_operands given = {
      .src = md[0], .weights = md[1], .bias = md[3], .dst = md[2]};
  if (site->pass != SV_FORWARD) {
    sv_dnnl_operands free = given;
    free.bias = NULL;
    SV_TRY(
        sv_pd_inner_product(&build->hint, dnnl_forward_training, &free, NULL));
  }
  SV_TRY(
      sv_pd_inner_product(&build->pd, sv_dnnl_prop(site), &given, build->hint));
  sv_dnnl_grade least = way == BLOCKS ? SV_DNNL_DIRECT : SV_DNNL_GEMM;
  return sv_dnnl_grade_of(build->pd) < least ? SV_UNSUPPORTED : SV_OK;
}

static sv_status bind_forward(sv_dnnl_build *build) {
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, sv_form_same));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_WEIGHTS, SV_FROM_IN, 1,
                      form_of(build->site)));
  if (bias_of(build->site))
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_BIAS, SV_FROM_IN, 2, sv_form_same));
  return sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, 0, sv_form_same);
}

static sv_status bind_data(sv_dnnl_build *build) {
  if (!build->site->diff_in[0].present) return SV_UNSUPPORTED;
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0,
                      sv_form_same));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_WEIGHTS, SV_FROM_IN, 1,
                      form_of(build->site)));
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0,
                      sv_form_same);
}

static sv_status bind_params(sv_dnnl_build *build) {
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, sv_form_same));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0,
                      sv_form_same));
  if (has_own_bias(build->site)) {
    sv_place *place = &build->need->diff_in[2];
    place->used = true;
    SV_TRY(sv_layout_plain(&place->layout, SV_F32,
                           &build->site->diff_in[2].shape));
  } else if (bias_of(build->site)) {
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_BIAS, SV_FROM_DIFF_IN, 2,
                        sv_form_same));
  }
  if (!build->site->diff_in[1].present)
    return sv_dnnl_bind_waste(build, DNNL_ARG_DIFF_WEIGHTS);
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_WEIGHTS, SV_FROM_DIFF_IN, 1,
                      form_of(build->site));
}

static sv_status make(sv_dnnl_build *build, int way) {
  if (!is_inner_product(build->site)) return SV_UNSUPPORTED;
  SV_TRY(make_pd(build, (enum way)way));
  SV_TRY(sv_dnnl_make(build));
  switch (build->site->pass) {
    case SV_BACKWARD_DATA: return bind_data(build);
    case SV_BACKWARD_PARAMS: return bind_params(build);
    default: return bind_forward(build);
  }
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  return sv_dnnl_plan(site, need, impl, make, WAYS, NULL);
}

static sv_status run(void *impl, const sv_args *args) {
  SV_TRY(sv_dnnl_run(impl, args));
  if (args->pass == SV_BACKWARD_PARAMS) sv_dnnl_finish_bias(args);
  return SV_OK;
}

const sv_kernel sv_dnnl_linear = {plan, run, sv_dnnl_destroy};
