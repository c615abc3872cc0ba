/* linear: the fully connected layer, in the generality of ONNX's Gemm.
 *
 *   y = alpha x' w' + beta b
 *
 * where x' is x or its transpose, w' is w or its transpose (by default the
 * latter: a row of w belongs to an output), and b is repeated along the
 * dimensions in which it has one element.
 *
 *   dx' = alpha dy w'^T      dw' = alpha x'^T dy
 *   db = beta times the sum of dy over the repeated dimensions
 *
 * Shapes: x' N K, w' K M, y N M; b a scalar, M, 1 M, N 1 or N M.
 * Source: https://onnx.ai/onnx/operators/onnx__Gemm.html */
#include <svertka/layers.h>

#include "base/thread.h"
#include "template/sum.h"

/* ---- Shapes ---- */

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_linear_attrs *a = attrs;
  if (in_count < 2 || !in[1].present || in[1].shape.rank != 2) return SV_OK;
  if (!a->features) a->features = in[1].shape.dim[a->transpose_w ? 0 : 1];
  a->bias = in_count > 2 && in[2].present;
  return SV_OK;
}

static sv_status check_input(const sv_linear_attrs *a, const sv_shape *x) {
  if (x->rank > 2)
    return sv_fail(SV_INVALID,
                   "input x is %s, expected N K; add flatten before it",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  if (x->rank < 2)
    return sv_fail(SV_INVALID, "input x is %s, expected N K",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  if (a->features < 1)
    return sv_fail(SV_INVALID, "the number of features is missing");
  return SV_OK;
}

static sv_shape weight_shape(const sv_linear_attrs *a, const sv_shape *x) {
  int64_t length = x->dim[a->transpose_x ? 0 : 1];
  sv_shape rows = {.rank = 2, .dim = {a->features, length}};
  sv_shape columns = {.rank = 2, .dim = {length, a->features}};
  return a->transpose_w ? rows : columns;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  const sv_linear_attrs *a = node->attrs;
  SV_TRY(check_input(a, &in[0].shape));
  if (port == 1) *shape = weight_shape(a, &in[0].shape);
  if (port == 2 && a->bias)
    *shape = (sv_shape){.rank = 1, .dim = {a->features}};
  return SV_OK;
}

/* b fits y if each dimension, from the last, is 1 or y's. */
static sv_status check_bias(const sv_shape *b, const sv_shape *y) {
  bool fits = b->rank <= 2;
  for (int d = 0; d < b->rank && fits; d++) {
    int64_t size = b->dim[b->rank - 1 - d];
    fits = size == 1 || size == y->dim[1 - d];
  }
  if (fits) return SV_OK;
  return sv_fail(SV_INVALID, "input b is %s, which cannot be broadcast to %s",
                 sv_shape_text(b, (char[SV_SHAPE_TEXT]){0}),
                 sv_shape_text(y, (char[SV_SHAPE_TEXT]){0}));
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_linear_attrs *a = node->attrs;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(check_input(a, &in[0].shape));
  sv_shape weight = weight_shape(a, &in[0].shape);
  SV_TRY(sv_check_shape(node, in, 1, &weight));
  int64_t rows = in[0].shape.dim[a->transpose_x ? 1 : 0];
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = 2, .dim = {rows, a->features}};
  if (!sv_given(node, in, 2)) return SV_OK;
  return check_bias(&in[2].shape, &out[0].shape);
}

/* N M sums of K products. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)node;
  cost->macs = sv_times(sv_shape_count(&in[1].shape), out[0].shape.dim[0]);
  cost->spatial = false;
  return SV_OK;
}

/* ---- Arithmetic ---- */

/* A matrix and how far apart its rows and its columns lie: transposing swaps
 * the two, and 0 repeats one. */
typedef struct matrix {
  const real *at;
  int64_t row, column;
} matrix;

static matrix transposed(matrix m) { return (matrix){m.at, m.column, m.row}; }

/* Stored with `width` columns, and read as it is or as its transpose. */
static matrix stored(const real *at, int64_t width, bool transpose) {
  matrix m = {at, width, 1};
  return transpose ? transposed(m) : m;
}

/* c = alpha a b + beta d; c is stored row by row, d.at NULL means zeros. */
typedef struct product {
  matrix a, b, d;
  real alpha, beta;
  real *c;
  int64_t rows, columns, length;
} product;

/* c[j] += the sum over k of a[k] b[k,j]: by columns if b's rows lie together
 * and there are not too many. */
static void multiply_row(const product *p, const real *a, real *c) {
  if (p->b.column == 1 && p->length <= SV_LONG_SUM) {
    for (int64_t k = 0; k < p->length; k++) {
      real factor = p->alpha * a[k * p->a.column];
      const real *b = p->b.at + k * p->b.row;
      for (int64_t j = 0; j < p->columns; j++) c[j] += factor * b[j];
    }
    return;
  }
  for (int64_t j = 0; j < p->columns; j++)
    c[j] += p->alpha * sv_dot(a, p->a.column, p->b.at + j * p->b.column,
                              p->b.row, p->length);
}

static void multiply_rows(void *context, int64_t begin, int64_t end) {
  const product *p = context;
  for (int64_t i = begin; i < end; i++) {
    const real *d = p->d.at ? p->d.at + i * p->d.row : NULL;
    real *c = p->c + i * p->columns;
    for (int64_t j = 0; j < p->columns; j++)
      c[j] = d ? p->beta * d[j * p->d.column] : 0;
    multiply_row(p, p->a.at + i * p->a.row, c);
  }
}

static void multiply(product p) { sv_parallel(p.rows, 1, multiply_rows, &p); }

static matrix spread_bias(const real *b, const sv_shape *shape) {
  int rank = shape->rank;
  int64_t columns = rank > 0 ? shape->dim[rank - 1] : 1;
  int64_t rows = rank > 1 ? shape->dim[0] : 1;
  return (matrix){b, rows > 1 ? columns : 0, columns > 1 ? 1 : 0};
}

static sv_status forward(const sv_args *args) {
  const sv_linear_attrs *a = args->node->attrs;
  const sv_shape *x = &args->in[0]->shape, *w = &args->in[1]->shape;
  const sv_shape *y = &args->out[0]->shape;
  product p = {.a = stored(sv_in(args, 0), x->dim[1], a->transpose_x),
               .b = stored(sv_in(args, 1), w->dim[1], a->transpose_w),
               .alpha = a->alpha,
               .beta = a->beta,
               .c = sv_out(args, 0),
               .rows = y->dim[0],
               .columns = y->dim[1],
               .length = x->dim[a->transpose_x ? 0 : 1]};
  if (sv_in(args, 2)) p.d = spread_bias(sv_in(args, 2), &args->in[2]->shape);
  multiply(p);
  return SV_OK;
}

/* dx' = alpha dy w'^T, and where x is stored transposed, its transpose. */
static sv_status backward_data(const sv_args *args) {
  const sv_linear_attrs *a = args->node->attrs;
  const sv_shape *x = &args->diff_in[0]->shape, *w = &args->in[1]->shape;
  int64_t features = args->diff_out[0]->shape.dim[1];
  matrix dy = stored(sv_diff_out(args, 0), features, false);
  matrix weight = stored(sv_in(args, 1), w->dim[1], a->transpose_w);
  multiply((product){.a = a->transpose_x ? weight : dy,
                     .b = transposed(a->transpose_x ? dy : weight),
                     .alpha = a->alpha,
                     .c = sv_diff_in(args, 0),
                     .rows = x->dim[0],
                     .columns = x->dim[1],
                     .length = features});
  return SV_OK;
}

typedef struct bias_terms {
  const real *dy;
  int64_t rows, columns;
  matrix b;
  real beta;
} bias_terms;

static void add_bias_terms(const void *context, int64_t begin, int64_t end,
                           double *sums) {
  const bias_terms *t = context;
  for (int64_t i = 0; i < t->rows; i++)
    for (int64_t j = 0; j < t->columns; j++) {
      int64_t at = i * t->b.row + j * t->b.column;
      if (at >= begin && at < end)
        sums[at - begin] += t->beta * t->dy[i * t->columns + j];
    }
}

static void backward_bias(const sv_args *args, real beta) {
  const sv_shape *y = &args->diff_out[0]->shape;
  const sv_shape *shape = &args->diff_in[2]->shape;
  real *db = sv_diff_in(args, 2);
  bias_terms terms = {.dy = sv_diff_out(args, 0),
                      .rows = y->dim[0],
                      .columns = y->dim[1],
                      .b = spread_bias(db, shape),
                      .beta = beta};
  int64_t count = sv_shape_count(shape);
  if (terms.rows * terms.columns > count * SV_LONG_SUM) {
    sv_sum_tiles(db, count, add_bias_terms, &terms);
    return;
  }
  for (int64_t i = 0; i < count; i++) db[i] = 0;
  for (int64_t i = 0; i < terms.rows; i++)
    for (int64_t j = 0; j < terms.columns; j++)
      db[i * terms.b.row + j * terms.b.column] +=
          beta * terms.dy[i * terms.columns + j];
}

/* dw' = alpha x'^T dy, and where w is stored transposed, its transpose. */
static sv_status backward_params(const sv_args *args) {
  const sv_linear_attrs *a = args->node->attrs;
  const sv_shape *x = &args->in[0]->shape, *y = &args->diff_out[0]->shape;
  matrix dy = stored(sv_diff_out(args, 0), y->dim[1], false);
  matrix input = stored(sv_in(args, 0), x->dim[1], a->transpose_x);
  if (sv_diff_in(args, 1)) {
    const sv_shape *w = &args->diff_in[1]->shape;
    multiply((product){.a = transposed(a->transpose_w ? dy : input),
                       .b = a->transpose_w ? input : dy,
                       .alpha = a->alpha,
                       .c = sv_diff_in(args, 1),
                       .rows = w->dim[0],
                       .columns = w->dim[1],
                       .length = y->dim[0]});
  }
  if (sv_diff_in(args, 2)) backward_bias(args, a->beta);
  return SV_OK;
}

/* ---- Tables ---- */

static const sv_port in[] = {{.name = "x"},
                             {.name = "w", .role = SV_WEIGHT},
                             {.name = "b", .role = SV_BIAS, .optional = true},
                             {.name = NULL}};
static const sv_port out[] = {{.name = "y"}, {.name = NULL}};

#define AT(field) offsetof(sv_linear_attrs, field)
static const sv_attr attrs[] = {
    {.name = "features",
     .type = SV_ATTR_INT,
     .offset = AT(features),
     .max = 1 << 30,
     .position = 1,
     .help = "number of outputs; 0: from the weight's shape"},
    {.name = "bias",
     .type = SV_ATTR_BOOL,
     .offset = AT(bias),
     .initial = 1,
     .help = "add a bias to each output"},
    {.name = "alpha",
     .onnx = "alpha",
     .type = SV_ATTR_FLOAT,
     .offset = AT(alpha),
     .initial = 1,
     .help = "factor of the product"},
    {.name = "beta",
     .onnx = "beta",
     .type = SV_ATTR_FLOAT,
     .offset = AT(beta),
     .initial = 1,
     .help = "factor of the bias"},
    {.name = "transpose_x",
     .onnx = "transA",
     .type = SV_ATTR_BOOL,
     .offset = AT(transpose_x),
     .help = "x is stored K N"},
    /* Ours by default, while ONNX's default is not to. */
    {.name = "transpose_w",
     .type = SV_ATTR_BOOL,
     .offset = AT(transpose_w),
     .initial = 1,
     .help = "w is stored M K, one row per output"},
    {.name = "transpose_w",
     .onnx = "transB",
     .type = SV_ATTR_BOOL,
     .offset = AT(transpose_w),
     .help = "w is stored M K"},
    {.name = NULL}};

SV_OP(linear) = {
    .name = "linear",
    .layer = SV_LAYER_LINEAR,
    .summary = "y = x W^T + b",
    .effect = SV_EFFECT_WEIGHS,
    .onnx = (const sv_onnx_name[]){{"Gemm", 6, 0}, {NULL, 0, 0}},
    .in = in,
    .out = out,
    .attrs = attrs,
    .attrs_size = sizeof(sv_linear_attrs),
    .settle = settle,
    .parameter = parameter,
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .backward_params = backward_params,
            .data_reads_in = SV_PORT(1),
            .params_reads_in = SV_PORT(0)},
};
