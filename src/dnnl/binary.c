/* y = f(a, b), a line each. Backward only the sum is no work, da = db = dy
 * where the shapes agree; the others are left to the reference. */
#include <stdio.h>

#include "dnnl/kernel.h"
#include "tensor/tensor.h"

static bool alike(const sv_site *site) {
  const sv_shape *y = &site->out[0].shape;
  return sv_shape_equal(&site->in[0].shape, y) &&
         sv_shape_equal(&site->in[1].shape, y);
}

typedef struct binary {
  dnnl_alg_kind_t alg;
  bool keeps_zero; /* f(0, 0) = 0: the padding of a layout may be run over */
} binary;

static bool has_padding(const sv_spec *spec) {
  size_t bytes = (size_t)sv_shape_count(&spec->shape) * sizeof(float);
  return spec->layout.bytes != bytes;
}

/* Shapes agree: both memories are one row of numbers, in a's layout. */
static sv_status make_alike(sv_dnnl_build *build, int way) {
  const sv_layout *layout = &build->site->in[way].layout;
  const binary *f = build->context;
  if (layout->kind == SV_OPAQUE ||
      (!f->keeps_zero && has_padding(&build->site->in[way])))
    return SV_UNSUPPORTED;
  sv_shape row = {.rank = 1, .dim = {(int64_t)(layout->bytes / sizeof(float))}};
  sv_md *md = &build->md[0];
  SV_TRY(sv_md_rows(md, &row, sv_form_same));
  SV_TRY(sv_pd_binary(&build->pd, f->alg, *md, *md, *md));
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC_0, SV_FROM_IN, 0, layout));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC_1, SV_FROM_IN, 1, layout));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, layout));
  build->need->out[0].over = 0;
  return SV_OK;
}

/* *md of a plain tensor with ones before its shape, up to `rank`. */
static sv_status spread_md(sv_md *md, const sv_shape *shape, int rank) {
  sv_shape full = {.rank = rank};
  int more = rank - shape->rank;
  for (int i = 0; i < rank; i++)
    full.dim[i] = i < more ? 1 : shape->dim[i - more];
  return sv_md_rows(md, &full, sv_form_same);
}

/* A value does not care which of its inputs comes first. */
static bool commutes(dnnl_alg_kind_t alg) {
  return alg != dnnl_binary_sub && alg != dnnl_binary_div;
}

/* Shapes differ: the one that has y's shape comes first, the other is spread
 * over it. */
static sv_status make_spread(sv_dnnl_build *build) {
  const sv_site *site = build->site;
  const sv_shape *y = &site->out[0].shape;
  int whole = sv_shape_equal(&site->in[0].shape, y) ? 0 : 1, part = 1 - whole;
  sv_md *md = build->md;
  sv_layout layouts[3];
  const sv_shape *shapes[] = {&site->in[whole].shape, &site->in[part].shape, y};
  const binary *f = build->context;
  if (!sv_shape_equal(shapes[0], y) || y->rank == 0 ||
      (whole == 1 && !commutes(f->alg)))
    return SV_UNSUPPORTED;
  for (int i = 0; i < 3; i++) {
    SV_TRY(spread_md(&md[i], shapes[i], y->rank));
    SV_TRY(sv_layout_plain(&layouts[i], SV_F32, shapes[i]));
  }
  SV_TRY(sv_pd_binary(&build->pd, f->alg, md[0], md[1], md[2]));
  if (sv_dnnl_grade_of(build->pd) == SV_DNNL_REF) return SV_UNSUPPORTED;
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(
      sv_dnnl_bind_as(build, DNNL_ARG_SRC_0, SV_FROM_IN, whole, &layouts[0]));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_SRC_1, SV_FROM_IN, part, &layouts[1]));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_DST, SV_FROM_OUT, 0, &layouts[2]));
  build->need->out[0].over = whole;
  return SV_OK;
}

static sv_status make(sv_dnnl_build *build, int way) {
  if (alike(build->site)) return make_alike(build, way);
  return way == 0 ? make_spread(build) : SV_UNSUPPORTED;
}

/* Where a and b lie differently there are two candidates. */
static sv_status plan_forward(const sv_site *site, sv_need *need, void **impl,
                              const binary *f) {
  if (site->node->in_count != 2 || site->pass != SV_FORWARD)
    return SV_UNSUPPORTED;
  bool same = sv_layout_equal(&site->in[0].layout, &site->in[1].layout);
  return sv_dnnl_plan(site, need, impl, make, same ? 1 : 2, f);
}

static sv_status plan_add(const sv_site *site, sv_need *need, void **impl) {
  static const binary f = {dnnl_binary_add, true};
  if (site->pass == SV_FORWARD) return plan_forward(site, need, impl, &f);
  *impl = NULL;
  if (site->pass != SV_BACKWARD_DATA || site->candidate > 0 || !alike(site) ||
      site->diff_out[0].dtype != SV_F32)
    return SV_UNSUPPORTED;
  for (int i = 0; i < 2; i++) {
    need->in[i].used = false;
    if (!site->diff_in[i].present) continue;
    need->diff_in[i].layout = site->diff_out[0].layout;
    need->diff_in[i].view = 0;
  }
  need->out[0].used = false;
  snprintf(need->name, sizeof need->name, "view");
  return SV_OK;
}

const sv_kernel sv_dnnl_add = {plan_add, sv_dnnl_run, sv_dnnl_destroy};

#define BINARY(op, ...)                                          \
  static sv_status plan_##op(const sv_site *site, sv_need *need, \
                             void **impl) {                      \
    static const binary f = {__VA_ARGS__};                       \
    return plan_forward(site, need, impl, &f);                   \
  }                                                              \
  const sv_kernel sv_dnnl_##op = {plan_##op, sv_dnnl_run, sv_dnnl_destroy};

BINARY(sub, dnnl_binary_sub, true)
BINARY(mul, dnnl_binary_mul, true)
BINARY(div, dnnl_binary_div, false)
