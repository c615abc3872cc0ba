/* unsqueeze: with more dimensions of size 1.
 *
 *   y = x,  dx = dy
 *
 * Shapes: any; the axes that are named are those of y.
 * Source: https://onnx.ai/onnx/operators/onnx__Unsqueeze.html */
#include "ops/op.h"

typedef struct unsqueeze_attrs {
  sv_ints axes;
} unsqueeze_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_ints *axes = &((const unsqueeze_attrs *)node->attrs)->axes;
  const sv_shape *x = &in[0].shape;
  unsigned made = 0;
  SV_TRY(sv_check_inputs(node, in));
  int rank = x->rank + axes->count;
  if (axes->count == 0) return sv_fail(SV_INVALID, "axes is not given");
  if (rank > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED, "%d dimensions, the most is %d", rank,
                   SV_MAX_RANK);
  for (int i = 0; i < axes->count; i++) {
    int64_t axis = axes->at[i];
    SV_TRY(sv_check_axis(&axis, rank));
    if (made & 1u << axis)
      return sv_fail(SV_INVALID, "axis %d is there twice", (int)axis);
    made |= 1u << axis;
  }
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = rank};
  for (int d = 0, from = 0; d < rank; d++)
    out[0].shape.dim[d] = made >> d & 1 ? 1 : x->dim[from++];
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)node;
  const sv_shape *x = &in[0].shape, *y = &out[0].shape;
  cost->spatial = true;
  for (int d = 0; d < 2; d++) cost->axis[d] = (sv_reach){.step = 1};
  for (int d = 2; d < y->rank; d++)
    if (d < x->rank ? y->dim[d] != x->dim[d] : y->dim[d] != 1)
      cost->spatial = false;
  return SV_OK;
}

static const sv_attr attrs[] = {{.name = "axes",
                                 .onnx = "axes",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(unsqueeze_attrs, axes),
                                 .min = -SV_MAX_RANK,
                                 .max = SV_MAX_RANK - 1,
                                 .position = 1,
                                 .until = 12,
                                 .help = "which dimensions of y are new"},
                                {.name = "axes",
                                 .onnx = "axes",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(unsqueeze_attrs, axes),
                                 .since = 13,
                                 .slot = 1,
                                 .help = "as ONNX has it since opset 13"},
                                {.name = NULL}};

SV_OP(unsqueeze) = {
    .name = "unsqueeze",
    .summary = "y = x with more dimensions of size 1",
    .onnx = (const sv_onnx_name[]){{"Unsqueeze", 0, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "axes", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(unsqueeze_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = sv_view_forward,
            .backward_data = sv_view_backward,
            .view = true,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
