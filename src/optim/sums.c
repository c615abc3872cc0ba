#include "optim/sums.h"

#include <string.h>

/* An exponent of all ones is infinity or not a number. */
bool sv_is_finite(const float *x, int64_t count) {
  uint32_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7F800000u) == 0x7F800000u;
  }
  return !found;
}

/* Eight sums side by side, as vector units want them. */
double sv_squares(const float *x, int64_t count, float most) {
  double sums[8] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int k = 0; k < 8; k++) {
      double number = sv_cut(x[i + k], most);
      sums[k] += number * number;
    }
  for (; i < count; i++) {
    double number = sv_cut(x[i], most);
    sum += number * number;
  }
  for (int k = 0; k < 8; k++) sum += sums[k];
  return sum;
}
