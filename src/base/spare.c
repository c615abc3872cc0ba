#include "base/spare.h"

#include <pthread.h>
#include <sys/mman.h>

enum { SPARE = 32 << 20 };

static size_t stack_size(void) {
  pthread_attr_t attr;
  size_t size = 0;
  if (pthread_attr_init(&attr) != 0) return 0;
  pthread_attr_getstacksize(&attr, &size);
  pthread_attr_destroy(&attr);
  return size;
}

sv_status sv_spare_check(int threads) {
  size_t bytes = SPARE;
  if (threads > 0) bytes += (size_t)threads * stack_size();
  void *probe = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED)
    return sv_fail(
        SV_NO_MEMORY,
        "out of memory: less than %zu MiB are left for kernels and threads",
        bytes >> 20);
  munmap(probe, bytes);
  return SV_OK;
}
