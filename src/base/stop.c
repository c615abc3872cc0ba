/* A request to stop: one atomic flag, which is lock-free and so safe in signal
 * handlers. */
#include <stdatomic.h>

#include "base/memory.h"

struct sv_stop {
  atomic_bool requested;
};

sv_status sv_stop_new(sv_stop **stop) { return sv_alloc(stop, sizeof **stop); }

void sv_stop_free(sv_stop *stop) { sv_free(stop); }

void sv_stop_request(sv_stop *stop) { atomic_store(&stop->requested, true); }

void sv_stop_reset(sv_stop *stop) { atomic_store(&stop->requested, false); }

bool sv_stop_requested(const sv_stop *stop) {
  return stop && atomic_load(&stop->requested);
}
