/* Memory for those who cannot say that there is none. */
#ifndef SV_BASE_SPARE_H
#define SV_BASE_SPARE_H

#include "base/error.h"

/* oneDNN and OpenMP end the process where they find no memory: in constructors,
 * in threads that start, in a kernel that is compiled at its first run. Before
 * they may allocate: SV_NO_MEMORY unless 32 MiB are left, and the stacks of
 * `threads` more threads. */
sv_status sv_spare_check(int threads) SV_CHECKED;

#endif
