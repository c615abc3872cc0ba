/* Which vectors the backends of our own compute with: the widest of this
 * processor, or those that the environment variable SVERTKA_SIMD names. */
#ifndef SV_BASE_ISA_H
#define SV_BASE_ISA_H

#include <stdint.h>

#include "base/error.h"

#define SV_ISA_VARIABLE "SVERTKA_SIMD"

/* BASE16 and BASE8 are wider vectors by what every processor has, for tests. */
typedef enum sv_isa {
  SV_ISA_BASE16,
  SV_ISA_BASE8,
  SV_ISA_BASE,
  SV_ISA_AVX2,
  SV_ISA_AVX512,
  SV_ISA_COUNT
} sv_isa;

/* The same from the first call on. Loops of a backend are compiled for all that
 * the processor's family has. */
sv_isa sv_isa_used(void);
const char *sv_isa_name(sv_isa isa);
/* The next narrower one of the same kind; SV_ISA_COUNT: there is none. */
sv_isa sv_isa_narrower(sv_isa isa);
/* The names of those that this processor supports, the default last; ends with
 * NULL. */
const char *const *sv_isa_names(void);
/* Fails if the environment variable names an unknown or unsupported one. */
sv_status sv_isa_check(void) SV_CHECKED;

#endif
