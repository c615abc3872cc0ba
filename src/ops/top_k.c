/* top_k: the greatest numbers along an axis, and where they are.
 *
 *   y[0], y[1], ... = the k greatest (or least) of x, the first one first
 *   index[i] = where y[i] is in x; of equal numbers the first comes first
 *   dx[index[i]] = dy[i], 0 elsewhere
 *
 * Shapes: x any; y and index as x, with k along the axis.
 * Source: https://onnx.ai/onnx/operators/onnx__TopK.html */
#include <tgmath.h>

#include "base/thread.h"
#include "op/op.h"

typedef struct top_attrs {
  int64_t k, axis;
  bool largest, sorted;
} top_attrs;

/* x as outer x count x inner. */
typedef struct rows {
  int64_t outer, count, inner, k;
  int axis;
  bool largest;
  const real *x, *dy;
  real *y, *dx;
  int64_t *index;
} rows;

static sv_status divide(rows *r, const sv_node *node, const sv_shape *x) {
  const top_attrs *a = node->attrs;
  int64_t axis = a->axis;
  SV_TRY(sv_check_axis(&axis, x->rank));
  *r = (rows){.outer = 1, .count = x->dim[axis], .inner = 1};
  r->axis = (int)axis;
  r->k = a->k;
  r->largest = a->largest;
  for (int d = 0; d < x->rank; d++)
    if (d != axis) *(d < axis ? &r->outer : &r->inner) *= x->dim[d];
  if (r->k >= 1 && r->k <= r->count) return SV_OK;
  return sv_fail(SV_INVALID, "k is %lld, expected 1 to %lld", (long long)r->k,
                 (long long)r->count);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  rows r;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(divide(&r, node, &in[0].shape));
  for (int i = 0; i < 2; i++) {
    out[i].dtype = i ? SV_I64 : in[0].dtype;
    out[i].shape = in[0].shape;
    out[i].shape.dim[r.axis] = r.k;
  }
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t axis = ((const top_attrs *)node->attrs)->axis;
  (void)out;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = axis < 2;
  return SV_OK;
}

/* ---- A heap of the indices chosen so far, the last of them on top ---- */

/* Number a comes behind number b. What is no number is the greatest, as PyTorch
 * has it. */
static bool behind(const rows *r, const real *x, int64_t a, int64_t b) {
  real p = x[a * r->inner], q = x[b * r->inner];
  if (isnan(p) && isnan(q)) return a > b;
  if (isnan(p) || isnan(q)) return isnan(r->largest ? q : p);
  return p == q ? a > b : r->largest ? p < q : p > q;
}

static void swap(const rows *r, int64_t *heap, int64_t i, int64_t j) {
  int64_t kept = heap[i * r->inner];
  heap[i * r->inner] = heap[j * r->inner];
  heap[j * r->inner] = kept;
}

/* Number `at` finds its place below. */
static void sink(const rows *r, const real *x, int64_t *heap, int64_t at,
                 int64_t size) {
  for (int64_t child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size &&
        behind(r, x, heap[(child + 1) * r->inner], heap[child * r->inner]))
      child++;
    if (!behind(r, x, heap[child * r->inner], heap[at * r->inner])) return;
    swap(r, heap, at, child);
  }
}

static void choose(const rows *r, const real *x, int64_t *heap) {
  for (int64_t i = 0; i < r->k; i++) heap[i * r->inner] = i;
  for (int64_t i = r->k / 2 - 1; i >= 0; i--) sink(r, x, heap, i, r->k);
  for (int64_t i = r->k; i < r->count; i++) {
    if (!behind(r, x, heap[0], i)) continue;
    heap[0] = i;
    sink(r, x, heap, 0, r->k);
  }
  for (int64_t size = r->k - 1; size > 0; size--) {
    swap(r, heap, 0, size);
    sink(r, x, heap, 0, size);
  }
}

static void forward_rows(void *context, int64_t begin, int64_t end) {
  const rows *r = context;
  for (int64_t row = begin; row < end; row++) {
    int64_t part = row / r->inner, at = row % r->inner;
    const real *x = r->x + part * r->count * r->inner + at;
    int64_t to = part * r->k * r->inner + at, *index = r->index + to;
    choose(r, x, index);
    for (int64_t i = 0; i < r->k; i++)
      r->y[to + i * r->inner] = x[index[i * r->inner] * r->inner];
  }
}

static sv_status forward(const sv_args *args) {
  rows r;
  SV_TRY(divide(&r, args->node, &args->in[0]->shape));
  r.x = sv_in(args, 0);
  r.y = sv_out(args, 0);
  r.index = args->out[1]->data;
  sv_parallel(r.outer * r.inner, 16, forward_rows, &r);
  return SV_OK;
}

static void backward_rows(void *context, int64_t begin, int64_t end) {
  const rows *r = context;
  for (int64_t row = begin; row < end; row++) {
    int64_t part = row / r->inner, at = row % r->inner;
    real *dx = r->dx + part * r->count * r->inner + at;
    int64_t from = part * r->k * r->inner + at;
    for (int64_t i = 0; i < r->count; i++) dx[i * r->inner] = 0;
    for (int64_t i = 0; i < r->k; i++)
      dx[r->index[from + i * r->inner] * r->inner] = r->dy[from + i * r->inner];
  }
}

static sv_status backward_data(const sv_args *args) {
  rows r;
  SV_TRY(divide(&r, args->node, &args->diff_in[0]->shape));
  r.dy = sv_diff_out(args, 0);
  r.dx = sv_diff_in(args, 0);
  r.index = args->out[1]->data;
  sv_parallel(r.outer * r.inner, 16, backward_rows, &r);
  return SV_OK;
}

#define AT(field) offsetof(top_attrs, field)
static const sv_attr attrs[] = {
    {.name = "k",
     .onnx = "k",
     .type = SV_ATTR_INT,
     .offset = AT(k),
     .initial = 1,
     .min = 1,
     .max = INT32_MAX,
     .position = 1,
     .until = 9,
     .required = true,
     .help = "how many"},
    {.name = "k",
     .onnx = "K",
     .type = SV_ATTR_INT,
     .offset = AT(k),
     .since = 10,
     .slot = 1,
     .required = true,
     .help = "form of opset 10 and later"},
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = AT(axis),
     .initial = -1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 2,
     .help = "the dimension; -1: the last"},
    {.name = "largest",
     .onnx = "largest",
     .type = SV_ATTR_BOOL,
     .offset = AT(largest),
     .initial = 1,
     .since = 11,
     .help = "the largest elements; off: the smallest"},
    {.name = "sorted",
     .onnx = "sorted",
     .type = SV_ATTR_BOOL,
     .offset = AT(sorted),
     .initial = 1,
     .since = 11,
     .help = "sort the result; it is always sorted"},
    {.name = NULL}};

SV_OP(top_k) = {
    .name = "top_k",
    .summary =
        "y, index = the k largest elements of x along an axis and their "
        "indices",
    .onnx = (const sv_onnx_name[]){{"TopK", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "k", .role = SV_INDEX, .optional = true},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"},
                             {.name = "index",
                              .role = SV_INDEX,
                              .no_gradient = true},
                             {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(top_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_out = SV_PORT(1)},
};
