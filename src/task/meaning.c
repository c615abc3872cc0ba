#include "task/meaning.h"

#include "base/memory.h"
#include "graph/state.h"
#include "task/meaning_rules.h"
#include "tensor/tensor.h"

/* A single number that nothing changes. */
bool sv_value_is_number(const sv_follower *f, int id, double *number) {
  const sv_value_info *value = &f->a->graph->values[id];
  if (!f->state || !id || value->kind != SV_VALUE_STATE ||
      !sv_role_is_fixed(value->role) || sv_shape_count(&value->shape) != 1)
    return false;
  int slot = sv_state_find(f->state, value->name);
  if (slot < 0) return false;
  *number = sv_tensor_get(&f->state->slots[slot].tensor, 0);
  return true;
}

static sv_meaning_rule *const rules[] = {
    [SV_EFFECT_WEIGHS] = sv_rule_weighs,
    [SV_EFFECT_ACTIVATES] = sv_rule_activates,
    [SV_EFFECT_RECTIFIES] = sv_rule_rectifies,
    [SV_EFFECT_SQUASHES] = sv_rule_squashes,
    [SV_EFFECT_CENTRES] = sv_rule_centres,
    [SV_EFFECT_BOUNDS] = sv_rule_bounds,
    [SV_EFFECT_SOFTMAX] = sv_rule_soft_max,
    [SV_EFFECT_LOG_SOFTMAX] = sv_rule_log_soft_max,
    [SV_EFFECT_EXP] = sv_rule_power,
    [SV_EFFECT_LOG] = sv_rule_logarithm,
    [SV_EFFECT_RECIPROCAL] = sv_rule_reciprocal,
    [SV_EFFECT_RAISES] = sv_rule_raises,
    [SV_EFFECT_ADDS] = sv_rule_adds,
    [SV_EFFECT_SUBTRACTS] = sv_rule_subtracts,
    [SV_EFFECT_MULTIPLIES] = sv_rule_multiplies,
    [SV_EFFECT_DIVIDES] = sv_rule_divides,
    [SV_EFFECT_AVERAGES] = sv_rule_averages,
    [SV_EFFECT_SUMS] = sv_rule_sums,
    [SV_EFFECT_LOG_SUMS] = sv_rule_log_sums,
    [SV_EFFECT_LOG_SUM_EXPS] = sv_rule_log_sum_exps,
    [SV_EFFECT_MEANS] = sv_rule_means,
    [SV_EFFECT_POOLS] = sv_rule_pools,
    [SV_EFFECT_PICKS] = sv_rule_picks,
    [SV_EFFECT_PARTS] = sv_rule_parts,
    [SV_EFFECT_PERMUTES] = sv_rule_permutes,
    [SV_EFFECT_CASTS] = sv_rule_casts,
    [SV_EFFECT_NORMALISES] = sv_rule_normalises,
    [SV_EFFECT_CROSS_ENTROPY] = NULL};

static sv_meaning make(const sv_follower *f, const sv_node *node) {
  const sv_reference *ref = &node->op->ref;
  if (ref->view || (ref->views && ref->views(node, false)))
    return *sv_meaning_of_input(f, node, 0);
  sv_meaning_rule *follow = rules[node->op->effect];
  return follow && node->in_count && node->in[0] ? follow(f, node)
                                                 : sv_meaning_unknown;
}

static void follow_all(const sv_follower *f) {
  const sv_graph *g = f->a->graph;
  for (int i = 1; i < g->value_count; i++) {
    f->of[i] = g->values[i].kind == SV_VALUE_NODE ? sv_meaning_unknown
                                                  : sv_meaning_real;
    f->of[i].root = i;
  }
  for (int n = 0; n < g->node_count; n++) {
    const sv_node *node = &g->nodes[n];
    sv_meaning m = make(f, node);
    for (int k = 0; k < node->out_count; k++) {
      if (!node->out[k]) continue;
      f->of[node->out[k]] = m;
      if (!m.root) f->of[node->out[k]].root = node->out[k];
    }
  }
}

sv_status sv_meanings(sv_meaning **meanings, const sv_analysis *analysis,
                      const sv_state *state) {
  SV_TRY(sv_alloc_array(meanings, (size_t)analysis->graph->value_count,
                        sizeof **meanings));
  follow_all(&(sv_follower){analysis, state, *meanings});
  return SV_OK;
}
