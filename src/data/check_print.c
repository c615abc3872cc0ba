/* Hashes of images: equal for equal pixels, or close for images that look the
 * same.
 *
 *   F(u, v) = sum over y, x of f(y, x) cos(pi (2 y + 1) u / 64)
 *                                      cos(pi (2 x + 1) v / 64)
 *
 * of 32x32 grey pixels f, for u and v from 0 to 7; a bit is 1 where F is above
 * the median of the 63 F other than F(0, 0), whose bit is 0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/check.h"
#include "data/image.h"

enum {
  SIDE = 32,
  LOW = 8,
  MOST_BITS = 5,       /* that near images differ in */
  MOST_DIFFERENCE = 3, /* of their small pixels, on average */
  LEAST_CONTRAST = 8
};

/* ---- Pixels ---- */

static uint64_t mix(uint64_t hash, uint64_t word, uint64_t factor) {
  hash = (hash ^ word) * factor;
  return hash ^ hash >> 29;
}

static void add_bytes(uint64_t hash[2], const uint8_t *bytes, size_t size) {
  while (size) {
    uint64_t word = 0;
    size_t part = size < sizeof word ? size : sizeof word;
    memcpy(&word, bytes, part);
    hash[0] = mix(hash[0], word, 0x9E3779B97F4A7C15u);
    hash[1] = mix(hash[1], word, 0xD1B54A32D192ED03u);
    bytes += part;
    size -= part;
  }
}

static void hash_pixels(sv_print *print, const sv_image *image) {
  const uint64_t header[3] = {(uint64_t)image->width, (uint64_t)image->height,
                              (uint64_t)image->channels};
  print->pixels[0] = 1;
  print->pixels[1] = 2;
  add_bytes(print->pixels, (const uint8_t *)header, sizeof header);
  for (int y = 0; y < image->height; y++)
    add_bytes(print->pixels, sv_image_row(image, y),
              (size_t)image->width * (size_t)image->channels);
}

/* ---- Looks ---- */

static sv_status shrink(const sv_image *image, float grey[SIDE][SIDE]) {
  uint8_t pixels[SIDE * SIDE * 4];
  const sv_scaling scaling = {SIDE, SIDE, 0, 0, SIDE, SIDE};
  SV_TRY(sv_image_resize(image, &scaling, SV_FILTER_BILINEAR, pixels));
  for (int i = 0; i < SIDE * SIDE; i++) {
    const uint8_t *p = pixels + i * image->channels;
    grey[i / SIDE][i % SIDE] = image->channels < 3 ? (float)p[0]
                                                   : 0.299f * (float)p[0] +
                                                         0.587f * (float)p[1] +
                                                         0.114f * (float)p[2];
  }
  return SV_OK;
}

/* low[u][v] = F(u, v), rows first. */
static void transform(float grey[SIDE][SIDE], float low[LOW][LOW]) {
  const double pi = acos(-1);
  float wave[LOW][SIDE], rows[SIDE][LOW];
  for (int u = 0; u < LOW; u++)
    for (int x = 0; x < SIDE; x++)
      wave[u][x] = (float)cos(pi * (2 * x + 1) * u / (2 * SIDE));
  for (int y = 0; y < SIDE; y++)
    for (int v = 0; v < LOW; v++) {
      rows[y][v] = 0;
      for (int x = 0; x < SIDE; x++) rows[y][v] += grey[y][x] * wave[v][x];
    }
  for (int u = 0; u < LOW; u++)
    for (int v = 0; v < LOW; v++) {
      low[u][v] = 0;
      for (int y = 0; y < SIDE; y++) low[u][v] += rows[y][v] * wave[u][y];
    }
}

static int compare_floats(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return x < y ? -1 : x > y;
}

static uint64_t signs(float low[LOW][LOW]) {
  enum { COUNT = LOW * LOW - 1 };
  float sorted[COUNT];
  uint64_t bits = 0;
  memcpy(sorted, &low[0][1], sizeof sorted);
  qsort(sorted, COUNT, sizeof *sorted, compare_floats);
  for (int i = 1; i < LOW * LOW; i++)
    bits |= (uint64_t)(low[i / LOW][i % LOW] > sorted[COUNT / 2]) << i;
  return bits;
}

static void make_small(sv_print *print, float grey[SIDE][SIDE]) {
  enum { BLOCK = SIDE / SV_PRINT_SIDE };
  int least = 255, most = 0;
  for (int y = 0; y < SV_PRINT_SIDE; y++)
    for (int x = 0; x < SV_PRINT_SIDE; x++) {
      float sum = 0;
      for (int i = 0; i < BLOCK * BLOCK; i++)
        sum += grey[y * BLOCK + i / BLOCK][x * BLOCK + i % BLOCK];
      int mean = (int)(sum / (BLOCK * BLOCK) + 0.5f);
      print->small[y * SV_PRINT_SIDE + x] = (uint8_t)mean;
      if (mean < least) least = mean;
      if (mean > most) most = mean;
    }
  print->flat = most - least < LEAST_CONTRAST;
}

sv_status sv_print_make(sv_print *print, const sv_image *image) {
  float grey[SIDE][SIDE], low[LOW][LOW];
  *print = (sv_print){.width = (uint16_t)image->width,
                      .height = (uint16_t)image->height,
                      .channels = (uint8_t)image->channels,
                      .readable = true};
  hash_pixels(print, image);
  SV_TRY(shrink(image, grey));
  transform(grey, low);
  print->looks = signs(low);
  make_small(print, grey);
  return SV_OK;
}

bool sv_print_near(const sv_print *a, const sv_print *b) {
  enum { COUNT = SV_PRINT_SIDE * SV_PRINT_SIDE };
  int mean = 0, sum = 0;
  if (a->flat || b->flat || sv_print_distance(a, b) > MOST_BITS) return false;
  for (int i = 0; i < COUNT; i++) mean += a->small[i] - b->small[i];
  for (int i = 0; i < COUNT; i++)
    sum += abs(COUNT * (a->small[i] - b->small[i]) - mean);
  return sum <= MOST_DIFFERENCE * COUNT * COUNT;
}
