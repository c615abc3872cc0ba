/* Vectors of WIDTH floats. */
#ifndef SV_WINOGRAD_VECTOR_H
#define SV_WINOGRAD_VECTOR_H

#include <string.h>

#include "winograd/loops.h"

typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ints __attribute__((vector_size(4 * WIDTH)));

#define ALWAYS static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

ALWAYS vec load(const float *from) {
  vec v;
  memcpy(&v, from, sizeof v);
  return v;
}

ALWAYS void store(float *to, vec v) { memcpy(to, &v, sizeof v); }

/* x - 0 equals x for every x, x + 0 does not: this compiles to a broadcast
 * only. */
ALWAYS vec all(float x) { return x - (vec){0}; }

#endif
