/* What is asked of arrays of numbers: are they finite, how large are they. */
#ifndef SV_TRAIN_SUMS_H
#define SV_TRAIN_SUMS_H

#include <stdbool.h>
#include <stdint.h>

/* All of them are finite. */
bool sv_is_finite(const float *x, int64_t count);

/* x, but no further from 0 than `most`. */
static inline float sv_cut(float x, float most) {
  return x > most ? most : x < -most ? -most : x;
}

/* The sum of the squares of the numbers, each cut; always in one order. */
double sv_squares(const float *x, int64_t count, float most);

#endif
