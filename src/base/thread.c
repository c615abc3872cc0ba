#include "base/thread.h"

#include <omp.h>

static int least(int a, int b) { return a < b ? a : b; }

int sv_processors(void) { return omp_get_num_procs(); }

int sv_threads_resolve(int threads) {
  return threads > 0 ? threads : least(omp_get_max_threads(), sv_processors());
}

/* OpenMP has no question for the size of a team: one is formed. */
static int form_team(int wanted) {
  sv_team outer;
  int size = 1;
  sv_team_begin(&outer, wanted);
#pragma omp parallel
#pragma omp master
  size = omp_get_num_threads();
  sv_team_end(&outer);
  return size;
}

int sv_team_size(int wanted) {
  /* The last answer, and what it follows from besides the thread itself. */
  static _Thread_local struct { int wanted, limit, levels, size; } last;
  if (wanted <= 1 || omp_in_parallel()) return 1;
  int limit = omp_get_thread_limit(), levels = omp_get_max_active_levels();
  if (last.wanted == wanted && last.limit == limit && last.levels == levels)
    return last.size;
  last.size = form_team(least(wanted, limit));
  last.wanted = wanted;
  last.limit = limit;
  last.levels = levels;
  return last.size;
}

void sv_team_begin(sv_team *outer, int threads) {
  *outer = (sv_team){omp_get_max_threads(), omp_get_dynamic()};
  omp_set_dynamic(false);
  omp_set_num_threads(threads);
}

void sv_team_end(const sv_team *outer) {
  if (!outer->threads) return;
  omp_set_num_threads(outer->threads);
  omp_set_dynamic(outer->dynamic);
}

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
