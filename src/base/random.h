/* Counter-based random numbers: the same key and counter give the same bits on
 * every machine, in any order, from any thread.
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011
 * (Philox 4x32, 10 rounds). */
#ifndef SV_BASE_RANDOM_H
#define SV_BASE_RANDOM_H

#include <stdint.h>

typedef struct sv_random {
  uint64_t seed;   /* of the run */
  uint64_t stream; /* which node or parameter: a hash of its name */
  uint64_t step;   /* the training step or the epoch */
} sv_random;

/* Four independent 32-bit numbers for this index. */
void sv_random_bits(const sv_random *key, uint64_t index, uint32_t bits[4]);

/* Uniform in [0, 1), 53 bits. */
double sv_random_uniform(const sv_random *key, uint64_t index);

/* Normal with mean 0 and variance 1 (Box-Muller). */
double sv_random_normal(const sv_random *key, uint64_t index);

/* Uniform in 0 .. bound-1; bound > 0. The bias is below bound / 2^64. */
uint64_t sv_random_below(const sv_random *key, uint64_t index, uint64_t bound);

/* FNV-1a of a name, for `stream`. */
uint64_t sv_hash_text(const char *text);

#endif
