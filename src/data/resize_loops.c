/* Sums of pixels in 32-bit integers, once in plain C and once with AVX2. */
#include "data/resize.h"

#include <string.h>

enum { HALF = 1 << (SV_TAP_BITS - 1) };

static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> SV_TAP_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* ---- Plain C ---- */

/* `channels` is a constant wherever it is used. */
static inline __attribute__((always_inline)) void columns_of(const uint8_t *src,
                                                             const sv_taps *t,
                                                             int width,
                                                             const int channels,
                                                             uint8_t *dst) {
  for (int x = 0; x < width; x++, dst += channels) {
    const int32_t *weights = t->weights + (size_t)x * (size_t)t->most;
    const uint8_t *from = src + (ptrdiff_t)t->first[x] * channels;
    int32_t sum[4];
    for (int c = 0; c < channels; c++) sum[c] = HALF;
    for (int j = 0; j < t->count[x]; j++, from += channels)
      for (int c = 0; c < channels; c++) sum[c] += from[c] * weights[j];
    for (int c = 0; c < channels; c++) dst[c] = rounded(sum[c]);
  }
}

static void columns_base(const uint8_t *src, const sv_taps *t, int width,
                         int channels, uint8_t *dst) {
  switch (channels) {
    case 1: columns_of(src, t, width, 1, dst); break;
    case 3: columns_of(src, t, width, 3, dst); break;
    default: columns_of(src, t, width, 4, dst); break;
  }
}

static void row_base(const uint8_t *src, const sv_taps *t, int y, int bytes,
                     uint8_t *dst) {
  enum { BLOCK = 64 };
  const int32_t *weights = t->weights + (size_t)y * (size_t)t->most;
  for (int x = 0; x < bytes; x += BLOCK) {
    int count = bytes - x < BLOCK ? bytes - x : BLOCK;
    int32_t sums[BLOCK];
    for (int i = 0; i < count; i++) sums[i] = HALF;
    for (int j = 0; j < t->count[y]; j++) {
      const uint8_t *from = src + (ptrdiff_t)j * bytes + x;
      for (int i = 0; i < count; i++) sums[i] += from[i] * weights[j];
    }
    for (int i = 0; i < count; i++) dst[x + i] = rounded(sums[i]);
  }
}

static const sv_resize_loops base = {"base", columns_base, row_base};

#ifdef __x86_64__
/* ---- AVX2 ---- */

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Two pixels and their weights at a time, each in a half of a vector; as often
 * for each result, so that no branch has to be guessed. */
AVX2 static inline __attribute__((always_inline)) void columns_wide(
    const uint8_t *src, const sv_taps *t, int width, const int channels,
    uint8_t *dst) {
  const __m128i spread = channels == 3
                             ? _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, -1, -1,
                                             -1, -1, -1, -1, -1, -1)
                             : _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -1, -1, -1,
                                             -1, -1, -1, -1, -1);
  const __m256i halves = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  for (int x = 0; x < width; x++, dst += channels) {
    const int32_t *weights = t->weights + (size_t)x * (size_t)t->most;
    const uint8_t *from = src + (ptrdiff_t)t->first[x] * channels;
    __m256i sums = _mm256_setzero_si256();
    for (int j = 0; j < t->pairs; j++, weights += 2, from += 2 * channels) {
      __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)from);
      __m128i two = _mm_loadl_epi64((const __m128i *)(const void *)weights);
      __m256i pixels = _mm256_cvtepu8_epi32(_mm_shuffle_epi8(bytes, spread));
      __m256i factors =
          _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(two), halves);
      sums = _mm256_add_epi32(sums, _mm256_mullo_epi32(pixels, factors));
    }
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums),
                                _mm256_extracti128_si256(sums, 1));
    sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(HALF)), SV_TAP_BITS);
    sum = _mm_packus_epi16(_mm_packus_epi32(sum, sum), sum);
    int result = _mm_cvtsi128_si32(sum);
    memcpy(dst, &result, (size_t)channels);
  }
}

AVX2 static void columns_avx2(const uint8_t *src, const sv_taps *t, int width,
                              int channels, uint8_t *dst) {
  switch (channels) {
    case 1: columns_of(src, t, width, 1, dst); break;
    case 3: columns_wide(src, t, width, 3, dst); break;
    default: columns_wide(src, t, width, 4, dst); break;
  }
}

enum { LANES = 8, BLOCK = 4 * LANES };

/* 32 bytes of a row. */
AVX2 static inline void row_block(const uint8_t *src, const int32_t *weights,
                                  int count, int bytes, uint8_t *dst) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  __m256i s[4];
  for (int v = 0; v < 4; v++) s[v] = _mm256_set1_epi32(HALF);
  for (int j = 0; j < count; j++, src += bytes) {
    const __m256i factor = _mm256_set1_epi32(weights[j]);
    for (int v = 0; v < 4; v++) {
      __m128i part =
          _mm_loadl_epi64((const __m128i *)(const void *)(src + v * LANES));
      s[v] = _mm256_add_epi32(
          s[v], _mm256_mullo_epi32(_mm256_cvtepu8_epi32(part), factor));
    }
  }
  for (int v = 0; v < 4; v++) s[v] = _mm256_srai_epi32(s[v], SV_TAP_BITS);
  __m256i low = _mm256_packus_epi32(s[0], s[1]);
  __m256i high = _mm256_packus_epi32(s[2], s[3]);
  __m256i all = _mm256_packus_epi16(low, high);
  _mm256_storeu_si256((__m256i *)(void *)dst,
                      _mm256_permutevar8x32_epi32(all, order));
}

AVX2 static void row_avx2(const uint8_t *src, const sv_taps *t, int y,
                          int bytes, uint8_t *dst) {
  const int32_t *weights = t->weights + (size_t)y * (size_t)t->most;
  int count = t->count[y], x = 0;
  for (; x + BLOCK <= bytes; x += BLOCK)
    row_block(src + x, weights, count, bytes, dst + x);
  for (; x < bytes; x++) {
    int32_t sum = HALF;
    for (int j = 0; j < count; j++)
      sum += src[(ptrdiff_t)j * bytes + x] * weights[j];
    dst[x] = rounded(sum);
  }
}

static const sv_resize_loops avx2 = {"avx2", columns_avx2, row_avx2};

const sv_resize_loops *sv_resize_loops_at(int i) {
  int fast = __builtin_cpu_supports("avx2") ? 1 : 0;
  return i > fast ? NULL : i == fast ? &base : &avx2;
}
#else
const sv_resize_loops *sv_resize_loops_at(int i) {
  return i == 0 ? &base : NULL;
}
#endif
