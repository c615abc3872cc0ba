#include "base/thread.h"

#include <omp.h>

int sv_threads_resolve(int threads) {
  return threads > 0 ? threads : omp_get_num_procs();
}

void sv_threads_use(int threads) { omp_set_num_threads(threads); }

void sv_parallel(int64_t count, int64_t grain, sv_parallel_body body,
                 void *context) {
  int64_t most = grain > 0 ? count / grain : count;
  int team = omp_get_max_threads();
  if (most < team) team = (int)most;
  if (team <= 1) {
    if (count > 0) body(context, 0, count);
    return;
  }
#pragma omp parallel num_threads(team)
  {
    int64_t part = omp_get_thread_num(), parts = omp_get_num_threads();
    int64_t begin = count * part / parts, end = count * (part + 1) / parts;
    if (begin < end) body(context, begin, end);
  }
}
