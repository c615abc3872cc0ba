/* Where NaN or infinity began: the network is run once more with every value
 * kept, and looked through in order. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

/* "NaN", "infinity", or NULL. Minus infinity is allowed: it masks scores. */
static const char *fault_of(const sv_tensor *t) {
  int64_t count = (int64_t)(t->layout.bytes / sizeof(float));
  const float *x = t->data;
  bool infinite = false;
  if (t->dtype != SV_F32 || !x) return NULL;
  for (int64_t i = 0; i < count; i++) {
    if (isnan(x[i])) return "NaN";
    infinite = infinite || x[i] == INFINITY;
  }
  return infinite ? "infinity" : NULL;
}

static sv_status check_inputs(const sv_plan *plan) {
  for (int i = 0; i < plan->own_count; i++) {
    const char *fault =
        plan->own[i].is_seed ? NULL : fault_of(&plan->own[i].tensor);
    if (fault)
      return sv_fail(SV_NUMERIC, "input '%s' contains %s", plan->own[i].name,
                     fault);
  }
  return SV_OK;
}

static sv_status check_parameters(const sv_plan *plan, const sv_node *node) {
  const sv_value_info *values = plan->source->values;
  for (int i = 0; i < node->in_count; i++) {
    const sv_value_info *value = &values[node->in[i]];
    int slot = value->kind == SV_VALUE_STATE
                   ? sv_state_find(plan->state, value->name)
                   : -1;
    const char *fault =
        slot < 0 ? NULL : fault_of(&plan->state->slots[slot].tensor);
    if (fault)
      return sv_fail(SV_NUMERIC, "'%s' of node '%s' (%s) contains %s",
                     value->name, node->name, node->op->name, fault);
  }
  return SV_OK;
}

/* Node by node; `all` has every value. */
static sv_status check_nodes(const sv_plan *plan, sv_plan *all) {
  const sv_graph *g = plan->source;
  for (int n = 0; n < g->node_count; n++) {
    const sv_node *node = &g->nodes[n];
    SV_TRY(check_parameters(plan, node));
    for (int i = 0; i < node->out_count; i++) {
      sv_tensor y;
      int value = node->out[i] ? all->program->value_plain[node->out[i]] : -1;
      if (value < 0) continue;
      SV_TRY(sv_plan_value(all, g->values[node->out[i]].name, &y));
      const char *fault = fault_of(&y);
      if (fault)
        return sv_fail(SV_NUMERIC,
                       "%s first appeared in the output of node '%s' (%s)",
                       fault, node->name, node->op->name);
    }
  }
  return SV_OK;
}

static sv_status run_all(const sv_plan *plan, sv_plan **all,
                         const char **names) {
  const sv_graph *g = plan->source;
  sv_plan_options o = plan->options;
  o.keep = names;
  o.keep_count = 0;
  for (int i = 1; i < g->value_count; i++)
    if (g->values[i].kind == SV_VALUE_NODE)
      names[o.keep_count++] = g->values[i].name;
  SV_TRY(sv_plan_new(all, g, plan->state, &o));
  for (int i = 0; i < plan->own_count; i++) {
    const sv_own *own = &plan->own[i];
    sv_tensor view;
    if (own->is_seed) continue;
    SV_TRY(sv_plan_input(*all, own->name, &view));
    memcpy(view.data, own->tensor.data, view.layout.bytes);
  }
  sv_plan_set_step(*all, plan->step);
  return sv_plan_forward(*all);
}

static sv_status blame(const sv_plan *plan) {
  const char **names;
  sv_plan *all = NULL;
  SV_TRY(check_inputs(plan));
  SV_TRY(
      sv_alloc_array(&names, (size_t)plan->source->value_count, sizeof *names));
  sv_status status = run_all(plan, &all, names);
  if (status == SV_OK) status = check_nodes(plan, all);
  sv_plan_free(all);
  sv_free(names);
  return status;
}

sv_status sv_plan_check_numbers(sv_plan *plan, const char *name) {
  sv_tensor value;
  SV_TRY(sv_plan_value(plan, name, &value));
  const char *fault = fault_of(&value);
  if (!fault) return SV_OK;
  sv_status status = blame(plan);
  if (status == SV_OK)
    return sv_fail(SV_NUMERIC, "'%s' contains %s", name, fault);
  return sv_fail_in(status, "'%s' contains %s", name, fault);
}
