#include "dnnl/pool.h"

#include <string.h>
#include <svertka/layers.h>

#include "tensor/tensor.h"

typedef struct pool {
  const sv_site *site;
  dnnl_alg_kind_t alg;
  sv_form form;
  sv_dnnl_window window;
} pool;

/* What oneDNN's window lacks at the end so that the last one lies inside:
 * windows that hang over, as ONNX's ceil_mode has them. */
static int64_t overhang(const sv_window *w, int d) {
  int64_t reach = w->dilation[d] * (w->kernel[d] - 1) + 1;
  int64_t last = (w->out[d] - 1) * w->stride[d] + reach;
  int64_t padded = w->begin[d] + w->in[d] + w->end[d];
  return last > padded ? last - padded : 0;
}

/* One window, which is the map. */
static sv_status whole_map(sv_window *w, const sv_shape *x) {
  if (x->rank != 3 && x->rank != 4) return SV_UNSUPPORTED;
  *w = (sv_window){.out = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
  w->in[0] = w->kernel[0] = x->rank == 3 ? 1 : x->dim[2];
  w->in[1] = w->kernel[1] = x->dim[x->rank - 1];
  return SV_OK;
}

/* oneDNN divides by what it was told is padding, and windows on padding alone
 * have no average: the reference's rules for those differ. */
static sv_status describe(pool *p, const sv_site *site, bool global) {
  sv_pool_attrs none = {.ceil_mode = false};
  const sv_pool_attrs *attrs = global ? &none : site->node->attrs;
  const sv_shape *x = &site->in[0].shape;
  *p = (pool){.site = site, .form.line = x->rank == 3};
  p->alg = attrs->count_padding ? dnnl_pooling_avg_include_padding
                                : dnnl_pooling_avg_exclude_padding;
  sv_window w;
  if (global)
    SV_TRY(whole_map(&w, x));
  else
    SV_TRY(sv_window_resolve(&w, x, &attrs->kernel, &attrs->stride,
                             &attrs->dilation, &attrs->padding,
                             attrs->ceil_mode));
  for (int d = 0; d < 2; d++) {
    int64_t more = overhang(&w, d);
    if (w.dilation[d] > 1 || (more && attrs->count_padding))
      return SV_UNSUPPORTED;
    w.end[d] += more;
    if (w.begin[d] >= w.kernel[d] || w.end[d] >= w.kernel[d])
      return SV_UNSUPPORTED;
  }
  if (w.kernel[0] * w.kernel[1] > SV_DNNL_LONG_SUM) return SV_UNSUPPORTED;
  sv_dnnl_window_of(&p->window, &w);
  return SV_OK;
}

/* How x may lie; y lies alike. Any but the last only if that is fast. */
typedef enum way { AS_IS, BLOCKS_16, BLOCKS_8, CHANNELS_LAST, ROWS, WAYS } way;

static sv_status source_md(sv_md *md, const pool *p, way way) {
  const sv_spec *x = &p->site->in[0];
  switch (way) {
    case AS_IS: return sv_md_of(md, &x->shape, &x->layout, p->form);
    case BLOCKS_16:
      if (x->shape.dim[1] % 16) return SV_UNSUPPORTED;
      return sv_md_blocked(md, &x->shape, 16, p->form);
    case BLOCKS_8: return sv_md_blocked(md, &x->shape, 8, p->form);
    case CHANNELS_LAST: return sv_md_channels_last(md, &x->shape, p->form);
    default: return sv_md_rows(md, &x->shape, p->form);
  }
}

static sv_status make_pd(sv_dnnl_build *build, const pool *p, way way) {
  const sv_site *site = p->site;
  sv_md *md = build->md;
  SV_TRY(source_md(&md[0], p, way));
  SV_TRY(sv_md_free_of(&md[1], &site->out[0].shape, p->form));
  sv_dnnl_operands operands = {.src = md[0], .dst = md[1]};
  if (site->pass == SV_FORWARD) {
    SV_TRY(sv_pd_pool(&build->pd, sv_dnnl_prop(site), p->alg, &operands,
                      &p->window, NULL));
  } else {
    SV_TRY(sv_pd_pool(&build->hint, dnnl_forward_training, p->alg, &operands,
                      &p->window, NULL));
    operands.dst =
        dnnl_primitive_desc_query_md(build->hint, dnnl_query_dst_md, 0);
    SV_TRY(sv_pd_pool(&build->pd, dnnl_backward_data, p->alg, &operands,
                      &p->window, build->hint));
  }
  bool fast = sv_dnnl_grade_of(build->pd) == SV_DNNL_DIRECT;
  return way == ROWS || fast ? SV_OK : SV_UNSUPPORTED;
}

static sv_status make(sv_dnnl_build *build, int way) {
  const sv_site *site = build->site;
  const bool *global = build->context;
  pool p;
  SV_TRY(describe(&p, site, *global));
  SV_TRY(make_pd(build, &p, (enum way)way));
  SV_TRY(sv_dnnl_make(build));
  if (site->pass == SV_FORWARD) {
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, p.form));
    return sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, 0, p.form);
  }
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0, p.form));
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0, p.form);
}

sv_status sv_dnnl_plan_pool(const sv_site *site, sv_need *need, void **impl,
                            bool global) {
  if (site->pass == SV_BACKWARD_PARAMS) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, WAYS, &global);
}
