#include "graph/meaning.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "graph/state.h"
#include "ops/attr_at.h"
#include "ops/attrs.h"
#include "tensor/tensor.h"

/* Constants up to this size guard against a division by zero or a logarithm of
 * it: what they change is not looked at. */
static const double tiny = 1e-4;

typedef struct follower {
  const sv_analysis *a;
  const sv_state *state;
  sv_meaning *of; /* per value */
} follower;

static const sv_meaning unknown = {.form = SV_FORM_UNKNOWN};
static const sv_meaning real_numbers = {.form = SV_FORM_REAL};

static const sv_meaning *input(const follower *f, const sv_node *node, int i) {
  return &f->of[i < node->in_count ? node->in[i] : 0];
}

static const sv_shape *shape_of(const follower *f, int id) {
  return &f->a->shapes[id];
}

static bool is_real(const sv_meaning *m) {
  return m->form == SV_FORM_REAL || (m->form == SV_FORM_SUMS && m->real);
}

/* The input is data, not an attribute's place or a condition. */
static bool is_data(const sv_node *node, int i) {
  return node->in[i] && sv_op_in_port(node->op, i)->role != SV_INDEX &&
         !sv_op_in_attr(node->op, i);
}

/* A single number that nothing changes. */
static bool is_number(const follower *f, int id, double *number) {
  const sv_value_info *value = &f->a->graph->values[id];
  if (!f->state || !id || value->kind != SV_VALUE_STATE ||
      !sv_role_is_fixed(value->role) || sv_shape_count(&value->shape) != 1)
    return false;
  int slot = sv_state_find(f->state, value->name);
  if (slot < 0) return false;
  *number = sv_tensor_get(&f->state->slots[slot].tensor, 0);
  return true;
}

/* ---- Rows ---- */

/* The dimensions of `set` as rows; false: their elements do not lie at equal
 * distances. */
static bool rows_along(const sv_shape *x, unsigned set, sv_meaning *m) {
  int first = -1, last = -1;
  for (int d = 0; d < x->rank; d++) {
    if (!(set >> d & 1)) continue;
    if (first < 0 || x->dim[first] == 1) first = d;
    if (last < 0 || x->dim[d] > 1) last = d;
  }
  if (first < 0) return false;
  m->count = m->inner = 1;
  for (int d = first; d <= last; d++) {
    if (!(set >> d & 1) && x->dim[d] != 1) return false;
    if (set >> d & 1) m->count *= x->dim[d];
  }
  for (int d = last + 1; d < x->rank; d++) m->inner *= x->dim[d];
  return true;
}

/* The dimension that a row is; -1: it is not one alone. */
static int row_dimension(const sv_shape *x, const sv_meaning *m) {
  int64_t inner = 1;
  for (int d = x->rank - 1; d >= 0; inner *= x->dim[d--])
    if (x->dim[d] == m->count && x->dim[d] > 1 && inner == m->inner) return d;
  return -1;
}

static bool same_rows(const sv_meaning *a, const sv_meaning *b) {
  return a->count == b->count && a->inner == b->inner;
}

/* The same meaning where the row has become dimension d of y. */
static sv_meaning moved_to(const sv_meaning *x, const sv_shape *y, int d) {
  sv_meaning m = *x;
  m.of = m.root = 0;
  m.inner = 1;
  for (int i = d + 1; i < y->rank; i++) m.inner *= y->dim[i];
  return m;
}

/* The attribute axis, and with it all that follow where it is `flat`. */
static bool rows_of_axis(const sv_node *node, const sv_shape *x,
                         sv_meaning *m) {
  int64_t axis = (int64_t)sv_attr_number(node, "axis");
  if (axis < 0) axis += x->rank;
  if (axis < 0 || axis >= x->rank) return false;
  unsigned set = 1u << axis;
  if (sv_attr_number(node, "flat") != 0) set = ~0u << axis;
  return rows_along(x, set, m);
}

/* The dimensions of the attribute axes. */
static unsigned reduced(const sv_node *node, int rank) {
  const sv_attr *row = sv_attr_find(node->op, "axes");
  const sv_ints *axes = row ? ints_at(node->attrs, row) : NULL;
  unsigned set = 0;
  if (!axes || !axes->count)
    return sv_attr_number(node, "noop") != 0 ? 0 : (1u << rank) - 1;
  for (int i = 0; i < axes->count; i++)
    set |= 1u << (axes->at[i] < 0 ? axes->at[i] + rank : axes->at[i]);
  return set;
}

/* One number for each row of x, and the rest as in x, or all of it as in x. */
static bool fits_rows(const sv_shape *x, const sv_shape *sums,
                      const sv_meaning *rows) {
  int d = row_dimension(x, rows);
  if (d < 0 || sums->rank != x->rank) return false;
  if (sv_shape_equal(x, sums)) return true;
  for (int i = 0; i < x->rank; i++)
    if (sums->dim[i] != (i == d ? 1 : x->dim[i])) return false;
  return true;
}

/* ---- One element of one input ---- */

static bool is_state(const follower *f, int id) {
  return id && f->a->graph->values[id].kind == SV_VALUE_STATE;
}

/* Shares times fixed weights may be other shares, or a hundred times as much.
 */
static sv_meaning weighs(const follower *f, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (input(f, node, i)->form == SV_FORM_SHARES &&
        is_state(f, node->in[i == 0]))
      return unknown;
  return real_numbers;
}

/* Real where all inputs are. */
static sv_meaning activates(const follower *f, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (is_data(node, i) && !is_real(input(f, node, i))) return unknown;
  return real_numbers;
}

static sv_meaning rectifies(const follower *f, const sv_node *node) {
  sv_meaning x = *input(f, node, 0);
  if (x.positive) return x;
  if (!is_real(&x)) return unknown;
  return (sv_meaning){.form = SV_FORM_REAL, .positive = true};
}

static sv_meaning squashes(const follower *f, const sv_node *node) {
  (void)f, (void)node;
  return (sv_meaning){.form = SV_FORM_UNITS, .positive = true};
}

/* tanh: between -1 and 1. */
static sv_meaning centres(const follower *f, const sv_node *node) {
  (void)f, (void)node;
  return (sv_meaning){.form = SV_FORM_BOUNDED, .low = -1, .high = 1};
}

/* What lies between `low` and `high`. */
static sv_meaning bounded(double low, double high) {
  const double near = 1e-6;
  if (fabs(low) < near && fabs(high - 1) < near)
    return (sv_meaning){.form = SV_FORM_UNITS, .positive = true};
  return (sv_meaning){
      .form = SV_FORM_BOUNDED, .positive = low >= 0, .low = low, .high = high};
}

/* Bounds that cut off no more than a guard does leave numbers what they are. */
static sv_meaning bounds(const follower *f, const sv_node *node) {
  sv_meaning x = *input(f, node, 0);
  double low = sv_attr_number(node, "min"), high = sv_attr_number(node, "max");
  switch (x.form) {
    case SV_FORM_SHARES:
    case SV_FORM_UNITS: return low <= tiny && high >= 1 - tiny ? x : unknown;
    case SV_FORM_LOG_SHARES: return low <= log(tiny) && high >= 0 ? x : unknown;
    case SV_FORM_SUMS:
      if (low <= tiny && high >= 1e30) return x;
      break;
    default: break;
  }
  if (!is_real(&x) || high <= 1) return unknown;
  return (sv_meaning){.form = SV_FORM_REAL, .positive = low >= 0};
}

static sv_meaning make_rows(const follower *f, const sv_node *node,
                            sv_form form) {
  sv_meaning m = {.form = form,
                  .positive = form == SV_FORM_SHARES,
                  .total = 1,
                  .of = node->in[0]};
  return rows_of_axis(node, shape_of(f, node->in[0]), &m) ? m : unknown;
}

static sv_meaning soft_max(const follower *f, const sv_node *node) {
  return make_rows(f, node, SV_FORM_SHARES);
}

static sv_meaning log_soft_max(const follower *f, const sv_node *node) {
  return make_rows(f, node, SV_FORM_LOG_SHARES);
}

static sv_meaning power(const follower *f, const sv_node *node) {
  sv_meaning x = *input(f, node, 0);
  bool shares = x.form == SV_FORM_LOG_SHARES;
  sv_meaning m = {.form = SV_FORM_POWERS, .of = x.root};
  if (shares) m = x;
  if (shares) m.form = SV_FORM_SHARES;
  m.positive = true;
  return m;
}

static sv_meaning logarithm(const follower *f, const sv_node *node) {
  sv_meaning x = *input(f, node, 0);
  const sv_meaning *terms = &f->of[x.of];
  bool shares = x.form == SV_FORM_SHARES && fabs(x.total - 1) < tiny;
  bool sums = x.form == SV_FORM_SUMS && terms->form == SV_FORM_POWERS;
  if (!shares && !sums) return unknown;
  x.form = shares ? SV_FORM_LOG_SHARES : SV_FORM_LOG_SUMS;
  if (sums) x.of = terms->of;
  x.positive = false;
  return x;
}

/* 1 / x */
static sv_meaning inverse(const follower *f, int id) {
  sv_meaning x = f->of[id];
  if (x.form == SV_FORM_POWERS_PLUS_ONE)
    return (sv_meaning){.form = SV_FORM_UNITS, .positive = true, .of = x.of};
  if (x.form != SV_FORM_SUMS) return unknown;
  x.form = SV_FORM_INVERSE_SUMS;
  return x;
}

static sv_meaning reciprocal(const follower *f, const sv_node *node) {
  return inverse(f, node->in[0]);
}

/* A power of x, or of a number greater than 0. */
static sv_meaning raises(const follower *f, const sv_node *node) {
  double number;
  if (is_number(f, node->in[1], &number)) {
    if (number == 1) return *input(f, node, 0);
    return number == -1 ? inverse(f, node->in[0]) : unknown;
  }
  if (!is_number(f, node->in[0], &number) || number <= 0) return unknown;
  bool natural = fabs(number - exp(1)) < 1e-6;
  return (sv_meaning){.form = SV_FORM_POWERS,
                      .positive = true,
                      .of = natural ? input(f, node, 1)->root : 0};
}

static sv_meaning casts(const follower *f, const sv_node *node) {
  sv_dtype from = f->a->graph->values[node->in[0]].dtype;
  sv_dtype to = f->a->graph->values[node->out[0]].dtype;
  bool same = (from == SV_F32 || from == SV_F64) && from == to;
  return same ? *input(f, node, 0) : unknown;
}

/* ---- Elements of several inputs ---- */

/* All the same form of the same rows and shape; *total of their sum. */
static bool all_shares(const follower *f, const sv_node *node, double *total) {
  const sv_meaning *first = input(f, node, 0);
  *total = 0;
  for (int i = 0; i < node->in_count; i++) {
    const sv_meaning *x = input(f, node, i);
    if (x->form != SV_FORM_SHARES || !same_rows(x, first) ||
        !sv_shape_equal(shape_of(f, node->in[i]), shape_of(f, node->in[0])))
      return false;
    *total += x->total;
  }
  return node->in_count > 0;
}

static bool all_of(const follower *f, const sv_node *node, sv_form form) {
  for (int i = 0; i < node->in_count; i++)
    if (is_data(node, i) && input(f, node, i)->form != form) return false;
  return true;
}

static sv_meaning shares_like(const sv_meaning *x, double total) {
  return (sv_meaning){.form = SV_FORM_SHARES,
                      .positive = true,
                      .count = x->count,
                      .inner = x->inner,
                      .total = total};
}

/* Of two inputs the one that is not a number; NULL: neither or both are. */
static const sv_meaning *beside_number(const follower *f, const sv_node *node,
                                       double *number) {
  double other;
  bool first, second;
  if (node->in_count != 2) return NULL;
  first = is_number(f, node->in[0], number);
  second = is_number(f, node->in[1], first ? &other : number);
  if (first == second) return NULL;
  return input(f, node, first ? 1 : 0);
}

static sv_meaning adds(const follower *f, const sv_node *node) {
  double number, total;
  const sv_meaning *x = beside_number(f, node, &number);
  bool guards = x && (x->form == SV_FORM_SHARES || x->form == SV_FORM_SUMS);
  if (x && number == 0) return *x;
  if (guards && fabs(number) <= tiny) return *x;
  if (x && x->form == SV_FORM_BOUNDED)
    return bounded(x->low + number, x->high + number);
  if (x && x->form == SV_FORM_POWERS && number == 1)
    return (sv_meaning){
        .form = SV_FORM_POWERS_PLUS_ONE, .positive = true, .of = x->root};
  if (all_shares(f, node, &total)) return shares_like(input(f, node, 0), total);
  sv_meaning m = activates(f, node);
  m.positive = m.form == SV_FORM_REAL;
  for (int i = 0; i < node->in_count; i++)
    m.positive = m.positive && input(f, node, i)->positive;
  return m;
}

/* Of x its own log-sum-exp, or a number. */
static sv_meaning subtracts(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0), *y = input(f, node, 1);
  double number;
  if (y->form == SV_FORM_LOG_SUMS && y->of == x->root &&
      fits_rows(shape_of(f, node->in[0]), shape_of(f, node->in[1]), y)) {
    sv_meaning m = *y;
    m.form = SV_FORM_LOG_SHARES;
    m.total = 1;
    m.of = x->root;
    return m;
  }
  if (is_number(f, node->in[0], &number) && number == 1 &&
      y->form == SV_FORM_UNITS)
    return squashes(f, node);
  if (is_number(f, node->in[1], &number) && number == 0) return *x;
  return activates(f, node);
}

/* x / sums of x's own rows. */
static sv_meaning divide_by_sums(const follower *f, int id, int sums) {
  const sv_meaning *x = &f->of[id], *s = &f->of[sums];
  if (!x->positive || s->of != x->root ||
      !fits_rows(shape_of(f, id), shape_of(f, sums), s))
    return unknown;
  sv_meaning m = shares_like(s, 1);
  if (x->form == SV_FORM_POWERS) m.of = x->of;
  return m;
}

static sv_meaning scale(const sv_meaning *x, double factor) {
  if (factor == 1) return *x;
  if (x->form == SV_FORM_SHARES && factor > 0)
    return shares_like(x, x->total * factor);
  if (x->form == SV_FORM_BOUNDED && factor > 0)
    return bounded(x->low * factor, x->high * factor);
  if (!is_real(x)) return unknown;
  return (sv_meaning){.form = SV_FORM_REAL,
                      .positive = x->positive && factor >= 0};
}

static sv_meaning multiplies(const follower *f, const sv_node *node) {
  double number;
  const sv_meaning *x = beside_number(f, node, &number);
  if (x) return scale(x, number);
  const sv_meaning *a = input(f, node, 0), *b = input(f, node, 1);
  if (b->form == SV_FORM_INVERSE_SUMS)
    return divide_by_sums(f, node->in[0], node->in[1]);
  if (a->form == SV_FORM_INVERSE_SUMS)
    return divide_by_sums(f, node->in[1], node->in[0]);
  if (a->root == b->root) return unknown; /* squares */
  if ((a->form == SV_FORM_UNITS && a->of == b->root) ||
      (b->form == SV_FORM_UNITS && b->of == a->root))
    return squashes(f, node); /* e^x / (1 + e^x) */
  /* A gate, or attention, leaves real numbers real. */
  bool fixed = is_state(f, node->in[0]) || is_state(f, node->in[1]);
  bool gated =
      !fixed && (b->form == SV_FORM_UNITS || b->form == SV_FORM_SHARES);
  bool gates =
      !fixed && (a->form == SV_FORM_UNITS || a->form == SV_FORM_SHARES);
  if ((is_real(a) && (is_real(b) || gated)) || (is_real(b) && gates))
    return (sv_meaning){.form = SV_FORM_REAL,
                        .positive = a->positive && b->positive};
  return unknown;
}

static sv_meaning divides(const follower *f, const sv_node *node) {
  double number;
  if (is_number(f, node->in[1], &number) && number != 0)
    return scale(input(f, node, 0), 1 / number);
  if (is_number(f, node->in[0], &number) && number == 1)
    return inverse(f, node->in[1]);
  const sv_meaning *y = input(f, node, 1);
  if (y->form == SV_FORM_POWERS_PLUS_ONE && y->of == input(f, node, 0)->root)
    return squashes(f, node);
  if (y->form == SV_FORM_SUMS)
    return divide_by_sums(f, node->in[0], node->in[1]);
  return is_state(f, node->in[1]) ? activates(f, node) : unknown;
}

static sv_meaning averages(const follower *f, const sv_node *node) {
  double total;
  if (all_shares(f, node, &total))
    return shares_like(input(f, node, 0), total / node->in_count);
  if (all_of(f, node, SV_FORM_UNITS)) return squashes(f, node);
  return adds(f, node);
}

/* ---- Along dimensions ---- */

static sv_meaning sums(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  const sv_shape *shape = shape_of(f, node->in[0]);
  sv_meaning m = {.form = SV_FORM_SUMS,
                  .positive = true,
                  .real = is_real(x),
                  .of = x->root};
  if (x->positive && rows_along(shape, reduced(node, shape->rank), &m))
    return m;
  return m.real ? real_numbers : unknown;
}

static sv_meaning log_sums(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  const sv_shape *shape = shape_of(f, node->in[0]);
  sv_meaning m = {.form = SV_FORM_LOG_SUMS, .of = x->of};
  if (x->form == SV_FORM_POWERS &&
      rows_along(shape, reduced(node, shape->rank), &m))
    return m;
  return unknown;
}

static sv_meaning log_sum_exps(const follower *f, const sv_node *node) {
  const sv_shape *shape = shape_of(f, node->in[0]);
  sv_meaning m = {.form = SV_FORM_LOG_SUMS, .of = input(f, node, 0)->root};
  return rows_along(shape, reduced(node, shape->rank), &m) ? m : unknown;
}

/* Means over other dimensions than the row's. */
static sv_meaning means(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  const sv_shape *shape = shape_of(f, node->in[0]);
  const sv_shape *y = shape_of(f, node->out[0]);
  unsigned set = reduced(node, shape->rank);
  if (x->form == SV_FORM_UNITS) return squashes(f, node);
  if (is_real(x))
    return (sv_meaning){.form = SV_FORM_REAL, .positive = x->positive};
  int d = row_dimension(shape, x), left = 0;
  if (x->form != SV_FORM_SHARES || d < 0 || set >> d & 1) return unknown;
  for (int i = 0; i < d; i++) left += y->rank == shape->rank || !(set >> i & 1);
  return moved_to(x, y, left);
}

/* Within maps; what cubic weights make of numbers is not bounded by them. */
static sv_meaning pools(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  const sv_shape *shape = shape_of(f, node->in[0]);
  const sv_shape *y = shape_of(f, node->out[0]);
  if (is_real(x))
    return (sv_meaning){.form = SV_FORM_REAL, .positive = x->positive};
  if (sv_attr_number(node, "mode") > 1) return unknown;
  if (x->form == SV_FORM_UNITS) return squashes(f, node);
  bool maps = x->form == SV_FORM_SHARES && row_dimension(shape, x) == 1;
  /* Padding would count as zeros. */
  bool padded = sv_attr_find(node->op, "padding") != NULL;
  return maps && !padded && y->dim[1] == shape->dim[1] ? moved_to(x, y, 1)
                                                       : unknown;
}

static sv_meaning picks(const follower *f, const sv_node *node) {
  double number;
  const sv_meaning *x = beside_number(f, node, &number);
  if (x && x->form == SV_FORM_SUMS && number <= tiny && number >= 0) return *x;
  if (all_of(f, node, SV_FORM_UNITS)) return squashes(f, node);
  sv_meaning m = activates(f, node);
  m.positive = m.form == SV_FORM_REAL;
  for (int i = 0; i < node->in_count; i++)
    m.positive =
        m.positive && (!is_data(node, i) || input(f, node, i)->positive);
  return m;
}

/* Rows stay rows where every input has them whole, and the result too. */
static sv_meaning parts(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  const sv_shape *y = shape_of(f, node->out[0]);
  const sv_shape *shape = shape_of(f, node->in[0]);
  bool sums = x->form == SV_FORM_SUMS || x->form == SV_FORM_LOG_SUMS ||
              x->form == SV_FORM_INVERSE_SUMS;
  if (node->in_count == 1 && (sums || sv_shape_equal(shape, y))) return *x;
  if (x->form != SV_FORM_SHARES && x->form != SV_FORM_LOG_SHARES)
    return picks(f, node);
  int d = row_dimension(shape, x);
  bool whole = d >= 0 && y->rank == shape->rank && y->dim[d] == x->count;
  for (int i = 1; whole && i < node->in_count; i++) {
    const sv_meaning *other = input(f, node, i);
    if (!is_data(node, i)) continue;
    whole = other->form == x->form && other->total == x->total &&
            row_dimension(shape_of(f, node->in[i]), other) == d;
  }
  return whole ? moved_to(x, y, d) : unknown;
}

static sv_meaning permutes(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  const sv_shape *shape = shape_of(f, node->in[0]);
  const sv_attr *row = sv_attr_find(node->op, "perm");
  const sv_ints *perm = ints_at(node->attrs, row);
  if (is_real(x))
    return (sv_meaning){.form = SV_FORM_REAL, .positive = x->positive};
  if (x->form == SV_FORM_UNITS) return squashes(f, node);
  if (x->form != SV_FORM_SHARES && x->form != SV_FORM_LOG_SHARES)
    return unknown;
  int d = row_dimension(shape, x), before = -1;
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
      return moved_to(x, shape_of(f, node->out[0]), i);
  return unknown;
}

/* Of order 1: numbers that are not negative become shares. */
static sv_meaning normalises(const follower *f, const sv_node *node) {
  const sv_meaning *x = input(f, node, 0);
  sv_meaning m = {.form = SV_FORM_SHARES, .positive = true, .total = 1};
  if (sv_attr_number(node, "p") != 1) return activates(f, node);
  bool rows = rows_of_axis(node, shape_of(f, node->in[0]), &m);
  return rows && x->positive ? m : unknown;
}

/* ---- All values ---- */

typedef sv_meaning rule(const follower *f, const sv_node *node);
static rule *const rules[] = {[SV_EFFECT_WEIGHS] = weighs,
                              [SV_EFFECT_ACTIVATES] = activates,
                              [SV_EFFECT_RECTIFIES] = rectifies,
                              [SV_EFFECT_SQUASHES] = squashes,
                              [SV_EFFECT_CENTRES] = centres,
                              [SV_EFFECT_BOUNDS] = bounds,
                              [SV_EFFECT_SOFTMAX] = soft_max,
                              [SV_EFFECT_LOG_SOFTMAX] = log_soft_max,
                              [SV_EFFECT_EXP] = power,
                              [SV_EFFECT_LOG] = logarithm,
                              [SV_EFFECT_RECIPROCAL] = reciprocal,
                              [SV_EFFECT_RAISES] = raises,
                              [SV_EFFECT_ADDS] = adds,
                              [SV_EFFECT_SUBTRACTS] = subtracts,
                              [SV_EFFECT_MULTIPLIES] = multiplies,
                              [SV_EFFECT_DIVIDES] = divides,
                              [SV_EFFECT_AVERAGES] = averages,
                              [SV_EFFECT_SUMS] = sums,
                              [SV_EFFECT_LOG_SUMS] = log_sums,
                              [SV_EFFECT_LOG_SUM_EXPS] = log_sum_exps,
                              [SV_EFFECT_MEANS] = means,
                              [SV_EFFECT_POOLS] = pools,
                              [SV_EFFECT_PICKS] = picks,
                              [SV_EFFECT_PARTS] = parts,
                              [SV_EFFECT_PERMUTES] = permutes,
                              [SV_EFFECT_CASTS] = casts,
                              [SV_EFFECT_NORMALISES] = normalises,
                              [SV_EFFECT_CROSS_ENTROPY] = NULL};

static sv_meaning make(const follower *f, const sv_node *node) {
  const sv_reference *ref = &node->op->ref;
  if (ref->view || (ref->views && ref->views(node, false)))
    return *input(f, node, 0);
  rule *follow = rules[node->op->effect];
  return follow && node->in_count && node->in[0] ? follow(f, node) : unknown;
}

static void follow_all(const follower *f) {
  const sv_graph *g = f->a->graph;
  for (int i = 1; i < g->value_count; i++) {
    f->of[i] = g->values[i].kind == SV_VALUE_NODE ? unknown : real_numbers;
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
  follow_all(&(follower){analysis, state, *meanings});
  return SV_OK;
}
