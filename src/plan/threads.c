/* The number of threads: by the work there is, and what OpenMP gives here. */
#include "base/memory.h"
#include "base/spare.h"
#include "base/thread.h"
#include "plan/plan.h"

/* Multiply-accumulates and elements of a forward pass. */
static sv_status work_of(const sv_program *p, int64_t *work) {
  *work = 0;
  for (int i = 0; i < p->graph->node_count; i++) {
    const sv_node *node = &p->graph->nodes[i];
    sv_info *ports;
    sv_cost cost = sv_cost_pointwise();
    size_t count = (size_t)(node->in_count + node->out_count);
    SV_TRY(sv_alloc_array(&ports, count, sizeof *ports));
    sv_info *out = ports + node->in_count;
    for (int k = 0; k < node->in_count; k++) ports[k] = p->infos[node->in[k]];
    for (int k = 0; k < node->out_count; k++) out[k] = p->infos[node->out[k]];
    sv_status status =
        node->op->cost ? node->op->cost(node, ports, out, &cost) : SV_OK;
    int64_t elements = sv_shape_count(&p->infos[node->out[0]].shape);
    sv_free(ports);
    SV_TRY(status);
    if (__builtin_add_overflow(*work, cost.macs, work) ||
        __builtin_add_overflow(*work, elements, work))
      *work = INT64_MAX;
  }
  return SV_OK;
}

/* Less work than this is done before other threads are awake. */
enum { LEAST_WORK = 4 << 20 };

int sv_plan_team(const sv_plan *plan) { return sv_team_size(plan->threads); }

sv_status sv_pass_threads(sv_plan *plan, sv_program *p) {
  int64_t work = LEAST_WORK;
  if (!plan->options.threads) SV_TRY(work_of(p, &work));
  if (work < LEAST_WORK) plan->threads = 1;
  SV_TRY(sv_spare_check(plan->threads - 1));
  p->threads = sv_plan_team(plan);
  return SV_OK;
}
