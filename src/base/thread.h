/* Threads for arithmetic. This is the only place that knows OpenMP. */
#ifndef SV_BASE_THREAD_H
#define SV_BASE_THREAD_H

#include <stdint.h>

/* The number of threads that `threads` asks for: 0 means all processors that
 * this process may use. */
int sv_threads_resolve(int threads);

/* The team size of this thread's parallel regions from now on, also those of
 * libraries that use OpenMP. */
void sv_threads_use(int threads);

/* body(context, begin, end) on parts of 0 .. count-1, side by side. The parts
 * depend on count and the team's size alone. A body cannot fail, allocates
 * nothing and starts no parallel work of its own. With less than `grain`
 * elements for each thread fewer threads take part. */
typedef void (*sv_parallel_body)(void *context, int64_t begin, int64_t end);
void sv_parallel(int64_t count, int64_t grain, sv_parallel_body body,
                 void *context);

#endif
