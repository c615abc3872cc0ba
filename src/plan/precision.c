/* The type in which each value is stored between two steps: its own. A pass
 * after this one may choose another for some; kernels that compute in another
 * type are found by it, and casts are inserted where a step reads or writes
 * another type than the one stored. */
#include "base/memory.h"
#include "plan/plan.h"

sv_status sv_pass_precision(sv_plan *plan, sv_program *p) {
  (void)plan;
  SV_TRY(sv_alloc_array(&p->stored, (size_t)p->graph->value_count,
                        sizeof *p->stored));
  for (int v = 0; v < p->graph->value_count; v++)
    p->stored[v] = p->infos[v].dtype;
  return SV_OK;
}
