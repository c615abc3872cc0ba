/* cast_like: numbers as the type of others.
 *
 *   y = x in the type of `like`, as cast makes it; whatever like's numbers are
 *   dx = dy where both are real
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__CastLike.html */
#include "template/casting.h"

typedef struct cast_like_attrs {
  int rounding;
  bool saturate;
} cast_like_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  out[0].dtype = in[1].dtype;
  out[0].shape = in[0].shape;
  if (in[0].dtype == in[1].dtype) out[0].content = in[0].content;
  return SV_OK;
}

static const sv_attr attrs[] = {SV_CASTING(cast_like_attrs), {.name = NULL}};

SV_OP(cast_like) = {
    .name = "cast_like",
    .summary = "y = x, converted to the type of another tensor",
    .effect = SV_EFFECT_CASTS,
    .onnx = (const sv_onnx_name[]){{"CastLike", 15, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "like", .no_gradient = true},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(cast_like_attrs),
    .infer = infer,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true,
            .moves = true},
};
