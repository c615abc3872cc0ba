/* The order of pixels: permuted (Fisher-Yates, by a seed), channels last. */
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/preprocess.h"

sv_status sv_preprocess_make_order(sv_preprocess *p) {
  sv_free(p->pixels);
  p->pixels = NULL;
  if (!p->permuted || p->channels == 0) return SV_OK;
  SV_TRY(sv_preprocess_check_size(p));
  int32_t count = (int32_t)(p->height * p->width); /* up to SV_IMAGE_PIXELS */
  sv_random key = {p->permutation, sv_hash_text("pixel order"), 0};
  SV_TRY(sv_alloc_array(&p->pixels, (size_t)count, sizeof *p->pixels));
  for (int32_t i = 0; i < count; i++) p->pixels[i] = i;
  for (int32_t i = count - 1; i > 0; i--) {
    int32_t j = (int32_t)sv_random_below(&key, (uint64_t)i, (uint64_t)i + 1);
    int32_t swap = p->pixels[i];
    p->pixels[i] = p->pixels[j];
    p->pixels[j] = swap;
  }
  return SV_OK;
}

sv_status sv_preprocess_permute(sv_preprocess *p, uint64_t seed) {
  SV_TRY(sv_preprocess_check_size(p));
  p->permuted = true;
  p->permutation = seed;
  return sv_preprocess_make_order(p);
}

static sv_status permute(const sv_preprocess *p, float *pixels) {
  size_t plane = (size_t)p->height * (size_t)p->width;
  float *before;
  if (!p->pixels) return SV_OK;
  SV_TRY(sv_alloc_array(&before, plane, sizeof *before));
  for (int c = 0; c < p->channels; c++, pixels += plane) {
    memcpy(before, pixels, plane * sizeof *before);
    for (size_t i = 0; i < plane; i++) pixels[i] = before[p->pixels[i]];
  }
  sv_free(before);
  return SV_OK;
}

sv_status sv_preprocess_reorder(const sv_preprocess *p, float *pixels) {
  size_t plane = (size_t)p->height * (size_t)p->width;
  size_t channels = (size_t)p->channels;
  float *before;
  SV_TRY(permute(p, pixels));
  if (p->layout != SV_IMAGE_NHWC || channels == 1) return SV_OK;
  SV_TRY(sv_alloc_array(&before, channels * plane, sizeof *before));
  memcpy(before, pixels, channels * plane * sizeof *before);
  for (size_t c = 0; c < channels; c++)
    for (size_t i = 0; i < plane; i++)
      pixels[i * channels + c] = before[c * plane + i];
  sv_free(before);
  return SV_OK;
}
