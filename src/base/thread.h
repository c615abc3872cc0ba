/* Compute threads. Only this file uses OpenMP. */
#ifndef SV_BASE_THREAD_H
#define SV_BASE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* The processors that this process may use. */
int sv_processors(void);

/* The number of threads that `threads` asks for. 0 means the default: what
 * OMP_NUM_THREADS or the host program says, at most sv_processors(). */
int sv_threads_resolve(int threads);

/* The number of threads that a team of `wanted` threads has at this point. A
 * thread limit makes it smaller; inside a parallel region of the host program
 * it is 1, because oneDNN never nests. Kernels whose threads wait for each
 * other are made for this number: made for more, they would wait forever. */
int sv_team_size(int wanted);

/* Between begin and end, parallel regions of the calling thread, including
 * those of libraries that use OpenMP, have exactly `threads` threads, a number
 * from sv_team_size. Calls may be nested. sv_team_end restores the settings of
 * the host program; an `outer` of zeros is ignored. */
typedef struct sv_team {
  int threads;
  bool dynamic;
} sv_team;
void sv_team_begin(sv_team *outer, int threads);
void sv_team_end(const sv_team *outer);

/* Calls body(context, begin, end) in parallel on parts of 0 .. count-1. The
 * parts depend only on count and the team's size. A body cannot fail, must not
 * allocate and must not start parallel work. If there are fewer than `grain`
 * elements per thread, fewer threads are used. */
typedef void (*sv_parallel_body)(void *context, int64_t begin, int64_t end);
void sv_parallel(int64_t count, int64_t grain, sv_parallel_body body,
                 void *context);

#endif
