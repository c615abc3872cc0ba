#include "base/isa.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool always(void) { return true; }

#if defined(__x86_64__)
static bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#else
static bool has_avx2(void) { return false; }
static bool has_avx512(void) { return false; }
#endif

/* The last one that runs is the default; so the first two never are. */
static const struct {
  const char *name;
  sv_isa narrower;
  bool (*runs)(void);
} all[SV_ISA_COUNT] = {
    [SV_ISA_BASE16] = {"base16", SV_ISA_BASE8, always},
    [SV_ISA_BASE8] = {"base8", SV_ISA_BASE, always},
    [SV_ISA_BASE] = {"base", SV_ISA_COUNT, always},
    [SV_ISA_AVX2] = {"avx2", SV_ISA_BASE, has_avx2},
    [SV_ISA_AVX512] = {"avx512", SV_ISA_AVX2, has_avx512},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sv_isa chosen;
static const char *names[SV_ISA_COUNT + 1];
static char refused[64]; /* what SVERTKA_SIMD says, if that cannot be */

static void choose(void) {
  const char *named = getenv(SV_ISA_VARIABLE);
  int count = 0;
  bool found = false;
  for (int i = 0; i < SV_ISA_COUNT; i++) {
    if (!all[i].runs()) continue;
    names[count++] = all[i].name;
    if (!found) chosen = (sv_isa)i;
    found = found || (named && strcmp(named, all[i].name) == 0);
  }
  if (named && !found) snprintf(refused, sizeof refused, "'%.60s'", named);
}

sv_isa sv_isa_used(void) {
  pthread_once(&once, choose);
  return chosen;
}

const char *sv_isa_name(sv_isa isa) { return all[isa].name; }

sv_isa sv_isa_narrower(sv_isa isa) { return all[isa].narrower; }

const char *const *sv_isa_names(void) {
  pthread_once(&once, choose);
  return names;
}

sv_status sv_isa_check(void) {
  pthread_once(&once, choose);
  if (!refused[0]) return SV_OK;
  char known[128] = "";
  for (int i = 0, at = 0; names[i]; i++)
    at += snprintf(known + at, sizeof known - (size_t)at, "%s%s",
                   i > 0 ? ", " : "", names[i]);
  return sv_fail(SV_INVALID, SV_ISA_VARIABLE " is %s, expected one of: %s",
                 refused, known);
}
