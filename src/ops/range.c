/* range: numbers in equal steps.
 *
 *   y[i] = start + i delta, as far as it is before limit; no gradient
 *
 * Shapes: three numbers of one type, known when a plan is compiled; y a list of
 * max(0, ceil((limit - start) / delta)).
 * Source: https://onnx.ai/onnx/operators/onnx__Range.html */
#include <math.h>

#include "op/op.h"
#include "tensor/tensor.h"

static const double most = 1LL << 48; /* numbers; whole ones are exact */

static sv_status count_of(const sv_info *in, int64_t *count) {
  double start = sv_tensor_get(in[0].content, 0);
  double limit = sv_tensor_get(in[1].content, 0);
  double delta = sv_tensor_get(in[2].content, 0);
  double steps = ceil((limit - start) / delta);
  if (delta == 0) return sv_fail(SV_INVALID, "delta is 0");
  if (!(fabs(start) < most && fabs(limit) < most && steps < most))
    return sv_fail(SV_INVALID,
                   "the range from %g to %g in steps of %g is too long or its "
                   "elements are too large",
                   start, limit, delta);
  *count = steps > 0 ? (int64_t)steps : 0;
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  static const char *const names[] = {"start", "limit", "delta"};
  bool known = true;
  SV_TRY(sv_check_inputs(node, in));
  for (int i = 0; i < 3; i++) {
    if (sv_shape_count(&in[i].shape) != 1 || in[i].dtype != in[0].dtype)
      return sv_fail(SV_INVALID, "%s is %s of %s, expected a single %s",
                     names[i],
                     sv_shape_text(&in[i].shape, (char[SV_SHAPE_TEXT]){0}),
                     sv_dtype_name(in[i].dtype), sv_dtype_name(in[0].dtype));
    known = known && in[i].content;
  }
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = known ? 1 : -1};
  return known ? count_of(in, &out[0].shape.dim[0]) : SV_OK;
}

static sv_status forward(const sv_args *args) {
  double start = sv_tensor_get(args->in[0], 0);
  double delta = sv_tensor_get(args->in[2], 0);
  int64_t count = sv_shape_count(&args->out[0]->shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(args->out[0], i, start + (double)i * delta);
  return SV_OK;
}

SV_OP(range) = {
    .name = "range",
    .summary = "y = start, start + delta, ... before limit",
    .onnx = (const sv_onnx_name[]){{"Range", 11, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "start", .role = SV_INDEX},
                            {.name = "limit", .role = SV_INDEX},
                            {.name = "delta", .role = SV_INDEX},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = infer,
    .ref = {.forward = forward, .folds = SV_FOLD_CONTENTS, .any_type = true},
};
