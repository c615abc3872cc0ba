/* Winograd's convolution of our own, for any processor with vectors; see
 * loops.h. */
#include "base/isa.h"

#include "winograd/winograd.h"

static const sv_winograd_loops *const all[SV_ISA_COUNT] = {
    [SV_ISA_BASE16] = &sv_winograd_base16,
    [SV_ISA_BASE8] = &sv_winograd_base8,
    [SV_ISA_BASE] = &sv_winograd_base,
#if defined(__x86_64__)
    [SV_ISA_AVX2] = &sv_winograd_avx2,
    [SV_ISA_AVX512] = &sv_winograd_avx512,
#endif
};

const sv_winograd_loops *sv_winograd_loops_used(void) {
  return all[sv_isa_used()];
}

static const char *isa(void) { return sv_isa_name(sv_isa_used()); }

/* Only the weights are reordered here. */
static sv_status plan_reorder(const sv_site *site, sv_need *need, void **impl) {
  return sv_winograd_reorder.plan(site, need, impl);
}

static sv_status run_reorder(void *impl, const sv_args *args) {
  return sv_winograd_reorder.run(impl, args);
}

static void destroy_reorder(void *impl) { sv_winograd_reorder.destroy(impl); }

const sv_backend sv_winograd_backend = {
    .name = "winograd",
    .isa = isa,
    .isas = sv_isa_names,
    .isa_variable = SV_ISA_VARIABLE,
    .check = sv_isa_check,
    .reorder = {plan_reorder, run_reorder, destroy_reorder},
};
