/* where: one of two numbers, by a condition.
 *
 *   y = a where the condition holds, b elsewhere
 *   da = dy where it holds, db = dy elsewhere, summed over what was repeated
 *
 * Shapes: the three are brought to one shape, as numpy does it; the condition
 * is bool, a and b are of one type. Source:
 * https://onnx.ai/onnx/operators/onnx__Where.html */
#include <string.h>

#include "op/op.h"
#include "template/sum.h"

static sv_status spread(sv_shape *y, const sv_shape *x) {
  sv_shape both = {.rank = y->rank > x->rank ? y->rank : x->rank};
  for (int d = 1; d <= both.rank; d++) {
    int64_t a = d <= y->rank ? y->dim[y->rank - d] : 1;
    int64_t b = d <= x->rank ? x->dim[x->rank - d] : 1;
    if (a != b && a != 1 && b != 1)
      return sv_fail(SV_INVALID,
                     "shapes %s and %s cannot be broadcast together",
                     sv_shape_text(y, (char[SV_SHAPE_TEXT]){0}),
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
    both.dim[both.rank - d] = a == 1 ? b : a;
  }
  *y = both;
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  if (in[0].dtype == SV_F32 || in[0].dtype == SV_F64)
    return sv_fail(SV_INVALID, "the condition is %s, expected bool",
                   sv_dtype_name(in[0].dtype));
  if (in[1].dtype != in[2].dtype)
    return sv_fail(SV_INVALID, "input a is %s, but input b is %s",
                   sv_dtype_name(in[1].dtype), sv_dtype_name(in[2].dtype));
  out[0].dtype = in[1].dtype;
  out[0].shape = in[0].shape;
  SV_TRY(spread(&out[0].shape, &in[1].shape));
  return spread(&out[0].shape, &in[2].shape);
}

/* Steps of an operand along y's dimensions. */
typedef struct operand {
  int64_t step[SV_MAX_RANK];
} operand;

static operand operand_of(const sv_shape *x, const sv_shape *y) {
  operand o = {{0}};
  int64_t size = 1;
  for (int d = 1; d <= x->rank; d++) {
    int64_t dim = x->dim[x->rank - d];
    o.step[y->rank - d] = dim == 1 ? 0 : size;
    size *= dim;
  }
  return o;
}

static int64_t place_of(const operand *o, const sv_shape *y, int64_t i) {
  int64_t at = 0;
  for (int d = y->rank - 1; d >= 0; d--) {
    at += i % y->dim[d] * o->step[d];
    i /= y->dim[d];
  }
  return at;
}

static bool holds(const sv_tensor *condition, int64_t i) {
  size_t size = sv_dtype_size(condition->dtype);
  const char *at = (const char *)condition->data + (size_t)i * size;
  for (size_t k = 0; k < size; k++)
    if (at[k]) return true;
  return false;
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *c = args->in[0], *a = args->in[1], *b = args->in[2];
  const sv_shape *y = &args->out[0]->shape;
  operand of_c = operand_of(&c->shape, y), of_a = operand_of(&a->shape, y);
  operand of_b = operand_of(&b->shape, y);
  size_t size = sv_dtype_size(a->dtype);
  int64_t count = sv_shape_count(y);
  char *to = args->out[0]->data;
  for (int64_t i = 0; i < count; i++) {
    bool first = holds(c, place_of(&of_c, y, i));
    int64_t at = place_of(first ? &of_a : &of_b, y, i);
    const char *from = first ? a->data : b->data;
    memcpy(to + (size_t)i * size, from + (size_t)at * size, size);
  }
  return SV_OK;
}

typedef struct terms {
  const sv_tensor *c;
  const sv_shape *y;
  operand of_c, of_x;
  bool chosen; /* the condition of these */
  const real *dy;
} terms;

static void add_terms(const void *context, int64_t begin, int64_t end,
                      double *sums) {
  const terms *t = context;
  int64_t count = sv_shape_count(t->y);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = place_of(&t->of_x, t->y, i);
    if (at >= begin && at < end &&
        holds(t->c, place_of(&t->of_c, t->y, i)) == t->chosen)
      sums[at - begin] += t->dy[i];
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_tensor *c = args->in[0];
  const sv_shape *y = &args->diff_out[0]->shape;
  operand of_c = operand_of(&c->shape, y);
  const real *dy = sv_diff_out(args, 0);
  int64_t count = sv_shape_count(y);
  for (int k = 1; k <= 2; k++) {
    real *dx = sv_diff_in(args, k);
    if (!dx) continue;
    const sv_shape *x = &args->diff_in[k]->shape;
    operand of_x = operand_of(x, y);
    terms long_sums = {c, y, of_c, of_x, k == 1, dy};
    if (count > sv_shape_count(x) * SV_LONG_SUM) {
      sv_sum_tiles(dx, sv_shape_count(x), add_terms, &long_sums);
      continue;
    }
    memset(dx, 0, (size_t)sv_shape_count(x) * sizeof *dx);
    for (int64_t i = 0; i < count; i++)
      if (holds(c, place_of(&of_c, y, i)) == (k == 1))
        dx[place_of(&of_x, y, i)] += dy[i];
  }
  return SV_OK;
}

SV_OP(where) = {
    .name = "where",
    .summary = "y = a where the condition holds, else b",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Where", 9, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "condition", .role = SV_INDEX},
                            {.name = "a"},
                            {.name = "b"},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = infer,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0),
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
