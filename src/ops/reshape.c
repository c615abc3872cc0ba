/* reshape: the same numbers in other dimensions.
 *
 *   y = x,  dx = dy
 *
 * Shapes: any; y as said, where a 0 stands for x's dimension at that place
 * (unless zeros are allowed) and one -1 for what is left over. No numbers at
 * all make a scalar. Source: https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
#include "op/op.h"

typedef struct reshape_attrs {
  sv_ints shape;
  bool allow_zero;
} reshape_attrs;

static sv_status does_not_fit(const sv_shape *x, const sv_shape *y) {
  return sv_fail(SV_INVALID, "an input of %s cannot have the shape %s",
                 sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}),
                 sv_shape_text(y, (char[SV_SHAPE_TEXT]){0}));
}

/* *open is the dimension that is -1; -1 if none is. */
static sv_status read_shape(const reshape_attrs *a, const sv_shape *x,
                            sv_shape *y, int *open) {
  *y = (sv_shape){.rank = a->shape.count};
  *open = -1;
  if (a->shape.count > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED,
                   "shape has %d dimensions, at most %d are supported",
                   a->shape.count, SV_MAX_RANK);
  for (int d = 0; d < y->rank; d++) {
    y->dim[d] = a->shape.at[d];
    if (y->dim[d] == 0 && !a->allow_zero) {
      if (d >= x->rank)
        return sv_fail(SV_INVALID, "shape keeps dimension %d, the input has %d",
                       d, x->rank);
      y->dim[d] = x->dim[d];
    }
    if (y->dim[d] >= 0) continue;
    if (*open >= 0)
      return sv_fail(SV_INVALID, "shape has two dimensions of -1");
    *open = d;
  }
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  const sv_shape *x = &in[0].shape;
  sv_shape *y = &out[0].shape;
  int open;
  SV_TRY(read_shape(node->attrs, x, y, &open));
  out[0].dtype = in[0].dtype;
  sv_shape known = *y;
  if (open >= 0) known.dim[open] = 1;
  int64_t count = sv_shape_count(x), rest = sv_shape_count(&known);
  if (count < 0 || rest < 0) return does_not_fit(x, y);
  if (open < 0) return count == rest ? SV_OK : does_not_fit(x, y);
  if (rest == 0) { /* of an empty batch what stays in its place says nothing */
    count = rest = 1;
    for (int d = 0; d < x->rank || d < y->rank; d++) {
      bool same = d < x->rank && d < y->rank && x->dim[d] == y->dim[d];
      if (d < x->rank && !same) count = sv_times(count, x->dim[d]);
      if (d < y->rank && !same && d != open) rest = sv_times(rest, y->dim[d]);
    }
  }
  if (rest == 0 || count % rest) return does_not_fit(x, y);
  y->dim[open] = count / rest;
  return SV_OK;
}

/* H and W, the last two of four dimensions or more, stay where they are: the
 * maps of a shuffle. */
static bool keeps_maps(const sv_shape *x, const sv_shape *y) {
  if (x->rank < 4 || y->rank < 4) return false;
  for (int d = 1; d <= 2; d++)
    if (x->dim[x->rank - d] != y->dim[y->rank - d]) return false;
  return true;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)node;
  const sv_shape *x = &in[0].shape, *y = &out[0].shape;
  cost->spatial = x->rank == y->rank;
  for (int d = 2; d < x->rank; d++)
    if (x->dim[d] != (d < y->rank ? y->dim[d] : 1)) cost->spatial = false;
  cost->spatial |= keeps_maps(x, y);
  return SV_OK;
}

#define AT(field) offsetof(reshape_attrs, field)
static const sv_attr attrs[] = {
    {.name = "shape",
     .onnx = "shape",
     .type = SV_ATTR_INTS,
     .offset = AT(shape),
     .min = -1,
     .max = INT32_MAX,
     .position = 1,
     .until = 4,
     .help = "shape of y; 0: as in x; -1: from the remaining elements"},
    {.name = "shape",
     .onnx = "shape",
     .type = SV_ATTR_INTS,
     .offset = AT(shape),
     .since = 5,
     .slot = 1,
     .required = true,
     .help = "form of opset 5 and later"},
    {.name = "allow_zero",
     .onnx = "allowzero",
     .type = SV_ATTR_BOOL,
     .offset = AT(allow_zero),
     .since = 14,
     .help = "0 means an empty dimension"},
    {.name = NULL}};

SV_OP(reshape) = {
    .name = "reshape",
    .summary = "y = x with another shape",
    .onnx = (const sv_onnx_name[]){{"Reshape", 0, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "shape", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(reshape_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = sv_view_forward,
            .backward_data = sv_view_backward,
            .view = true,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true,
            .moves = true},
};
