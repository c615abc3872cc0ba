/* What single elements become: activations, arithmetic. */
#include "task/meaning_rules.h"

#include <math.h>

#include "op/attrs.h"

/* ---- One element of one input ---- */

/* Shares times fixed weights may be other shares, or a hundred times as much.
 */
sv_meaning sv_rule_weighs(const sv_follower *f, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (sv_meaning_of_input(f, node, i)->form == SV_FORM_SHARES &&
        sv_value_is_state(f, node->in[i == 0]))
      return sv_meaning_unknown;
  return sv_meaning_real;
}

/* Real where all inputs are. */
sv_meaning sv_rule_activates(const sv_follower *f, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (sv_input_is_data(node, i) &&
        !sv_meaning_is_real(sv_meaning_of_input(f, node, i)))
      return sv_meaning_unknown;
  return sv_meaning_real;
}

sv_meaning sv_rule_rectifies(const sv_follower *f, const sv_node *node) {
  sv_meaning x = *sv_meaning_of_input(f, node, 0);
  if (x.positive) return x;
  if (!sv_meaning_is_real(&x)) return sv_meaning_unknown;
  return (sv_meaning){.form = SV_FORM_REAL, .positive = true};
}

sv_meaning sv_rule_squashes(const sv_follower *f, const sv_node *node) {
  (void)f, (void)node;
  return (sv_meaning){.form = SV_FORM_UNITS, .positive = true};
}

/* tanh: between -1 and 1. */
sv_meaning sv_rule_centres(const sv_follower *f, const sv_node *node) {
  (void)f, (void)node;
  return (sv_meaning){.form = SV_FORM_BOUNDED, .low = -1, .high = 1};
}

/* What lies between `low` and `high`. */
static sv_meaning sv_meaning_bounded(double low, double high) {
  const double near = 1e-6;
  if (fabs(low) < near && fabs(high - 1) < near)
    return (sv_meaning){.form = SV_FORM_UNITS, .positive = true};
  return (sv_meaning){
      .form = SV_FORM_BOUNDED, .positive = low >= 0, .low = low, .high = high};
}

/* Bounds that cut off no more than a guard does leave numbers what they are. */
sv_meaning sv_rule_bounds(const sv_follower *f, const sv_node *node) {
  sv_meaning x = *sv_meaning_of_input(f, node, 0);
  double low = sv_attr_number(node, "min"), high = sv_attr_number(node, "max");
  switch (x.form) {
    case SV_FORM_SHARES:
    case SV_FORM_UNITS:
      return low <= SV_MEANING_TINY && high >= 1 - SV_MEANING_TINY
                 ? x
                 : sv_meaning_unknown;
    case SV_FORM_LOG_SHARES:
      return low <= log(SV_MEANING_TINY) && high >= 0 ? x : sv_meaning_unknown;
    case SV_FORM_SUMS:
      if (low <= SV_MEANING_TINY && high >= 1e30) return x;
      break;
    default: break;
  }
  if (!sv_meaning_is_real(&x) || high <= 1) return sv_meaning_unknown;
  return (sv_meaning){.form = SV_FORM_REAL, .positive = low >= 0};
}

static sv_meaning make_rows(const sv_follower *f, const sv_node *node,
                            sv_form form) {
  sv_meaning m = {.form = form,
                  .positive = form == SV_FORM_SHARES,
                  .total = 1,
                  .of = node->in[0]};
  return sv_rows_of_axis(node, sv_shape_of_value(f, node->in[0]), &m)
             ? m
             : sv_meaning_unknown;
}

sv_meaning sv_rule_soft_max(const sv_follower *f, const sv_node *node) {
  return make_rows(f, node, SV_FORM_SHARES);
}

sv_meaning sv_rule_log_soft_max(const sv_follower *f, const sv_node *node) {
  return make_rows(f, node, SV_FORM_LOG_SHARES);
}

sv_meaning sv_rule_power(const sv_follower *f, const sv_node *node) {
  sv_meaning x = *sv_meaning_of_input(f, node, 0);
  bool shares = x.form == SV_FORM_LOG_SHARES;
  sv_meaning m = {.form = SV_FORM_POWERS, .of = x.root};
  if (shares) m = x;
  if (shares) m.form = SV_FORM_SHARES;
  m.positive = true;
  return m;
}

sv_meaning sv_rule_logarithm(const sv_follower *f, const sv_node *node) {
  sv_meaning x = *sv_meaning_of_input(f, node, 0);
  const sv_meaning *terms = &f->of[x.of];
  bool shares = x.form == SV_FORM_SHARES && fabs(x.total - 1) < SV_MEANING_TINY;
  bool sums = x.form == SV_FORM_SUMS && terms->form == SV_FORM_POWERS;
  if (!shares && !sums) return sv_meaning_unknown;
  x.form = shares ? SV_FORM_LOG_SHARES : SV_FORM_LOG_SUMS;
  if (sums) x.of = terms->of;
  x.positive = false;
  return x;
}

/* 1 / x */
static sv_meaning inverse(const sv_follower *f, int id) {
  sv_meaning x = f->of[id];
  if (x.form == SV_FORM_POWERS_PLUS_ONE)
    return (sv_meaning){.form = SV_FORM_UNITS, .positive = true, .of = x.of};
  if (x.form != SV_FORM_SUMS) return sv_meaning_unknown;
  x.form = SV_FORM_INVERSE_SUMS;
  return x;
}

sv_meaning sv_rule_reciprocal(const sv_follower *f, const sv_node *node) {
  return inverse(f, node->in[0]);
}

/* A power of x, or of a number greater than 0. */
sv_meaning sv_rule_raises(const sv_follower *f, const sv_node *node) {
  double number;
  if (sv_value_is_number(f, node->in[1], &number)) {
    if (number == 1) return *sv_meaning_of_input(f, node, 0);
    return number == -1 ? inverse(f, node->in[0]) : sv_meaning_unknown;
  }
  if (!sv_value_is_number(f, node->in[0], &number) || number <= 0)
    return sv_meaning_unknown;
  bool natural = fabs(number - exp(1)) < 1e-6;
  return (sv_meaning){
      .form = SV_FORM_POWERS,
      .positive = true,
      .of = natural ? sv_meaning_of_input(f, node, 1)->root : 0};
}

sv_meaning sv_rule_casts(const sv_follower *f, const sv_node *node) {
  sv_dtype from = f->a->graph->values[node->in[0]].dtype;
  sv_dtype to = f->a->graph->values[node->out[0]].dtype;
  bool same = (from == SV_F32 || from == SV_F64) && from == to;
  return same ? *sv_meaning_of_input(f, node, 0) : sv_meaning_unknown;
}
/* ---- Elements of several inputs ---- */

/* All the same form of the same rows and shape; *total of their sum. */
static bool all_shares(const sv_follower *f, const sv_node *node,
                       double *total) {
  const sv_meaning *first = sv_meaning_of_input(f, node, 0);
  *total = 0;
  for (int i = 0; i < node->in_count; i++) {
    const sv_meaning *x = sv_meaning_of_input(f, node, i);
    if (x->form != SV_FORM_SHARES || !sv_rows_equal(x, first) ||
        !sv_shape_equal(sv_shape_of_value(f, node->in[i]),
                        sv_shape_of_value(f, node->in[0])))
      return false;
    *total += x->total;
  }
  return node->in_count > 0;
}

bool sv_meaning_all(const sv_follower *f, const sv_node *node, sv_form form) {
  for (int i = 0; i < node->in_count; i++)
    if (sv_input_is_data(node, i) &&
        sv_meaning_of_input(f, node, i)->form != form)
      return false;
  return true;
}

sv_meaning sv_meaning_shares(const sv_meaning *x, double total) {
  return (sv_meaning){.form = SV_FORM_SHARES,
                      .positive = true,
                      .count = x->count,
                      .inner = x->inner,
                      .total = total};
}

/* Of two inputs the one that is not a number; NULL: neither or both are. */
const sv_meaning *sv_meaning_beside_number(const sv_follower *f,
                                           const sv_node *node,
                                           double *number) {
  double other;
  bool first, second;
  if (node->in_count != 2) return NULL;
  first = sv_value_is_number(f, node->in[0], number);
  second = sv_value_is_number(f, node->in[1], first ? &other : number);
  if (first == second) return NULL;
  return sv_meaning_of_input(f, node, first ? 1 : 0);
}

sv_meaning sv_rule_adds(const sv_follower *f, const sv_node *node) {
  double number, total;
  const sv_meaning *x = sv_meaning_beside_number(f, node, &number);
  bool guards = x && (x->form == SV_FORM_SHARES || x->form == SV_FORM_SUMS);
  if (x && number == 0) return *x;
  if (guards && fabs(number) <= SV_MEANING_TINY) return *x;
  if (x && x->form == SV_FORM_BOUNDED)
    return sv_meaning_bounded(x->low + number, x->high + number);
  if (x && x->form == SV_FORM_POWERS && number == 1)
    return (sv_meaning){
        .form = SV_FORM_POWERS_PLUS_ONE, .positive = true, .of = x->root};
  if (all_shares(f, node, &total))
    return sv_meaning_shares(sv_meaning_of_input(f, node, 0), total);
  sv_meaning m = sv_rule_activates(f, node);
  m.positive = m.form == SV_FORM_REAL;
  for (int i = 0; i < node->in_count; i++)
    m.positive = m.positive && sv_meaning_of_input(f, node, i)->positive;
  return m;
}

/* Of x its own log-sum-exp, or a number. */
sv_meaning sv_rule_subtracts(const sv_follower *f, const sv_node *node) {
  const sv_meaning *x = sv_meaning_of_input(f, node, 0),
                   *y = sv_meaning_of_input(f, node, 1);
  double number;
  if (y->form == SV_FORM_LOG_SUMS && y->of == x->root &&
      sv_rows_fit(sv_shape_of_value(f, node->in[0]),
                  sv_shape_of_value(f, node->in[1]), y)) {
    sv_meaning m = *y;
    m.form = SV_FORM_LOG_SHARES;
    m.total = 1;
    m.of = x->root;
    return m;
  }
  if (sv_value_is_number(f, node->in[0], &number) && number == 1 &&
      y->form == SV_FORM_UNITS)
    return sv_rule_squashes(f, node);
  if (sv_value_is_number(f, node->in[1], &number) && number == 0) return *x;
  return sv_rule_activates(f, node);
}

/* x / sums of x's own rows. */
static sv_meaning divide_by_sums(const sv_follower *f, int id, int sums) {
  const sv_meaning *x = &f->of[id], *s = &f->of[sums];
  if (!x->positive || s->of != x->root ||
      !sv_rows_fit(sv_shape_of_value(f, id), sv_shape_of_value(f, sums), s))
    return sv_meaning_unknown;
  sv_meaning m = sv_meaning_shares(s, 1);
  if (x->form == SV_FORM_POWERS) m.of = x->of;
  return m;
}

static sv_meaning scale(const sv_meaning *x, double factor) {
  if (factor == 1) return *x;
  if (x->form == SV_FORM_SHARES && factor > 0)
    return sv_meaning_shares(x, x->total * factor);
  if (x->form == SV_FORM_BOUNDED && factor > 0)
    return sv_meaning_bounded(x->low * factor, x->high * factor);
  if (!sv_meaning_is_real(x)) return sv_meaning_unknown;
  return (sv_meaning){.form = SV_FORM_REAL,
                      .positive = x->positive && factor >= 0};
}

sv_meaning sv_rule_multiplies(const sv_follower *f, const sv_node *node) {
  double number;
  const sv_meaning *x = sv_meaning_beside_number(f, node, &number);
  if (x) return scale(x, number);
  const sv_meaning *a = sv_meaning_of_input(f, node, 0),
                   *b = sv_meaning_of_input(f, node, 1);
  if (b->form == SV_FORM_INVERSE_SUMS)
    return divide_by_sums(f, node->in[0], node->in[1]);
  if (a->form == SV_FORM_INVERSE_SUMS)
    return divide_by_sums(f, node->in[1], node->in[0]);
  if (a->root == b->root) return sv_meaning_unknown; /* squares */
  if ((a->form == SV_FORM_UNITS && a->of == b->root) ||
      (b->form == SV_FORM_UNITS && b->of == a->root))
    return sv_rule_squashes(f, node); /* e^x / (1 + e^x) */
  /* A gate, or attention, leaves real numbers real. */
  bool fixed =
      sv_value_is_state(f, node->in[0]) || sv_value_is_state(f, node->in[1]);
  bool gated =
      !fixed && (b->form == SV_FORM_UNITS || b->form == SV_FORM_SHARES);
  bool gates =
      !fixed && (a->form == SV_FORM_UNITS || a->form == SV_FORM_SHARES);
  if ((sv_meaning_is_real(a) && (sv_meaning_is_real(b) || gated)) ||
      (sv_meaning_is_real(b) && gates))
    return (sv_meaning){.form = SV_FORM_REAL,
                        .positive = a->positive && b->positive};
  return sv_meaning_unknown;
}

sv_meaning sv_rule_divides(const sv_follower *f, const sv_node *node) {
  double number;
  if (sv_value_is_number(f, node->in[1], &number) && number != 0)
    return scale(sv_meaning_of_input(f, node, 0), 1 / number);
  if (sv_value_is_number(f, node->in[0], &number) && number == 1)
    return inverse(f, node->in[1]);
  const sv_meaning *y = sv_meaning_of_input(f, node, 1);
  if (y->form == SV_FORM_POWERS_PLUS_ONE &&
      y->of == sv_meaning_of_input(f, node, 0)->root)
    return sv_rule_squashes(f, node);
  if (y->form == SV_FORM_SUMS)
    return divide_by_sums(f, node->in[0], node->in[1]);
  return sv_value_is_state(f, node->in[1]) ? sv_rule_activates(f, node)
                                           : sv_meaning_unknown;
}

sv_meaning sv_rule_averages(const sv_follower *f, const sv_node *node) {
  double total;
  if (all_shares(f, node, &total))
    return sv_meaning_shares(sv_meaning_of_input(f, node, 0),
                             total / node->in_count);
  if (sv_meaning_all(f, node, SV_FORM_UNITS)) return sv_rule_squashes(f, node);
  return sv_rule_adds(f, node);
}
