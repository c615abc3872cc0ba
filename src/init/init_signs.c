/* signs HEX: numbers of -1 and 1 that are known beforehand, four to a
 * hexadecimal digit, the first of them its highest bit: 1 for a bit that is
 * set.
 */
#include <string.h>

#include "base/text.h"
#include "init/init.h"
#include "tensor/tensor.h"

static const char word[] = "signs ";

bool sv_init_is_signs(const char *text) {
  return strncmp(text, word, sizeof word - 1) == 0;
}

static int digit(char c) {
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

sv_status sv_init_signs(sv_tensor *tensor, const char *text) {
  const char *hex = text + sizeof word - 1;
  int64_t count = sv_shape_count(&tensor->shape);
  if ((int64_t)strlen(hex) != (count + 3) / 4)
    return sv_fail(SV_INVALID,
                   "initialiser 'signs' has %zu hexadecimal digits, but %lld "
                   "weights need %lld",
                   strlen(hex), (long long)count, (long long)(count + 3) / 4);
  for (int64_t i = 0; i < count; i++) {
    int value = digit(hex[i / 4]);
    if (value < 0)
      return sv_fail(SV_INVALID,
                     "initialiser 'signs': '%.*s' is not a hexadecimal digit",
                     sv_letter_bytes(hex + i / 4), hex + i / 4);
    sv_tensor_set(tensor, i, (value >> (3 - i % 4)) & 1 ? 1 : -1);
  }
  return SV_OK;
}
