/* squeeze: without dimensions of size 1.
 *
 *   y = x,  dx = dy
 *
 * Shapes: any; y without the axes that are named, each of size 1, or without
 * all of size 1.
 * Source: https://onnx.ai/onnx/operators/onnx__Squeeze.html */
#include "ops/op.h"

typedef struct squeeze_attrs {
  sv_ints axes;
} squeeze_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_ints *axes = &((const squeeze_attrs *)node->attrs)->axes;
  const sv_shape *x = &in[0].shape;
  unsigned gone = 0;
  SV_TRY(sv_check_inputs(node, in));
  for (int i = 0; i < axes->count; i++) {
    int64_t axis = axes->at[i];
    SV_TRY(sv_check_axis(&axis, x->rank));
    if (x->dim[axis] != 1)
      return sv_fail(SV_INVALID, "dimension %d of %s is not 1", (int)axis,
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
    gone |= 1u << axis;
  }
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){0};
  for (int d = 0; d < x->rank; d++) {
    bool drop = axes->count ? gone >> d & 1 : x->dim[d] == 1;
    if (!drop) out[0].shape.dim[out[0].shape.rank++] = x->dim[d];
  }
  return SV_OK;
}

/* What is left of a map of one pixel still sees that pixel. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)node;
  cost->spatial = true;
  for (int d = 0; d < 2; d++) cost->axis[d] = (sv_reach){.step = 1};
  for (int d = 2; d < in[0].shape.rank; d++)
    if (d < out[0].shape.rank ? in[0].shape.dim[d] != out[0].shape.dim[d]
                              : in[0].shape.dim[d] != 1)
      cost->spatial = false;
  return SV_OK;
}

static const sv_attr attrs[] = {{.name = "axes",
                                 .onnx = "axes",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(squeeze_attrs, axes),
                                 .min = -SV_MAX_RANK,
                                 .max = SV_MAX_RANK - 1,
                                 .position = 1,
                                 .until = 12,
                                 .help = "which go; none: all of size 1"},
                                {.name = "axes",
                                 .onnx = "axes",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(squeeze_attrs, axes),
                                 .since = 13,
                                 .slot = 1,
                                 .help = "as ONNX has it since opset 13"},
                                {.name = NULL}};

SV_OP(squeeze) = {
    .name = "squeeze",
    .summary = "y = x without dimensions of size 1",
    .onnx = (const sv_onnx_name[]){{"Squeeze", 0, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "axes", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(squeeze_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = sv_view_forward,
            .backward_data = sv_view_backward,
            .view = true,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
