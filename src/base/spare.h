/* Memory checks for libraries that cannot report a failed allocation. */
#ifndef SV_BASE_SPARE_H
#define SV_BASE_SPARE_H

#include "base/error.h"

/* oneDNN and OpenMP abort the process if an allocation fails: in constructors,
 * in new threads, and in a kernel that is compiled at its first run. Call this
 * before they may allocate: SV_NO_MEMORY unless 32 MiB and the stacks of
 * `threads` more threads are available. */
sv_status sv_spare_check(int threads) SV_CHECKED;

#endif
