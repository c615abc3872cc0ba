/* shape: the dimensions of its input, as numbers.
 *
 *   y = [d(start), ..., d(end - 1)] of x; no gradient
 *
 * Shapes: x any, of any type; y a list of i64. Both ends count from the last
 * dimension where they are negative, and are cut to what there is.
 * Source: https://onnx.ai/onnx/operators/onnx__Shape.html */
#include "op/attrs.h"

typedef struct shape_attrs {
  int64_t start, end;
} shape_attrs;

static int cut(int64_t at, int rank) {
  if (at == SV_ATTR_NONE || at > rank) return rank;
  if (at < 0) at += rank;
  return at < 0 ? 0 : (int)at;
}

static void range_of(const sv_node *node, int rank, int *start, int *end) {
  const shape_attrs *a = node->attrs;
  *start = cut(a->start, rank);
  *end = cut(a->end, rank);
  if (*end < *start) *end = *start;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int start, end;
  SV_TRY(sv_check_inputs(node, in));
  range_of(node, in[0].shape.rank, &start, &end);
  out[0].dtype = SV_I64;
  out[0].shape = (sv_shape){.rank = 1, .dim = {end - start}};
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  int64_t *y = args->out[0]->data;
  int start, end;
  range_of(args->node, x->rank, &start, &end);
  for (int d = start; d < end; d++) y[d - start] = x->dim[d];
  return SV_OK;
}

static const sv_attr attrs[] = {
    {.name = "start",
     .onnx = "start",
     .type = SV_ATTR_INT,
     .offset = offsetof(shape_attrs, start),
     .position = 1,
     .since = 15,
     .help = "first dimension to return"},
    {.name = "end",
     .onnx = "end",
     .type = SV_ATTR_INT,
     .offset = offsetof(shape_attrs, end),
     .initial = (double)SV_ATTR_NONE,
     .position = 2,
     .since = 15,
     .help = "dimension after the last one to return; none: all"},
    {.name = NULL}};

SV_OP(shape) = {
    .name = "shape",
    .summary = "y = the dimensions of x",
    .onnx = (const sv_onnx_name[]){{"Shape", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x", .no_gradient = true}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y", .role = SV_INDEX}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(shape_attrs),
    .infer = infer,
    .ref = {.forward = forward, .folds = SV_FOLD_SHAPES, .any_type = true},
};
