/* Numbers that these tests and the scripts that write their fixtures draw alike
 * (scripts/make_fixtures_zoo.py says how), so that no file has to hold them. */
#ifndef SV_TESTS_DRAWN_H
#define SV_TESTS_DRAWN_H

#include <stdint.h>

#include "base/random.h"
#include "tensor/tensor.h"

/* Number i of those with this key, in [-1, 1). */
static inline double draw(uint64_t key, int64_t i) {
  uint64_t z = key + ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return 2 * ((double)(z >> 40) / 16777216) - 1;
}

/* As floats in any case: so the other side has them. */
static inline void draw_all(sv_tensor *to, const char *name) {
  uint64_t key = sv_hash_text(name);
  for (int64_t i = 0; i < sv_shape_count(&to->shape); i++)
    sv_tensor_set(to, i, (float)draw(key, i));
}

#endif
