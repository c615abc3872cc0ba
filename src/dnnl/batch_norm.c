/* h = (x - m) / sqrt(v + epsilon), y = scale h + bias; gradients of all three
 * in one run. The batch's mean and variance lie in the workspace. */
#include <svertka/layers.h>

#include "base/memory.h"
#include "dnnl/kernel.h"

enum { X, SCALE, BIAS, MEAN, VAR };
enum { Y, NEW_MEAN, NEW_VAR };

extern const sv_kernel sv_dnnl_batch_norm;

static bool by_batch(const sv_site *site) {
  const sv_batch_norm_attrs *a = site->node->attrs;
  return a->training || site->training;
}

/* How x may lie; y and the gradients lie alike. Any but the first only if that
 * is fast. */
typedef enum way { AS_IS, BLOCKS_16, BLOCKS_8, CHANNELS_LAST, ROWS, WAYS } way;

static sv_status make_md(sv_md *md, const sv_site *site, way way) {
  const sv_spec *x = &site->in[X];
  sv_form form = {.line = x->shape.rank == 3};
  switch (way) {
    case AS_IS: return sv_md_of(md, &x->shape, &x->layout, form);
    case BLOCKS_16:
    case BLOCKS_8:
      if (x->shape.rank < 3 || x->shape.dim[1] % (way == BLOCKS_8 ? 8 : 16))
        return SV_UNSUPPORTED;
      return sv_md_blocked(md, &x->shape, way == BLOCKS_8 ? 8 : 16, form);
    case CHANNELS_LAST:
      if (x->shape.rank < 3) return SV_UNSUPPORTED;
      return sv_md_channels_last(md, &x->shape, form);
    default: return sv_md_rows(md, &x->shape, form);
  }
}

static sv_status make_pd(sv_dnnl_build *build, way way) {
  const sv_site *site = build->site;
  float epsilon = ((const sv_batch_norm_attrs *)site->node->attrs)->epsilon;
  unsigned flags = by_batch(site) ? 0 : dnnl_use_global_stats;
  SV_TRY(make_md(&build->md[0], site, way));
  dnnl_prop_kind_t prop = by_batch(site) || site->backward
                              ? dnnl_forward_training
                              : dnnl_forward_inference;
  if (site->pass != SV_FORWARD) {
    SV_TRY(sv_pd_batch_norm(&build->hint, prop, build->md[0], epsilon, flags,
                            NULL));
    prop = dnnl_backward; /* for dx alone versions differ in what they take */
  }
  SV_TRY(sv_pd_batch_norm(&build->pd, prop, build->md[0], epsilon, flags,
                          build->hint));
  sv_dnnl_grade grade = sv_dnnl_grade_of(build->pd);
  return way == ROWS || grade == SV_DNNL_DIRECT ? SV_OK : SV_UNSUPPORTED;
}

static sv_status bind_statistics(sv_dnnl_build *build) {
  if (by_batch(build->site)) {
    SV_TRY(sv_dnnl_bind_kept(build, DNNL_ARG_MEAN));
    return sv_dnnl_bind_kept(build, DNNL_ARG_VARIANCE);
  }
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_MEAN, SV_FROM_IN, MEAN, sv_form_same));
  return sv_dnnl_bind(build, DNNL_ARG_VARIANCE, SV_FROM_IN, VAR, sv_form_same);
}

static bool has_output(const sv_site *site, int i) {
  return i < site->node->out_count && site->out[i].present;
}

static sv_status bind_forward(sv_dnnl_build *build, sv_form form) {
  sv_need *need = build->need;
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, X, form));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SCALE, SV_FROM_IN, SCALE, sv_form_same));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SHIFT, SV_FROM_IN, BIAS, sv_form_same));
  SV_TRY(bind_statistics(build));
  need->out[Y].over = X;
  for (int i = NEW_MEAN; i <= NEW_VAR; i++) {
    if (!has_output(build->site, i)) continue;
    need->out[i].used = need->in[MEAN - NEW_MEAN + i].used = true;
  }
  return sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, Y, form);
}

/* A parameter's gradient, or nowhere if that one is not wanted. */
static sv_status bind_param(sv_dnnl_build *build, int arg, int port) {
  if (!build->site->diff_in[port].present)
    return sv_dnnl_bind_waste(build, arg);
  return sv_dnnl_bind(build, arg, SV_FROM_DIFF_IN, port, sv_form_same);
}

/* x, dy, mean, variance, scale; some versions count the bias, too. */
static bool counts_bias(const_dnnl_primitive_desc_t pd) {
  int inputs = 0;
  dnnl_primitive_desc_query(pd, dnnl_query_num_of_inputs_s32, 0, &inputs);
  return inputs > 5;
}

static sv_status bind_backward(sv_dnnl_build *build, sv_form form) {
  const sv_site *site = build->site;
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, X, form));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SCALE, SV_FROM_IN, SCALE, sv_form_same));
  if (counts_bias(build->pd))
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SHIFT, SV_FROM_IN, BIAS, sv_form_same));
  SV_TRY(bind_statistics(build));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, Y, form));
  SV_TRY(bind_param(build, DNNL_ARG_DIFF_SCALE, SCALE));
  SV_TRY(bind_param(build, DNNL_ARG_DIFF_SHIFT, BIAS));
  build->need->both = true;
  if (site->pass == SV_BACKWARD_PARAMS)
    return sv_dnnl_bind_waste(build, DNNL_ARG_DIFF_SRC);
  build->need->diff_in[X].over = Y;
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, X, form);
}

static sv_status make(sv_dnnl_build *build, int way) {
  const sv_site *site = build->site;
  sv_form form = {.line = site->in[X].shape.rank == 3};
  SV_TRY(make_pd(build, (enum way)way));
  SV_TRY(sv_dnnl_make(build));
  return site->pass == SV_FORWARD ? bind_forward(build, form)
                                  : bind_backward(build, form);
}

/* Statistics of every element, and a single value, which has no variance, are
 * left to the reference. */
static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  const sv_batch_norm_attrs *a = site->node->attrs;
  const sv_shape *x = &site->in[X].shape;
  bool single = sv_shape_count(x) < 2 * x->dim[1];
  bool lacks = site->pass != SV_FORWARD && by_batch(site) &&
               site->forward != &sv_dnnl_batch_norm;
  if (!a->spatial || x->rank > 4 || single || lacks) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, WAYS, NULL);
}

/* new = momentum old + (1 - momentum) batch, which lies at byte `at` of the
 * workspace; the old one where those are used, and there is no workspace. */
static void renew(const sv_args *args, int output, size_t at) {
  const sv_batch_norm_attrs *a = args->node->attrs;
  bool wanted = output < args->node->out_count && args->out[output];
  if (!wanted) return;
  const float *old = args->in[MEAN - NEW_MEAN + output]->data;
  float *fresh = args->out[output]->data;
  float keep = a->training || args->training ? a->momentum : 1;
  const char *kept = args->workspace;
  const float *batch = keep == 1 ? NULL : (const float *)(kept + at);
  int64_t count = sv_shape_count(&args->out[output]->shape);
  for (int64_t c = 0; c < count; c++)
    fresh[c] = keep == 1 ? old[c] : keep * old[c] + (1 - keep) * batch[c];
}

static sv_status run(void *impl, const sv_args *args) {
  SV_TRY(sv_dnnl_run(impl, args));
  if (args->pass != SV_FORWARD) return SV_OK;
  size_t channels = (size_t)args->in[X]->shape.dim[1];
  renew(args, NEW_MEAN, 0);
  renew(args, NEW_VAR, sv_align_up(channels * sizeof(float)));
  return SV_OK;
}

const sv_kernel sv_dnnl_batch_norm = {plan, run, sv_dnnl_destroy};
