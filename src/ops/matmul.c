/* matmul: products of matrices, for as many of them as there are.
 *
 *   y[..,i,j] = sum over k of a[..,i,k] b[..,k,j]
 *   da = dy b^T, db = a^T dy, each summed over what it was repeated for
 *
 * Shapes: a .. M K, b .. K N, y .. M N, the dimensions before brought to one
 * shape as in arithmetic. A vector a is a row, a vector b a column, which y
 * loses again.
 * Source: https://onnx.ai/onnx/operators/onnx__MatMul.html, after numpy.matmul
 */
#include "base/thread.h"
#include "op/op.h"
#include "template/sum.h"

/* The shapes as matrices, and where those of product p lie. */
typedef struct products {
  int axes; /* those before the matrices */
  int64_t count, rows, length, columns;
  int64_t size[SV_MAX_RANK], a_step[SV_MAX_RANK], b_step[SV_MAX_RANK];
  const real *a, *b, *dy;
  real *y, *da, *db;
  int64_t at_a, at_b, at_y; /* of the product under way */
} products;

static sv_status unlike(const sv_shape *a, const sv_shape *b) {
  return sv_fail(SV_INVALID,
                 "input a of %s and input b of %s cannot be multiplied",
                 sv_shape_text(a, (char[SV_SHAPE_TEXT]){0}),
                 sv_shape_text(b, (char[SV_SHAPE_TEXT]){0}));
}

/* Dimension d of `axes`, counted from the end of those before the matrix. */
static int64_t size_at(const sv_shape *s, int axes, int d) {
  int at = s->rank - 2 - axes + d;
  return at < 0 ? 1 : s->dim[at];
}

static sv_status divide(products *p, const sv_shape *a, const sv_shape *b) {
  bool row = a->rank == 1, column = b->rank == 1;
  *p = (products){.count = 1};
  if (a->rank < 1 || b->rank < 1) return unlike(a, b);
  p->rows = row ? 1 : a->dim[a->rank - 2];
  p->length = a->dim[a->rank - 1];
  p->columns = column ? 1 : b->dim[b->rank - 1];
  if (b->dim[column ? 0 : b->rank - 2] != p->length) return unlike(a, b);
  int most = a->rank > b->rank ? a->rank : b->rank;
  p->axes = most > 2 ? most - 2 : 0;
  int64_t a_step = p->rows * p->length, b_step = p->length * p->columns;
  for (int d = p->axes - 1; d >= 0; d--) {
    int64_t of_a = row ? 1 : size_at(a, p->axes, d);
    int64_t of_b = column ? 1 : size_at(b, p->axes, d);
    if (of_a != of_b && of_a != 1 && of_b != 1) return unlike(a, b);
    p->size[d] = of_a == 1 ? of_b : of_a;
    p->a_step[d] = of_a == 1 ? 0 : a_step;
    p->b_step[d] = of_b == 1 ? 0 : b_step;
    a_step *= of_a;
    b_step *= of_b;
    p->count = sv_times(p->count, p->size[d]);
  }
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  products p;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(divide(&p, &in[0].shape, &in[1].shape));
  sv_shape *y = &out[0].shape;
  out[0].dtype = in[0].dtype;
  *y = (sv_shape){.rank = p.axes};
  for (int d = 0; d < p.axes; d++) y->dim[d] = p.size[d];
  if (in[0].shape.rank > 1) y->dim[y->rank++] = p.rows;
  if (in[1].shape.rank > 1) y->dim[y->rank++] = p.columns;
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  products p;
  (void)node;
  (void)out;
  SV_TRY(divide(&p, &in[0].shape, &in[1].shape));
  cost->macs =
      sv_times(sv_times(p.count, p.rows), sv_times(p.length, p.columns));
  cost->spatial = false;
  return SV_OK;
}

static void go_to(products *p, int64_t product) {
  p->at_a = p->at_b = 0;
  p->at_y = product * p->rows * p->columns;
  for (int d = p->axes - 1; d >= 0; d--) {
    p->at_a += product % p->size[d] * p->a_step[d];
    p->at_b += product % p->size[d] * p->b_step[d];
    product /= p->size[d];
  }
}

static void forward_rows(void *context, int64_t begin, int64_t end) {
  const products *p = context;
  for (int64_t i = begin; i < end; i++) {
    real *y = p->y + p->at_y + i * p->columns;
    const real *first = p->a + p->at_a + i * p->length;
    for (int64_t j = 0; j < p->columns; j++)
      y[j] = p->length <= SV_LONG_SUM
                 ? 0
                 : sv_dot(first, 1, p->b + p->at_b + j, p->columns, p->length);
    if (p->length > SV_LONG_SUM) continue;
    for (int64_t k = 0; k < p->length; k++) {
      real a = p->a[p->at_a + i * p->length + k];
      const real *b = p->b + p->at_b + k * p->columns;
      for (int64_t j = 0; j < p->columns; j++) y[j] += a * b[j];
    }
  }
}

static sv_status forward(const sv_args *args) {
  products p;
  SV_TRY(divide(&p, &args->in[0]->shape, &args->in[1]->shape));
  p.a = sv_in(args, 0);
  p.b = sv_in(args, 1);
  p.y = sv_out(args, 0);
  for (int64_t product = 0; product < p.count; product++) {
    go_to(&p, product);
    sv_parallel(p.rows, 1, forward_rows, &p);
  }
  return SV_OK;
}

/* da[i,k] += dy[i,:] . b[k,:] */
static void a_rows(void *context, int64_t begin, int64_t end) {
  const products *p = context;
  for (int64_t i = begin; i < end; i++)
    for (int64_t k = 0; k < p->length; k++)
      p->da[p->at_a + i * p->length + k] +=
          sv_dot(p->dy + p->at_y + i * p->columns, 1,
                 p->b + p->at_b + k * p->columns, 1, p->columns);
}

/* db[k,:] += sum over i of a[i,k] dy[i,:] */
static void b_rows(void *context, int64_t begin, int64_t end) {
  const products *p = context;
  for (int64_t k = begin; k < end; k++) {
    real *db = p->db + p->at_b + k * p->columns;
    for (int64_t j = 0; j < p->columns && p->rows > SV_LONG_SUM; j++)
      db[j] += sv_dot(p->a + p->at_a + k, p->length, p->dy + p->at_y + j,
                      p->columns, p->rows);
    if (p->rows > SV_LONG_SUM) continue;
    for (int64_t i = 0; i < p->rows; i++) {
      real a = p->a[p->at_a + i * p->length + k];
      const real *dy = p->dy + p->at_y + i * p->columns;
      for (int64_t j = 0; j < p->columns; j++) db[j] += a * dy[j];
    }
  }
}

static void clear(real *to, const sv_tensor *tensor) {
  int64_t count = to ? sv_shape_count(&tensor->shape) : 0;
  for (int64_t i = 0; i < count; i++) to[i] = 0;
}

static sv_status backward_data(const sv_args *args) {
  products p;
  SV_TRY(divide(&p, &args->in[0]->shape, &args->in[1]->shape));
  p.a = sv_in(args, 0);
  p.b = sv_in(args, 1);
  p.dy = sv_diff_out(args, 0);
  p.da = sv_diff_in(args, 0);
  p.db = sv_diff_in(args, 1);
  clear(p.da, args->diff_in[0]);
  clear(p.db, args->diff_in[1]);
  for (int64_t product = 0; product < p.count; product++) {
    go_to(&p, product);
    if (p.da) sv_parallel(p.rows, 1, a_rows, &p);
    if (p.db) sv_parallel(p.length, 1, b_rows, &p);
  }
  return SV_OK;
}

SV_OP(matmul) = {
    .name = "matmul",
    .layer = SV_LAYER_PRODUCT,
    .summary = "y = a b, matrix by matrix",
    .effect = SV_EFFECT_WEIGHS,
    .onnx = (const sv_onnx_name[]){{"MatMul", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "a"}, {.name = "b"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0) | SV_PORT(1)},
};
