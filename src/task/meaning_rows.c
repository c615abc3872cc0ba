/* The geometry of rows: equally spaced elements of a plain tensor. */
#include "task/meaning_rules.h"

#include "op/attr_at.h"
#include "op/attrs.h"

/* The dimensions of `set` as rows; false: their elements do not lie at equal
 * distances. */
bool sv_rows_along(const sv_shape *x, unsigned set, sv_meaning *m) {
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
int sv_rows_dimension(const sv_shape *x, const sv_meaning *m) {
  int64_t inner = 1;
  for (int d = x->rank - 1; d >= 0; inner *= x->dim[d--])
    if (x->dim[d] == m->count && x->dim[d] > 1 && inner == m->inner) return d;
  return -1;
}

bool sv_rows_equal(const sv_meaning *a, const sv_meaning *b) {
  return a->count == b->count && a->inner == b->inner;
}

/* The same meaning where the row has become dimension d of y. */
sv_meaning sv_rows_moved(const sv_meaning *x, const sv_shape *y, int d) {
  sv_meaning m = *x;
  m.of = m.root = 0;
  m.inner = 1;
  for (int i = d + 1; i < y->rank; i++) m.inner *= y->dim[i];
  return m;
}

/* The attribute axis, and with it all that follow where it is `flat`. */
bool sv_rows_of_axis(const sv_node *node, const sv_shape *x, sv_meaning *m) {
  int64_t axis = (int64_t)sv_attr_number(node, "axis");
  if (axis < 0) axis += x->rank;
  if (axis < 0 || axis >= x->rank) return false;
  unsigned set = 1u << axis;
  if (sv_attr_number(node, "flat") != 0) set = ~0u << axis;
  return sv_rows_along(x, set, m);
}

/* The dimensions of the attribute axes. */
unsigned sv_rows_reduced(const sv_node *node, int rank) {
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
bool sv_rows_fit(const sv_shape *x, const sv_shape *sums,
                 const sv_meaning *rows) {
  int d = sv_rows_dimension(x, rows);
  if (d < 0 || sums->rank != x->rank) return false;
  if (sv_shape_equal(x, sums)) return true;
  for (int i = 0; i < x->rank; i++)
    if (sums->dim[i] != (i == d ? 1 : x->dim[i])) return false;
  return true;
}
