/* Which of the loops run: those for the best instruction set of this processor,
 * or those that the environment variable SVERTKA_SIMD names. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/simd.h"

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
#endif

/* Each with the next narrower one. The last one that runs is the default; so
 * the first two never are. */
static const struct {
  const sv_loops *loops, *narrower;
  bool (*runs)(void);
} all[] = {{&sv_loops_base16, &sv_loops_base8, always},
           {&sv_loops_base8, &sv_loops_base, always},
           {&sv_loops_base, NULL, always},
#if defined(__x86_64__)
           {&sv_loops_avx2, &sv_loops_base, has_avx2},
           {&sv_loops_avx512, &sv_loops_avx2, has_avx512}
#endif
};
enum { ALL = sizeof all / sizeof all[0] };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const sv_loops *chosen;
static const char *isas[ALL + 1];
static char refused[64]; /* what SVERTKA_SIMD says, if that cannot be */

static void choose(void) {
  const char *named = getenv(SV_SIMD_VARIABLE);
  int count = 0;
  bool found = false;
  for (int i = 0; i < ALL; i++) {
    if (!all[i].runs()) continue;
    isas[count++] = all[i].loops->name;
    if (!found) chosen = all[i].loops;
    found = found || (named && strcmp(named, chosen->name) == 0);
  }
  if (named && !found) snprintf(refused, sizeof refused, "'%.60s'", named);
}

const sv_loops *sv_simd_loops(void) {
  pthread_once(&once, choose);
  return chosen;
}

static const sv_loops *narrower_than(const sv_loops *loops) {
  int i = 0;
  while (all[i].loops != loops) i++;
  return all[i].narrower;
}

const sv_loops *sv_simd_loops_within(int64_t lanes) {
  const sv_loops *loops = sv_simd_loops();
  while (loops && loops->width > lanes) loops = narrower_than(loops);
  return loops;
}

const char *const *sv_simd_isas(void) {
  pthread_once(&once, choose);
  return isas;
}

sv_status sv_simd_check(void) {
  pthread_once(&once, choose);
  if (!refused[0]) return SV_OK;
  char known[128] = "";
  for (int i = 0, at = 0; isas[i]; i++)
    at += snprintf(known + at, sizeof known - (size_t)at, "%s%s",
                   i > 0 ? ", " : "", isas[i]);
  return sv_fail(SV_INVALID, SV_SIMD_VARIABLE " is %s, expected one of: %s",
                 refused, known);
}
