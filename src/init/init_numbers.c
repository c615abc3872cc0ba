/* numbers V,V,...: numbers that are known beforehand, in turn, again and again
 * from the first one: what is the same for each channel is written once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "init/init.h"
#include "tensor/tensor.h"

static const char word[] = "numbers ";

bool sv_init_is_numbers(const char *text) {
  return strncmp(text, word, sizeof word - 1) == 0;
}

/* The number at *at, which moves behind it and a comma. */
static sv_status next_number(const char **at, double *number) {
  char *end;
  *number = strtod(*at, &end);
  bool last = *end == '\0';
  if (end == *at || !isfinite(*number) || !(last || *end == ',') ||
      (!last && !end[1]))
    return sv_fail(SV_INVALID,
                   "initialiser 'numbers': expected numbers such as 1,2,1 at "
                   "'%.20s'",
                   *at);
  *at = last ? end : end + 1;
  return SV_OK;
}

sv_status sv_init_numbers(sv_tensor *tensor, const char *text) {
  const char *at = text + sizeof word - 1;
  int64_t size = sv_shape_count(&tensor->shape), count = 0;
  while (*at || count == 0) {
    double number;
    SV_TRY(next_number(&at, &number));
    if (count < size) sv_tensor_set(tensor, count, number);
    count++;
  }
  if (size % count != 0)
    return sv_fail(SV_INVALID,
                   "initialiser 'numbers' has %lld values for a tensor of %lld",
                   (long long)count, (long long)size);
  for (int64_t i = count; i < size; i++)
    sv_tensor_set(tensor, i, sv_tensor_get(tensor, i - count));
  return SV_OK;
}
