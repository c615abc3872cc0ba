/* The plan's copy of the graph: the nodes that the wanted values need. */
#include <string.h>

#include "base/memory.h"
#include "plan/plan.h"

static sv_status add_named(sv_program *p, const sv_graph *graph,
                           const char *const *names, int count) {
  for (int i = 0; i < count; i++)
    SV_TRY(sv_program_find(graph, names[i], &p->kept[p->kept_count++]));
  return SV_OK;
}

/* The values that a run must leave readable. */
static sv_status find_kept(const sv_plan *plan, sv_program *p) {
  const sv_graph *graph = plan->source;
  const sv_plan_options *o = &plan->options;
  size_t most = (size_t)(graph->output_count + o->keep_count + o->seed_count);
  SV_TRY(sv_alloc_array(&p->kept, most, sizeof *p->kept));
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i].is_loss == (o->mode == SV_TRAIN))
      p->kept[p->kept_count++] = graph->outputs[i].value;
  SV_TRY(add_named(p, graph, o->keep, o->keep_count));
  SV_TRY(add_named(p, graph, o->seeds, o->seed_count));
  if (p->kept_count) return SV_OK;
  return sv_fail(SV_INVALID, "network '%s' has no %s", graph->name,
                 o->mode == SV_TRAIN ? "loss to train with" : "output");
}

/* True if the plan need not compute what the graph says to the letter: nothing
 * but the outputs is read. */
static bool may_rewrite(const sv_plan *plan) {
  const sv_plan_options *o = &plan->options;
  bool only_reference = o->backend && strcmp(o->backend, "ref") == 0;
  return o->mode == SV_INFER && !o->seed_count && !o->exact &&
         !only_reference && plan->state->precision == SV_F32;
}

sv_status sv_pass_lower(sv_plan *plan, sv_program *p) {
  p->backward = plan->options.mode == SV_TRAIN || plan->options.seed_count > 0;
  p->rewrites = may_rewrite(plan);
  SV_TRY(find_kept(plan, p));
  SV_TRY(sv_graph_copy(&p->graph, plan->source));
  return sv_graph_prune(p->graph, p->kept, p->kept_count);
}
