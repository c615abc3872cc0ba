/* Options structs that carry their size in their first member, so that they can
 * grow: a program that was compiled for an older version of the library passes
 * a shorter struct. */
#ifndef SV_BASE_SIZED_H
#define SV_BASE_SIZED_H

#include "base/error.h"

/* Copies the options `given` over the defaults in *taken, a struct of `size`
 * bytes; members that a shorter struct lacks keep their defaults. `given` may
 * be NULL. SV_INVALID, naming `type`, if the size in `given` is not set or
 * larger than the size that this version of the library knows. */
sv_status sv_sized_take(void *taken, size_t size, const void *given,
                        const char *type) SV_CHECKED;

#endif
