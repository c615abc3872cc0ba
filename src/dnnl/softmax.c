/* Probabilities along one axis. The logarithms of oneDNN are off by 1e-6, so
 * that one of a probability near 1 may be positive: log_softmax is left to the
 * reference. */
#include <math.h>

#include "base/thread.h"
#include "dnnl/kernel.h"
#include "op/attrs.h"
#include "tensor/tensor.h"

/* x as outer x count x inner numbers, softmax along the middle; `flat`: along
 * all dimensions from the axis on. */
static sv_status see(sv_shape *seen, const sv_node *node,
                     const sv_shape *shape) {
  int64_t axis = (int64_t)sv_attr_number(node, "axis");
  bool flat = sv_attr_number(node, "flat") != 0;
  if (axis < 0) axis += shape->rank;
  if (axis < 0 || axis >= shape->rank) return SV_UNSUPPORTED;
  *seen = (sv_shape){.rank = 3, .dim = {1, 1, 1}};
  for (int d = 0; d < shape->rank; d++)
    seen->dim[d < axis ? 0 : d == axis || flat ? 1 : 2] *= shape->dim[d];
  if (seen->dim[2] == 1) seen->rank = 2;
  return SV_OK;
}

static sv_status make(sv_dnnl_build *build, int way) {
  (void)way;
  const sv_site *site = build->site;
  sv_shape seen;
  sv_layout plain;
  sv_md *md = &build->md[0];
  SV_TRY(see(&seen, site->node, &site->in[0].shape));
  SV_TRY(sv_layout_plain(&plain, SV_F32, &site->in[0].shape));
  SV_TRY(sv_md_rows(md, &seen, sv_form_same));
  SV_TRY(sv_pd_softmax(&build->pd, sv_dnnl_prop(site), dnnl_softmax_accurate,
                       *md, 1, NULL));
  /* Its reference is slower than ours. */
  if (sv_dnnl_grade_of(build->pd) == SV_DNNL_REF) return SV_UNSUPPORTED;
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC, SV_FROM_IN, 0, &plain));
  return sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, &plain);
}

/* ---- NaN ---- */

typedef struct rows {
  int64_t count, inner; /* of the middle, and after it */
  const float *x;
  float *y;
} rows;

/* One NaN, or an infinity against which all others vanish, makes all of a row
 * NaN: x - max x is NaN there. oneDNN's kernels may give numbers, so x is
 * looked at once more. */
static void mend_rows(void *context, int64_t begin, int64_t end) {
  const rows *r = context;
  for (int64_t row = begin; row < end; row++) {
    int64_t at = row / r->inner * r->count * r->inner + row % r->inner;
    const float *x = r->x + at;
    float greatest = -INFINITY, seen = 0;
    for (int64_t k = 0; k < r->count * r->inner; k += r->inner) {
      greatest = x[k] > greatest ? x[k] : greatest;
      seen = x[k] != x[k] ? x[k] : seen;
    }
    if (seen == 0 && isfinite(greatest)) continue;
    for (int64_t k = 0; k < r->count * r->inner; k += r->inner)
      r->y[at + k] = NAN;
  }
}

static sv_status run(void *impl, const sv_args *args) {
  sv_shape seen;
  SV_TRY(sv_dnnl_run(impl, args));
  SV_TRY(see(&seen, args->node, &args->in[0]->shape));
  rows r = {.count = seen.dim[1],
            .inner = seen.dim[2],
            .x = args->in[0]->data,
            .y = args->out[0]->data};
  sv_parallel(seen.dim[0] * seen.dim[2], 64, mend_rows, &r);
  return SV_OK;
}

/* Backward the reference is no slower. */
static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  if (site->pass != SV_FORWARD) return SV_UNSUPPORTED;
  return sv_dnnl_plan(site, need, impl, make, 1, NULL);
}

const sv_kernel sv_dnnl_softmax = {plan, run, sv_dnnl_destroy};
