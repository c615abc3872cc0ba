/* What a training leaves alone, and so which values have a gradient: parameters
 * that are trained and what is computed from them. */
#include "base/memory.h"
#include "plan/plan.h"

/* A name of the source may have been pruned here. */
static sv_status freeze(const sv_plan *plan, sv_program *p) {
  const sv_plan_options *o = &plan->options;
  SV_TRY(sv_alloc_array(&p->frozen, (size_t)p->graph->node_count,
                        sizeof *p->frozen));
  for (int i = 0; i < o->frozen_count; i++) {
    if (sv_names_get(&plan->source->node_names, o->frozen[i]) < 0)
      return sv_fail(SV_INVALID, "the network has no node '%s' to freeze",
                     o->frozen[i]);
    int node = sv_names_get(&p->graph->node_names, o->frozen[i]);
    if (node >= 0) p->frozen[node] = true;
  }
  return SV_OK;
}

sv_status sv_pass_freeze(sv_plan *plan, sv_program *p) {
  SV_TRY(freeze(plan, p));
  return plan->options.mode == SV_TRAIN ? sv_program_find_renewals(p) : SV_OK;
}

bool sv_node_trains(const sv_plan *plan, const sv_program *p,
                    const sv_node *node) {
  return plan->options.mode == SV_TRAIN && !p->frozen[node - p->graph->nodes];
}

static bool is_real(const sv_program *p, int value) {
  return p->infos[value].dtype == SV_F32 || p->infos[value].dtype == SV_F64;
}

bool sv_is_differentiable(const sv_program *p, const sv_node *node, int i) {
  return node->in[i] && !sv_op_in_port(node->op, i)->no_gradient &&
         is_real(p, node->in[i]);
}

bool sv_node_has_gradient(const sv_program *p, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (sv_is_differentiable(p, node, i) && p->wanted[node->in[i]]) return true;
  return false;
}

/* What a frozen node and another one share is frozen. */
static void mark_parameters(sv_program *p) {
  const sv_graph *graph = p->graph;
  for (int v = 1; v < graph->value_count; v++)
    p->wanted[v] = graph->values[v].kind == SV_VALUE_STATE &&
                   sv_role_is_trained(graph->values[v].role) && is_real(p, v);
  for (int i = 0; i < graph->node_count; i++)
    for (int k = 0; p->frozen[i] && k < graph->nodes[i].in_count; k++)
      if (graph->values[graph->nodes[i].in[k]].kind == SV_VALUE_STATE)
        p->wanted[graph->nodes[i].in[k]] = false;
}

sv_status sv_program_want(const sv_plan *plan, sv_program *p) {
  const sv_graph *graph = p->graph;
  const sv_plan_options *o = &plan->options;
  SV_TRY(sv_alloc_array(&p->wanted, (size_t)graph->value_count,
                        sizeof *p->wanted));
  if (!p->backward) return SV_OK;
  mark_parameters(p);
  for (int i = 0; i < o->gradient_count; i++) {
    int v;
    SV_TRY(sv_program_find(graph, o->gradients[i], &v));
    p->wanted[v] = true;
  }
  for (int i = 0; i < graph->node_count; i++) {
    const sv_node *node = &graph->nodes[i];
    if (!sv_node_has_gradient(p, node)) continue;
    for (int k = 0; k < node->out_count; k++)
      if (node->out[k] && is_real(p, node->out[k]))
        p->wanted[node->out[k]] = true;
  }
  return SV_OK;
}
