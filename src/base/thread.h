/* Threads for arithmetic. This is the only place that knows OpenMP. */
#ifndef SV_BASE_THREAD_H
#define SV_BASE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* The processors that this process may use. */
int sv_processors(void);

/* The number of threads that `threads` asks for. 0 means the default: what
 * OMP_NUM_THREADS or the host program says, at most sv_processors(). */
int sv_threads_resolve(int threads);

/* The size that a team of `wanted` threads really has where it is called: a
 * thread limit makes it smaller, and inside a parallel region of the host
 * program it is 1, as oneDNN never nests. Kernels that wait for one another
 * are made for this number, as those made for more would wait for ever. */
int sv_team_size(int wanted);

/* Between begin and end, parallel regions of the calling thread (also those of
 * libraries that use OpenMP) have `threads` members, which is a number from
 * sv_team_size and never adjusted to the load. Nests. The end brings back the
 * host program's settings; an `outer` that is zero is left alone. */
typedef struct sv_team {
  int threads;
  bool dynamic;
} sv_team;
void sv_team_begin(sv_team *outer, int threads);
void sv_team_end(const sv_team *outer);

/* body(context, begin, end) on parts of 0 .. count-1, side by side. The parts
 * depend on count and the team's size alone. A body cannot fail, allocates
 * nothing and starts no parallel work of its own. With less than `grain`
 * elements for each thread fewer threads take part. */
typedef void (*sv_parallel_body)(void *context, int64_t begin, int64_t end);
void sv_parallel(int64_t count, int64_t grain, sv_parallel_body body,
                 void *context);

#endif
