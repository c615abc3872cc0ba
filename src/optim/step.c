/* A training step: forward, backward, update, commit. */
#include <math.h>

#include <svertka/optim.h>

#include "base/error.h"
#include "plan/plan.h"
#include "task/loss.h"

/* The message names the value where NaN or infinity first appeared, if the loss
 * shows it, too. */
static sv_status refuse(const sv_graph *graph, sv_plan *plan, double loss) {
  const char *fault = isnan(loss) ? "NaN" : "infinite";
  for (int i = 0; i < graph->output_count; i++) {
    if (!graph->outputs[i].is_loss) continue;
    sv_status status = sv_plan_check_numbers(plan, graph->outputs[i].name);
    if (status != SV_OK) return sv_fail_in(status, "the loss is %s", fault);
  }
  return sv_fail(SV_NUMERIC, "the loss is %s", fault);
}

sv_status sv_train_step(sv_plan *plan, sv_optimiser *optimiser, int64_t step,
                        double rate, double *loss) {
  double sum;
  sv_plan_set_step(plan, (uint64_t)step);
  SV_TRY(sv_plan_forward(plan));
  const sv_graph *graph = plan->program->graph;
  SV_TRY(sv_loss_sum(&sum, graph, plan));
  if (loss) *loss = sum;
  if (!isfinite(sum)) return refuse(graph, plan, sum);
  SV_TRY(sv_plan_backward(plan));
  SV_TRY(sv_optimiser_step(optimiser, plan, step, rate));
  return sv_plan_commit(plan);
}
