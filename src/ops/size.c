/* size: how many elements its input has.
 *
 *   y = d0 d1 ... of x; no gradient
 *
 * Shapes: x any, of any type; y a scalar, i64.
 * Source: https://onnx.ai/onnx/operators/onnx__Size.html */
#include "op/op.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  out[0].dtype = SV_I64;
  out[0].shape = (sv_shape){0};
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  *(int64_t *)args->out[0]->data = sv_shape_count(&args->in[0]->shape);
  return SV_OK;
}

SV_OP(size) = {
    .name = "size",
    .summary = "y = the number of elements of x",
    .onnx = (const sv_onnx_name[]){{"Size", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x", .no_gradient = true}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y", .role = SV_INDEX}, {.name = NULL}},
    .infer = infer,
    .ref = {.forward = forward, .folds = SV_FOLD_SHAPES, .any_type = true},
};
