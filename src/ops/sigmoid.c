/* sigmoid: the logistic function.
 *
 *   y = 1 / (1 + e^-x)
 *   dx = dy y (1 - y)
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Sigmoid.html */
#include <tgmath.h>

#include "base/thread.h"
#include "ops/op.h"

enum { GRAIN = 1 << 10 };

static void forward_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  const real *x = sv_in(args, 0);
  real *y = sv_out(args, 0);
  for (int64_t i = begin; i < end; i++) y[i] = 1 / (1 + exp(-x[i]));
}

static sv_status forward(const sv_args *args) {
  int64_t count = sv_shape_count(&args->out[0]->shape);
  sv_parallel(count, GRAIN, forward_part, (void *)args);
  return SV_OK;
}

static void backward_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  const real *y = args->out[0]->data, *dy = sv_diff_out(args, 0);
  real *dx = sv_diff_in(args, 0);
  for (int64_t i = begin; i < end; i++) dx[i] = dy[i] * y[i] * (1 - y[i]);
}

static sv_status backward_data(const sv_args *args) {
  int64_t count = sv_shape_count(&args->out[0]->shape);
  sv_parallel(count, GRAIN, backward_part, (void *)args);
  return SV_OK;
}

SV_OP(sigmoid) = {
    .name = "sigmoid",
    .summary = "y = 1 / (1 + e^-x)",
    .onnx = (const sv_onnx_name[]){{"Sigmoid", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = sv_infer_same,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_out = SV_PORT(0),
            .in_place = true},
};
