#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sized.h"

/* The out-parameters are `void *` so that any pointer's address fits; memcpy
 * stores it without breaking the aliasing rules. */
static void store(void *slot, void *pointer) {
  memcpy(slot, &pointer, sizeof pointer);
}

/* ---- The host program's allocator ---- */

static void *allocate(void *context, size_t bytes, size_t alignment) {
  (void)context;
  return aligned_alloc(alignment, bytes);
}

static void release(void *context, void *memory) {
  (void)context;
  free(memory);
}

static sv_allocator allocator = {sizeof(sv_allocator), allocate, release, NULL};
static atomic_bool allocated; /* `allocator` no longer changes */

sv_status sv_set_allocator(const sv_allocator *given) {
  sv_allocator own = {.size = sizeof own};
  SV_TRY(sv_sized_take(&own, sizeof own, given, "sv_allocator"));
  if (!own.allocate || !own.release)
    return sv_fail(SV_INVALID, "an allocator without allocate or release");
  if (atomic_load(&allocated))
    return sv_fail(SV_INVALID,
                   "sv_set_allocator must be called before any other function "
                   "of the library: memory was allocated already");
  allocator = own;
  return SV_OK;
}

/* NULL if there is no memory, or if the host's is not aligned. */
static void *fresh_memory(size_t bytes) {
  atomic_store_explicit(&allocated, true, memory_order_relaxed);
  void *fresh = allocator.allocate(allocator.context, bytes, SV_ALIGNMENT);
  if (!fresh || (uintptr_t)fresh % SV_ALIGNMENT == 0) return fresh;
  allocator.release(allocator.context, fresh);
  return NULL;
}

void sv_free(void *memory) {
  if (memory) allocator.release(allocator.context, memory);
}

/* ---- Memory for the library ---- */

sv_status sv_alloc(void *memory, size_t bytes) {
  store(memory, NULL);
  if (bytes > SIZE_MAX / 2)
    return sv_fail(SV_NO_MEMORY, "a size of %zu bytes is too large", bytes);
  size_t rounded = sv_align_up(bytes ? bytes : 1);
  void *fresh = fresh_memory(rounded);
  if (!fresh)
    return sv_fail(SV_NO_MEMORY, "out of memory (%zu bytes requested)", bytes);
  memset(fresh, 0, rounded);
  store(memory, fresh);
  return SV_OK;
}

sv_status sv_alloc_array(void *memory, size_t count, size_t size) {
  size_t bytes;
  if (sv_mul_overflows(count, size, &bytes)) {
    store(memory, NULL);
    return sv_fail(SV_NO_MEMORY, "%zu elements of %zu bytes are too large",
                   count, size);
  }
  return sv_alloc(memory, bytes);
}

sv_status sv_grow(void *array, int count, int *capacity, size_t size) {
  if (count < *capacity) return SV_OK;
  int wider = *capacity < 8 ? 8 : *capacity + *capacity / 2;
  void *old, *fresh;
  memcpy(&old, array, sizeof old);
  SV_TRY(sv_alloc_array(&fresh, (size_t)wider, size));
  if (count) memcpy(fresh, old, (size_t)count * size);
  sv_free(old);
  store(array, fresh);
  *capacity = wider;
  return SV_OK;
}

size_t sv_memory_of_machine(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  size_t bytes;
  if (pages <= 0 || page <= 0 ||
      sv_mul_overflows((size_t)pages, (size_t)page, &bytes))
    return SIZE_MAX;
  return bytes;
}

sv_status sv_copy_text(char **copy, const char *text) {
  size_t length = strlen(text) + 1;
  SV_TRY(sv_alloc(copy, length));
  memcpy(*copy, text, length);
  return SV_OK;
}
