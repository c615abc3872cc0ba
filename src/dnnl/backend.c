/* oneDNN: https://uxlfoundation.github.io/oneDNN, on the CPU. */
#include <pthread.h>
#include <stdio.h>

#include "dnnl/kernel.h"

static const char *version(void) {
  static _Thread_local char text[48];
  const dnnl_version_t *v = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
  return text;
}

/* ---- Instruction sets: oneDNN chooses, ONEDNN_MAX_CPU_ISA sets a bound ----
 */

enum { MAX_ISAS = 16 };
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *names[MAX_ISAS + 1], *used = "generic";

/* The values are sets of bits. */
static void list_isas(void) {
  int count = 0;
  unsigned all = (unsigned)dnnl_get_effective_cpu_isa();
  for (const sv_dnnl_isa *i = sv_dnnl_known_isas; i->name; i++)
    if ((all & (unsigned)i->isa) == (unsigned)i->isa && count < MAX_ISAS)
      used = names[count++] = i->name;
}

static const char *isa(void) {
  pthread_once(&once, list_isas);
  return used;
}

static const char *const *isas(void) {
  pthread_once(&once, list_isas);
  return names;
}

/* ---- Reorders ---- */

static sv_status make_reorder(sv_dnnl_build *build, int way) {
  (void)way;
  const sv_spec *from = &build->site->in[0], *to = &build->site->out[0];
  if (from->dtype != SV_F32 || to->dtype != SV_F32) return SV_UNSUPPORTED;
  if (from->shape.rank == 0 || sv_shape_count(&from->shape) <= 0)
    return SV_UNSUPPORTED;
  sv_md *md = build->md;
  SV_TRY(sv_md_of(&md[0], &from->shape, &from->layout, sv_form_same));
  SV_TRY(sv_md_of(&md[1], &to->shape, &to->layout, sv_form_same));
  SV_TRY(sv_pd_reorder(&build->pd, md[0], md[1]));
  SV_TRY(sv_dnnl_make(build));
  SV_TRY(sv_dnnl_bind_as(build, DNNL_ARG_FROM, SV_FROM_IN, 0, &from->layout));
  return sv_dnnl_bind_as(build, DNNL_ARG_TO, SV_FROM_OUT, 0, &to->layout);
}

static sv_status plan_reorder(const sv_site *site, sv_need *need, void **impl) {
  return sv_dnnl_plan(site, need, impl, make_reorder, 1, NULL);
}

const sv_backend sv_dnnl_backend = {
    .name = "dnnl",
    .version = version,
    .isa = isa,
    .isas = isas,
    .isa_variable = "ONEDNN_MAX_CPU_ISA",
    .reorder = {plan_reorder, sv_dnnl_run, sv_dnnl_destroy},
};
