/* The loops for the vectors that base/isa.h chooses. */
#include "base/isa.h"

#include "simd/simd.h"

static const sv_loops *const all[SV_ISA_COUNT] = {
    [SV_ISA_BASE16] = &sv_loops_base16, [SV_ISA_BASE8] = &sv_loops_base8,
    [SV_ISA_BASE] = &sv_loops_base,
#if defined(__x86_64__)
    [SV_ISA_AVX2] = &sv_loops_avx2,     [SV_ISA_AVX512] = &sv_loops_avx512,
#endif
};

const sv_loops *sv_simd_loops(void) { return all[sv_isa_used()]; }

const sv_loops *sv_simd_loops_within(int64_t lanes) {
  sv_isa isa = sv_isa_used();
  while (isa != SV_ISA_COUNT && all[isa]->width > lanes)
    isa = sv_isa_narrower(isa);
  return isa == SV_ISA_COUNT ? NULL : all[isa];
}
