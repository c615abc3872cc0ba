/* Running statistics. Forward is pure: what a statistic is to become is an
 * output, and the state takes it over when the caller commits the step. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

static int port_named(const sv_op *op, const char *name) {
  for (int i = 0; op->in[i].name; i++)
    if (strcmp(op->in[i].name, name) == 0) return i;
  return -1;
}

/* Output `port`, which the node has not been asked for yet. */
static sv_status add_output(sv_graph *graph, int producer, int port,
                            int statistic, int *value) {
  char name[512];
  sv_node *node = &graph->nodes[producer];
  const sv_value_info *from = &graph->values[statistic];
  snprintf(name, sizeof name, "%s.%s", node->name, node->op->out[port].name);
  SV_TRY(sv_graph_add_value(graph, name, SV_VALUE_NODE, SV_STATISTIC,
                            from->dtype, &from->shape, value));
  graph->values[*value].producer = producer;
  graph->values[*value].port = port;
  node->out[port] = *value;
  return SV_OK;
}

static sv_status find_in_node(sv_program *p, int index) {
  const sv_node *node = &p->graph->nodes[index];
  for (int i = 0; i < sv_op_out_count(node->op) && i < node->out_count; i++) {
    const char *renews = node->op->out[i].renews;
    int port = renews ? port_named(node->op, renews) : -1;
    int value = port >= 0 && port < node->in_count ? node->in[port] : 0;
    int next = node->out[i];
    if (!value || p->graph->values[value].kind != SV_VALUE_STATE) continue;
    if (p->graph->values[value].role != SV_STATISTIC) continue;
    if (!next) SV_TRY(add_output(p->graph, index, i, value, &next));
    SV_TRY(sv_grow(&p->renewals, p->renewal_count, &p->renewal_capacity,
                   sizeof *p->renewals));
    p->renewals[p->renewal_count++] = (sv_renewal){value, next};
  }
  return SV_OK;
}

sv_status sv_program_find_renewals(sv_program *p) {
  for (int i = 0; i < p->graph->node_count; i++)
    if (!p->frozen[i]) SV_TRY(find_in_node(p, i));
  return SV_OK;
}

sv_status sv_plan_commit(sv_plan *plan) {
  const sv_program *p = plan->program;
  if (!p->fixed_ready)
    return sv_fail(SV_INVALID, "a commit needs a forward pass first");
  for (int i = 0; i < p->renewal_count; i++) {
    const sv_renewal *r = &p->renewals[i];
    int slot = p->buffers[p->cells[p->value_cell[r->value]].buffer].slot;
    SV_TRY(sv_tensor_copy(&plan->state->slots[slot].tensor,
                          &p->cells[p->value_plain[r->next]].tensor));
  }
  if (p->renewal_count) sv_state_touch(plan->state);
  return SV_OK;
}
