/* From a graph to a program: the passes of passes.def, one after the other. */
#include "base/memory.h"
#include "base/thread.h"
#include "plan/plan.h"

typedef sv_status pass(sv_plan *plan, sv_program *p);

#define SV_PASS(name) pass sv_pass_##name;
#include "plan/passes.def"
#undef SV_PASS

#define SV_PASS(name) sv_pass_##name,
static pass *const passes[] = {
#include "plan/passes.def"
};

/* Kernels are made in a team of the size in which they will run, once that is
 * known. */
static sv_status run_pass(pass *run, sv_plan *plan, sv_program *p) {
  sv_team outer;
  if (!p->threads) return run(plan, p);
  sv_team_begin(&outer, p->threads);
  sv_status status = run(plan, p);
  sv_team_end(&outer);
  return status;
}

sv_status sv_program_new(sv_program **program, sv_plan *plan) {
  *program = NULL;
  sv_program *p;
  SV_TRY(sv_graph_check(plan->source));
  SV_TRY(sv_alloc(&p, sizeof *p));
  sv_status status = SV_OK;
  for (size_t i = 0; i < sizeof passes / sizeof *passes && status == SV_OK; i++)
    status = run_pass(passes[i], plan, p);
  if (status != SV_OK) {
    sv_program_free(p);
    return status;
  }
  plan->layouts = plan->state->layouts;
  sv_program_bind(plan, p);
  *program = p;
  return SV_OK;
}
