/* What sums, means, pieces and other orders along dimensions make of rows. */
#include "task/meaning_rules.h"

#include "op/attr_at.h"
#include "op/attrs.h"

sv_meaning sv_rule_sums(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  sv_meaning m = {.form = SV_FORM_SUMS,
                  .positive = true,
                  .real = sv_meaning_is_real(x),
                  .of = x->root};
  if (x->positive &&
      sv_rows_along(shape, sv_rows_reduced(node, shape->rank), &m))
    return m;
  return m.real ? sv_meaning_real : sv_meaning_unknown;
}

sv_meaning sv_rule_log_sums(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  sv_meaning m = {.form = SV_FORM_LOG_SUMS, .of = x->of};
  if (x->form == SV_FORM_POWERS &&
      sv_rows_along(shape, sv_rows_reduced(node, shape->rank), &m))
    return m;
  return sv_meaning_unknown;
}

sv_meaning sv_rule_log_sum_exps(const sv_follower *f, const sv_node *node) {
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  sv_meaning m = {.form = SV_FORM_LOG_SUMS,
                  .of = sv_meaning_of_input(f, node, 0)->root};
  return sv_rows_along(shape, sv_rows_reduced(node, shape->rank), &m)
             ? m
             : sv_meaning_unknown;
}

/* Means over other dimensions than the row's. */
sv_meaning sv_rule_means(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  const sv_shape *y = sv_shape_of_value(f, node->out[0]);
  unsigned set = sv_rows_reduced(node, shape->rank);
  if (x->form == SV_FORM_UNITS) return sv_rule_squashes(f, node);
  if (sv_meaning_is_real(x))
    return (sv_meaning){.form = SV_FORM_REAL, .positive = x->positive};
  int d = sv_rows_dimension(shape, x), left = 0;
  if (x->form != SV_FORM_SHARES || d < 0 || set >> d & 1)
    return sv_meaning_unknown;
  for (int i = 0; i < d; i++) left += y->rank == shape->rank || !(set >> i & 1);
  return sv_rows_moved(x, y, left);
}

/* Within maps; what cubic weights make of numbers is not bounded by them. */
sv_meaning sv_rule_pools(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  const sv_shape *y = sv_shape_of_value(f, node->out[0]);
  if (sv_meaning_is_real(x))
    return (sv_meaning){.form = SV_FORM_REAL, .positive = x->positive};
  if (sv_attr_number(node, "mode") > 1) return sv_meaning_unknown;
  if (x->form == SV_FORM_UNITS) return sv_rule_squashes(f, node);
  bool maps = x->form == SV_FORM_SHARES && sv_rows_dimension(shape, x) == 1;
  /* Padding would count as zeros. */
  bool padded = sv_attr_find(node->op, "padding") != NULL;
  return maps && !padded && y->dim[1] == shape->dim[1] ? sv_rows_moved(x, y, 1)
                                                       : sv_meaning_unknown;
}

sv_meaning sv_rule_picks(const sv_follower *f, const sv_node *node) {
  double number;
  const sv_meaning *x = sv_meaning_beside_number(f, node, &number);
  if (x && x->form == SV_FORM_SUMS && number <= SV_MEANING_TINY && number >= 0)
    return *x;
  if (sv_meaning_all(f, node, SV_FORM_UNITS)) return sv_rule_squashes(f, node);
  sv_meaning m = sv_rule_activates(f, node);
  m.positive = m.form == SV_FORM_REAL;
  for (int i = 0; i < node->in_count; i++)
    m.positive = m.positive && (!sv_input_is_data(node, i) ||
                                sv_meaning_of_input(f, node, i)->positive);
  return m;
}

/* Rows stay rows where every input has them whole, and the result too. */
sv_meaning sv_rule_parts(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  const sv_shape *y = sv_shape_of_value(f, node->out[0]);
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  bool sums = x->form == SV_FORM_SUMS || x->form == SV_FORM_LOG_SUMS ||
              x->form == SV_FORM_INVERSE_SUMS;
  if (node->in_count == 1 && (sums || sv_shape_equal(shape, y))) return *x;
  if (x->form != SV_FORM_SHARES && x->form != SV_FORM_LOG_SHARES)
    return sv_rule_picks(f, node);
  int d = sv_rows_dimension(shape, x);
  bool whole = d >= 0 && y->rank == shape->rank && y->dim[d] == x->count;
  for (int i = 1; whole && i < node->in_count; i++) {
    const sv_meaning *other = sv_meaning_of_input(f, node, i);
    if (!sv_input_is_data(node, i)) continue;
    whole = other->form == x->form && other->total == x->total &&
            sv_rows_dimension(sv_shape_of_value(f, node->in[i]), other) == d;
  }
  return whole ? sv_rows_moved(x, y, d) : sv_meaning_unknown;
}

sv_meaning sv_rule_permutes(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  const sv_shape *shape = sv_shape_of_value(f, node->in[0]);
  const sv_attr *row = sv_attr_find(node->op, "perm");
  const sv_ints *perm = ints_at(node->attrs, row);
  if (sv_meaning_is_real(x))
    return (sv_meaning){.form = SV_FORM_REAL, .positive = x->positive};
  if (x->form == SV_FORM_UNITS) return sv_rule_squashes(f, node);
  if (x->form != SV_FORM_SHARES && x->form != SV_FORM_LOG_SHARES)
    return sv_meaning_unknown;
  int d = sv_rows_dimension(shape, x), before = -1;
  bool moves = false;
  for (int i = 0; i < shape->rank; i++) {
    int from = perm->count ? (int)perm->at[i] : shape->rank - 1 - i;
    if (shape->dim[from] == 1) continue;
    moves = moves || from < before;
    before = from;
  }
  if (!moves) return *x;
  for (int i = 0; i < shape->rank && d >= 0; i++)
    if ((perm->count ? (int)perm->at[i] : shape->rank - 1 - i) == d)
      return sv_rows_moved(x, sv_shape_of_value(f, node->out[0]), i);
  return sv_meaning_unknown;
}

/* Of order 1: numbers that are not negative become shares. */
sv_meaning sv_rule_normalises(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0);
  sv_meaning m = {.form = SV_FORM_SHARES, .positive = true, .total = 1};
  if (sv_attr_number(node, "p") != 1) return sv_rule_activates(f, node);
  bool rows = sv_rows_of_axis(node, sv_shape_of_value(f, node->in[0]), &m);
  return rows && x->positive ? m : sv_meaning_unknown;
}
