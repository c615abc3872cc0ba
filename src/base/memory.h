/* Memory: aligned, zeroed, with overflow checks of sizes. */
#ifndef SV_BASE_MEMORY_H
#define SV_BASE_MEMORY_H

#include "base/error.h"

enum { SV_ALIGNMENT = 64 };

/* *memory = bytes of zeros, aligned to 64; SV_NO_MEMORY names the size. 0 bytes
 * give a valid pointer. Free with sv_free. */
sv_status sv_alloc(void *memory, size_t bytes) SV_CHECKED;

/* count elements of size each, the product checked. */
sv_status sv_alloc_array(void *memory, size_t count, size_t size) SV_CHECKED;

/* Makes room in *array (capacity *capacity) for one more than count elements,
 * growing by half; new elements are zero. */
sv_status sv_grow(void *array, int count, int *capacity,
                  size_t size) SV_CHECKED;

/* Memory of the machine in bytes; SIZE_MAX if unknown. */
size_t sv_memory_of_machine(void);

sv_status sv_copy_text(char **copy, const char *text) SV_CHECKED;

static inline bool sv_mul_overflows(size_t a, size_t b, size_t *product) {
  return __builtin_mul_overflow(a, b, product);
}

static inline size_t sv_align_up(size_t bytes) {
  return (bytes + SV_ALIGNMENT - 1) / SV_ALIGNMENT * SV_ALIGNMENT;
}

#endif
