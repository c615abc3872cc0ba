#include "base/sized.h"

#include <string.h>

sv_status sv_sized_take(void *taken, size_t size, const void *given,
                        const char *type) {
  size_t own;
  if (!given) return SV_OK;
  memcpy(&own, given, sizeof own);
  if (own <= sizeof own)
    return sv_fail(SV_INVALID,
                   "%s: its size is %zu; start from the function that returns "
                   "its defaults",
                   type, own);
  if (own > size)
    return sv_fail(SV_INVALID,
                   "%s: its size is %zu, but version %s of the library knows "
                   "%zu bytes; the program was compiled for a newer version",
                   type, own, sv_version(), size);
  memcpy(taken, given, own);
  memcpy(taken, &size, sizeof size);
  return SV_OK;
}
