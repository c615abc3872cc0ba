/* Sums and checks over arrays: finite values, norms. */
#ifndef SV_OPTIM_SUMS_H
#define SV_OPTIM_SUMS_H

#include <stdbool.h>
#include <stdint.h>

/* True if all values are finite. */
bool sv_is_finite(const float *x, int64_t count);

/* x clipped to -most .. most. */
static inline float sv_cut(float x, float most) {
  return x > most ? most : x < -most ? -most : x;
}

/* The sum of the squares of the clipped values; the order of summation is
 * fixed. */
double sv_squares(const float *x, int64_t count, float most);

#endif
