/* identity: its input, unchanged.
 *
 *   y = x,  dx = dy
 *
 * Shapes: any; y as x, of any type.
 * Source: https://onnx.ai/onnx/operators/onnx__Identity.html */
#include "op/op.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  out[0].content = in[0].content;
  return SV_OK;
}

SV_OP(identity) = {
    .name = "identity",
    .summary = "y = x",
    .onnx = (const sv_onnx_name[]){{"Identity", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = infer,
    .ref = {.forward = sv_view_forward,
            .backward_data = sv_view_backward,
            .view = true,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true,
            .moves = true},
};
