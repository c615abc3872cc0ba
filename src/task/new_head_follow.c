/* Where the classes of a new classifier go: which dimension of what a node
 * computes counts them, if one of what it reads does. */
#include "op/attr_at.h"
#include "op/attrs.h"
#include "task/new_head.h"

/* Sizes before a dimension, multiplied: elements keep their order, so it is
 * found again by them. -1: a size is not known. */
static int64_t before(const sv_shape *shape, int end) {
  int64_t count = 1;
  for (int d = 0; d < shape->rank - end; d++) {
    if (shape->dim[d] < 0) return -1;
    count = sv_times(count, shape->dim[d]);
  }
  return count;
}

/* A free batch is the first dimension on both sides. */
static sv_shape without_free(const sv_shape *shape) {
  sv_shape s = *shape;
  if (s.rank > 0 && s.dim[0] < 0) s.dim[0] = 1;
  return s;
}

static int of_view(const sv_new_head *c, const sv_shape *from,
                   const sv_shape *to, int end) {
  const sv_shape x = without_free(from), y = without_free(to);
  int64_t wanted = before(&x, end);
  if (x.rank == y.rank && y.dim[y.rank - end] == c->from) return end;
  for (int d = 0; d < y.rank && wanted >= 0; d++)
    if (y.dim[d] == c->from && before(&y, y.rank - d) == wanted)
      return y.rank - d;
  return 0;
}

/* Its shape is not known: it says so itself, a list of sizes. */
static int of_list(const sv_new_head *c, const sv_node *node) {
  const sv_attr *row = sv_attr_find(node->op, "shape");
  const sv_ints *shape = row ? ints_at(readable(node->attrs), row) : NULL;
  for (int i = 1; shape && i < shape->count; i++)
    if (shape->at[i] == c->from) return shape->count - i;
  return 0;
}

static int of_transpose(const sv_node *node, int rank, int end) {
  const sv_attr *row = sv_attr_find(node->op, "perm");
  const sv_ints *perm = ints_at(readable(node->attrs), row);
  if (!perm->count) return rank < 0 ? 0 : rank + 1 - end;
  for (int i = 0; i < perm->count; i++) {
    int64_t from = perm->at[i] < 0 ? perm->at[i] + perm->count : perm->at[i];
    if (from == perm->count - end) return perm->count - i;
  }
  return 0;
}

/* Dimensions after it that a reduction leaves out. */
static int of_reduction(const sv_node *node, int rank, int end) {
  const sv_attr *row = sv_attr_find(node->op, "axes");
  const sv_ints *axes = ints_at(readable(node->attrs), row);
  int left = end;
  if (rank < 0 || !axes->count) return 0;
  for (int i = 0; i < axes->count; i++) {
    int64_t d = axes->at[i] < 0 ? axes->at[i] + rank : axes->at[i];
    if (d == rank - end) return 0;
    left -= d > rank - end;
  }
  return left;
}

int sv_head_follow(const sv_new_head *c, const sv_node *node) {
  const sv_graph *g = c->graph;
  const sv_shape *y = &g->values[node->out[0]].shape;
  int input = 0, end = 0;
  for (int i = 0; i < node->in_count && !end; i++) {
    input = node->in[i];
    if (input && !sv_op_in_attr(node->op, i)) end = c->ends[input];
  }
  const sv_shape *x = &g->values[input].shape;
  if (!end) return 0;
  bool known = x->rank >= 0 && y->rank >= 0;
  if (sv_attr_find(node->op, "perm")) return of_transpose(node, x->rank, end);
  if (node->op->ref.view && known) return of_view(c, x, y, end);
  if (sv_attr_find(node->op, "shape")) return of_list(c, node);
  bool drops = known && y->rank < x->rank;
  if (drops && sv_attr_find(node->op, "axes"))
    end = of_reduction(node, x->rank, end);
  if (y->rank < 0) return end;
  return end <= y->rank && y->dim[y->rank - end] == c->from ? end : 0;
}
