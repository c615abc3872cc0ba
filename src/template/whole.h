/* Integer arithmetic as in ONNX: here in 64 bits for all types; overflow wraps
 * around. */
#ifndef SV_TEMPLATE_WHOLE_H
#define SV_TEMPLATE_WHOLE_H

#include <stdint.h>

#include "tensor/tensor.h"

/* Unsigned sums and products, because wrapping around is defined for them. */
static inline int64_t sv_whole_add(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t sv_whole_sub(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}
static inline int64_t sv_whole_mul(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a * (uint64_t)b);
}
static inline int64_t sv_whole_abs(int64_t a) {
  return a < 0 ? sv_whole_sub(0, a) : a;
}

/* Quotient truncated towards 0, and its remainder; b is not 0. The smallest
 * integer by -1 would trap. */
static inline int64_t sv_whole_div(int64_t a, int64_t b) {
  return b == -1 ? sv_whole_sub(0, a) : a / b;
}
static inline int64_t sv_whole_rest(int64_t a, int64_t b) {
  return b == -1 ? 0 : a % b;
}

#endif
