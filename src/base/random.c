#include "base/random.h"

#include <math.h>

static void philox_round(uint32_t counter[4], const uint32_t key[2]) {
  uint64_t a = (uint64_t)0xD2511F53u * counter[0];
  uint64_t b = (uint64_t)0xCD9E8D57u * counter[2];
  uint32_t next[4] = {(uint32_t)(b >> 32) ^ counter[1] ^ key[0], (uint32_t)b,
                      (uint32_t)(a >> 32) ^ counter[3] ^ key[1], (uint32_t)a};
  for (int i = 0; i < 4; i++) counter[i] = next[i];
}

/* The paper's counter has 128 bits and its key 64: seed is the key, and stream
 * and step, mixed, share the counter with the index. */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void sv_random_bits(const sv_random *r, uint64_t index, uint32_t bits[4]) {
  uint64_t place = mix(r->stream + mix(r->step + 0x9E3779B97F4A7C15u));
  uint32_t key[2] = {(uint32_t)r->seed, (uint32_t)(r->seed >> 32)};
  bits[0] = (uint32_t)index;
  bits[1] = (uint32_t)(index >> 32);
  bits[2] = (uint32_t)place;
  bits[3] = (uint32_t)(place >> 32);
  for (int round = 0; round < 10; round++) {
    philox_round(bits, key);
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
}

static double unit(uint32_t high, uint32_t low) {
  uint64_t mantissa = ((uint64_t)high << 21) | (low >> 11);
  return (double)mantissa * 0x1p-53;
}

double sv_random_uniform(const sv_random *key, uint64_t index) {
  uint32_t bits[4];
  sv_random_bits(key, index, bits);
  return unit(bits[0], bits[1]);
}

double sv_random_normal(const sv_random *key, uint64_t index) {
  uint32_t bits[4];
  sv_random_bits(key, index, bits);
  double radius = sqrt(-2 * log(1 - unit(bits[0], bits[1])));
  return radius * cos(6.283185307179586 * unit(bits[2], bits[3]));
}

__extension__ typedef unsigned __int128 wide_product;

uint64_t sv_random_below(const sv_random *key, uint64_t index, uint64_t bound) {
  uint32_t bits[4];
  sv_random_bits(key, index, bits);
  uint64_t wide = (uint64_t)bits[0] << 32 | bits[1];
  return (uint64_t)(((wide_product)wide * bound) >> 64);
}

uint64_t sv_hash_text(const char *text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
  return hash;
}
