#include "geometry/broadcast.h"

/* Dimension d of the result, as `shape` has it. */
static int64_t dim_of(const sv_shape *shape, int rank, int d) {
  int own = d - (rank - shape->rank);
  return own < 0 ? 1 : shape->dim[own];
}

sv_status sv_broadcast_shape(sv_shape *y, const sv_shape *x) {
  const sv_shape a = *y;
  if (x->rank > y->rank) y->rank = x->rank;
  for (int d = 0; d < y->rank; d++) {
    int64_t left = dim_of(&a, y->rank, d), right = dim_of(x, y->rank, d);
    if (left != right && left != 1 && right != 1)
      return sv_fail(SV_INVALID,
                     "shapes %s and %s cannot be broadcast together",
                     sv_shape_text(&a, (char[SV_SHAPE_TEXT]){0}),
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
    y->dim[d] = left == 1 ? right : left;
  }
  return SV_OK;
}

sv_status sv_broadcast_infer(const sv_node *node, const sv_info *in,
                             sv_info *out) {
  SV_TRY(sv_check_numbers(node, in));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  for (int i = 1; i < node->in_count; i++)
    SV_TRY(sv_broadcast_shape(&out[0].shape, &in[i].shape));
  return SV_OK;
}

/* From the last dimension to the first; one that goes on in both where the one
 * before it ended is joined with it. */
sv_broadcast sv_broadcast_of(const sv_shape *a, const sv_shape *b) {
  int rank = a->rank > b->rank ? a->rank : b->rank, count = 0;
  sv_broadcast back = {0}, shape = {0};
  int64_t a_size = 1, b_size = 1;
  for (int d = rank - 1; d >= 0; d--) {
    int64_t left = dim_of(a, rank, d), right = dim_of(b, rank, d);
    int64_t dim = left == 1 ? right : left;
    int64_t a_step = left == 1 ? 0 : a_size, b_step = right == 1 ? 0 : b_size;
    a_size *= left;
    b_size *= right;
    if (dim == 1) continue;
    int last = count - 1;
    if (count && a_step == back.dim[last] * back.a[last] &&
        b_step == back.dim[last] * back.b[last]) {
      back.dim[last] *= dim;
      continue;
    }
    back.dim[count] = dim;
    back.a[count] = a_step;
    back.b[count++] = b_step;
  }
  if (count == 0) back.dim[count++] = 1;
  shape.rank = count;
  for (int d = 0; d < count; d++) {
    shape.dim[d] = back.dim[count - 1 - d];
    shape.a[d] = back.a[count - 1 - d];
    shape.b[d] = back.b[count - 1 - d];
  }
  return shape;
}

int64_t sv_broadcast_count(const sv_broadcast *shape) {
  int64_t count = 1;
  for (int d = 0; d < shape->rank; d++) count *= shape->dim[d];
  return count;
}

bool sv_broadcast_next(const sv_broadcast *shape, int64_t end, sv_run *run) {
  if (run->next >= end) return false;
  int last = shape->rank - 1;
  int64_t row = run->next / shape->dim[last];
  int64_t column = run->next % shape->dim[last];
  run->y = run->next;
  run->a_step = shape->a[last];
  run->b_step = shape->b[last];
  run->a = column * run->a_step;
  run->b = column * run->b_step;
  for (int d = last - 1; d >= 0; d--) {
    run->a += row % shape->dim[d] * shape->a[d];
    run->b += row % shape->dim[d] * shape->b[d];
    row /= shape->dim[d];
  }
  run->count = shape->dim[last] - column;
  if (run->count > end - run->next) run->count = end - run->next;
  run->next += run->count;
  return true;
}
