/* Types, shapes and known contents of all values, from the plan's input shapes
 * and the state. */
#include "base/memory.h"
#include "plan/plan.h"

static sv_status fill_with_none(int **ids, int count) {
  SV_TRY(sv_alloc_array(ids, (size_t)count, sizeof **ids));
  for (int i = 0; i < count; i++) (*ids)[i] = -1;
  return SV_OK;
}

static sv_status check_nodes(const sv_plan *plan, const sv_program *p) {
  for (int i = 0; i < p->graph->node_count; i++) {
    const sv_node *node = &p->graph->nodes[i];
    if (!node->op->check) continue;
    sv_status status = node->op->check(node, &p->infos[node->in[0]].shape,
                                       sv_node_trains(plan, p, node));
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  return SV_OK;
}

sv_status sv_pass_shapes(sv_plan *plan, sv_program *p) {
  int values = p->graph->value_count;
  SV_TRY(sv_alloc_array(&p->infos, (size_t)values, sizeof *p->infos));
  SV_TRY(fill_with_none(&p->value_cell, values));
  SV_TRY(fill_with_none(&p->value_plain, values));
  SV_TRY(fill_with_none(&p->gradient, values));
  SV_TRY(fill_with_none(&p->seed_cell, values));
  SV_TRY(sv_program_add_sources(plan, p));
  SV_TRY(sv_graph_infer(p->graph, p->infos, &p->contents));
  SV_TRY(sv_graph_resolve(p->graph, p->infos));
  SV_TRY(check_nodes(plan, p));
  return sv_program_want(plan, p);
}
