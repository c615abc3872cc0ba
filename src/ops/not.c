/* not: whether something does not hold.
 *
 *   y = true where x is false
 *
 * Shapes: any; y as x, and bool.
 * Source: https://onnx.ai/onnx/operators/onnx__Not.html */
#include "op/op.h"
#include "tensor/tensor.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  if (in[0].dtype == SV_F32 || in[0].dtype == SV_F64)
    return sv_fail(SV_INVALID, "input x is %s, expected bool",
                   sv_dtype_name(in[0].dtype));
  out[0].dtype = SV_BOOL;
  out[0].shape = in[0].shape;
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *x = args->in[0];
  bool *y = args->out[0]->data;
  int64_t count = sv_shape_count(&x->shape);
  for (int64_t i = 0; i < count; i++) y[i] = sv_tensor_get(x, i) == 0;
  return SV_OK;
}

SV_OP(not ) = {
    .name = "not",
    .summary = "y = not x",
    .onnx = (const sv_onnx_name[]){{"Not", 0, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x", .role = SV_INDEX, .no_gradient = true},
                          {.name = NULL}},
    .out =
        (const sv_port[]){{.name = "y", .role = SV_INDEX, .no_gradient = true},
                          {.name = NULL}},
    .infer = infer,
    .ref = {.forward = forward, .folds = SV_FOLD_CONTENTS, .any_type = true},
};
